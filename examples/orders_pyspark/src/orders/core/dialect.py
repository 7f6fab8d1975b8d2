"""What Spark spells in its own way. All other SQL of this project is the same on any engine."""

from collections.abc import Mapping
from datetime import timedelta

from pyspark.sql import DataFrame

STRICT = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"
# A number outside of strings, and all that stands between it and the number before.
NUMBER = r'\G((?:[^"0-9-]++|"(?:[^"\\]++|\\.)*+")*+)(-?[0-9][0-9.eE+-]*)'


def text(value: str) -> str:
    """A text as a literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def as_json(cells: Mapping[str, str]) -> str:
    """SQL for an object in JSON, from SQL for its values; null is a value, too."""
    pairs = ", ".join(f"{text(name)}, {cell}" for name, cell in cells.items())
    return f"to_json(named_struct({pairs}), map('ignoreNullFields', 'false'))"


def bucket(every: timedelta, time: str, origin: str) -> str:
    """SQL for the start of the range of that length, counted from `origin`, that a time is in."""
    at, first = (f"unix_micros(CAST({one} AS TIMESTAMP_LTZ))" for one in (time, origin))
    length = every // timedelta(microseconds=1)
    start = f"timestamp_micros({at} - pmod({at} - {first}, {length}))"
    return f"CAST({start} AS TIMESTAMP_NTZ)"


def numbered() -> str:
    """SQL for the number of a row, from 1, in no order of its own."""
    return "monotonically_increasing_id() + 1"


def with_cells(rows: DataFrame) -> DataFrame:
    """Rows that have a `line`, with the `cells` of its object by their keys, if it is one.

    Spark reads a number as a number, and spells it anew: as a text it stays as it came.
    """
    quoted = f"""regexp_replace(line, {text(NUMBER)}, '$1"$2"')"""
    came, exact = (
        f"from_json('[' || {one} || ']', 'array<map<string, string>>', {STRICT})"
        for one in ("line", quoted)
    )
    nested = "CASE WHEN left(v, 1) IN ('{', '[') THEN came[0][k] ELSE v END"
    texts = f"transform_values({exact}[0], (k, v) -> {nested})"
    return (
        rows.selectExpr("*", f"CASE WHEN is_valid_utf8(line) THEN {came} END AS came")
        .selectExpr("*", f"CASE WHEN size(came) = 1 THEN {texts} END AS cells")
        .drop("came")
    )
