"""Postgres: what connects to a database, and what a connection of a run does, by JDBC."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pydantic import BaseModel, SecretStr
from pyspark.errors import PySparkException

from .engine import Connection, causes, connect
from .errors import EnvironmentFailure, PipelineError, Transient, UsageError
from .needed import PACKAGES

AGAIN = ("40", "55P03", "57014")  # conflicts, locks and time-outs: a retry may help
MACHINE = ("08", "25006", "28", "42501", "53", "57", "58")  # gone, full, or not allowed
SAME = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT "
REFUSALS = {
    "08": "nobody answers at that address",
    "28": "it refuses PIPELINE_POSTGRES__USER with PIPELINE_POSTGRES__PASSWORD",
    "3D": "there is no database of that name",
}


class PostgresConnection(BaseModel, frozen=True, extra="forbid"):
    """Known by the environment alone, and never shown.

    `url` is postgresql://<host>:<port>/<database>, with options of the JDBC driver behind a `?`.
    """

    url: SecretStr = SecretStr("")
    user: SecretStr = SecretStr("")
    password: SecretStr = SecretStr("")

    def __str__(self) -> str:
        return "the database of PIPELINE_POSTGRES__URL"

    def on(self, spark: Mapping[str, str]) -> "PostgresDatabase":
        """The database, for a Spark that has these settings when it starts."""
        return PostgresDatabase(self, spark)

    def told(self) -> dict[str, str]:
        """The address as JDBC has it, and who connects."""
        scheme, _, place = self.url.get_secret_value().partition("://")
        if scheme not in ("postgresql", "postgres") or not place:
            raise UsageError(
                "PIPELINE_POSTGRES__URL is no address of Postgres, or not set: "
                "postgresql://<host>:<port>/<database>"
            )
        user, _, place = place.rpartition("@")
        options = {"user": self.user, "password": self.password}
        said = {name: one.get_secret_value() for name, one in options.items()}
        named = dict(zip(("user", "password"), user.split(":", 1), strict=False))
        known = named | {name: one for name, one in said.items() if one}
        own = {"ApplicationName": "pipelines", "tcpKeepAlive": "true"}
        return {"url": f"jdbc:postgresql://{place}"} | own | {k: v for k, v in known.items() if v}


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """What can be connected to, by the driver that Spark has."""

    connection: PostgresConnection
    spark: Mapping[str, str]

    @contextmanager
    def session(self) -> Iterator["PostgresSession"]:
        """A connection for one run. Its time zone is UTC, as that of all times is."""
        told, java = self.connection.told(), connect(self.spark).spark._jvm
        driver: Any = java.org.postgresql.Driver  # type: ignore[union-attr]
        properties: Any = java.java.util.Properties()  # type: ignore[union-attr]
        for name, value in told.items():
            properties.setProperty(name, value)
        try:
            opened = driver().connect(told["url"], properties)
        except Py4JJavaError as error:
            state = str(error.java_exception.getSQLState())
            why = REFUSALS.get(state[:2], f"the state of SQL is {state}")
            raise EnvironmentFailure(f"cannot connect to {self.connection}: {why}") from None
        except TypeError:
            packages = ",".join(PACKAGES)
            raise EnvironmentFailure(
                f"Spark has no driver for Postgres: --packages {packages}"
            ) from None
        try:
            session = PostgresSession(opened, told, str(self.connection))
            session.execute("SET TIME ZONE 'UTC'", "SET standard_conforming_strings = on")
            yield session
        finally:
            opened.close()


@dataclass(frozen=True, slots=True)
class PostgresSession:
    """One connection, for one thread at a time. What Spark reads, it reads by connections of its own,
    in the same snapshot.
    """

    java: Any
    told: Mapping[str, str]
    place: str

    def execute(self, *statements: str) -> None:
        """One after another, each for itself."""
        with self._explained():
            for statement in statements:
                self.java.createStatement().execute(statement)

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a small result."""
        with self._explained():
            found = self.java.createStatement().executeQuery(query)
            places = range(1, found.getMetaData().getColumnCount() + 1)
            rows = []
            while found.next():
                rows.append(tuple(found.getObject(place) for place in places))
            return rows

    def columns(self, place: str) -> dict[str, str]:
        """The columns of a table or a view, with their types; none if there is no such thing."""
        kind, of = "format_type(atttypid, atttypmod)", f"to_regclass({constant(place)})"
        where = f"attrelid = {of} AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        query = f"SELECT attname::text, {kind} FROM pg_attribute WHERE {where}"
        return dict(self.query(query))

    def pull(self, con: Connection, query: str, into: str, rows: str) -> None:
        """Make a relation of Spark from a query in this snapshot; `rows` reads it as `pulled`."""
        with self._explained():
            ((snapshot,),) = self.query("SELECT pg_export_snapshot()")
            own = {
                "query": query,
                "driver": "org.postgresql.Driver",
                "fetchsize": "10000",
                "preferTimestampNTZ": "true",  # times have no zone, and are taken as they are
                "sessionInitStatement": f"{SAME}{constant(snapshot)}",
            }
            pulled = con.spark.read.format("jdbc").options(**{**self.told, **own}).load()
            pulled.createOrReplaceTempView("pulled")
            con.execute(rows).frame.localCheckpoint().createOrReplaceTempView(into)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the database by what to do about them; without the statement, which may have
        data in it.
        """
        try:
            yield
        except (PySparkException, Py4JJavaError) as error:
            for cause in causes(error):
                if str(cause.getClass().getName()).endswith("SQLException"):
                    state, said = cause.getSQLState() or "", cause.getMessage() or ""
                    raise explained(state, said, self.place) from None
            raise


def explained(state: str, said: str, place: str) -> PipelineError:
    """An error by the state of SQL, with what the server said, on one line."""
    why = f"{place}: {' '.join(said.split())}"
    if state.startswith(AGAIN):
        return Transient(why)
    return EnvironmentFailure(why) if state.startswith(MACHINE) else PipelineError(why)


def quoted(*names: str) -> str:
    """A name in SQL, whatever it means there."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def constant(value: str | datetime) -> str:
    """A text, or a naive UTC time, in SQL of Postgres."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    return "'" + value.replace("'", "''") + "'"


def row_hash(names: Sequence[str]) -> str:
    """Spark's SQL for a number that follows from the values of a row, for rows that have no place."""
    return f"xxhash64({', '.join(names)}) & {2**63 - 1}"
