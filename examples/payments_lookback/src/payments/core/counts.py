"""What a chunk did, counted by scanning what it wrote, not by what the engine reported."""

from collections.abc import Sequence
from typing import Any

from .errors import PipelineError
from .ledger import Entry
from .pipeline import Store
from .units import Slice, Slices

FACTS = ("rows", "rejected", "first_event", "last_event")
MOST, LATE = 0.5, "late: "  # a row that came too late keeps the contract


def count(store: Store, kept: str, part: Slice) -> dict[Any, dict[str, Any]]:
    """Rows, rejected rows and span of event time (UTC), by the start of the unit."""
    reads = f"AS raw WHERE {part.reads}"
    rows = f"SELECT _unit, _event_time, 0 AS bad FROM {store.relation(kept, part.reads)} {reads}"
    quarantine = store.relation("quarantine", part.reads)
    rejected = f"SELECT _unit, NULL, 1 FROM {quarantine} {reads}"
    facts = "count(_unit) - sum(bad), sum(bad), min(_event_time), max(_event_time)"
    query = f"SELECT _unit, {facts} FROM ({rows} UNION ALL {rejected}) GROUP BY 1"
    found = store.con.execute(query).fetchall()
    return {start: dict(zip(FACTS, values, strict=True)) for start, *values in found}


def refuse_many(store: Store, slices: Slices, entries: Sequence[Entry]) -> None:
    """When most rows break the contract, it is the source that changed, not some rows."""
    rows = sum(entry.rows for entry in entries)
    if rows < slices.enough:
        return
    quarantine = store.relation("quarantine", slices.raw.reads)
    reasons = store.con.execute(
        f"SELECT reason, count(*) FROM {quarantine} AS raw WHERE "
        f"{slices.raw.reads} AND reason NOT LIKE '{LATE}%' GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    rejected = sum(number for _, number in reasons)
    if rejected > rows * MOST:
        shown = "; ".join(f"{reason} ({number} rows)" for reason, number in reasons[:3])
        raise PipelineError(
            f"{rejected} of {rows} rows break the contract: {shown}. Nothing was written. "
            "Mend the source, or contract.yml if this is how the data is now."
        )
