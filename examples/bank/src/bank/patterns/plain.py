"""Plain: what is new is tried once, in order; the first failure ends the run.

Nothing is retried and no gap is filled by itself: `status` shows them, `backfill` does them.
"""

from collections.abc import Callable, Sequence

from ..core.ledger import Entry, Status
from ..core.units import Due


class Plain:
    """No healing: a person decides what becomes of a failure."""

    def choose(self, due: Sequence[Due]) -> list[Due]:
        return [one for one in due if one.why in ("new", "again")]

    def attempt(self, work: Callable[[], list[Entry]]) -> list[Entry]:
        return work()

    def failed(self, attempt: int) -> Status:
        return "failed"

    def carry_on(self, ended: Sequence[Entry]) -> bool:
        return all(entry.status == "done" for entry in ended)
