"""One DuckDB session that stays inside its bounds: memory, no files of its own, no network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scaffold.errors import EnvironmentProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

SETTINGS = {
    "autoinstall_known_extensions": "false",  # what needs an extension is refused, not downloaded
    "autoload_known_extensions": "false",
    "memory_limit": "2GB",
    "temp_directory": "",  # spilling would leave a folder where the user stands
}


@contextmanager
def session(zone: str = "UTC") -> Iterator[DuckDBPyConnection]:
    """Opens DuckDB only when a sample is looked at: importing it costs more than `--help` may.

    `zone` is that of times that name none.
    """
    try:
        import duckdb  # noqa: PLC0415
    except ImportError as error:
        fix = 'Install it: pip install "duckdb>=1.5.5,<2"'
        raise EnvironmentProblem("Looking at a sample needs DuckDB.", fix=fix) from error
    with duckdb.connect(":memory:", config=dict(SETTINGS)) as connection:
        connection.execute(f"SET TimeZone = {text(zone)}")
        # Quadratic in the number of columns: ten seconds for 2,000 of them.
        connection.execute("SET disabled_optimizers = 'common_subexpressions'")
        try:
            yield connection
        except duckdb.OutOfMemoryException as error:
            fix = "Give a smaller sample: a file with the first few thousand rows."
            raise EnvironmentProblem("The sample does not fit in memory.", fix=fix) from error


def one(connection: DuckDBPyConnection, query: str, values: list[object] | None = None) -> Any:
    """The only row of a query that always has one."""
    row = connection.execute(query, values or []).fetchone()
    if row is None:
        raise LookupError(query)
    return row


def quoted(name: str) -> str:
    """A name inside SQL, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text inside SQL."""
    return "'" + value.replace("'", "''") + "'"
