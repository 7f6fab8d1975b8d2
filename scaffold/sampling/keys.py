"""Which columns together tell every row from every other."""

# ruff: noqa: S608  the columns of `typed` have names of ours

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from scaffold.sampling.roles import ADDED, NEVER
from scaffold.sampling.session import one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.roles import Column

WIDEST = 4  # columns of a key
CANDIDATES = 10  # columns that are combined
LONGEST = 64  # letters of a value of a key
MANY = 100  # rows from which a whole number of any name may be one
WHOLE = 0.99  # of the rows that a key has to be in; the others go to quarantine
TINY = 20  # rows below which being unique may be chance
LIKELY = 4  # rank below which a column may be a key of so few rows

ID = r"(^|_)(id|key|uuid|guid|code|no|nr|num|number|ref|sku|isbn|iata|nsn|fips|symbol|ticker)(_|\d*$)"
_NAMED = (
    r"(^|_)(name|slug|title|country|city|station|carrier|flight|state|region|date|day|hour)(_|$)"
)
_PROSE = (
    r"(^|_)((first|last|middle|given|family)_?name|surname|address|street|description|comments?|"
    r"notes?|text|remarks?|url|observations?|lat|latitude|lon|lng|longitude)(_|$)"
)


def key(
    connection: DuckDBPyConnection, columns: Sequence[Column], moment: Column | None, rows: int
) -> tuple[Column, ...]:
    """The smallest combination that is never null and never twice; empty when there is none.

    Of two rows of one moment one would be lost, if that were the key: it takes a column that is named like one with it.
    """
    usable = [column for column in columns if column.filled == rows and _may_identify(column, rows)]
    ranked = sorted(usable, key=lambda column: (_rank(column, moment), column.place))
    named = [column for column in ranked if is_named(column)]
    likely = [c for c in ranked if rows >= TINY or _rank(c, moment) < LIKELY]
    alone = [column for column in likely if column.distinct == rows]
    for column in (*named, *columns):
        if is_named(column) and _tells_nearly_all(column, rows):
            return (column,)
    if alone:
        timed = alone[0].type in ("DATE", "TIMESTAMP")
        return (alone[0], *named[:1]) if timed else (alone[0],)
    tried = [column for column in ranked if column.distinct > 1][:CANDIDATES]
    if not _unique(connection, tried, rows):
        return ()
    for width in range(2, WIDEST + 1):
        for chosen in _by_rank(tried, width, moment):
            if _unique(connection, chosen, rows):
                return tuple(sorted(chosen, key=lambda column: (column != moment, column.place)))
    return ()


def is_named(column: Column) -> bool:
    """Whether its very name says that it tells rows apart."""
    return bool(re.search(ID, column.name))


def _tells_nearly_all(column: Column, rows: int) -> bool:
    """A few rows without the key are bad rows; all others are told apart by it."""
    return column.distinct == column.filled >= WHOLE * rows and _may_identify(column, rows)


def _may_identify(column: Column, rows: int) -> bool:
    """Not a measurement: those are unique by accident, above all in few rows."""
    if column.type in ("DOUBLE", "BOOLEAN") or column.type.startswith("DECIMAL"):
        return False
    if column.type != "BIGINT":
        dubious = column.doubtful and not is_named(column)
        return column.most <= LONGEST and not dubious and not re.search(_PROSE, column.name)
    if is_named(column):
        return True
    return rows >= MANY and not re.search(ADDED, column.name)


def _rank(column: Column, moment: Column | None) -> int:
    """Lower is likelier to be part of a key."""
    if is_named(column):
        return 0
    if column == moment:
        return 1
    if column.type == "BIGINT":
        return 5 if re.search(NEVER, column.name) else 3 - bool(re.search(_NAMED, column.name))
    return 2 if re.search(_NAMED, column.name) or column.type == "DATE" else 4


def _by_rank(
    columns: Sequence[Column], width: int, moment: Column | None
) -> list[tuple[Column, ...]]:
    return sorted(
        combinations(columns, width),
        key=lambda chosen: (moment not in chosen, sum(_rank(column, moment) for column in chosen)),
    )


def _unique(connection: DuckDBPyConnection, columns: Sequence[Column], rows: int) -> bool:
    """A thousand rows are enough to refuse most combinations."""
    if not columns:
        return False
    names = ", ".join(column.sql for column in columns)
    for limit in (1_000, rows):
        query = f"SELECT count(*), count(DISTINCT ({names})) FROM (FROM typed LIMIT {limit})"
        total, distinct = one(connection, query)
        if total != distinct:
            return False
    return True
