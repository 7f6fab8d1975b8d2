"""A pipeline's schema in a database of Postgres, and the ledger beside it, as a run sees them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..core.contract import Column, Table, Types, refuse_retyped
from ..core.errors import NotReady, PipelineError
from ..core.ledger import Entry
from ..core.postgres_connection import LITERAL, PostgresSession, constant, quoted, respelled

LEDGER = "public.ledger"
ID = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
ENTRY = "pipeline text NOT NULL, entry json NOT NULL"
MADE = re.compile(r"text|bigint|double.*|boolean|date|timestamp without.*|numeric\(.*")  # by `kind`
WORDS = re.compile(rf"({LITERAL})|\bFROM (\w+)|\w+", re.DOTALL)
Staged = Callable[[str], str]  # the place in Postgres of a relation of the engine


@dataclass(frozen=True, slots=True)
class PostgresTables:
    """What is published: tables in `schema`, and one ledger for all pipelines of a database."""

    session: PostgresSession
    schema: str

    def place(self, table: Table) -> str:
        return quoted(self.schema, table.name)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the lock of writers, which readers do not know. A run that is killed loses it as soon as
        the server sees that its connection is gone.
        """
        lock = f"pg_try_advisory_lock(hashtext('ledger'), hashtext({constant(self.schema)}))"
        if not self.yes(lock):
            raise NotReady(
                f"another run writes to the schema {self.schema} at {self.session.place}; "
                "try again when it has ended"
            )
        try:
            yield
        finally:
            with suppress(PipelineError):  # or it went with the connection
                self.session.execute("SELECT pg_advisory_unlock_all()")

    def make(self, tables: Sequence[Table]) -> None:
        """Make what is not there, one run at a time. Who may only write to it asks for no more."""
        known = {table.name: self.types(table) for table in tables}
        self._refuse_retyped(tables, known)
        if missing := list(self._missing(tables, known)):
            wait = "SELECT pg_advisory_xact_lock(hashtext('ledger'))"
            self.session.atomically([wait, *missing])

    def entries(self) -> Iterator[Entry]:
        """The ledger of this pipeline, oldest first."""
        if self.exists(LEDGER):
            mine = f"WHERE pipeline = {constant(self.schema)} ORDER BY id"
            found = self.session.query(f"SELECT entry::text FROM {LEDGER} {mine}")
            yield from (Entry.model_validate_json(entry) for (entry,) in found)

    def record(self, entry: Entry) -> str:
        """The statement that adds an entry."""
        row = f"{constant(entry.pipeline)}, {constant(entry.model_dump_json())}"
        return f"INSERT INTO {LEDGER} (pipeline, entry) VALUES ({row})"

    def exists(self, place: str) -> bool:
        return self.yes(f"to_regclass({constant(place)}) IS NOT NULL")

    def yes(self, condition: str) -> bool:
        return bool(self.session.query(f"SELECT {condition}")[0][0])

    def types(self, table: Table) -> dict[str, str]:
        """The columns that a table has, with the types of Postgres; none if it is not there."""
        return self.session.columns(self.place(table))

    def _refuse_retyped(self, tables: Sequence[Table], known: Mapping[str, Types]) -> None:
        """A type that none of its contracts makes is the owner's own choice."""
        kinds = (
            (
                table.name,
                {name: one for name, one in known[table.name].items() if MADE.fullmatch(one)},
                {column.name: kind(column) for column in table.columns},
            )
            for table in tables
        )

        def retyping(table: str, column: str, to: str) -> str:
            name = quoted(column)
            change = f"ALTER {name} TYPE {to} USING {name}::{to}"
            return f"ALTER TABLE {quoted(self.schema, table)} {change}"

        refuse_retyped(self.schema, kinds, retyping)

    def _missing(self, tables: Sequence[Table], known: Mapping[str, Types]) -> Iterator[str]:
        if not self.exists(LEDGER):
            yield f"CREATE TABLE IF NOT EXISTS {LEDGER} ({ID}, {ENTRY})"
        if self.yes(f"to_regnamespace({constant(quoted(self.schema))}) IS NULL"):
            yield f"CREATE SCHEMA {quoted(self.schema)}"
        for table in tables:
            place = self.place(table)
            columns = [f"{quoted(one.name)} {kind(one)}" for one in table.columns]
            if not known[table.name]:
                yield f"CREATE TABLE {place} ({', '.join(columns)})"
                if "_unit" in table.names:
                    yield f"CREATE INDEX ON {place} (_unit)"
                continue
            for name, column in zip(table.names, columns, strict=True):
                if name not in known[table.name]:  # empty in the rows that are there
                    yield f"ALTER TABLE {place} ADD COLUMN {column}"


def kind(column: Column) -> str:
    """The type of Postgres for one of the contract's, as `format_type` spells it."""
    named = {"STRING": "text", "DOUBLE": "double precision"}
    named["TIMESTAMP"] = "timestamp without time zone"
    return named.get(column.type, column.type.replace(" ", "").lower()).replace(
        "decimal", "numeric"
    )


def spelled(condition: str, names: Sequence[str], staged: Staged) -> str:
    """A condition of the engine for Postgres: columns are quoted, relations with keys are staged.

    Rows that only the engine can choose are all wanted: it looks at them again.
    """
    if "TRY_CAST" in condition:
        return "true"

    def word(found: re.Match[str]) -> str:
        if found[1]:
            return respelled(found[1])
        if found[2]:
            return f"FROM {staged(found[2])}"
        return quoted(found[0]) if found[0] in names else found[0]

    return WORDS.sub(word, condition)
