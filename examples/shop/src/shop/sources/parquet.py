"""Parquet files: read in their own types, so that filters reach into the files."""

import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import duckdb

from ..core.contract import Column
from ..core.dialect import by_name
from ..core.errors import PipelineError
from ..core.units import among
from .file_listing import cut_off, stamp

log = logging.getLogger(__name__)

Schema = tuple[tuple[str, str], ...]  # the names and types of a file's columns
FAMILIES = {
    "BIGINT": r"U?(TINY|SMALL|BIG)INT|U?INTEGER",
    "DOUBLE": r"FLOAT|DOUBLE|(U?(TINY|SMALL)INT|U?INTEGER)",
    "BOOLEAN": r"BOOLEAN",
    "DATE": r"DATE",
    "TIMESTAMP": r"TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE|DATE",
    "DECIMAL": r"DECIMAL\(\d+,\d+\)|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER",
    "STRING": r"VARCHAR|UUID|BLOB|TIME|INTERVAL|ENUM\(.*\)|STRUCT\(.*\)|MAP\(.*\)|.*\[\d*\]",
}
ZONED = "TIMESTAMP WITH TIME ZONE"
NESTED = re.compile(r"(STRUCT|MAP)\(.*\)|.*\[\d*\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """A nested value becomes JSON text; a time with a zone becomes UTC."""

    keep_new_columns: bool = False
    lazy = True

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        return tuple(columns)

    def scan(self, paths: Sequence[str], columns: Sequence[Column]) -> str:
        """One read for each distinct schema: each is checked, and none hides another's columns."""
        schemas: dict[Schema, list[str]] = defaultdict(list)
        for path in paths:
            schemas[schema_of(path, stamp(path))].append(path)
        reads = [self._read(schema, files, columns) for schema, files in schemas.items()]
        return " UNION ALL ".join(reads)

    def zoned(self, paths: Sequence[str], column: Column) -> str:
        """The type of the column tells, in each file by itself."""
        types = {path: dict(schema_of(path, stamp(path))) for path in paths}
        return among("_file", [path for path in paths if types[path].get(column.source) == ZONED])

    def rejects(self) -> str:
        """None: a file that cannot be read fails its unit."""
        nothing = "CAST(NULL AS STRING)"
        return f"SELECT {nothing} AS _file, {nothing} AS _line, {nothing} AS _problem LIMIT 0"

    def _read(self, schema: Schema, paths: Sequence[str], columns: Sequence[Column]) -> str:
        types, first = dict(schema), paths[0]
        if missing := [column.source for column in columns if column.source not in types]:
            raise PipelineError(
                f"{first} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        retyped = [
            f"{column.source} is {types[column.source]}, not {column.type}"
            for column in columns
            if not fits(types[column.source], column.type)
        ]
        if retyped:
            raise PipelineError(f"{first}: {'; '.join(retyped)}: retyped at the source")
        fields = [f"{native(c.source, types[c.source], c.type)} AS {c.name}" for c in columns]
        known = [column.source for column in columns]
        line = "CAST(NULL AS STRING)"
        if added := [name for name in types if name not in known]:
            log.warning("%s has new columns: %s", first, ", ".join(added))
            if self.keep_new_columns:
                pairs = ", ".join(f"{quoted(name)} := {quoted(name)}" for name in added)
                line = f"CAST(to_json(struct_pack({pairs})) AS STRING)"
        return (
            f"SELECT {', '.join(fields)}, filename AS _file, file_row_number AS _row, "
            f"CAST(NULL AS STRING) AS _problem, {line} AS _line "
            f"FROM read_parquet({by_name(paths)}, filename = true, "
            "file_row_number = true, hive_partitioning = false)"
        )


@lru_cache(maxsize=10_000)
def schema_of(path: str, stamp: str) -> Schema:
    """The columns of a file: once for each `stamp`, not for each window."""
    with duckdb.cursor() as con:  # to open a database would take longer
        query = f"DESCRIBE SELECT * FROM read_parquet({by_name([path])}, hive_partitioning = false)"
        try:
            return tuple((name, kind) for name, kind, *_ in con.execute(query).fetchall())
        except duckdb.InvalidInputException as error:
            raise cut_off(path) from error


def fits(given: str, expected: str) -> bool:
    """Whether every value of a file's type is one of the contract's type, or nearly so by width."""
    family = expected.partition("(")[0]
    if not re.fullmatch(FAMILIES[family], given, re.DOTALL):
        return False
    digits = [int((re.findall(r"\d+", kind) or ["0", "0"])[1]) for kind in (given, expected)]
    return family != "DECIMAL" or not given.startswith("DECIMAL") or digits[0] <= digits[1]


def native(name: str, given: str, expected: str) -> str:
    """A column in the contract's type; bare where it is so already, for filters to reach it."""
    if given == expected or (given, expected) == ("VARCHAR", "STRING"):
        return quoted(name)
    if given == ZONED:
        return f"timezone('UTC', {quoted(name)})"
    value = f"to_json({quoted(name)})" if NESTED.fullmatch(given) else quoted(name)
    return f"CAST({value} AS {expected})"


def quoted(name: str) -> str:
    """A name as SQL spells any."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
