"""The record of which units ran, and how they ended. It commits with the data, or after it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

Status = Literal["done", "failed", "parked"]


class Entry(BaseModel, frozen=True):
    """One attempt at one unit. Times are naive UTC; `detail` is what the patterns remember."""

    pipeline: str
    unit: str
    status: Status
    attempt: int  # 1, 2, … since the unit last succeeded
    run: str
    started: datetime
    finished: datetime
    rows: int = 0
    rejected: int = 0
    first_event: datetime | None = None
    last_event: datetime | None = None
    detail: dict[str, Any] = {}
    error: str = ""


class History:
    """What the ledger knows of one pipeline: the newest entry, and the newest success, by unit.

    A unit that a later one `supersedes` can't be done any more, so its failure is no news.
    """

    def __init__(self, oldest_first: Iterable[Entry] = ()) -> None:
        self.latest: dict[str, Entry] = {}
        self.done: dict[str, Entry] = {}
        for entry in oldest_first:
            for unit in entry.detail.get("supersedes", ()):
                self.latest.pop(unit, None)
            self.latest[entry.unit] = entry
            if entry.status == "done":
                self.done[entry.unit] = entry

    def status(self, unit: str) -> Status | None:
        """How the newest attempt at a unit ended; None if there was none."""
        return self.latest[unit].status if unit in self.latest else None

    def failures(self, unit: str) -> int:
        """Failed attempts since the unit last succeeded."""
        return 0 if self.status(unit) in (None, "done") else self.latest[unit].attempt

    def units(self, status: Status) -> list[str]:
        """The units whose newest attempt ended so."""
        return [unit for unit, entry in self.latest.items() if entry.status == status]
