"""DuckDB as a sink: rows and ledger entry commit in one transaction of one file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from ..core.contract import Table, nothing, refuse_retyped
from ..core.engine import connect
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class DuckDB:
    """One file for all pipelines: a schema for each, and the ledger, JSON by entry, beside them.

    DuckDB's lock on the file lets one run write at a time, and keeps readers out meanwhile.
    """

    path: Path
    memory_limit: str

    @contextmanager
    def open(self, pipeline: Pipeline, write: bool) -> Iterator["DuckDBStore"]:
        """Open the file; its tables are made beforehand, in transactions of their own."""
        exists = self.path.exists()
        con = connect(self.path if exists or write else None, self.memory_limit, write)
        try:
            store = DuckDBStore(con, pipeline.name, f"{opened(con)}.{pipeline.name}")
            if write or not exists:
                con.execute(f"CREATE SCHEMA IF NOT EXISTS {store.schema}")
                con.execute("CREATE TABLE IF NOT EXISTS ledger (pipeline STRING, entry JSON)")
                store.make([step.table for step in pipeline.steps])
            yield store
        finally:
            con.close()


def opened(con: duckdb.DuckDBPyConnection) -> str:
    """The open file in SQL. A schema that has its name is none to DuckDB, unless both are named."""
    ((name,),) = con.execute("SELECT current_database()").fetchall()
    return '"' + str(name).replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class DuckDBStore:
    """The open file; between `begin` and `commit` it is one transaction."""

    con: duckdb.DuckDBPyConnection
    name: str
    schema: str

    def make(self, tables: Sequence[Table]) -> None:
        """Tables as the contract has them. Columns that are new since then are empty in old rows."""
        found = []
        for table in tables:
            place = self.relation(table.name)
            self.con.execute(f"CREATE TABLE IF NOT EXISTS {place} ({table.ddl})")
            found.append((table.name, self._types(place), self._types(nothing(table.columns))))
        refuse_retyped(self.name, found, self._retyping)
        for name, there, here in found:
            for column, kind in here.items():
                if column not in there:
                    added = f"ADD COLUMN {column} {kind}"
                    self.con.execute(f"ALTER TABLE {self.relation(name)} {added}")

    def history(self) -> History:
        query = "SELECT entry FROM ledger WHERE pipeline = ? ORDER BY rowid"
        found = self.con.execute(query, [self.name]).fetchall()
        return History(Entry.model_validate_json(entry) for (entry,) in found)

    def relation(self, table: str, where: str = "true") -> str:
        return table if table == "batch" else f"{self.schema}.{table}"

    @contextmanager
    def begin(self) -> Iterator["DuckDBStore"]:
        con = self.con.cursor()
        con.execute("BEGIN")
        try:
            yield replace(self, con=con)
        finally:
            con.close()  # what was not committed is rolled back

    def remove(self, table: Table, where: str) -> None:
        self.con.execute(f"DELETE FROM {self.relation(table.name)} WHERE {where}")

    def append(self, table: Table, rows: str) -> None:
        self.con.execute(f"INSERT INTO {self.relation(table.name)} BY NAME {rows}")

    def commit(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            row = [entry.pipeline, entry.model_dump_json()]
            self.con.execute("INSERT INTO ledger VALUES (?, ?)", row)
        self.con.execute("COMMIT")

    def _retyping(self, table: str, column: str, kind: str) -> str:
        return f"ALTER TABLE {self.relation(table)} ALTER {column} TYPE {kind}"

    def _types(self, rows: str) -> dict[str, str]:
        return {name: kind for name, kind, *_ in self.con.execute(f"DESCRIBE {rows}").fetchall()}
