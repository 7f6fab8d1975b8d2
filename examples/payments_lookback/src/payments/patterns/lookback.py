"""Lookback: each run reads the last windows again, so that late and corrected rows arrive.

They are replaced, never added to, so each row is there once. Numbers of gold may look back on
some days: when a day changes, those of the days behind it are computed again, too.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..core.ledger import History
from ..core.pipeline import Pipeline, Store
from ..core.units import Due, Request, Slice, Slices, Unit
from .windows import DAY, Windows


class Late(Unit):
    """A window that is done, and is read again for what came late."""


@dataclass(frozen=True, slots=True)
class Lookback(Windows):
    """Each window once, and the last `windows` ones on each run.

    `trailing` is the number of days that numbers in gold.sql cover, their own day included.
    """

    windows: int = 7
    trailing: int = 1
    parallel = False  # a day of gold reads what other windows write

    def plan(self, as_of: datetime, history: History) -> Sequence[Due]:
        last = deque(self.over(as_of), self.windows)
        done = [one for one in last if history.status(one.key) == "done"]
        again = [Due(Late(one.start, one.end), "again") for one in done]
        return sorted(self.missing(as_of, history) + again, key=lambda due: due.unit.key)

    def request(self, units: Sequence[Unit]) -> Request:
        """A backfill is content with what a source kept; a run that looks back is not."""
        fresh = any(isinstance(one, Late) for one in units)
        return replace(Windows.request(self, units), fresh=fresh)

    def slices(self, units: Sequence[Unit], pipeline: Pipeline, store: Store) -> Slices:
        """Aggregates of the touched days and of those that look back on them.

        What these look back on is read as well, but not written: its own past isn't read.
        """
        around, when = (self.trailing - 1) * DAY, pipeline.source.event_time
        first = units[0].start.date()
        last = (units[-1].end - timedelta(microseconds=1)).date() + around
        reads = f"{when} >= DATE '{first - around}' AND {when} < DATE '{last + DAY}'"
        days = f"day >= DATE '{first}' AND day <= DATE '{last}'"
        by_unit = Windows.slices(self, units, pipeline, store)
        return replace(by_unit, aggregate=Slice(reads, replaces=days, writes=days))
