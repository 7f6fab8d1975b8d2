"""What a chunk did, counted by scanning what it wrote, not by what the engine reported."""

import logging
from collections.abc import Sequence
from typing import Any

from .errors import PipelineError
from .ledger import Entry
from .pipeline import Step, Store
from .units import Slice, Slices, Unit, literal

log = logging.getLogger(__name__)

MOST, LATE = 0.5, "late: "  # a row that came too late keeps the contract


def count(
    store: Store, raw: str, part: Slice, entries: Sequence[Entry], units: Sequence[Unit]
) -> list[Entry]:
    """The entries, with the rows, rejected rows and span of event time (UTC) of their units."""
    seen = "count(_unit), min(_event_time), max(_event_time)"
    read = _by_unit(store, raw, seen, part)
    rejected = _by_unit(store, "quarantine", "count(_unit)", part)
    counted = []
    for entry, unit in zip(entries, units, strict=True):
        rows, first, last = read.get(unit.mark, (0, None, None))
        (bad,) = rejected.get(unit.mark, (0,))
        found = {"rows": rows, "rejected": bad, "first_event": first, "last_event": last}
        counted.append(entry.model_copy(update=found))
    return counted


def count_routes(
    store: Store, steps: Sequence[Step], part: Slice, entries: list[Entry], units: Sequence[Unit]
) -> list[Entry]:
    """The entries, with the number of rows that each route took. Rows without `_unit` go to the last."""
    for step in steps:
        if step.slice == "routed":
            named = any(column.name == "_unit" for column in step.table.columns)
            unit = "_unit" if named else f"{literal(units[-1].mark)} AS _unit"
            rows = f"SELECT {unit} FROM {store.relation(step.table.name)} AS raw WHERE {part.reads}"
            query = f"SELECT _unit, count(_unit) FROM ({rows}) GROUP BY 1"
            found = dict(store.con.execute(query).fetchall())
            for n, (entry, one) in enumerate(zip(entries, units, strict=True)):
                routes = entry.detail.get("routes", {}) | {step.table.name: found.get(one.mark, 0)}
                entries[n] = entry.model_copy(update={"detail": entry.detail | {"routes": routes}})
    for entry in entries:
        if routes := entry.detail.get("routes"):
            log.info("%s %s: %s", entry.pipeline, entry.unit, routes)
    return entries


def refuse_many(store: Store, slices: Slices, entries: Sequence[Entry]) -> None:
    """When most rows break the contract, it is the source that changed, not some rows."""
    rows, rejected = sum(e.rows for e in entries), sum(e.rejected for e in entries)
    if rows < slices.enough or rejected <= rows * MOST:
        return
    reasons = store.con.execute(
        f"SELECT reason, count(*) FROM {store.relation('quarantine')} AS raw WHERE "
        f"{slices.raw.reads} AND NOT starts_with(reason, '{LATE}') GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    if sum(number for _, number in reasons) <= rows * MOST:
        return
    shown = "; ".join(f"{reason} ({number} rows)" for reason, number in reasons[:3])
    raise PipelineError(
        f"{rejected} of {rows} rows break the contract: {shown}. Nothing was written. "
        "Mend the source, or contract.yml if this is how the data is now."
    )


def _by_unit(store: Store, table: str, columns: str, part: Slice) -> dict[Any, Any]:
    found = store.con.execute(
        f"SELECT _unit, {columns} FROM {store.relation(table)} AS raw WHERE {part.reads} GROUP BY 1"
    )
    return {unit: values for unit, *values in found.fetchall()}
