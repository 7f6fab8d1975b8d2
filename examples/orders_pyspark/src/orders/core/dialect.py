"""What Spark spells in its own way. All other SQL of this project is the same on any engine."""

from collections.abc import Mapping
from datetime import timedelta


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
