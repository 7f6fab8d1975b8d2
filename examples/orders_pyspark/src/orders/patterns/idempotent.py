"""Idempotent: a unit replaces what an earlier run of it wrote, so that any rerun is harmless."""

from collections.abc import Sequence

from ..core.contract import Table
from ..core.ledger import History
from ..core.pipeline import Store
from ..core.units import Due, Slice


class Idempotent:
    """Any unit, any number of times, in any order: the published rows are the same."""

    def admit(self, due: Sequence[Due], history: History) -> Sequence[Due]:
        """A unit that is done may be done again."""
        return due

    def write(self, store: Store, table: Table, part: Slice, rows: str) -> None:
        store.remove(table, part.replaces)
        store.append(table, rows)
