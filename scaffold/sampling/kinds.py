"""The type of each column, and which texts stand for null.

A type has to hold for every value that was looked at: one bad value among the numbers makes them
text, because a generated pipeline would send that row to quarantine.
"""

# ruff: noqa: S608  every name and value that reaches SQL is quoted by `session`

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.sampling import moments
from scaffold.sampling.session import one, quoted, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.moments import Fit

NULLS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "-", "\\N", "nan", "NaN")
DIGITS, SCALE, LEAST_SCALE, PROBE = 18, 4, 2, 500
SHARE = 0.95  # of the values that are numbers before it is said of a text
_NUMBER = r"-?(\d+\.?\d*|\.\d+)"
_FLOAT = r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_GROUPED = (
    r"-?[$€£]? ?\d{1,3}([.,]\d{3})+([.,]\d+)?( ?[$€£])?|-?[$€£]? ?\d+,\d+( ?[$€£])?|"
    r"-?[$€£] ?\d+(\.\d+)?|-?\d+([.,]\d+)? ?[$€£]"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What one column turned out to hold."""

    source: str
    type: str
    fit: Fit | None = None  # how its texts are read as time, if they are times
    nulls: tuple[str, ...] = ()
    note: str = ""
    empty: bool = False
    native: bool = False  # the format itself knows the type
    figures: bool = False  # text, but most of it are numbers


@dataclass(frozen=True, slots=True)
class Profile:
    """How many texts of a column look like what, leaving out those that stand for null."""

    nulls: tuple[str, ...] = ()
    filled: int = 0
    whole: int = 0
    zeros: int = 0  # with leading zeros, like postcodes
    plain: int = 0
    scale: int = 0
    digits: int = 0
    floats: int = 0
    bools: int = 0
    grouped: int = 0  # with separators, currency signs or decimal commas


def kinds(connection: DuckDBPyConnection, types: dict[str, str], form: str) -> list[Kind]:
    """The kind of each column of `raw`, by source name and the type that the format gives it."""
    texts = [name for name, given in types.items() if _as_text(given, form)]
    profiles = _profiles(connection, texts) if texts else {}
    every = []
    for name, given in types.items():
        if name in texts:
            every.append(_of_text(connection, name, profiles.get(name, Profile())))
        elif given == "VARCHAR" or (form == "jsonl" and given.startswith(("DATE", "TIMESTAMP"))):
            every.append(_of_time(connection, name, ()) or Kind(name, "STRING"))
        else:
            every.append(_of_native(name, given))
    return every


def _as_text(given: str, form: str) -> bool:
    """Numbers are judged by their digits where those are kept: in CSV, and in numbers of JSON."""
    return form == "csv" or (
        form == "jsonl" and given in ("BIGINT", "UBIGINT", "DOUBLE", "HUGEINT")
    )


def _of_native(source: str, given: str) -> Kind:
    """The nearest of our types to a type of Parquet or JSON."""
    whole = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
    simple = {"UBIGINT": "DECIMAL(20,0)", "HUGEINT": "DECIMAL(38,0)", "FLOAT": "DOUBLE"}
    if given in whole:
        return Kind(source, "BIGINT", native=True)
    if given.startswith("TIMESTAMP") and not given.endswith("]"):
        return Kind(source, "TIMESTAMP", native=True)
    if given in ("DATE", "DOUBLE", "BOOLEAN") or re.fullmatch(r"DECIMAL\(\d+,\d+\)", given):
        return Kind(source, given, native=True)
    note = f"{source} holds bytes: kept as text." if given == "BLOB" else ""
    return Kind(source, simple.get(given, "STRING"), note=note, native=given in simple)


def _profiles(connection: DuckDBPyConnection, names: list[str]) -> dict[str, Profile]:
    """One pass over name and value pairs: an aggregate for each column is far slower when wide."""
    tokens = ", ".join(text(token) for token in NULLS)
    query = f"""
        SELECT name, count(v), count_if(regexp_full_match(v, '-?\\d{{1,{DIGITS}}}')),
            count_if(regexp_matches(v, '^-?0\\d')), count_if(regexp_full_match(v, '{_NUMBER}')),
            max(length(split_part(v, '.', 2))), max(length(ltrim(split_part(v, '.', 1), '-'))),
            count_if(regexp_full_match(v, '{_FLOAT}')),
            count_if(lower(v) IN ('true', 'false')), count_if(regexp_full_match(v, '{_GROUPED}')),
            list(DISTINCT t ORDER BY t) FILTER (v IS NULL)
        FROM (SELECT name, t, CASE WHEN t NOT IN ({tokens}) THEN t END AS v
            FROM (SELECT name, trim(value) AS t FROM (
                UNPIVOT raw ON {", ".join(map(quoted, names))} INTO NAME name VALUE value)))
        GROUP BY name
    """
    profiles = {}
    for name, *counts, nulls in connection.execute(query).fetchall():
        profiles[str(name)] = Profile(tuple(nulls or ()), *(int(count or 0) for count in counts))
    return profiles


def _of_text(connection: DuckDBPyConnection, source: str, seen: Profile) -> Kind:
    """Numbers first, then time, then whatever is left."""
    if seen.filled == 0:
        return Kind(source, "STRING", empty=True)
    if number := _number(seen):
        return Kind(source, number, nulls=seen.nulls)
    if seen.bools == seen.filled:
        return Kind(source, "BOOLEAN", nulls=seen.nulls)
    if (timed := _of_time(connection, source, seen.nulls)) is not None:
        return timed
    if seen.grouped == seen.filled:
        note = f"{source} has numbers with separators or signs: kept as text."
        return Kind(source, "STRING", note=note)
    numbers = max(seen.floats, seen.grouped)
    others = seen.filled - numbers
    told = 0 < others < (1 - SHARE) * seen.filled and not seen.zeros
    note = f"{source} has numbers, but not in {others} of {seen.filled} rows: kept as text."
    return Kind(source, "STRING", note=note if told else "", figures=numbers > others)


def _number(seen: Profile) -> str:
    """Empty when the values are no numbers, or digits that only look like them."""
    if seen.whole == seen.filled:
        return "" if seen.zeros else "BIGINT"
    if seen.zeros or seen.floats < seen.filled or (seen.digits > DIGITS and seen.scale == 0):
        return ""
    scale = max(seen.scale, LEAST_SCALE)
    if seen.plain == seen.filled and seen.scale <= SCALE and seen.digits + scale <= DIGITS:
        return f"DECIMAL({DIGITS},{scale})"
    return "DOUBLE"


def _of_time(connection: DuckDBPyConnection, source: str, nulls: tuple[str, ...]) -> Kind | None:
    """A DATE or TIMESTAMP, when its texts are read as such by ISO 8601 or a few formats."""
    column, tokens = quoted(source), ", ".join(text(token) for token in NULLS)
    query = (
        f"SELECT v FROM (SELECT DISTINCT trim({column}) AS v FROM raw WHERE {column} IS NOT NULL) "
        f"WHERE v NOT IN ({tokens}, '') ORDER BY hash(v) LIMIT {PROBE}"
    )
    values = [str(row[0]) for row in connection.execute(query).fetchall()]
    fit = moments.fit(values)
    if fit is None:
        return None
    clock = any(re.fullmatch(moments.CLOCK, value) for value in values)
    type_ = "TIMESTAMP" if clock else "DATE"
    (read,) = one(connection, f"SELECT count({moments.moment('v', fit, type_)}) FROM ({query})")
    if read < SHARE * len(values):
        return None  # texts like 2025-02-31, or what no cast reads
    return Kind(source, type_, fit=fit, nulls=nulls)


def typed(connection: DuckDBPyConnection, kinds: Iterable[Kind], nulls: tuple[str, ...]) -> None:
    """Makes `typed`: every column by its place (`c0`, `c1`, …), of its type, nulls as nulls."""
    columns = ", ".join(f"{_value(kind, nulls)} AS c{place}" for place, kind in enumerate(kinds))
    connection.execute(f"CREATE TABLE typed AS SELECT {columns} FROM raw")


def _value(kind_: Kind, nulls: tuple[str, ...]) -> str:
    column = quoted(kind_.source)
    if kind_.native and kind_.type == "TIMESTAMP":
        return moments.utc(column)
    if kind_.native:
        sql = "VARCHAR" if kind_.type == "STRING" else kind_.type
        return f"TRY_CAST({column} AS {sql})"
    tokens = ", ".join(text(token) for token in ("", *nulls))
    value = f"CASE WHEN trim({column}) NOT IN ({tokens}) THEN trim({column}) END"
    if kind_.fit is not None:
        return moments.moment(value, kind_.fit, kind_.type)
    return value if kind_.type == "STRING" else f"TRY_CAST({value} AS {kind_.type})"
