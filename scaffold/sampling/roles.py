"""Which columns play a part: the time of an event, the key of a row, the number to add up."""

# ruff: noqa: S608  the columns of `typed` have names of ours

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.sampling.session import one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.kinds import Kind

NULL_SHARE = 0.2  # of the event times may be missing
BATCH = 50  # columns counted in one query
YEARS = (1800, 2100)  # whole numbers that all lie here are years
FEW = 4  # different values that are a category rather than a measure

_TIME = r"(^|_)(at|ts|on|when|time|timestamp|date|datetime|event|occurred|created|ordered)(_|$)"
_LATE = (
    r"(^|_)(updated|modified|deleted|closed|end|ended|expires?|expiry|due|valid|until|last)(_|$)"
)
_BIRTH = r"(^|_)(birth|birthdate|birthday|dob|born|geburt|naissance)"
ADDED = (
    r"(^|_)(amount|price|total|qty|quantity|cost|revenue|sales|value|distance|fare|fee|tip|count|"
    r"volume|weight|sum|units?|net|gross|budget|spend|votes|deaths|cases|passengers|population|"
    r"generation|miles|km|bytes|payment|income|profit|likes|shares|beneficiaries)(_|\d*$)"
)
NEVER = (
    r"(^|_)(id|key|code|year|month|day|hour|minute|second|week|quarter|zip|zipcode|postcode|postal|"
    r"phone|lat|latitude|lon|lng|longitude|age|rank|fips|nsn|number|no|nr|num|time|date|rate|ratio|"
    r"pct|percent|avg|mean|temp|temperature|index|score|rownames|level|class|group|flag|version|"
    r"column_?\d+|position|order|port|isbn|ean|sku|category|type|status|delay|rating|cyl|ind|"
    r"timestamp|ts|epoch|"
    r"indicator|cd)(_|\d*$)"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `typed` with what a choice depends on."""

    place: int
    name: str
    type: str
    filled: int
    distinct: int
    least: int  # the smallest whole number, or the length of the shortest text
    most: int
    doubtful: bool  # text only because its numbers could not be read

    @property
    def sql(self) -> str:
        return f"c{self.place}"


def measured(
    connection: DuckDBPyConnection, names: Sequence[str], kinds: Sequence[Kind]
) -> list[Column]:
    """The columns with their counts, some at a time: one query for each would be slow."""
    columns: list[Column] = []
    for start in range(0, len(names), BATCH):
        places = range(start, min(start + BATCH, len(names)))
        counts = ", ".join(_counted(place, kinds[place].type) for place in places)
        row = one(connection, f"SELECT {counts} FROM typed")
        for number, place in enumerate(places):
            filled, distinct, least, most = row[4 * number : 4 * number + 4]
            column = Column(
                place=place,
                name=names[place],
                type=kinds[place].type,
                filled=filled,
                distinct=distinct,
                least=int(least or 0),
                most=int(most or 0),
                doubtful=_doubtful(names[place], kinds[place]),
            )
            columns.append(column)
    return columns


def _doubtful(name: str, kind: Kind) -> bool:
    return bool(kind.note) or (kind.figures and bool(re.search(ADDED, name)))


def _counted(place: int, type_: str) -> str:
    size = {"STRING": f"length(c{place})", "BIGINT": f"c{place}"}.get(type_, "0")
    return f"count(c{place}), count(DISTINCT c{place}), min({size}), max({size})"


def event_time(
    connection: DuckDBPyConnection, columns: Sequence[Column], rows: int
) -> Column | None:
    """The column that says when a row happened: of the plausible the one that tells most apart."""
    times = [
        column
        for column in columns
        if column.type in ("DATE", "TIMESTAMP")
        and column.filled >= (1 - NULL_SHARE) * rows
        and not re.search(_BIRTH, column.name)
    ]
    scores = {column.place: _timely(connection, column, rows) for column in times}
    return max(times, key=lambda column: (scores[column.place], -column.place), default=None)


def _timely(connection: DuckDBPyConnection, column: Column, rows: int) -> float:
    ordered = one(
        connection,
        f"SELECT avg((t >= p)::INT) FROM (SELECT {column.sql} AS t, lag({column.sql}) OVER (ORDER BY "
        "rowid) AS p FROM typed) WHERE p IS NOT NULL AND t IS NOT NULL",
    )[0]
    score = 1.0 * (column.type == "TIMESTAMP") + 1.5 * bool(re.search(_TIME, column.name))
    score -= 1.5 * bool(re.search(_LATE, column.name)) + 2 * (1 - column.filled / rows)
    return score + min(1.0, column.distinct / rows) + float(ordered or 0) * (column.distinct > 1)


def counted(columns: Sequence[Column]) -> list[str]:
    """The columns that are named like a time and count from 1970, by their size: no pipeline reads them as times."""
    sizes = [(10**9, 4 * 10**9), (10**12, 4 * 10**12)]  # seconds, milliseconds
    return [
        column.name
        for column in columns
        if column.type == "BIGINT"
        and re.search(_TIME, column.name)
        and any(low <= column.least <= column.most < high for low, high in sizes)
    ]


def measure(columns: Sequence[Column], taken: Sequence[Column]) -> Column | None:
    """The number worth adding up; by its name if one says so, else none is guessed."""
    numbers = [
        column
        for column in columns
        if (column.type == "BIGINT" or column.type.startswith("DECIMAL"))
        and column not in taken
        and column.filled > 0
        and not re.search(NEVER, column.name)
        and not (column.least >= YEARS[0] and column.most <= YEARS[1])
    ]
    named = [column for column in numbers if worth_adding(column)]
    plenty = [column for column in numbers if column.distinct > FEW]
    return next(iter(named), None) or next(iter(plenty), None)


def worth_adding(column: Column) -> bool:
    """Whether its very name says that a sum of it means something."""
    return bool(re.search(ADDED, column.name))
