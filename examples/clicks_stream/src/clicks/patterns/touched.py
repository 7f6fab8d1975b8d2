"""What a batch touches: rows with a key that came or went, and the days of such rows.

A batch replaces the rows of its files; but a key lives in many files, and its newest row counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ..core.engine import keep
from ..core.pipeline import Pipeline, Store
from ..core.units import Slice, Slices, among

DAY = timedelta(days=1)
ENOUGH = 1000  # rows: fewer bad ones go to quarantine, and the stream goes on


@dataclass(frozen=True, slots=True)
class Touched:
    """`files` are replaced; `newer` ones win over them; `first` if none of them came before."""

    pipeline: Pipeline
    store: Store
    files: Sequence[str]
    newer: Sequence[str]
    first: bool

    @property
    def mine(self) -> str:
        """The rows of these files, in any table."""
        return among("_file", self.files)

    def arrive(self) -> None:
        """Make `arrived`: the rows of the batch that pass the gate, but for what is not needed."""
        when = self.pipeline.source.event_time
        traces = ("_file", "_row", "_event_time")
        columns = dict.fromkeys([*self._key, *([when] if when else []), *traces])
        passing = self.pipeline.gate.passing("batch AS raw", self.mine)
        self._make("arrived", f"SELECT {', '.join(columns)} FROM ({passing})")

    def slices(self) -> Slices:
        """Rows as they came by file, typed rows by key (or file), aggregates by day."""
        rows = self._by_key() if self._key else Slice(self.mine, self.mine, own=self.first)
        days = self._by_day(rows) if self.pipeline.source.event_time else Slice("true", "true")
        raw = Slice(self.mine, self.mine, own=self.first)
        return Slices(raw=raw, rows=rows, aggregate=days, enough=ENOUGH)

    def _by_key(self) -> Slice:
        """Make `touched`: the keys of rows that come, and of rows that go."""
        key = ", ".join(self._key)
        keys = f"SELECT {key} FROM arrived UNION {self._silver(key, self.mine)}"
        if self.pipeline.kept == "batch":  # nothing else is there to choose from
            keys += f" EXCEPT {self._silver(key, among('_file', self.newer))}"
        self._make("touched", keys)
        columns = [c for c in self.pipeline.contract.source if c.name in self._key]
        typed = ", ".join(self.pipeline.gate.value(column) for column in columns)
        reads = f"({typed}) IN (SELECT {key} FROM touched)"
        if self.pipeline.kept == "batch":
            reads += f" AND {self.mine}"
        return Slice(reads, f"({key}) IN (SELECT {key} FROM touched)")

    def _by_day(self, rows: Slice) -> Slice:
        when = str(self.pipeline.source.event_time)
        found = f"{self._silver(when, rows.replaces)} UNION SELECT {when} FROM arrived"
        gone = self.store.con.execute(f"{self._silver(when, self.mine)} LIMIT 1").fetchall()
        if gone and self._key and self.pipeline.kept != "batch":
            # A row that came second may be the first one now, on another day.
            kept = f"{self.store.relation(self.pipeline.kept, rows.reads)} AS raw"
            passing = self.pipeline.gate.passing(kept, rows.reads)
            found += f" UNION SELECT {when} FROM ({passing})"
        query = f"SELECT DISTINCT CAST({when} AS DATE) AS day FROM ({found}) ORDER BY day"
        days = [day for (day,) in self.store.con.execute(query).fetchall()]
        if not days:
            return Slice("false", "false")
        between = f"{when} >= DATE '{days[0]}' AND {when} < DATE '{days[-1] + DAY}'"
        return Slice(f"{between} AND {_on(f'CAST({when} AS DATE)', days)}", _on("day", days))

    def _silver(self, columns: str, where: str) -> str:
        return f"SELECT {columns} FROM {self.store.relation('silver', where)} WHERE {where}"

    @property
    def _key(self) -> tuple[str, ...]:
        return self.pipeline.contract.tables["silver"].key

    def _make(self, name: str, query: str) -> None:
        keep(self.store.con, name, query)


def _on(column: str, days: Sequence[date]) -> str:
    dates = ", ".join(f"DATE '{day}'" for day in days)
    return f"{column} IN ({dates})"
