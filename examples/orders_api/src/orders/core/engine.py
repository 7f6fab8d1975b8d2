"""DuckDB, set up so that the same data gives the same rows on every machine."""

from pathlib import Path

import duckdb

from .errors import EnvironmentFailure, NotReady
from .units import literal


def connect(path: Path | None, memory_limit: str, write: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a database file, or one in memory. DuckDB's own zone follows the machine: UTC it is."""
    try:
        con = _open(path, write)
    except (duckdb.IOException, OSError) as error:
        if "lock" in str(error):
            raise NotReady(f"another run holds {path}; try again when it has ended") from error
        raise EnvironmentFailure(f"cannot open {path}: {error}") from error
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute(f"SET GLOBAL memory_limit = {literal(memory_limit)}")
    return con


def _open(path: Path | None, write: bool) -> duckdb.DuckDBPyConnection:
    if path is None:
        return duckdb.connect()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return duckdb.connect(path, read_only=not write)
    except duckdb.ConnectionException:  # this very process has it open to write: share that
        return duckdb.connect(path)
