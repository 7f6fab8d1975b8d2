"""What a chunk did, counted by scanning what it wrote, not by what the engine reported."""

from collections.abc import Sequence
from typing import Any

from .errors import PipelineError
from .ledger import Entry
from .pipeline import Store
from .units import Slice, Unit

ENOUGH_ROWS, MOST = 20, 0.5


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


def refuse_many(store: Store, part: Slice, entries: Sequence[Entry]) -> None:
    """When most rows break the contract, it is the source that changed, not some rows."""
    rows, rejected = sum(e.rows for e in entries), sum(e.rejected for e in entries)
    if rows < ENOUGH_ROWS or rejected <= rows * MOST:
        return
    reasons = store.con.execute(
        f"SELECT reason, count(*) FROM {store.relation('quarantine')} AS raw "
        f"WHERE {part.reads} GROUP BY reason ORDER BY 2 DESC, 1 LIMIT 3"
    ).fetchall()
    shown = "; ".join(f"{reason} ({number} rows)" for reason, number in reasons)
    raise PipelineError(
        f"{rejected} of {rows} rows break the contract: {shown}. Nothing was written. "
        "Mend the source, or contract.yml if this is how the data is now."
    )


def _by_unit(store: Store, table: str, columns: str, part: Slice) -> dict[Any, Any]:
    found = store.con.execute(
        f"SELECT _unit, {columns} FROM {store.relation(table)} AS raw WHERE {part.reads} GROUP BY 1"
    )
    return {unit: values for unit, *values in found.fetchall()}
