"""Postgres: where a database is, who connects to it, and what a connection of a run does.

A password comes by the environment: PIPELINE_POSTGRES__PASSWORD, or what Postgres' own library
reads (PGPASSWORD, PGPASSFILE). No message shows one.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from urllib.parse import quote, unquote, urlencode

import adbc_driver_postgresql  # type: ignore[import-untyped]
import duckdb
from adbc_driver_manager import Error, OperationalError
from adbc_driver_manager.dbapi import Connection, connect
from pydantic import BaseModel, SecretStr

from .errors import EnvironmentFailure, PipelineError, Transient, UsageError

AGAIN = ("40", "55P03", "57014")  # conflicts, locks and time-outs: a retry may help
MACHINE = ("08", "25006", "28", "42501", "53", "57", "58")  # gone, full, or not allowed

ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:/?#@]*)(?::(?P<password>[^:/?#@]*))?@)?"
    r"(?P<place>[^/?#@]*(?:/[^/?#@]*)?)(?:\?(?P<options>[^#@]*))?"
)


class PostgresConnection(BaseModel, frozen=True, extra="forbid"):
    """`url` is postgresql://<host>:<port>/<database>, with options of libpq behind a `?`."""

    url: SecretStr
    user: str = ""
    password: SecretStr = SecretStr("")

    def __str__(self) -> str:
        return f"{self._address['place']} as {self._user or 'the default user'}"

    @contextmanager
    def session(self) -> Iterator["PostgresSession"]:
        """A connection for one run. Its time zone is UTC, as that of all times is."""
        try:
            adbc = connect(adbc_driver_postgresql._driver_path(), uri=self._uri, autocommit=True)
        except Error as error:
            why = self._without_secrets(said(error).removeprefix("IO: [libpq] Failed to connect: "))
            raise EnvironmentFailure(f"cannot connect to {self}: {why}") from None
        with adbc:
            session = PostgresSession(adbc, str(self))
            session.execute("SET TIME ZONE 'UTC'", "SET standard_conforming_strings = on")
            yield session

    @property
    def _user(self) -> str:
        return unquote(self._address["user"] or "") or self.user

    @property
    def _address(self) -> re.Match[str]:
        if found := ADDRESS.fullmatch(self.url.get_secret_value()):
            return found
        raise UsageError(
            "postgres.url is no address of Postgres: postgresql://<host>:<port>/<database>, where "
            "a name or a password has %2F for /, %40 for @, %3A for : and %25 for %"
        )

    @property
    def _uri(self) -> str:
        parts = self._address
        options = {"application_name": "pipelines", "user": self._user, "password": self._password}
        said = urlencode({k: v for k, v in options.items() if v}, quote_via=quote)
        return f"postgresql://{parts['place']}?{'&'.join(filter(None, (parts['options'], said)))}"

    @property
    def _password(self) -> str:
        return unquote(self._address["password"] or "") or self.password.get_secret_value()

    def _without_secrets(self, text: str) -> str:
        for one in filter(None, (self._password, quote(self._password))):
            text = text.replace(one, "***")
        return text


@dataclass(frozen=True, slots=True)
class PostgresSession:
    """One connection, for one thread at a time. What it gives goes into DuckDB, typed."""

    adbc: Connection
    place: str
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

    def query(self, con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
        """The rows of a small result."""
        with self._used() as cursor:
            cursor.execute(query)
            return con.from_arrow(cursor.fetch_arrow()).fetchall()

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
    code, why = error.sqlstate or "", f"Postgres at {place}: {said(error)}"
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
