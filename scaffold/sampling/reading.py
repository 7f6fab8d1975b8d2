"""The first rows of some of the files, as text wherever the format is text, in the table `raw`.

Until the end a column is called what DuckDB's own reader calls it: a second `a` is `a_1`, an unnamed
third column is `column2`; `headers` knows how the file spells it.
"""

# ruff: noqa: S608  every name and value that reaches SQL is quoted by `session`

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scaffold.errors import UsageError
from scaffold.sampling import lines
from scaffold.sampling.files import Found, broken, escape
from scaffold.sampling.headers import spelled
from scaffold.sampling.overlap import Opened, overlap
from scaffold.sampling.session import one, quoted, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.dialect import Dialect

ROWS, CELLS, FILES = 100_000, 5_000_000, 8
PARTIAL = "Only a part of the data was looked at: confirm the key."
FORGIVING = ", strict_mode = false, ignore_errors = true"


@dataclass(frozen=True, slots=True)
class Raw:
    """What was read: the type that the format itself gives to each column, by source name."""

    types: dict[str, str]
    rows: int
    complete: bool  # every row of every file is in `raw`
    notes: tuple[str, ...]
    first: tuple[str, ...]  # the columns of the first file
    spelled: dict[str, str] = field(default_factory=dict)  # as that file has them
    ends: tuple[int, ...] = ()  # rows in `raw` up to the end of each file
    whole: bool = True  # of the files that were read, every row is in `raw`


def read(connection: DuckDBPyConnection, found: Found, dialect: Dialect | None) -> Raw:
    """Fills `raw`; raises when the files hold no rows or more columns than anyone can confirm."""
    files = spread(found.files)
    opened = _opened(connection, files, found.format, dialect)
    types, notes = overlap(opened, "JSON" if found.format == "jsonl" else "")
    limit = max(100, min(ROWS, CELLS // len(types)) // len(files))
    _create(connection, types, found.format)
    ends: list[int] = []
    whole = True
    for one_file in opened:
        taken, skipped = _append(connection, one_file, types, limit)
        whole = whole and taken < limit
        ends.append((ends[-1] if ends else 0) + taken)
        notes += [f"{one_file.file.name} has rows with too many or too few fields."] * skipped
    if others := sum(one_file.others for one_file in opened):
        notes.append(f"Lines that are no JSON objects give no row: {others} of those looked at.")
    rows = _count(connection)
    if rows == 0:
        raise UsageError(f"The sample {found.files[0]} has no rows.", "Only column names, if any.")
    complete = whole and len(files) == len(found.files)
    notes += [] if complete else [PARTIAL]
    if len(files) < len(found.files):
        some = f"{len(files)} of {len(found.files)} files were looked at"
        notes.append(f"{some}: a unit fails with one of the others that lacks a column.")
    first, told = opened[0], tuple(notes)
    names = tuple(first.types)
    return Raw(types, rows, complete, told, names, first.spelled, tuple(ends), whole)


def spread(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """At most FILES of them: the first, the last, and some between."""
    if len(files) <= FILES:
        return files
    return tuple(files[place * (len(files) - 1) // (FILES - 1)] for place in range(FILES))


def readers(file: Path, dialect: Dialect | None) -> list[str]:
    """The table functions to try on one file, the strictest first. A folder called `day=1` is no column of it."""
    name = text(escape(str(file)))
    if dialect is None:
        return [f"read_parquet({name}, hive_partitioning = false)"]
    options = (
        f"delim = {text(dialect.delimiter)}, quote = {text(dialect.quote)}, "
        f"encoding = {text(dialect.encoding)}, header = {str(dialect.header).lower()}, "
        "skip = 0, comment = '', nullstr = [''], all_varchar = true, max_line_size = 8000000, "
        "hive_partitioning = false"
    )
    return [f"read_csv({name}, {options}{more})" for more in ("", FORGIVING)]


def _opened(
    connection: DuckDBPyConnection, files: Sequence[Path], form: str, dialect: Dialect | None
) -> list[Opened]:
    if form != "jsonl":
        return [_open(connection, file, dialect) for file in files]
    if opened := lines.opened(connection, files):
        return opened
    raise UsageError(f"The sample {files[0]} has no rows.", "Only empty objects, if any.")


def _open(connection: DuckDBPyConnection, file: Path, dialect: Dialect | None) -> Opened:
    import duckdb  # noqa: PLC0415

    *strict, last = readers(file, dialect)
    for source in strict:
        try:
            return _described(connection, file, source, dialect)
        except duckdb.Error:
            continue
    try:
        return _described(connection, file, last, dialect)
    except duckdb.Error as error:
        raise broken(file, error) from error


def _described(
    connection: DuckDBPyConnection, file: Path, source: str, dialect: Dialect | None
) -> Opened:
    described = connection.execute(f"DESCRIBE FROM {source}").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in described}
    return Opened(file, source, types, spelled(file, dialect, tuple(types)))


def _append(
    connection: DuckDBPyConnection, opened: Opened, types: Iterable[str], limit: int
) -> tuple[int, bool]:
    """Rows taken from one file, and whether rows that do not fit had to be left out."""
    import duckdb  # noqa: PLC0415

    before = _count(connection)
    forgiving = FORGIVING in opened.source
    columns = ", ".join(map(quoted, types))
    try:
        connection.execute(
            f"INSERT INTO raw BY NAME SELECT {columns} FROM {opened.source} LIMIT {limit}"
        )
    except duckdb.Error as error:
        out_of_reach = isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException)
        if forgiving or out_of_reach or not opened.source.startswith("read_csv"):
            raise broken(opened.file, error) from error
        source = f"{opened.source[:-1]}{FORGIVING})"
        return _append(connection, replace(opened, source=source), types, limit)
    return _count(connection) - before, forgiving


def _create(connection: DuckDBPyConnection, types: dict[str, str], form: str) -> None:
    """Parquet keeps its types; of JSON and CSV the text is kept."""
    stored = {
        name: _stored(kind) if form == "parquet" else "VARCHAR" for name, kind in types.items()
    }
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in stored.items())
    connection.execute(f"CREATE TABLE raw ({columns})")


def _stored(kind: str) -> str:
    """The types whose values matter as they are; everything else is looked at as text."""
    native = ("DATE", "TIMESTAMP", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN")
    whole = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    kept = kind.startswith(native) or kind.removeprefix("U") in whole
    return kind if kept and not kind.endswith("]") else "VARCHAR"


def _count(connection: DuckDBPyConnection) -> int:
    return int(one(connection, "SELECT count(*) FROM raw")[0])
