"""Time ranged: each window of event time is read once, when it is over.

Rows that come later still are counted by `status`, not read: `backfill` their window, or
choose lookback if that is usual.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..core.ledger import History
from ..core.units import Due
from .windows import DAY, Windows


@dataclass(frozen=True, slots=True)
class TimeRanged(Windows):
    """Each window once, on the ordered column of event time."""

    @property
    def parallel(self) -> bool:
        """Windows that share a UTC day of an aggregate must follow one another."""
        whole_days = self.every % DAY == DAY * 0
        return whole_days and self.since.time() == datetime.min.time()

    def plan(self, as_of: datetime, history: History) -> Sequence[Due]:
        return self.missing(as_of, history)
