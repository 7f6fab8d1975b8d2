"""What a user's own file or folder says about the pipeline that will read it.

Everything here is a proposal to be confirmed: `notes` says what was unsure. No value of a row gets
into a `Sample`, only names, types, formats and the days of the first and last event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from scaffold.sampling import calendar, files, keys, kinds, names, roles
from scaffold.sampling.dialect import sniff
from scaffold.sampling.reading import read
from scaffold.sampling.session import session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.calendar import Calendar
    from scaffold.sampling.dialect import Dialect
    from scaffold.sampling.files import Found
    from scaffold.sampling.kinds import Kind
    from scaffold.sampling.reading import Raw
    from scaffold.sampling.roles import Column


FEW = 100  # rows below which a key that nobody named is doubtful


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """`source` is how the data spells it, `name` how everything behind bronze does."""

    name: str
    source: str
    type: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The inferred answers of one pipeline, and where they came from."""

    folder: Path
    glob: str
    format: str
    dialect: Dialect | None  # CSV only
    nulls: tuple[str, ...]  # CSV only: texts that stand for null
    columns: tuple[SampleColumn, ...]
    key: tuple[str, ...]
    measure: str | None
    event_time: str | None
    calendar: Calendar
    rows: int
    notes: tuple[str, ...]

    def answers(self) -> dict[str, object]:
        """The keys of a pipeline's answers that a sample knows; `path` is for the project to say."""
        csv = (
            {}
            if self.dialect is None
            else {
                "delimiter": self.dialect.delimiter,
                "quote": self.dialect.quote,
                "encoding": self.dialect.encoding,
                "header": self.dialect.header,
                "nulls": list(self.nulls),
            }
        )
        since, until = self.calendar.since, self.calendar.until
        return {
            "format": self.format,
            **csv,
            "columns": [
                {"name": column.name, "source": column.source, "type": column.type}
                for column in self.columns
            ],
            "key": list(self.key),
            "event_time": self.event_time,
            "event_time_formats": list(self.calendar.formats),
            "time_zone": self.calendar.time_zone,
            "measure": self.measure,
            "every": self.calendar.every,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
        }


def infer(path: Path, today: date | None = None) -> Sample:
    """Looks at a file or folder of CSV, JSON lines or Parquet; bounded in work and memory."""
    day = today or datetime.now(UTC).date()
    found = files.find(path)
    with session() as connection:
        dialect = sniff(connection, found.files[0]) if found.format == "csv" else None
        raw = read(connection, found, dialect)
        every_kind = kinds.kinds(connection, raw.types, found.format)
        nulls = _nulls(every_kind) if found.format == "csv" else ()
        kinds.typed(connection, every_kind, nulls)
        return _chosen(connection, (found, dialect, raw), every_kind, nulls, day)


def _nulls(every_kind: Sequence[Kind]) -> tuple[str, ...]:
    """The empty text, and every token that had to be null for a column to be typed."""
    return ("", *sorted({token for kind in every_kind for token in kind.nulls}))


def _chosen(
    connection: DuckDBPyConnection,
    seen: tuple[Found, Dialect | None, Raw],
    every_kind: Sequence[Kind],
    nulls: tuple[str, ...],
    today: date,
) -> Sample:
    found, dialect, raw = seen
    clean = names.clean_all([kind.source for kind in every_kind])
    columns = roles.measured(connection, clean, every_kind)
    moment = roles.event_time(connection, columns, raw.rows)
    key = keys.key(connection, columns, moment, raw.rows)
    number = roles.measure(columns, key)
    fit = every_kind[moment.place].fit if moment else None
    when = calendar.read(connection, moment, fit, raw, today)
    final = _final(every_kind, clean, moment)
    return Sample(
        folder=found.folder,
        glob=found.glob,
        format=found.format,
        dialect=dialect,
        nulls=nulls,
        columns=final,
        key=tuple(column.name for column in key),
        measure=number.name if number else None,
        event_time=moment.name if moment else None,
        calendar=when,
        rows=raw.rows,
        notes=(
            *found.notes,
            *(dialect.notes if dialect else ()),
            *raw.notes,
            *(kind.note for kind in every_kind if kind.note),
            *_said(every_kind, final, nulls),
            *_guessed(key, number, moment, raw.rows),
            *when.notes,
        ),
    )


def _final(
    every_kind: Sequence[Kind], clean: Sequence[str], moment: Column | None
) -> tuple[SampleColumn, ...]:
    """Formats are an answer of the event time only: other dates of their own format stay text."""
    return tuple(
        SampleColumn(
            name,
            kind.source,
            (
                "STRING"
                if kind.fit and kind.fit.formats and (not moment or moment.place != place)
                else kind.type
            ),
        )
        for place, (kind, name) in enumerate(zip(every_kind, clean, strict=True))
    )


def _said(
    every_kind: Sequence[Kind],
    final: Sequence[SampleColumn],
    nulls: tuple[str, ...],
) -> list[str]:
    """What was unsure about types."""
    notes = [
        f"{column.source} holds dates that are not ISO 8601: kept as text."
        for column, kind in zip(final, every_kind, strict=True)
        if kind.type != column.type
    ]
    if hollow := [kind.source for kind in every_kind if kind.empty]:
        notes.append(f"Empty in all rows, kept as text: {', '.join(hollow)}.")
    if tokens := [token for token in nulls if token]:
        notes.append(f"These texts count as null in every column: {', '.join(tokens)}.")
    return notes


def _guessed(
    key: Sequence[Column], number: Column | None, moment: Column | None, rows: int
) -> list[str]:
    """What was unsure about the parts that columns play."""
    notes = []
    if key and rows < FEW:
        notes.append(f"The key is a guess: {rows} rows can be unique by chance.")
    if not key:
        notes.append("No column or combination of up to four is unique: the key is empty.")
    if number is not None and not roles.worth_adding(number):
        notes.append(f"The measure {number.name} is a guess: no column is named like one.")
    if moment is None:
        notes.append("No column says when a row happened: only full_snapshot and streaming fit.")
    return notes
