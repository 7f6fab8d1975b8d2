"""How a CSV file is written: delimiter, quote, encoding, and whether its first line names columns."""

# ruff: noqa: S608  every name and value that reaches SQL is quoted by `session`

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.errors import UsageError
from scaffold.sampling.files import encoding, escape, head
from scaffold.sampling.reading import FORGIVING
from scaffold.sampling.session import one, text

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

DELIMITERS = ",;\t|"
_LATIN_CONTROLS = bytes(range(0x80, 0xA0))


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    quote: str
    encoding: str
    header: bool
    notes: tuple[str, ...] = ()


def sniff(connection: DuckDBPyConnection, file: Path) -> Dialect:
    """DuckDB's sniffer decides; what it gets wrong on short or ragged files is looked at again."""
    start = head(file)
    coded = encoding(start)
    if coded == "latin-1" and any(start.count(byte) for byte in _LATIN_CONTROLS):
        fix = f"Convert it: iconv -f WINDOWS-1252 -t UTF-8 {file} > utf8.csv"
        raise UsageError(f"The sample {file} is neither UTF-8 nor latin-1.", fix=fix)
    if start.startswith(b"\xfe\xff"):
        fix = f"Convert it: iconv -f UTF-16 -t UTF-8 {file} > utf8.csv"
        raise UsageError(f"The sample {file} is big-endian UTF-16, which is not read.", fix=fix)
    seen = _ask(connection, file, coded, start)
    if seen.skipped or (seen.header and _unnamed(seen.names)):
        fix = "Delete the lines above the column names, or give the file one line of names."
        raise UsageError(f"The sample {file} does not begin with its column names.", fix=fix)
    notes = []
    if not seen.header:
        notes.append("No column names in the first line: columns are counted from column0.")
    if seen.escaped not in ("", '"', seen.quote):
        told = "lines that have them cannot be split and are not read. Have them written twice"
        notes.append(f"Quotes inside values seem to be escaped with {seen.escaped}: {told}.")
    if coded == "latin-1":
        notes.append("Not UTF-8: read as latin-1.")
    return Dialect(seen.delimiter, seen.quote, coded, seen.header, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Seen:
    delimiter: str
    quote: str
    escaped: str
    skipped: int
    header: bool
    names: list[str]


def _ask(connection: DuckDBPyConnection, file: Path, coded: str, start: bytes) -> _Seen:
    """The strict answer, unless it holds several columns to be one; then the forgiving ones."""
    import duckdb  # noqa: PLC0415

    first = start.decode(coded, errors="replace").lstrip("\ufeff").split("\n", 1)[0]
    guess = max(DELIMITERS, key=first.count)
    forced = f", delim = {text(guess)}{FORGIVING}"
    alone: _Seen | None = None
    for options in ("", ", strict_mode = false", FORGIVING, forced if guess in first else ""):
        try:
            seen = _sniffed(connection, file, coded, options)
        except duckdb.Error:
            continue
        if len(seen.names) > 1 or guess not in first:
            return seen
        alone = alone or seen
    if alone is None:
        why = "It is not one table with the same fields on each line."
        raise UsageError(f"The sample {file} does not look like CSV.", why)
    return alone


def _sniffed(connection: DuckDBPyConnection, file: Path, coded: str, options: str) -> _Seen:
    query = (
        "SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, list_transform(Columns, c -> c.name) "
        f"FROM sniff_csv({text(escape(str(file)))}, encoding = {text(coded)}{options})"
    )
    delimiter, quote, escaped, skipped, header, names = one(connection, query)
    marks = [mark.removeprefix("(empty)") for mark in (delimiter, quote, escaped)]
    plain = marks[0] or ","
    return _Seen(plain, marks[1] or '"', marks[2], int(skipped), bool(header), list(names))


def _unnamed(names: list[str]) -> bool:
    return all(re.fullmatch(r"column\d+", name) for name in names)
