"""The vocabulary of the loop: what is due, what a source is asked for, what a step replaces."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from .dialect import text


@dataclass(frozen=True, slots=True)
class Unit:
    """A half-open range with an identity: of event time (naive UTC), of offsets or of versions.

    `detail` is what the ledger keeps, so that the unit can be done again just so.
    """

    start: Any
    end: Any
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its identity in the ledger; keys sort as their units do."""
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    def meets(self, later: "Unit") -> bool:
        """Whether both can be done in one pass."""
        return bool(self.end == later.start) and self.detail == later.detail


@dataclass(frozen=True, slots=True)
class Due:
    """A unit that a run should do, and why."""

    unit: Any
    why: Literal["new", "gap", "retry", "again"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a source is asked for: everything, a range of event time (UTC, half-open) or files."""

    unit: str  # SQL for the lineage column `_unit`; may read `_event_time`
    between: tuple[datetime, datetime] | None = None
    paths: tuple[str, ...] | None = None
    ranges: tuple[tuple[datetime, datetime], ...] = ()  # its units, for a source that keeps them
    fresh: bool = False  # whether that looks for what came late: what is kept will not do
    once: bool = False  # whether the batch is read only once, because the sink keeps its rows


@dataclass(frozen=True, slots=True)
class Slice:
    """What one step works on, as SQL conditions: rows it reads, rows of its table that leave.

    `writes` leaves out of its result what it read only as context. A slice is `own` if none but
    its units ever write such rows.
    """

    reads: str
    replaces: str
    writes: str = "true"
    own: bool = False


@dataclass(frozen=True, slots=True)
class Slices:
    """One slice for each kind of table: rows as they came, typed rows, aggregates."""

    raw: Slice
    rows: Slice
    aggregate: Slice
    enough: int = 20  # rows from which on most of them being wrong stops the unit


def chunks(due: Sequence[Due], size: int) -> list[list[Due]]:
    """Merge contiguous units into chunks of at most `size`: one pass over the data for all.

    A retried unit stays alone, so that a healthy neighbour never fails with it.
    """
    merged: list[list[Due]] = []
    for one in due:
        last = merged[-1] if merged else []
        retried = last and "retry" in (last[-1].why, one.why)
        if last and len(last) < size and not retried and last[-1].unit.meets(one.unit):
            last.append(one)
        else:
            merged.append([one])
    return merged


def literal(value: str | datetime | float) -> str:
    """A text, a naive UTC time or a number in SQL text."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    return text(value) if isinstance(value, str) else str(value)


def among(column: str, texts: Sequence[str]) -> str:
    """A condition that a column has one of these values."""
    return f"{column} IN ({', '.join(map(literal, texts))})" if texts else "false"
