"""Postgres as a sink: a schema for each pipeline, and the ledger, JSON by entry, beside them.

What a unit writes is made aside by Spark, which copies it to staging tables by as many connections as
it likes. One transaction of the driver moves it over and records it. The lock that lets one run of a
pipeline write at a time belongs to the connection of that transaction: a run that was killed holds
it until its last commit is over.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from itertools import count

from ..core.contract import Column, Table, nothing
from ..core.engine import Connection, connect, keep
from ..core.errors import PipelineError
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline
from ..core.postgres_connection import PostgresDatabase, constant, quoted
from .aside import Aside
from .postgres_tables import PostgresTables, kind, spelled

STAGING = "_staging_"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database. One run of a pipeline writes at a time; readers are never locked out."""

    database: PostgresDatabase

    @contextmanager
    def open(self, pipeline: Pipeline, write: bool) -> Iterator["PostgresStore"]:
        """Connect. To write is to be alone, makes the tables that are not there, and drops what runs
        that were killed have staged.
        """
        aside = Aside(connect(self.database.spark))
        with self.database.session() as session:
            tables = PostgresTables(session, pipeline.name)
            store = PostgresStore(aside, tables, pipeline)
            with tables.alone() if write else nullcontext():
                if write:
                    tables.make([step.table for step in pipeline.steps])
                    store.drop(store.left())
                yield store


@dataclass(frozen=True, slots=True)
class PostgresStore:
    """The open database; between `begin` and `commit` it is one transaction, made aside by Spark."""

    aside: Aside
    place: PostgresTables
    pipeline: Pipeline
    numbers: Iterator[int] = field(default_factory=count)
    staged: dict[str, str] = field(default_factory=dict)  # relations of Spark that Postgres has

    @property
    def con(self) -> Connection:
        """Spark, with the views of this store."""
        return self.aside.con

    def history(self) -> History:
        return History(self.place.entries())

    def relation(self, table: str, where: str = "true") -> str:
        """What is published and stays, as far as it is wanted, with what is new."""
        if table == "batch":
            return table
        found = next(step.table for step in self.pipeline.steps if step.table.name == table)
        if self.aside.replaces(found, where):
            return f"({self.aside.new(found)})"
        old, gone = f"_old_{next(self.numbers)}", self.aside.removed.get(table)
        stays = f" AND ({self._any_of(gone, found)}) IS NOT TRUE" if gone else ""
        self._pull(found, f"{self._spelled(where, found)}{stays}", old)
        if gone is None:
            return old
        return f"(SELECT * FROM {old} UNION ALL {self.aside.new(found)})"

    @contextmanager
    def begin(self) -> Iterator["PostgresStore"]:
        store = replace(self, aside=Aside(self.con.cursor()), staged={})
        try:
            yield store
        finally:
            with suppress(PipelineError):  # or the connection is gone: the next run drops them
                self.drop(store.staged.values())

    def remove(self, table: Table, where: str) -> None:
        self.aside.remove(table, where)

    def append(self, table: Table, rows: str) -> None:
        self.aside.append(table, rows)

    def commit(self, entries: Sequence[Entry]) -> None:
        """Move everything that is made aside over, and record it, in one transaction."""
        tables = [
            step.table for step in self.pipeline.steps if step.table.name in self.aside.removed
        ]
        moves = [move for table in tables for move in self._moves(table)]
        self.place.session.atomically([*moves, *map(self.place.record, entries)])

    def left(self) -> list[str]:
        """The staging tables that are there."""
        mine = f"schemaname = {constant(self.place.schema)} AND starts_with(tablename, '{STAGING}')"
        found = self.place.session.query(f"SELECT tablename FROM pg_tables WHERE {mine}")
        return [quoted(self.place.schema, name) for (name,) in found]

    def drop(self, places: Collection[str]) -> None:
        if places:
            self.place.session.execute(f"DROP TABLE IF EXISTS {', '.join(places)}")

    def _moves(self, table: Table) -> Iterator[str]:
        place, gone = self.place.place(table), self.aside.removed[table.name]
        if gone:
            yield f"DELETE FROM {place} AS raw WHERE {self._any_of(gone, table)}"
        if table.name in self.aside.added:
            columns = ", ".join(quoted(name) for name in table.names)
            new = self._stage(f"_new_{table.name}")
            yield f"INSERT INTO {place} ({columns}) SELECT {columns} FROM {new}"

    def _any_of(self, conditions: Sequence[str], table: Table) -> str:
        return " OR ".join(f"({self._spelled(one, table)})" for one in conditions)

    def _spelled(self, condition: str, table: Table) -> str:
        return spelled(condition, table.names, self._stage)

    def _stage(self, relation: str) -> str:
        """Copy a relation of Spark, once; gives its place."""
        if relation not in self.staged:
            place = quoted(self.place.schema, f"{STAGING}{next(self.numbers)}")
            self.staged[relation] = place
            self.place.session.push(self.con, f"SELECT * FROM {relation}", place)
        return self.staged[relation]

    def _pull(self, table: Table, where: str, into: str) -> None:
        """Rows in the contract's types, where those of Postgres are what they were made as.

        Only who writes has seen to it that all columns are there.
        """
        types = self.place.types(table)
        if not types:
            keep(self.con, into, nothing(table.columns))
            return
        there = [column for column in table.columns if column.name in types]
        names = ", ".join(quoted(column.name) for column in there)
        query = f"SELECT {names} FROM {self.place.place(table)} AS raw WHERE {where}"
        cells = (_cell(column, types[column.name]) for column in there)
        self.place.session.read(self.con, query, into, f"SELECT {', '.join(cells)} FROM pulled")


def _cell(column: Column, there: str) -> str:
    if there != kind(column):
        return column.name
    return f"CAST({column.name} AS {column.type}) AS {column.name}"
