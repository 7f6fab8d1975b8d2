"""A world of its own for one pipeline: data made from its contract, and the real commands."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import duckdb
from click.testing import CliRunner

from flights.__main__ import main
from flights.core.contract import Column, Contract, Table
from flights.core.errors import PipelineError, Transient
from flights.core.event_time import EventTime
from flights.core.ledger import History
from flights.core.pipeline import Pipeline
from flights.core.quality import Gate
from flights.core.settings import load
from flights.core.units import Request
from flights.pipelines import PIPELINES

from .engine import SETTINGS

__all__ = [
    "PIPELINES",
    "Column",
    "Contract",
    "EventTime",
    "Gate",
    "History",
    "PipelineError",
    "Request",
    "Result",
    "Row",
    "Table",
    "World",
    "main",
]
Row = dict[str, Any]
MAKE = dict(PIPELINES)
SUFFIX = {"CSV": ".csv", "JSONLines": ".jsonl", "ParquetFiles": ".parquet"}
LIMITS: dict[str, Any] = {  # this project may have chosen others; data has no end here
    "until": None,
    "take": "all_matching",
    "retain": 7,
    "min_ratio": 0.5,
    "most": 100,
    "watermark": timedelta(days=1),
    "max_catch_up": 30,
    "retries": 3,
}


@dataclass(frozen=True)
class Result:
    """How a command ended: its exit code, the facts that it printed, its log."""

    exit: int
    facts: dict[str, Any]
    log: str


@dataclass
class World:
    """One pipeline with a source and a sink in a folder of its own."""

    name: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)  # parts that differ in this world
    clock: datetime = datetime(2100, 1, 1)  # of commands without --as-of: all windows are over

    @cached_property
    def env(self) -> dict[str, str]:
        """The settings that lead the project into this world."""
        return {
            "PIPELINE_WAREHOUSE": str(self.folder / "warehouse"),
            **SETTINGS,
            f"PIPELINE_PIPELINES__{self.name.upper()}__PATH": self._path("*"),
            **self.settings,
        }

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline, wired into this world, with the limits that the proofs count on."""
        with mock.patch.dict("os.environ", self.env):
            made = MAKE[self.name](load())
        consumer = hasattr(made.source, "producer")
        parts = ("source",) if consumer else ("extraction", "behaviour", "source")
        limited = {part: _limited(getattr(made, part)) for part in parts}
        return replace(made, **limited | dict(self.changes))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the source has to deliver."""
        return self.pipeline.contract.source

    @property
    def when(self) -> str | None:
        """The column of event time."""
        return self.pipeline.source.event_time

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row; there may be none."""
        return self.pipeline.contract.tables["silver"].key

    # Data

    @property
    def begin(self) -> datetime:
        """The first event time that the pipeline reads."""
        return getattr(self.pipeline.extraction, "since", datetime(2025, 1, 1))

    @property
    def length(self) -> timedelta:
        """The length of a window; a day where there are none."""
        return getattr(self.pipeline.extraction, "every", timedelta(days=1))

    def end(self, windows: int = 1) -> datetime:
        """When so many windows have ended."""
        return self.begin + windows * self.length

    def over(self, windows: int = 1) -> datetime:
        """When so many windows are over, and their rows are due."""
        return self.end(windows) + getattr(self.pipeline.extraction, "grace", timedelta(0))

    def rows(self, count: int, window: int = 0, version: int = 0) -> list[Row]:
        """Rows of one window, with keys that no other window has."""
        start, apart = self.end(window), self.length / (count + 1)
        first = 1000 * window
        return [self.row(first + n, self._round(start + n * apart), version) for n in range(count)]

    def row(self, number: int, at: datetime, version: int = 0) -> Row:
        """A row whose key follows from `number` (and `at`), all else from `version` as well."""
        return {
            column.name: (
                at_type(at, column.type)
                if column.name == self.when
                else value(column, number, 0 if column.key else version)
            )
            for column in self.columns
        }

    def write(self, file: str, rows: Sequence[Row]) -> Path:
        """Write rows as the source spells them. A file appears at once, with all of its rows."""
        path = Path(self._path(file))
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"_{path.name}")
        spelled = [{c.source: self._spell(c, row[c.name]) for c in self.columns} for row in rows]
        writers = {"CSV": self._csv, "JSONLines": self._jsonl}
        writers.get(self._format, self._parquet)(aside, spelled)
        aside.rename(path)
        self.load()
        return path

    def _path(self, file: str) -> str:
        return str(self.folder / "data" / f"{file}{SUFFIX.get(self._format, '.parquet')}")

    def load(self) -> None:
        """Let the source have the rows of all files, where it is none of files itself."""

    # Commands

    @contextmanager
    def wired(self) -> Iterator[None]:
        """The project has this world's pipeline, and its clock."""
        pipelines = mock.patch.dict(PIPELINES, {self.name: lambda _: self.pipeline})
        clock = mock.patch("flights.__main__._clock", return_value=self.clock)
        with pipelines, clock:
            yield

    def command(self, *arguments: str) -> Result:
        """Run one of the project's commands, with its output as facts."""
        self.load()
        with self.wired():
            result = CliRunner(env=self.env).invoke(main, [*arguments, "--json"])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        facts = json.loads(result.stdout.splitlines()[-1]) if result.stdout else {}
        return Result(result.exit_code, facts, result.stderr)

    def run(self, as_of: datetime) -> Result:
        """`run` at a time."""
        return self.command("run", self.name, "--as-of", stamp(as_of))

    def plan(self, as_of: datetime) -> dict[str, str]:
        """The units that `plan` shows, with the reason for each."""
        due: dict[str, str] = self.command("plan", self.name, "--as-of", stamp(as_of)).facts["due"]
        return due

    def backfill(self, start: datetime, end: datetime, *options: str) -> Result:
        """`backfill` of a range."""
        return self.command("backfill", self.name, stamp(start), stamp(end), *options)

    def again(self, windows: int) -> Result:
        """Do again what was done, in the way of the extraction."""
        if hasattr(self.pipeline.extraction, "every"):
            return self.backfill(self.begin, self.end(windows))
        return self.run(self.over(windows + 1))

    def status(self, as_of: datetime) -> dict[str, Any]:
        """The facts of `status`."""
        return self.command("status", self.name, "--as-of", stamp(as_of)).facts

    # What is published

    def table(self, table: str) -> list[Row]:
        """All rows of a table, in the order of all of their columns."""
        return self._tables(table)[table]

    def content(self) -> dict[str, list[Row]]:
        """All tables, value by value; but for `_row`, which is an order and no content."""
        kept = self._tables(*(step.table.name for step in self.pipeline.steps))
        for rows in kept.values():
            for row in rows:
                row.pop("_row", None)
        return {name: sorted(rows, key=repr) for name, rows in kept.items()}

    def _tables(self, *tables: str) -> dict[str, list[Row]]:
        rows = {}
        with self.pipeline.sink.open(self.pipeline, write=False) as store:
            for table in tables:
                found = store.con.execute(f"SELECT * FROM {store.relation(table)} ORDER BY ALL")
                names = [column[0] for column in found.description or []]
                rows[table] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return rows

    def silver(self) -> list[Row]:
        """The clean rows without their lineage, to compare with rows that were written."""
        names = [column.name for column in self.columns]
        return ordered([{name: row[name] for name in names} for row in self.table("silver")])

    def copy(self, folder: Path) -> "World":
        """The same world once more, to let something else happen in it."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)

    def settle(self) -> None:
        """Wait until servers have noticed that a process was killed."""

    def watch(self, step: Callable[[], None]) -> None:
        """Call `step` before each statement that this process sends to a server."""

    def drop(self) -> None:
        """Forget this world."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def but(self, **changes: Any) -> "World":
        """The same world with other parts in its pipeline, or with other fields of a part."""
        return replace(self, changes={**self.changes, **changes})

    def having(self, part: str, **fields: Any) -> "World":
        """The same world with other fields in one part of its pipeline."""
        return self.but(**{part: replace(getattr(self.pipeline, part), **fields)})

    def changed(self, file: str, change: Callable[[str], str]) -> "World":
        """The same world, with another text in a file of the parts of its structure that have it."""
        parts: list[Any] = list(self.pipeline.structure)
        for n, part in enumerate(parts):
            if hasattr(part, file):
                text = change(getattr(part, file).read_text(encoding="utf-8"))
                path = self.folder / f"{file}-{hash(text)}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                parts[n] = replace(part, **{file: path})
        return self.but(structure=tuple(parts))

    def routed(self, sql: str, settings: Mapping[str, Any]) -> "World":
        """The same world with other routes, decided by these settings."""
        return self.changed("routes", lambda _: sql).having("writing", values=settings)

    # How data goes wrong

    @property
    def needed(self) -> set[str]:
        """The columns that have to have a value."""
        return {
            column.name for column in self.columns if column.required or column.name == self.when
        }

    @property
    def spoiled(self) -> str:
        """The column that `spoil` empties."""
        return next(c.name for c in self.columns if c.required and c.name != self.when)

    def spoil(self, rows: Sequence[Row]) -> list[Row]:
        """The same rows, each breaking the contract: a required value is missing."""
        return [{**row, self.spoiled: None} for row in rows]

    def drop_column(self, path: Path) -> None:
        """Take the last column out of a file."""
        self._rewrite(path, "* EXCLUDE ({})", self.columns[-1].source)

    def add_column(self, path: Path, column: str) -> None:
        """Put one more column into a file."""
        self._rewrite(path, "*, 1 AS {}", column)

    def name_zone(self, path: Path, zone: str) -> None:
        """Let the event times of a Parquet file, which are in this zone, be moments."""
        column = next(c for c in self.columns if c.name == self.when)
        self._rewrite(path, "* REPLACE (timezone('" + zone + "', {0}) AS {0})", column.source)

    def _rewrite(self, path: Path, fields: str, column: str) -> None:
        form: Any = self.pipeline.source
        form = form.format
        name = column.replace('"', '""')
        read = f"'{path}'"
        how = "FORMAT parquet" if self._format == "ParquetFiles" else "FORMAT json"
        if self._format == "CSV":
            delim, quote = (one.replace("'", "''") for one in (form.delimiter, form.quote))
            options = f"header = true, delim = '{delim}', quote = '{quote}'"
            read = (
                f"read_csv('{path}', {options}, all_varchar = true, encoding = '{form.encoding}')"
            )
            how = f"FORMAT csv, HEADER, DELIMITER '{delim}', QUOTE '{quote}'"
        aside = path.with_name(f"_{path.name}")
        chosen = fields.format(f'"{name}"')
        with duckdb.connect() as con:
            con.execute(f"COPY (SELECT {chosen} FROM {read}) TO '{aside}' ({how})")
        aside.rename(path)

    # How the source spells things

    def spelled(self, cell: Any) -> str:
        """A value as bronze shows it."""
        if self._format == "JSONLines" and isinstance(cell, bool):
            return str(cell).lower()
        return str(cell)

    @cached_property
    def _format(self) -> str:
        source: Any = MAKE[self.name](load()).source
        return type(getattr(source, "format", source)).__name__

    def _spell(self, column: Column, cell: Any) -> Any:
        source: Any = self.pipeline.source
        if cell is None or column.name != self.when or self._format not in ("CSV", "JSONLines"):
            return self._local(cell) if column.name == self.when and cell else cell
        if source.when.formats:
            return self._local(cell).strftime(source.when.formats[0])
        return self._local(cell).isoformat()

    def _local(self, at: Any) -> Any:
        source: Any = self.pipeline.source
        if not isinstance(at, datetime) or source.when.zone == "UTC":
            return at
        return at.replace(tzinfo=UTC).astimezone(ZoneInfo(source.when.zone)).replace(tzinfo=None)

    def _round(self, at: datetime) -> datetime:
        """Down to what the source can spell."""
        column = next((c for c in self.columns if c.name == self.when), None)
        source: Any = self.pipeline.source
        formats = source.when.formats if source.when else ()
        if column and (column.type == "DATE" or (formats and "%H" not in formats[0])):
            return at.replace(hour=0, minute=0, second=0, microsecond=0)
        return at.replace(
            microsecond=0, second=at.second if not formats or "%S" in formats[0] else 0
        )

    def _csv(self, path: Path, rows: Sequence[Row]) -> None:
        form: Any = self.pipeline.source
        form = form.format
        with path.open("w", encoding=form.encoding, newline="") as file:
            writer = csv.writer(
                file,
                delimiter=form.delimiter,
                quotechar=form.quote or None,
                quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
            )
            if form.header:
                writer.writerow([column.source for column in self.columns])
            null = next(iter(form.nulls), "")
            writer.writerows(
                [null if cell is None else cell for cell in row.values()] for row in rows
            )

    def _jsonl(self, path: Path, rows: Sequence[Row]) -> None:
        lines = (json.dumps(row, default=str, ensure_ascii=False) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def _parquet(self, path: Path, rows: Sequence[Row]) -> None:
        with duckdb.connect() as con:
            fields = ", ".join(f'"{c.source}" {c.type}' for c in self.columns)
            con.execute(f"CREATE TABLE written ({fields})")
            marks = ", ".join("?" for _ in self.columns)
            if rows:
                con.executemany(
                    f"INSERT INTO written VALUES ({marks})", [list(r.values()) for r in rows]
                )
            con.execute(f"COPY written TO '{path}' (FORMAT parquet)")


@dataclass
class Failing:
    """A source that breaks off when it is read for a range that holds one of `starts`."""

    source: Any
    starts: set[datetime]
    transient: bool = False
    times: int = 10**6
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def read(self, con: Any, request: Any, contract: Any) -> Any:
        """Read, and perhaps fail then."""
        unchanged = self.source.read(con, request, contract)
        start, end = request.between
        if any(start <= one < end for one in self.starts):
            self.asked += 1
            if self.asked <= self.times:
                raise (Transient if self.transient else PipelineError)("made to fail")
        return unchanged


def _limited(part: Any) -> Any:
    found = {name: limit for name, limit in LIMITS.items() if hasattr(part, name)}
    return replace(part, **found) if found else part


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Rows in an order that does not depend on where they come from."""
    return sorted(rows, key=repr)


def value(column: Column, number: int, version: int) -> Any:
    """A value of the column's type that follows from two numbers, without chance or clock."""
    seed = number * 10 + version
    if column.type.startswith("DECIMAL"):
        return Decimal(seed).quantize(Decimal(1).scaleb(-int(column.type[:-1].split(",")[1])))
    return {
        "BIGINT": seed,
        "DOUBLE": seed + 0.5,
        "BOOLEAN": seed % 2 == 0,
        "DATE": date(2020, 1, 1) + timedelta(days=seed),
        "TIMESTAMP": datetime(2020, 1, 1) + timedelta(minutes=seed),
        "STRING": f"{column.name} {seed}",
    }[column.type]


def at_type(at: datetime, kind: str) -> datetime | date:
    """An event time as its column has it."""
    return at.date() if kind == "DATE" else at


def stamp(moment: datetime) -> str:
    """A time as the commands take it."""
    return moment.isoformat(timespec="seconds")


def having(**parts: str) -> list[str]:
    """The pipelines of this project that chose these parts, by slot and class.

    Consumers are none of them: they have no source that a test could write to.
    """
    found = []
    for name, make in MAKE.items():
        pipeline = make(load())
        chosen = {slot: getattr(pipeline, slot) for slot in parts}
        chosen = {s: one if isinstance(one, tuple) else (one,) for s, one in chosen.items()}
        kinds = {
            slot: {k.__name__ for one in some for part in layers(one) for k in type(part).__mro__}
            for slot, some in chosen.items()
        }
        consumer = hasattr(pipeline.source, "producer")
        if all(kind in kinds[slot] for slot, kind in parts.items()) and not consumer:
            found.append(name)
    return found


def layers(part: Any) -> list[Any]:
    """A part, and the one that it wraps, if it does."""
    inner = getattr(part, "writing", None)
    return [part, inner] if inner else [part]


def spoilable(name: str) -> bool:
    """Whether a pipeline has a column that must not be empty, beside event time."""
    pipeline = MAKE[name](load())
    required = {column.name for column in pipeline.contract.source if column.required}
    return bool(required - {pipeline.source.event_time})


def windowed() -> list[str]:
    """The pipelines that read windows of event time."""
    return [name for name, make in MAKE.items() if hasattr(make(load()).extraction, "every")]


def rewriting() -> list[str]:
    """The pipelines that write again what they wrote: windows only if a done one may be done again."""
    return [name for name in MAKE if name in redone() or name not in windowed()]


def looking() -> list[str]:
    """The pipelines that can look at their source without reading it; a capture shows what it has."""
    return [name for name in MAKE if name not in having(source="RawCapture")]


def losing() -> list[str]:
    """The pipelines whose source can lose rows by somebody's hand; a topic keeps what was sent."""
    return [name for name in MAKE if name not in having(source="KafkaSource")]


def redone() -> list[str]:
    """The pipelines that may do a unit again."""
    return having(writing="Idempotent")
