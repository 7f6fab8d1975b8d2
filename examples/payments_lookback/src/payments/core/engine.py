"""DuckDB, set up so that the same data gives the same rows on every machine."""

from pathlib import Path

import duckdb

from .errors import EnvironmentFailure, NotReady, PipelineError
from .units import literal

MACHINE = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException, OSError)
MEND = {
    ("No space left", "too large", "quota"): "Make room there",
    ("Out of Memory",): "Raise memory_limit, or lower chunk, in conf/",
    ("Permission denied", "not permitted", "Read-only"): "Give this user the right to it",
}


def connect(path: Path | None, memory_limit: str, write: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a database file, or one in memory. DuckDB's own zone follows the machine: UTC it is."""
    try:
        con = _open(path, write)
    except (duckdb.IOException, OSError) as error:
        if "Could not set lock" in str(error):
            raise NotReady(f"another run holds {path}; try again when it has ended") from error
        raise EnvironmentFailure(f"cannot open {path}: {explained(error)}") from error
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute(f"SET GLOBAL memory_limit = {literal(memory_limit)}")
    return con


def explained(error: Exception) -> PipelineError:
    """An error by what to do about it. A commit that can't be written is the machine's fault, too."""
    if isinstance(error, PipelineError):
        return error
    if not isinstance(error, MACHINE) and "Failed to commit: Could not" not in str(error):
        return PipelineError(str(error))
    how = next((do for said, do in MEND.items() if any(one in str(error) for one in said)), "")
    return EnvironmentFailure(
        f"{error}. {how or 'See what is wrong there'}, and run again: what was not finished is not "
        "there, and is done then"
    )


def _open(path: Path | None, write: bool) -> duckdb.DuckDBPyConnection:
    if path is None:
        return duckdb.connect()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return duckdb.connect(path, read_only=not write)
    except duckdb.ConnectionException:  # this very process has it open to write: share that
        return duckdb.connect(path)
