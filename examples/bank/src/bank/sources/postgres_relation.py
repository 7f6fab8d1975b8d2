"""What a database of Postgres says about a table that is read, which may be a view, and its ranges."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ..core.contract import Column, Contract
from ..core.errors import NotReady, PipelineError
from ..core.postgres_connection import PostgresSession, constant, quoted

log = logging.getLogger(__name__)
FIRST = "0001-01-02"  # what is before it has no place in an order: in UTC that may be no year
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
FAMILIES = {
    "BIGINT": "smallint|integer|bigint",
    "DOUBLE": "real|double precision|smallint|integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp.*|date",
    "DECIMAL": "numeric.*|smallint|integer|bigint",
}
OTHERS = "|".join(FAMILIES.values())
KINDS = {"BIGINT": "bigint", "DOUBLE": "double precision", "BOOLEAN": "boolean", "DATE": "date"}
KINDS |= {"TIMESTAMP": "timestamp"}  # all else is a text, exact numbers too


class Database(Protocol):
    """What can be connected to."""

    def session(self) -> AbstractContextManager[PostgresSession]: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table behind one place in its order, up to and with another.

    A place has the values of the columns of `order` as texts: a time (UTC if it says its zone),
    then a key. No place means from the first row on that has one.
    """

    table: str
    order: tuple[str, ...]
    number: int
    after: tuple[str, ...]
    upto: tuple[str, ...]

    @property
    def name(self) -> str:
        """In the order of ranges, also as text."""
        place = spelled([f"{self.number:09}", self.after, self.upto])
        return f"{prefix(self.table, self.order)}{place[1:]}"

    @classmethod
    def parse(cls, name: str) -> "Rows":
        """The range that has this name."""
        table, order, number, after, upto = json.loads(name)
        return cls(table, tuple(order), int(number), tuple(after), tuple(upto))

    @property
    def end(self) -> datetime:
        """The time of its last place."""
        return datetime.fromisoformat(self.upto[0])


@dataclass(frozen=True, slots=True)
class PostgresRelation:
    """A table as its database spells its name, with the types of its columns."""

    name: str
    types: Mapping[str, str]

    @classmethod
    def open(cls, session: PostgresSession, table: str) -> "PostgresRelation":
        """The table in a snapshot that begins here, and lasts as long as the session."""
        session.execute(SNAPSHOT)
        name = quoted(*table.split(".", 1))
        if found := session.columns(name):
            return cls(name, found)
        raise NotReady(f"there is no table {table} at {session.place}")

    def refuse_drift(self, contract: Contract) -> None:
        """Raise if a column is gone, or is of a type whose values are none of the contract's."""
        if missing := [c.source for c in contract.source if c.source not in self.types]:
            raise PipelineError(
                f"{self.name} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        if retyped := [c for c in contract.source if not fits(self.types[c.source], c)]:
            each = (f"{c.source} is {self.types[c.source]}, not {c.type}" for c in retyped)
            raise PipelineError(f"{self.name}: {'; '.join(each)}: retyped at the source")
        if added := sorted({*self.types} - {c.source for c in contract.source}):
            log.warning("%s has new columns: %s", self.name, ", ".join(added))

    def zoned(self, column: Column) -> bool:
        """Whether its times say their zone."""
        return self.types[column.source] == "timestamp with time zone" or bool(
            re.fullmatch(r"timestamp\(\d\) with time zone", self.types[column.source])
        )

    def within(self, rows: Rows) -> str:
        """The condition for a range, as an index on the columns of its order answers it."""
        columns = f"({', '.join(map(quoted, rows.order))})"
        bounds = [f"{columns} <= ({self._values(rows.order, rows.upto)})"]
        bounds += [f"{columns} > ({self._values(rows.order, one)})" for one in [rows.after] if one]
        if not rows.after:
            bounds.append(f"{quoted(rows.order[0])} >= '{FIRST}'")
        return " AND ".join(bounds)

    def behind(self, rows: Rows) -> str:
        """The condition for all that comes after a range."""
        columns = ", ".join(map(quoted, rows.order))
        return f"({columns}) > ({self._values(rows.order, rows.upto)})"

    def _values(self, order: Sequence[str], place: Sequence[str]) -> str:
        pairs = zip(place, order, strict=True)
        return ", ".join(f"CAST({constant(one)} AS {self.types[name]})" for one, name in pairs)

    def cell(self, column: Column) -> str:
        """A column in its raw type, in UTC if it has a zone. Infinite times are none."""
        name = quoted(column.source)
        value = f"{name} AT TIME ZONE 'UTC'" if self.zoned(column) else name
        value = f"CAST({value} AS {KINDS.get(column.type, 'text')})"
        if column.type in ("DATE", "TIMESTAMP"):
            value = f"CASE WHEN isfinite({name}) THEN {value} END"
        return f"{value} AS {quoted(column.name)}"

    def problem(self, contract: Contract) -> str:
        """What a row has that has no place in the raw types: null, or its reasons."""
        times = [c for c in contract.source if c.type in ("DATE", "TIMESTAMP")]
        whys = [
            f"CASE WHEN NOT isfinite({quoted(c.source)}) THEN {constant(f'{c.name}: infinite')} END"
            for c in times
        ]
        return f"nullif(concat_ws('; ', {', '.join(whys) or 'NULL'}), '')"


def prefix(table: str, order: Sequence[str]) -> str:
    """What the names of all ranges of a table begin with, as long as its order is this one."""
    return f"{spelled([table, order])[:-1]}, "


def spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def fits(kind: str, column: Column) -> bool:
    """Whether every value of a type is one of the contract's, or nearly so by width."""
    family = FAMILIES.get(re.split(r"\W", column.type)[0])
    return bool(re.fullmatch(family, kind) if family else not re.fullmatch(OTHERS, kind))
