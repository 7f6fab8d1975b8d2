"""DuckDB, set up so that the same data gives the same rows on every machine."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from .dialect import text
from .errors import EnvironmentFailure, NotReady, PipelineError, refused

Connection = duckdb.DuckDBPyConnection
Options = str  # how much memory it may take
FAILURES = (duckdb.Error, PipelineError, OSError)  # what `explained` explains
MISSING = (duckdb.CatalogException, duckdb.BinderException)  # no such table, no such column
MACHINE = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException, OSError)


def connect(path: Path | None, memory_limit: Options, write: bool = True) -> Connection:
    """Open a database file, or one in memory. DuckDB's own zone follows the machine: UTC it is."""
    try:
        con = _open(path, write)
    except (duckdb.IOException, OSError) as error:
        if "Could not set lock" in str(error):
            raise NotReady(f"another run holds {path}; try again when it has ended") from error
        raise EnvironmentFailure(f"cannot open {path}: {explained(error)}") from error
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute(f"SET GLOBAL memory_limit = {text(memory_limit)}")
    return con


def keep(con: Connection, name: str, query: str) -> None:
    """Make the relation `name` of what a query gives now, to read it more than once."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


def hand_over(query: str, source: Connection, into: str, con: Connection) -> None:
    """Make the relation `into` of one connection from what a query gives on another."""
    con.register("handed", Handed(source.sql(query)))
    try:
        keep(con, into, "SELECT * FROM handed")
    finally:
        con.unregister("handed")


def explained(error: Exception) -> PipelineError:
    """An error by what to do about it. A commit that can't be written is the machine's fault, too."""
    if isinstance(error, PipelineError):
        return error
    if not isinstance(error, MACHINE) and "Failed to commit: Could not" not in str(error):
        return PipelineError(str(error))
    if isinstance(error, duckdb.OutOfMemoryException):
        return refused(str(error), "Raise memory_limit, or lower chunk, in conf/")
    return refused(str(error))


@dataclass(frozen=True, slots=True)
class Handed:
    """Rows as DuckDB takes them from anybody: those of another connection it would refuse."""

    rows: duckdb.DuckDBPyRelation

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(schema)


def _open(path: Path | None, write: bool) -> Connection:
    if path is None:
        return duckdb.connect()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return duckdb.connect(path, read_only=not write)
    except duckdb.ConnectionException:  # this very process has it open to write: share that
        return duckdb.connect(path)
