"""When the events of a sample happened, and how long a window of them should be."""

# ruff: noqa: S608  the columns of `typed` have names of ours

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from scaffold.sampling.moments import OFFSET
from scaffold.sampling.session import one, quoted, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from scaffold.sampling.moments import Fit
    from scaffold.sampling.reading import Raw
    from scaffold.sampling.roles import Column

EPOCH = date(1970, 1, 1)
LONG, SPARSE, SHORT, MANY_HOURS = 60, 4, 2, 6
WINDOWS_LEFT = 2  # newest data this old means that no more is coming


@dataclass(frozen=True, slots=True)
class Calendar:
    formats: tuple[str, ...] = ()
    time_zone: str = "UTC"
    every: str = "1d"
    since: date | None = None
    until: date | None = None
    notes: tuple[str, ...] = ()


def read(
    connection: DuckDBPyConnection, moment: Column | None, fit: Fit | None, raw: Raw, today: date
) -> Calendar:
    """The calendar of the event time; the defaults when there is none."""
    if moment is None:
        return Calendar()
    query = f"""
        SELECT min(d), max(d), count(DISTINCT d), count(DISTINCT h), min(d) FILTER (d > DATE '1970-01-01'),
            count(*) FILTER (d <= DATE '1970-01-01'), max(d) FILTER (d <= $1::DATE)
        FROM (SELECT CAST({moment.sql} AS DATE) AS d, date_trunc('hour', {moment.sql}) AS h
              FROM typed WHERE {moment.sql} IS NOT NULL)
    """
    first, last, days, hours, later, ancient, past = one(connection, query, [today])
    notes = list(fit.notes) if fit else []
    if later and ancient < moment.filled / 100 and ancient:
        notes.append(f"{ancient} events at or before 1970-01-01 look like placeholders.")
        first = later
    every = _every(
        (last - first).days + 1, days, hours, timed=raw.complete and moment.type == "TIMESTAMP"
    )
    until = _until(first, past or last, every, today) if raw.complete else None
    notes += _zone(connection, moment, raw)
    if moment.filled < raw.rows:
        notes.append(f"{raw.rows - moment.filled} of {raw.rows} rows have no {moment.name}.")
    formats = fit.formats if fit else ()
    return Calendar(formats, "UTC", every, first, until, tuple(notes))


def _every(span: int, days: int, hours: int, *, timed: bool) -> str:
    """Hours for what fits in two days, weeks for what happens on few days of a long time."""
    if timed and span <= SHORT and hours >= MANY_HOURS:
        return "1h"
    return "7d" if span >= LONG and days * SPARSE <= span else "1d"


def _until(first: date, last: date, every: str, today: date) -> date | None:
    """The end of the window that the newest event lies in: a part of a window is never over."""
    length = timedelta(days=7 if every == "7d" else 1)
    end = first + ((last - first) // length + 1) * length
    return end if today - last > WINDOWS_LEFT * length else None


def _zone(connection: DuckDBPyConnection, moment: Column, raw: Raw) -> list[str]:
    """UTC either way; without an offset in the data it is a guess, and said to be one."""
    source = list(raw.types)[moment.place]
    if "WITH TIME ZONE" in raw.types[source] or moment.type == "DATE":
        return []
    column = f"CAST({quoted(source)} AS VARCHAR)"
    query = (
        f"SELECT count_if(regexp_full_match({column}, {text(OFFSET)})), count({column}) FROM raw"
    )
    offsets, filled = one(connection, query)
    if offsets == 0:
        return [f"{moment.name} has no offset in the data: confirm UTC with --time-zone."]
    some = f"{moment.name} has an offset in {offsets} of {filled} rows: the others are read as UTC."
    return [] if offsets >= moment.filled else [some]
