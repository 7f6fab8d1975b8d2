"""What DuckDB spells in its own way. All other SQL of this project is the same on any engine."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from glob import escape


def text(value: str) -> str:
    """A text as a literal."""
    return "'" + value.replace("'", "''") + "'"


def by_name(paths: Iterable[str]) -> str:
    """Files as a literal: the letters of a pattern stand for themselves."""
    return f"[{', '.join(text(escape(path)) for path in paths)}]"


def as_json(cells: Mapping[str, str]) -> str:
    """SQL for an object in JSON, from SQL for its values; null is a value, too."""
    pairs = ", ".join(f"{text(name)}: {cell}" for name, cell in cells.items())
    return f"CAST(to_json({{{pairs}}}) AS STRING)"


def bucket(every: timedelta, time: str, origin: str) -> str:
    """SQL for the start of the range of that length, counted from `origin`, that a time is in."""
    return f"time_bucket(INTERVAL {every.total_seconds():.0f} SECONDS, {time}, {origin})"


def numbered() -> str:
    """SQL for the number of a row, from 1, in no order of its own."""
    return "row_number() OVER ()"
