"""What a unit makes aside: rows that come, and conditions of rows that go, for each table it changes.

Rows that come are kept by Spark, in views of a session that belongs to the unit alone.
"""

from dataclasses import dataclass, field

from ..core.contract import Table, nothing
from ..core.engine import Connection, keep


@dataclass(frozen=True, slots=True)
class Aside:
    """The changes of one unit, which nobody sees before the sink has published them."""

    con: Connection
    removed: dict[str, list[str]] = field(default_factory=dict)  # conditions, by table that changes
    added: set[str] = field(default_factory=set)  # the tables that rows come to

    def remove(self, table: Table, where: str) -> None:
        """Rows go, if they are published, and if they came before this."""
        self.removed.setdefault(table.name, []).append(where)
        if table.name in self.added:
            rows = f"{self.new(table)} WHERE NOT coalesce(({where}), false)"
            keep(self.con, f"_new_{table.name}", rows)

    def append(self, table: Table, rows: str) -> None:
        """Rows come, with the table's columns and in its types."""
        self.removed.setdefault(table.name, [])
        columns = ", ".join(f"CAST({c.name} AS {c.type}) AS {c.name}" for c in table.columns)
        before = f"{self.new(table)} UNION ALL " if table.name in self.added else ""
        keep(self.con, f"_new_{table.name}", f"{before}SELECT {columns} FROM ({rows})")
        self.added.add(table.name)

    def new(self, table: Table) -> str:
        """The rows that come."""
        there = table.name in self.added
        return f"SELECT * FROM _new_{table.name}" if there else nothing(table.columns)

    def replaces(self, table: Table, where: str) -> bool:
        """Whether all published rows that a condition is true for go: they need not be read."""
        return where in self.removed.get(table.name, [])

    def gone(self, table: Table) -> str:
        """Whether a published row goes: true or false, whatever is empty in it."""
        conditions = [f"coalesce(({one}), false)" for one in self.removed.get(table.name, [])]
        return f"({' OR '.join(conditions) or 'false'})"
