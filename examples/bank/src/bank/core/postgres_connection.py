"""Postgres: what connects to a database, and what a connection of a run does."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any
from urllib.parse import quote, urlencode

import adbc_driver_postgresql  # type: ignore[import-untyped]
import duckdb
from adbc_driver_manager import Error, OperationalError
from adbc_driver_manager.dbapi import Connection, connect
from pydantic import BaseModel, SecretStr

from .errors import EnvironmentFailure, PipelineError, Transient, UsageError

AGAIN = ("40", "55P03", "57014")  # conflicts, locks and time-outs: a retry may help
MACHINE = ("08", "25006", "28", "42501", "53", "57", "58")  # gone, full, or not allowed
LITERAL = r"'(?:[^']|'')*'"  # a text in SQL of DuckDB


class PostgresConnection(BaseModel, frozen=True, extra="forbid"):
    """Known by the environment alone, and never shown.

    `url` is postgresql://<host>:<port>/<database>, with options of libpq behind a `?`. What is
    said nowhere is what libpq's own variables say: PGHOST, PGUSER, PGPASSWORD, PGSSLMODE, ...
    """

    url: SecretStr = SecretStr("postgresql://")
    user: SecretStr = SecretStr("")
    password: SecretStr = SecretStr("")

    def __str__(self) -> str:
        return "the database of PIPELINE_POSTGRES__URL"

    @contextmanager
    def session(self) -> Iterator["PostgresSession"]:
        """A connection for one run. Its time zone is UTC, as that of all times is."""
        try:
            adbc = connect(adbc_driver_postgresql._driver_path(), uri=self._uri, autocommit=True)
        except Error as error:  # what it quotes may be secret, or was meant for another place
            why = re.sub(r'"[^"]*"', "…", said(error)).removeprefix(
                "IO: [libpq] Failed to connect: "
            )
            raise EnvironmentFailure(f"cannot connect to {self}: {why}") from None
        with adbc, closing(duckdb.connect()) as own:
            session = PostgresSession(adbc, str(self), own)
            session.execute("SET TIME ZONE 'UTC'", "SET standard_conforming_strings = on")
            yield session

    @property
    def _uri(self) -> str:
        url, told = self.url.get_secret_value(), {"user": self.user, "password": self.password}
        if not url.startswith(("postgresql://", "postgres://")):
            raise UsageError(
                "PIPELINE_POSTGRES__URL is no address of Postgres: "
                "postgresql://<host>:<port>/<database>"
            )
        options = {name: one.get_secret_value() for name, one in told.items()}
        said = {"application_name": "pipelines"} | {k: v for k, v in options.items() if v}
        return f"{url}{'&' if '?' in url else '?'}{urlencode(said, quote_via=quote)}"


@dataclass(frozen=True, slots=True)
class PostgresSession:
    """One connection, for one thread at a time. What it gives goes into DuckDB, typed."""

    adbc: Connection
    place: str
    own: duckdb.DuckDBPyConnection  # reads what Arrow has
    lock: RLock = field(default_factory=RLock)

    def execute(self, *statements: str) -> None:
        """One after another, each for itself."""
        with self._used() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def atomically(self, statements: Sequence[str]) -> None:
        """All of them, or none."""
        with self.lock:
            try:
                self.execute("BEGIN", *statements, "COMMIT")
            except BaseException:
                with suppress(PipelineError):  # a connection that is gone has rolled back
                    self.execute("ROLLBACK")
                raise

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a small result."""
        with self._used() as cursor:
            cursor.execute(query)
            return self.own.from_arrow(cursor.fetch_arrow()).fetchall()

    def columns(self, place: str) -> dict[str, str]:
        """The columns of a table or a view, with their types; none if there is no such thing."""
        kind, of = "format_type(atttypid, atttypmod)", f"to_regclass({constant(place)})"
        where = f"attrelid = {of} AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        query = f"SELECT attname::text, {kind} FROM pg_attribute WHERE {where}"
        return dict(self.query(query))

    def pull(self, con: duckdb.DuckDBPyConnection, query: str, into: str, rows: str) -> None:
        """Make a temporary table of DuckDB from a query, by COPY; `rows` reads it as `pulled`."""
        with self._used() as cursor:
            cursor.execute(query)
            con.register("pulled", cursor.fetch_arrow())
            try:
                con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {rows}")
            except duckdb.Error:
                con.unregister("pulled")
                cursor.execute("SELECT 1")  # if the connection broke off, this says so
                raise
            con.unregister("pulled")

    def push(self, con: duckdb.DuckDBPyConnection, query: str, into: str) -> None:
        """Make a temporary table of Postgres from the rows of a query of DuckDB, by COPY."""
        with self._used() as cursor:
            rows: Any = con.sql(query)
            cursor.adbc_ingest(into, rows, mode="create", temporary=True)

    @contextmanager
    def _used(self) -> Iterator[Any]:
        try:
            with self.lock, self.adbc.cursor() as cursor:
                yield cursor
        except Error as error:
            raise explained(error, self.place) from None


def explained(error: Error, place: str) -> PipelineError:
    """The error by what to do about it; without the statement, which may have data in it."""
    code, why = error.sqlstate or "", f"{place}: {said(error)}"
    if code.startswith(AGAIN):
        return Transient(why)
    if code.startswith(MACHINE) or (isinstance(error, OperationalError) and not code):
        return EnvironmentFailure(why)
    return PipelineError(why)


def said(error: Error) -> str:
    """What the server said, on one line."""
    text = re.split(r"\s*Query was:|\. SQLSTATE:|\nLINE \d", str(error), maxsplit=1)[0]
    return " ".join(re.sub(r"^.*?(?=(ERROR|FATAL):)", "", text, flags=re.DOTALL).split())


def quoted(*names: str) -> str:
    """A name in SQL, whatever it means there."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def constant(value: str | datetime) -> str:
    """A text, or a naive UTC time, in SQL of Postgres."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    return "'" + value.replace("'", "''") + "'"


def respelled(literal: str) -> str:
    """A text in SQL of DuckDB as Postgres has it."""
    return literal


def row_hash(names: Sequence[str]) -> str:
    """DuckDB's SQL for a number that follows from the values of a row, for rows that have no place."""
    return f"CAST(hash({', '.join(names)}) >> 1 AS BIGINT)"
