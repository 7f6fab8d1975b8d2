"""Parquet files: read in their own types, so that filters reach into the files."""

import logging
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.sql import DataFrame
from pyspark.sql import types as t

from ..core.contract import Column
from ..core.dialect import as_json
from ..core.engine import Connection, location
from ..core.errors import PipelineError
from ..core.units import among
from .file_listing import cut_off, stamp
from .files import FILE, quoted

log = logging.getLogger(__name__)
WHOLE = (t.ByteType, t.ShortType, t.IntegerType)
NESTED = (t.StructType, t.MapType, t.ArrayType)
FAMILIES: dict[str, tuple[type[t.DataType], ...]] = {
    "BIGINT": (*WHOLE, t.LongType),
    "DOUBLE": (*WHOLE, t.FloatType, t.DoubleType),
    "BOOLEAN": (t.BooleanType,),
    "DATE": (t.DateType,),
    "TIMESTAMP": (t.TimestampNTZType, t.TimestampType, t.DateType),
    "DECIMAL": (*WHOLE, t.LongType, t.DecimalType),
    "STRING": (t.StringType, t.BinaryType, *NESTED),
}
ZONED = re.compile(r"^  \w+ int64 (.+) \(TIMESTAMP\(\w+,true\)\)", re.MULTILINE)
NANOS = re.compile(r"int64 (\S+) \(TIMESTAMP\(NANOS")
known: dict[tuple[str, str], str] = {}  # schemas, by path and stamp


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """A nested value becomes JSON text; a time with a zone becomes UTC."""

    keep_new_columns: bool = False
    lazy = True

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        return tuple(columns)

    def scan(self, con: Connection, paths: Sequence[str], columns: Sequence[Column]) -> DataFrame:
        """One read for each distinct schema: each is checked, and none hides another's columns."""
        schemas: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            schemas[schema_of(con, path)].append(path)
        reads = [self._read(con, schema, files, columns) for schema, files in schemas.items()]
        return reduce(DataFrame.union, reads)

    def zoned(self, con: Connection, paths: Sequence[str], column: Column) -> str:
        """The type of the column tells, in each file by itself."""
        named = [path for path in paths if column.source in ZONED.findall(schema_of(con, path))]
        return among("_file", [os.path.abspath(path) for path in named])  # noqa: PTH100

    def _read(
        self, con: Connection, schema: str, paths: Sequence[str], columns: Sequence[Column]
    ) -> DataFrame:
        rows, first = con.spark.read.parquet(*map(location, paths)), paths[0]
        cells, types = {name: quoted(name) for name in rows.columns}, dict[str, t.DataType]()
        for given in rows.schema:
            types[given.name] = given.dataType
        for name in NANOS.findall(schema):  # Spark knows them as numbers; there is no finer time
            micros = f"timestamp_micros({quoted(name)} DIV 1000)"
            cells[name], types[name] = f"CAST({micros} AS TIMESTAMP)", t.TimestampNTZType()
        if missing := [column.source for column in columns if column.source not in types]:
            raise PipelineError(
                f"{first} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        retyped = [
            f"{column.source} is {types[column.source].simpleString()}, not {column.type}"
            for column in columns
            if not fits(types[column.source], column.type)
        ]
        if retyped:
            raise PipelineError(f"{first}: {'; '.join(retyped)}: retyped at the source")
        sources = [column.source for column in columns]
        fields = [
            f"{native(cells[c.source], types[c.source], c.type)} AS {c.name}" for c in columns
        ]
        line = "CAST(NULL AS STRING)"
        if added := {name: cell for name, cell in cells.items() if name not in sources}:
            log.warning("%s has new columns: %s", first, ", ".join(added))
            line = as_json(added) if self.keep_new_columns else line
        traces = ("CAST(NULL AS STRING) AS _problem", f"{line} AS _line")
        return rows.selectExpr(*fields, FILE, "_metadata.row_index AS _row", *traces)


def schema_of(con: Connection, path: str) -> str:
    """The columns of a file, as its footer tells them: once for each `stamp`, not for each window."""
    key = path, stamp(path)
    if key not in known:
        if not ends(path):
            raise cut_off(path)
        context: Any = con.spark.sparkContext
        java, hadoop = context._jvm, context._jsc.hadoopConfiguration()
        at = java.org.apache.hadoop.fs.Path(location(path).replace("\\", ""))
        file = java.org.apache.parquet.hadoop.util.HadoopInputFile.fromPath(at, hadoop)
        try:
            reader = java.org.apache.parquet.hadoop.ParquetFileReader.open(file)
        except Py4JError as error:
            raise cut_off(path) from error
        try:
            known[key] = str(reader.getFileMetaData().getSchema().toString())
        finally:
            reader.close()
    return known[key]


def fits(given: t.DataType, expected: str) -> bool:
    """Whether every value of a file's type is one of the contract's type, or nearly so by width."""
    family, _, digits = expected.partition("(")
    if not isinstance(given, FAMILIES[family]):
        return False
    if family != "DECIMAL" or not isinstance(given, t.DecimalType):
        return True
    return given.scale <= int(digits[:-1].split(",")[1])


def native(cell: str, given: t.DataType, expected: str) -> str:
    """A column in the contract's type; bare where it is so already, for filters to reach it."""
    same = {"timestamp_ntz": "timestamp"}.get(given.simpleString(), given.simpleString())
    if same == expected.replace(" ", "").lower():
        return cell
    value = f"to_json({cell})" if isinstance(given, NESTED) else cell
    return f"CAST({value} AS {expected})"  # in the session's zone, which is UTC


def ends(path: str) -> bool:
    """Whether the end of a file is there, which is written last."""
    with Path(path).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 4))
        return file.read() == b"PAR1"
