"""Windows of event time: what the extractions by time have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from ..core.dialect import bucket
from ..core.engine import Connection
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline, Store
from ..core.units import Due, Request, Slice, Slices, Unit, literal

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows `every` so long, from `since` to `until`; one is over `grace` after its end."""

    every: timedelta
    since: datetime
    until: datetime | None = None
    grace: timedelta = timedelta(0)
    unit_type = "TIMESTAMP"

    def owns(self, unit: str) -> bool:
        """Windows of this length, at these places."""
        try:
            start, end = map(datetime.fromisoformat, unit.split("/"))
        except ValueError:
            return False
        return end - start == self.every and not (start - self.since) % self.every

    def reaches(self, unit: str) -> bool:
        """Windows between `since` and `until`, which may have been others when one failed."""
        start, end = map(datetime.fromisoformat, unit.split("/"))
        return start >= self.since and end <= (self.until or end)

    def over(self, as_of: datetime) -> Iterator[Unit]:
        """The windows that are over at `as_of`, oldest first."""
        start, end = self.since, min(as_of - self.grace, self.until or as_of)
        while start + self.every <= end:
            yield Unit(start, start + self.every)
            start += self.every

    def missing(self, as_of: datetime, history: History) -> list[Due]:
        """The windows that are over and not done, and why."""
        newest = max(history.latest, default="")  # keys sort by time
        due = []
        for window in self.over(as_of):
            status = history.status(window.key)
            if status == "failed":
                due.append(Due(window, "retry"))
            elif status is None:
                due.append(Due(window, "new" if window.key > newest else "gap"))
        return due

    def again(self, start: datetime, end: datetime, as_of: datetime, history: History) -> list[Due]:
        """The windows that touch `[start, end)` and are over, whatever became of them."""
        windows = takewhile(lambda one: one.start < end, self.over(as_of))
        return [Due(one, "again") for one in windows if one.end > start]

    def request(self, units: Sequence[Unit]) -> Request:
        """All rows from the first window's start to the last one's end."""
        unit = bucket(self.every, "_event_time", literal(self.since))
        ranges = tuple((one.start, one.end) for one in units)
        return Request(unit, between=(units[0].start, units[-1].end), ranges=ranges)

    def slices(self, units: Sequence[Unit], pipeline: Pipeline, store: Store) -> Slices:
        """Rows by window; aggregates by each UTC day that the windows touch."""
        start, end, when = units[0].start, units[-1].end, pipeline.source.event_time
        rows = f"_unit >= {literal(start)} AND _unit < {literal(end)}"
        first, last = start.date(), (end - timedelta(microseconds=1)).date()
        reads = f"{when} >= DATE '{first}' AND {when} < DATE '{last + DAY}'"
        days = Slice(reads, f"day >= DATE '{first}' AND day <= DATE '{last}'")
        mine = Slice(rows, rows, own=True)
        return Slices(raw=mine, rows=mine, aggregate=days)

    def check(self, entries: Sequence[Entry], history: History) -> None:
        """Any number of rows can be right."""

    def published(self, history: History) -> Sequence[tuple[datetime, Entry]]:
        """All windows that are done."""
        return [(entry.finished, entry) for entry in history.done.values()]

    def unread(self, pipeline: Pipeline, con: Connection, history: History) -> dict[str, Any]:
        """Rows that came when their window was done, and rows that lie in no window."""
        everything = replace(self.request([Unit(self.since, self.since)]), between=None)
        rows = pipeline.source.select(con, everything, pipeline.contract)
        query = f"SELECT _unit, count(*) FROM ({rows}) GROUP BY 1 ORDER BY 1"
        found = dict(con.execute(query).fetchall())
        undated = found.pop(None, 0) + pipeline.source.unsplit(con)
        late = {}
        for start, number in found.items():
            entry = history.done.get(Unit(start, start + self.every).key)
            if entry and number > entry.rows:
                late[start.isoformat()] = number - entry.rows
        after = [n for start, n in found.items() if self.until and start + self.every > self.until]
        before = [n for start, n in found.items() if start < self.since]
        return {
            "late": late,
            "before_since": sum(before),
            "after_until": sum(after),
            "undated": undated,
        }
