"""Postgres as a sink: a schema for each pipeline, and the ledger, JSON by entry, beside them.

What a unit writes is prepared in DuckDB. It is copied to temporary tables of Postgres, and one
transaction moves it over and records it. The lock that lets one run of a pipeline write at a time
belongs to the connection of that transaction: a run that was killed holds it until its last
commit is over.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from tempfile import TemporaryDirectory

import duckdb

from ..core.contract import Table
from ..core.engine import connect
from ..core.errors import PipelineError
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline
from ..core.postgres_connection import PostgresConnection, quoted
from ..core.units import literal
from .postgres_tables import PostgresTables, kind, spelled

FINITE = "CASE WHEN isfinite({0}) THEN {0} END"
CLEAN = {"VARCHAR": "replace({0}, chr(0), chr(65533))", "DATE": FINITE, "TIMESTAMP": FINITE}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database. One run of a pipeline writes at a time; readers are never locked out."""

    connection: PostgresConnection
    memory_limit: str

    @contextmanager
    def open(self, pipeline: Pipeline, write: bool) -> Iterator["PostgresStore"]:
        """Connect. To write is to be alone, and makes the tables that are not there."""
        with (
            TemporaryDirectory(prefix="spill-") as spill,
            closing(connect(None, self.memory_limit)) as con,
            self.connection.session() as session,
        ):
            con.execute(f"SET GLOBAL temp_directory = {literal(spill)}")
            tables = PostgresTables(session, pipeline.name)
            with tables.alone() if write else nullcontext():
                if write:
                    tables.make([step.table for step in pipeline.steps])
                yield PostgresStore(con, tables, pipeline)


@dataclass(frozen=True, slots=True)
class PostgresStore:
    """The open database; between `begin` and `commit` it is one transaction, staged in DuckDB."""

    con: duckdb.DuckDBPyConnection
    place: PostgresTables
    pipeline: Pipeline
    numbers: Iterator[int] = field(default_factory=count)
    removed: dict[str, list[str]] = field(default_factory=dict)  # conditions, by staged table
    staged: dict[str, str] = field(default_factory=dict)  # tables of DuckDB that Postgres has

    @property
    def tables(self) -> dict[str, Table]:
        """By name, in the order in which they are written."""
        return {step.table.name: step.table for step in self.pipeline.steps}

    def history(self) -> History:
        return History(self.place.entries())

    def relation(self, table: str, where: str = "true") -> str:
        """What is published and stays, as far as it is wanted, with what is new."""
        if table == "batch":
            return table
        old, gone = f"_old_{next(self.numbers)}", self.removed.get(table)
        stays = f" AND ({self._any_of(gone, table)}) IS NOT TRUE" if gone else ""
        self._pull(self.tables[table], f"{self._spelled(where, table)}{stays}", old)
        new = f" UNION ALL BY NAME SELECT * FROM _new_{table}" if gone is not None else ""
        return f"(SELECT * FROM {old}{new})"

    @contextmanager
    def begin(self) -> Iterator["PostgresStore"]:
        staged = dict[str, str]()
        with closing(self.con.cursor()) as con:
            try:
                yield replace(self, con=con, removed={}, staged=staged)
            finally:
                with suppress(PipelineError):  # or the connection is gone, and they are
                    drop = (f"DROP TABLE IF EXISTS {quoted(name)}" for name in staged.values())
                    self.place.session.execute(*drop)

    def remove(self, table: Table, where: str) -> None:
        self._new(table).append(where)
        self.con.execute(f"DELETE FROM _new_{table.name} WHERE {where}")

    def append(self, table: Table, rows: str) -> None:
        self._new(table)
        self.con.execute(f"INSERT INTO _new_{table.name} BY NAME {rows}")

    def commit(self, entries: Sequence[Entry]) -> None:
        """Move everything that is staged over, and record it, in one transaction."""
        changed = [table for name, table in self.tables.items() if name in self.removed]
        moves = [move for table in changed for move in self._moves(table)]
        self.place.session.atomically([*moves, *map(self.place.record, entries)])

    def _moves(self, table: Table) -> Iterator[str]:
        place, gone = self.place.place(table), self.removed[table.name]
        if gone:
            yield f"DELETE FROM {place} AS raw WHERE {self._any_of(gone, table.name)}"
        columns = ", ".join(quoted(name) for name in table.names)
        new = self._stage(f"_new_{table.name}")
        yield f"INSERT INTO {place} ({columns}) SELECT {columns} FROM {new}"

    def _new(self, table: Table) -> list[str]:
        if table.name not in self.removed:
            self.con.execute(f"CREATE TEMP TABLE _new_{table.name} ({table.ddl})")
        return self.removed.setdefault(table.name, [])

    def _any_of(self, conditions: Sequence[str], table: str) -> str:
        return " OR ".join(f"({self._spelled(one, table)})" for one in conditions)

    def _spelled(self, condition: str, table: str) -> str:
        return spelled(condition, self.tables[table].names, self._stage)

    def _stage(self, table: str) -> str:
        """Copy a table of DuckDB, once; gives its place. Texts of Postgres cannot have the character
        zero, and COPY has no infinite times: they are none.
        """
        if table not in self.staged:
            name = f"_staging_{next(self.numbers)}"
            described = self.con.execute(f"DESCRIBE {table}").fetchall()
            cells = {quoted(column): CLEAN.get(type_) for column, type_, *_ in described}
            clean = ", ".join(f"{cell.format(one)} AS {one}" for one, cell in cells.items() if cell)
            values = f"* REPLACE ({clean})" if clean else "*"
            self.place.session.push(self.con, f"SELECT {values} FROM {table}", name)
            self.staged[table] = name
        return quoted(self.staged[table])

    def _pull(self, table: Table, where: str, into: str) -> None:
        """Rows in the contract's types, where those of Postgres are what they were made as."""
        types = self.place.types(table)
        if not types:
            self.con.execute(f"CREATE TEMP TABLE {into} ({table.ddl})")
            return
        there = [column for column in table.columns if column.name in types]
        columns = ", ".join(quoted(column.name) for column in there)
        query = f"SELECT {columns} FROM {self.place.place(table)} AS raw WHERE {where}"
        typed = (
            f"CAST({quoted(one.name)} AS {one.type}) AS {quoted(one.name)}"
            for one in there
            if types[one.name] == kind(one)
        )
        replaced = ", ".join(typed)
        values = f"* REPLACE ({replaced})" if replaced else "*"
        self.place.session.pull(self.con, query, into, f"SELECT {values} FROM pulled")
