"""What a database of Postgres says about a table that is read, which may be a view."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.contract import Column, Contract
from ..core.errors import PipelineError
from ..core.postgres_connection import quoted
from ..core.units import literal

log = logging.getLogger(__name__)
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


@dataclass(frozen=True, slots=True)
class PostgresRelation:
    """A table as its database spells its name, with the types of its columns."""

    name: str
    types: Mapping[str, str]

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
            f"CASE WHEN NOT isfinite({quoted(c.source)}) THEN {literal(f'{c.name}: infinite')} END"
            for c in times
        ]
        return f"nullif(concat_ws('; ', {', '.join(whys) or 'NULL'}), '')"


def fits(kind: str, column: Column) -> bool:
    """Whether every value of a type is one of the contract's, or nearly so by width."""
    family = FAMILIES.get(re.split(r"\W", column.type)[0])
    return bool(re.fullmatch(family, kind) if family else not re.fullmatch(OTHERS, kind))
