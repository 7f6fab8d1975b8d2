"""The first rows of some of the files, as text wherever the format is text, in the table `raw`.

Until the end a column is called what DuckDB's own reader calls it: a second `a` is `a_1`, an unnamed
third column is `column2`; `headers` knows how the file spells it.
"""

# ruff: noqa: S608  every name and value that reaches SQL is quoted by `session`

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scaffold.errors import ScaffoldError, UsageError
from scaffold.sampling.files import Found, escape, unreadable
from scaffold.sampling.session import one, quoted, text

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.dialect import Dialect

ROWS, CELLS, FILES, COLUMNS = 100_000, 5_000_000, 8, 2_000
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
    spelled: dict[str, str] = field(default_factory=dict)  # CSV: as the header has it
    ends: tuple[int, ...] = ()  # rows in `raw` up to the end of each file
    whole: bool = True  # of the files that were read, every row is in `raw`


@dataclass(frozen=True, slots=True)
class Opened:
    """One file as a table function that DuckDB accepts, and the columns it gives."""

    source: str
    types: dict[str, str]


def read(connection: DuckDBPyConnection, found: Found, dialect: Dialect | None) -> Raw:
    """Fills `raw`; raises when the files hold no rows or more columns than anyone can confirm."""
    files = spread(found.files)
    types: dict[str, str] = {}
    first: tuple[str, ...] = ()
    notes: list[str] = []
    ends: list[int] = []
    whole, limit = True, 0
    for file in files:
        opened = _open(connection, file, found.format, dialect)
        if not types:
            types, first = dict(opened.types), tuple(opened.types)
            limit = max(100, min(ROWS, CELLS // len(types)) // len(files))
            _create(connection, types, found.format)
        elif differing := [name for name in opened.types if name not in types]:
            notes.append(f"{file.name} has columns of its own: {', '.join(differing[:5])}.")
            _widen(connection, types, differing)
        taken, skipped = _append(connection, file, opened, limit)
        whole = whole and taken < limit
        ends.append((ends[-1] if ends else 0) + taken)
        notes += [f"{file.name} has rows with too many or too few fields."] if skipped else []
    rows = _count(connection)
    if rows == 0:
        raise UsageError(f"The sample {found.files[0]} has no rows.", "Only column names, if any.")
    complete = whole and len(files) == len(found.files)
    notes += [] if complete else [PARTIAL]
    return Raw(types, rows, complete, tuple(notes), first, ends=tuple(ends), whole=whole)


def spread(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """At most FILES of them: the first, the last, and some between."""
    if len(files) <= FILES:
        return files
    return tuple(files[place * (len(files) - 1) // (FILES - 1)] for place in range(FILES))


def readers(file: Path, kind: str, dialect: Dialect | None) -> list[str]:
    """The table functions to try on one file, the strictest first."""
    name = text(escape(str(file)))
    if kind == "parquet":
        return [f"read_parquet({name})"]
    if dialect is None:
        options = "maximum_depth = 2, map_inference_threshold = -1, records = 'true'"
        return [f"read_json({name}, format = 'newline_delimited', {options})"]
    options = (
        f"delim = {text(dialect.delimiter)}, quote = {text(dialect.quote)}, "
        f"encoding = {text(dialect.encoding)}, header = {str(dialect.header).lower()}, "
        "skip = 0, comment = '', nullstr = [''], all_varchar = true, max_line_size = 8000000"
    )
    return [f"read_csv({name}, {options}{more})" for more in ("", FORGIVING)]


def _open(connection: DuckDBPyConnection, file: Path, kind: str, dialect: Dialect | None) -> Opened:
    import duckdb  # noqa: PLC0415

    *strict, last = readers(file, kind, dialect)
    for source in strict:
        try:
            return _described(connection, file, source)
        except duckdb.Error:
            continue
    try:
        return _described(connection, file, last)
    except duckdb.Error as error:
        raise broken(file, error) from error


def _described(connection: DuckDBPyConnection, file: Path, source: str) -> Opened:
    described = connection.execute(f"DESCRIBE FROM {source}").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in described}
    if len(types) > COLUMNS:
        why = f"At most {COLUMNS:,} columns can be confirmed."
        raise UsageError(f"The sample {file} has {len(types):,} columns.", why)
    if not source.startswith("read_json"):
        return Opened(source, types)
    # JSON numbers are read as text, so that their decimals stay as they are written.
    columns = ", ".join(f"{text(name)}: 'VARCHAR'" for name in types)
    name = text(escape(str(file)))
    again = f"read_json({name}, format = 'newline_delimited', columns = {{{columns}}})"
    return Opened(again, types)


def _append(
    connection: DuckDBPyConnection, file: Path, opened: Opened, limit: int
) -> tuple[int, bool]:
    """Rows taken from one file, and whether rows that do not fit had to be left out."""
    import duckdb  # noqa: PLC0415

    before = _count(connection)
    forgiving = FORGIVING in opened.source
    try:
        connection.execute(f"INSERT INTO raw BY NAME SELECT * FROM {opened.source} LIMIT {limit}")
    except duckdb.Error as error:
        out_of_reach = isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException)
        if forgiving or out_of_reach or not opened.source.startswith("read_csv"):
            raise broken(file, error) from error
        source = f"{opened.source[:-1]}{FORGIVING})"
        return _append(connection, file, Opened(source, opened.types), limit)
    return _count(connection) - before, forgiving


def _create(connection: DuckDBPyConnection, types: dict[str, str], form: str) -> None:
    """Parquet keeps its types; of JSON and CSV the text is kept."""
    stored = {
        name: _stored(kind) if form == "parquet" else "VARCHAR" for name, kind in types.items()
    }
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in stored.items())
    connection.execute(f"CREATE TABLE raw ({columns})")


def _widen(connection: DuckDBPyConnection, types: dict[str, str], names: list[str]) -> None:
    for name in names:
        connection.execute(f"ALTER TABLE raw ADD COLUMN IF NOT EXISTS {quoted(name)} VARCHAR")
        types[name] = "VARCHAR"


def _stored(kind: str) -> str:
    """The types whose values matter as they are; everything else is looked at as text."""
    native = ("DATE", "TIMESTAMP", "FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN")
    whole = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    kept = kind.startswith(native) or kind.removeprefix("U") in whole
    return kind if kept and not kind.endswith("]") else "VARCHAR"


def _count(connection: DuckDBPyConnection) -> int:
    return int(one(connection, "SELECT count(*) FROM raw")[0])


def broken(file: Path, error: Exception) -> ScaffoldError:
    """DuckDB's first lines say what is wrong with a file; the rest is about its own options."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "ermission" in lines[0]:
        return unreadable(file, error)
    if "JSON" in lines[0] or "json" in lines[0]:
        fix = "Write one object on each line: jq -c . FILE > FILE.jsonl"
        return UsageError(f"The sample {file} is not JSON lines.", fix=fix)
    return UsageError(f"The sample {file} cannot be read.", " ".join(lines[:2])[:300])
