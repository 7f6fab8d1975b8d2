"""When the events of a sample happened, and how long a window of them should be."""

# ruff: noqa: S608  the columns of `typed` have names of ours

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from scaffold.sampling.moments import OFFSET
from scaffold.sampling.session import one, quoted, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.moments import Fit
    from scaffold.sampling.reading import Raw
    from scaffold.sampling.roles import Column

LONG, SPARSE, SHORT, MANY_HOURS = 60, 4, 2, 6
MINUTES = {"m": 1, "h": 60, "d": 1440}
WINDOWS_LEFT = 2  # newest data this old means that no more is coming


@dataclass(frozen=True, slots=True)
class Calendar:
    formats: tuple[str, ...] = ()
    time_zone: str = "UTC"
    every: str = "1d"
    since: date | None = None
    until: date | datetime | None = None
    notes: tuple[str, ...] = ()


def read(
    connection: DuckDBPyConnection,
    times: tuple[Column, Fit | None] | None,
    raw: Raw,
    said: Mapping[str, Any],
    today: date,
) -> Calendar:
    """The calendar of the event time; the defaults when there is none. What was said about it holds."""
    if times is None:
        return Calendar()
    moment, fit = times
    query = f"""
        SELECT min(d), max(d), count(DISTINCT d), count(DISTINCT h), min(d) FILTER (d > DATE '1970-01-01'),
            count(*) FILTER (d <= DATE '1970-01-01'), max(t) FILTER (d <= $1::DATE), max(t)
        FROM (SELECT CAST({moment.sql} AS DATE) AS d, date_trunc('hour', {moment.sql}) AS h,
              CAST({moment.sql} AS TIMESTAMP) AS t FROM typed WHERE {moment.sql} IS NOT NULL)
    """
    first, last, days, hours, later, ancient, past, end = one(connection, query, [today])
    notes = list(fit.notes) if fit else []
    if later and ancient < moment.filled / 100 and ancient:
        notes.append(f"{ancient} events at or before 1970-01-01 look like placeholders.")
        first = later
    timed = raw.complete and moment.type == "TIMESTAMP"
    every = said.get("every") or _every((last - first).days + 1, days, hours, timed=timed)
    start, newest = said.get("since") or first.isoformat(), past or end
    until = _until(datetime.fromisoformat(start), newest, every, today) if raw.complete else None
    if until and "until" not in said:
        notes.append(
            f"The newest row is of {newest.date()}: nothing from --until {until.isoformat()} on is read. "
            "If more is coming: --until none"
        )
    if not raw.complete and "since" not in said:
        notes.append(f"Rows before --since {first} are not read: confirm it.")
    notes += [] if "time_zone" in said else _zone(connection, moment, raw)
    if moment.filled < raw.rows:
        notes.append(f"{raw.rows - moment.filled} of {raw.rows} rows have no {moment.name}.")
    formats = fit.formats if fit else ()
    zone = said.get("time_zone", "UTC")
    return Calendar(formats, zone, every, first, until, tuple(notes))


def _every(span: int, days: int, hours: int, *, timed: bool) -> str:
    """Hours for what fits in two days, weeks for what happens on few days of a long time."""
    if timed and span <= SHORT and hours >= MANY_HOURS:
        return "1h"
    return "7d" if span >= LONG and days * SPARSE <= span else "1d"


def _until(since: datetime, last: datetime, every: str, today: date) -> date | datetime | None:
    """The end of the window that the newest event lies in: a part of a window is never over."""
    length = timedelta(minutes=int(every[:-1]) * MINUTES[every[-1]])
    left = today - last.date() <= WINDOWS_LEFT * max(length, timedelta(days=1))
    if left or last < since:
        return None
    end = since + ((last - since) // length + 1) * length
    return end.date() if end.time() == time() else end


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
