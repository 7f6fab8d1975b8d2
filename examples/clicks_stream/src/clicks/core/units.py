"""The vocabulary of the loop: what is due, what a source is asked for, what a step replaces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol


class Unit(Protocol):
    """A half-open range with an identity: of event time, of offsets or of versions."""

    @property
    def key(self) -> str:
        """Its identity in the ledger."""

    @property
    def mark(self) -> datetime | int:
        """The value of the lineage column `_unit` in its rows."""

    @property
    def detail(self) -> dict[str, Any]:
        """What the ledger keeps, so that the unit can be done again just so."""

    def meets(self, later: Any) -> bool:
        """Whether both can be done in one pass."""


@dataclass(frozen=True, slots=True)
class Due:
    """A unit that a run should do, and why."""

    unit: Unit
    why: Literal["new", "gap", "retry", "again"]
    settings: Mapping[str, Any] = field(default_factory=dict)  # those that decide it


@dataclass(frozen=True, slots=True)
class Request:
    """What a source is asked for: everything, a range of event time (UTC, half-open) or files."""

    unit: str  # SQL for the lineage column `_unit`; may read `_event_time`
    between: tuple[datetime, datetime] | None = None
    paths: tuple[str, ...] | None = None
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

    @property
    def whole(self) -> Slice:
        """All there is."""
        return Slice("true", "true")

    @property
    def routed(self) -> Slice:
        """Typed rows that are sent on: those that the step before has just replaced."""
        return Slice(self.rows.replaces, self.rows.replaces)


def chunks(due: Sequence[Due], size: int) -> list[list[Due]]:
    """Merge contiguous units into chunks of at most `size`: one pass over the data for all.

    A retried unit stays alone, so that a healthy neighbour never fails with it.
    """
    merged: list[list[Due]] = []
    for one in due:
        last = merged[-1] if merged else []
        alone = not last or len(last) == size or "retry" in (last[-1].why, one.why)
        if alone or last[-1].settings != one.settings or not last[-1].unit.meets(one.unit):
            merged.append([one])
        else:
            last.append(one)
    return merged


def literal(value: str | datetime | float) -> str:
    """A text, a naive UTC time or a number in SQL text."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
