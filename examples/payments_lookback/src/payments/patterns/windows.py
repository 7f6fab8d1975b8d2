"""Windows of event time: what the extractions by time have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..core.errors import UsageError
from ..core.ledger import Entry, History
from ..core.pipeline import Connection, Pipeline, Store
from ..core.units import Due, Request, Slice, Slices, literal

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Event time in naive UTC, `[start, end)`."""

    start: datetime
    end: datetime
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    @property
    def mark(self) -> datetime:
        return self.start

    def meets(self, later: "Window") -> bool:
        return self.end == later.start


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows `every` so long, from `since` to `until`; one is over `grace` after its end."""

    every: timedelta
    since: datetime
    until: datetime | None = None
    grace: timedelta = timedelta(0)
    unit_type = "TIMESTAMP"

    def over(self, as_of: datetime) -> Iterator[Window]:
        """The windows that are over at `as_of`, oldest first."""
        start, end = self.since, min(as_of - self.grace, self.until or as_of)
        while start + self.every <= end:
            yield Window(start, start + self.every)
            start += self.every

    def missing(self, as_of: datetime, history: History) -> list[Due]:
        """The windows that are over and not done, and why."""
        self._refuse_other_windows(history)
        newest = max(history.latest, default="")  # keys sort by time
        due = []
        for window in self.over(as_of):
            status = history.status(window.key)
            if status == "failed":
                due.append(Due(window, "retry"))
            elif status is None:
                due.append(Due(window, "new" if window.key > newest else "gap"))
        return due

    def again(self, start: datetime, end: datetime, history: History) -> list[Due]:
        """The windows that touch `[start, end)`, whatever became of them."""
        windows = self.over(end + self.every + self.grace)
        return [Due(one, "again") for one in windows if one.end > start and one.start < end]

    def request(self, units: Sequence[Window]) -> Request:
        """All rows from the first window's start to the last one's end."""
        length = f"INTERVAL {self.every.total_seconds():.0f} SECONDS"
        bucket = f"time_bucket({length}, _event_time, {literal(self.since)})"
        return Request(bucket, between=(units[0].start, units[-1].end))

    def slices(self, units: Sequence[Window], pipeline: Pipeline, store: Store) -> Slices:
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

    def unread(self, pipeline: Pipeline, con: Connection, history: History) -> dict[str, Any]:
        """Rows that came when their window was done, and rows that lie in no window."""
        everything = replace(self.request([Window(self.since, self.since)]), between=None)
        rows = pipeline.source.select(con, everything, pipeline.contract)
        found = con.execute(
            f"SELECT _unit, count(*) FROM ({rows}) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        read = {key[:19]: entry.rows for key, entry in history.done.items()}
        late = {start.isoformat(): n for start, n in found if start}
        undated, last = sum(n for start, n in found if not start), self.until or self.since.replace(
            year=9999
        )
        return {
            "late": {key: n - read[key] for key, n in late.items() if n > read.get(key, n)},
            "before_since": sum(n for start, n in found if start and start < self.since),
            "after_until": sum(n for start, n in found if start and start + self.every > last),
            "undated": undated + pipeline.source.unsplit(con),
        }

    def _refuse_other_windows(self, history: History) -> None:
        for key in history.latest:
            start, end = map(datetime.fromisoformat, key.split("/"))
            if end - start != self.every or (start - self.since) % self.every:
                raise UsageError(
                    f"the ledger has the window {key}, which is none of {self.every} from "
                    f"{self.since}: its rows would be owned twice. Set `every` and `since` back, "
                    "or begin with an empty sink."
                )
