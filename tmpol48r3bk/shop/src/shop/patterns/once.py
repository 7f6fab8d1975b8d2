"""Once: a unit is written one time, and a rerun is refused before it writes anything.

Choose idempotent if a unit may ever have to be done again, as for late or corrected rows.
"""

from collections.abc import Sequence

from ..core.contract import Table
from ..core.errors import UsageError
from ..core.ledger import History
from ..core.pipeline import Store
from ..core.units import Due, Slice


class Once:
    """Rows are appended. What follows from rows of other units as well is still replaced."""

    def admit(self, due: Sequence[Due], history: History) -> Sequence[Due]:
        done = [one.unit.key for one in due if one.unit.key in history.done]
        if done:
            more = f" and {len(done) - 1} more" if len(done) > 1 else ""
            raise UsageError(
                f"{done[0]}{more} is done, and this pipeline writes a unit once: choose "
                "idempotent to do it again"
            )
        return due

    def write(self, store: Store, table: Table, part: Slice, rows: str) -> None:
        if not part.own:
            store.remove(table, part.replaces)
        store.append(table, rows)
