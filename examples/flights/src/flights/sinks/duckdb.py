"""DuckDB as a sink: rows and ledger entry commit in one transaction of one file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..core.contract import Table
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
            if write or not exists:
                con.execute(f"CREATE SCHEMA IF NOT EXISTS {pipeline.name}")
                con.execute("CREATE TABLE IF NOT EXISTS ledger (pipeline STRING, entry JSON)")
                for step in pipeline.steps:
                    make(con, f"{pipeline.name}.{step.table.name}", step.table)
            yield DuckDBStore(con, pipeline.name)
        finally:
            con.close()


def make(con: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    """A table as its contract has it. Columns that are new since it was made are empty in old rows."""
    con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({table.ddl})")
    found = con.execute(f"SELECT * FROM {name} LIMIT 0").description or []
    for column in table.columns:
        if column.name not in [known[0] for known in found]:
            con.execute(f"ALTER TABLE {name} ADD COLUMN {column.name} {column.type}")


@dataclass(frozen=True, slots=True)
class DuckDBStore:
    """The open file; between `begin` and `commit` it is one transaction."""

    con: duckdb.DuckDBPyConnection
    name: str

    def history(self) -> History:
        query = "SELECT entry FROM ledger WHERE pipeline = ? ORDER BY rowid"
        found = self.con.execute(query, [self.name]).fetchall()
        return History(Entry.model_validate_json(entry) for (entry,) in found)

    def relation(self, table: str, where: str = "true") -> str:
        return table if table == "batch" else f"{self.name}.{table}"

    @contextmanager
    def begin(self) -> Iterator["DuckDBStore"]:
        con = self.con.cursor()
        con.execute("BEGIN")
        try:
            yield DuckDBStore(con, self.name)
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
