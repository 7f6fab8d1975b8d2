"""What a user's own file or folder says about the pipeline that will read it.

Everything here is a proposal to be confirmed: `notes` says what was unsure. No value of a row gets
into a `Sample`, only names, types, formats and the days of the first and last event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from scaffold.sampling import calendar, files, keys, kinds, names, roles, signs
from scaffold.sampling.columns import SampleColumn, finished, guessed, unsure
from scaffold.sampling.dialect import sniff
from scaffold.sampling.headers import named
from scaffold.sampling.reading import read
from scaffold.sampling.session import session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.calendar import Calendar
    from scaffold.sampling.dialect import Dialect
    from scaffold.sampling.files import Found
    from scaffold.sampling.kinds import Kind
    from scaffold.sampling.reading import Raw
    from scaffold.sampling.signs import Signs


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
    return look(path, today)[0]  # the signs cost a fiftieth of it


def look(
    path: Path, today: date | None = None, said: Mapping[str, Any] | None = None
) -> tuple[Sample, Signs]:
    """As `infer`, and what the files say about the questions of the decision chart. What was `said` is not guessed."""
    day = today or datetime.now(UTC).date()
    found = files.find(path)
    said = said or {}
    with session(said.get("time_zone", "UTC")) as connection:
        dialect = sniff(connection, found.files[0]) if found.format == "csv" else None
        raw = named(read(connection, found, dialect), found.files[0])
        every_kind = kinds.kinds(connection, raw.types, found.format)
        nulls = _nulls(every_kind) if found.format == "csv" else ()
        kinds.typed(connection, every_kind, nulls)
        return _chosen(connection, (found, dialect, raw), (every_kind, nulls), said, day)


def _nulls(every_kind: Sequence[Kind]) -> tuple[str, ...]:
    """The empty text, and every token that had to be null for a column to be typed."""
    return ("", *sorted({token for kind in every_kind for token in kind.nulls}))


def _chosen(
    connection: DuckDBPyConnection,
    seen: tuple[Found, Dialect | None, Raw],
    judged: tuple[Sequence[Kind], tuple[str, ...]],
    said: Mapping[str, Any],
    today: date,
) -> tuple[Sample, Signs]:
    (found, dialect, raw), (every_kind, nulls) = seen, judged
    clean = names.clean_all([raw.spelled.get(kind.source, kind.source) for kind in every_kind])
    columns = roles.measured(connection, clean, every_kind)
    if "event_time" in said:
        moment = next((column for column in columns if column.name == said["event_time"]), None)
    else:
        moment = roles.event_time(connection, columns, raw.rows)
    key = keys.key(connection, columns, moment, raw.rows)
    number = roles.measure(columns, key)
    times = (moment, every_kind[moment.place].fit) if moment else None
    when = calendar.read(connection, times, raw, said, today)
    final = finished(every_kind, clean, moment, raw.spelled)
    sample = Sample(
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
            *unsure(every_kind, final, nulls),
            *guessed((key, number, moment), columns, raw.rows, said),
            *when.notes,
        ),
    )
    return sample, signs.read(connection, columns, (moment, key), (found, raw))
