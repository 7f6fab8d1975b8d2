"""The generated pipeline against SQL typed by hand (raw.py): whole processes, equal results."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from environments import CACHE, Environment, call, environment, say
from events import COLUMNS, DAYS, SINCE
from measure import Pair, Program, compare
from report import Line

DAY, MANY = 2.0, 1.15  # the targets
BACKFILL, CHUNK = 90, 10
WAREHOUSES = CACHE / "warehouses"
RAW = Path(__file__).with_name("raw.py")
FIRST = date.fromisoformat(SINCE)
LAST = FIRST + timedelta(days=DAYS)
NAMES = ", ".join(name for name, _ in COLUMNS)
SHARED = {
    "bronze": f"{NAMES}, _file, _row, _unit",
    "silver": f"{NAMES}, _file",
    "gold": "day, rows, total_amount",
}


def answers(extraction: str, folder: Path) -> Path:
    """What both `scaffold new` and copier are told; all else is the default."""
    windows = (
        {"every": "1d", "since": SINCE, "until": str(LAST)} if extraction == "time_ranged" else {}
    )
    pipeline: dict[str, Any] = {
        "name": "events",
        "format": "parquet",
        "path": "data/*.parquet",
        "columns": [{"name": name, "source": name, "type": kind} for name, kind in COLUMNS],
        "key": ["event_id"],
        "event_time": "happened_at",
        "measure": "amount",
        "extraction": extraction,
        **windows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{extraction}.json"
    found = {"project_name": "Events", "package": "events", "pipelines": [pipeline]}
    file.write_text(json.dumps(found), encoding="utf-8")
    return file


@dataclass(frozen=True, slots=True)
class Bench:
    """A generated project, the events, and a warehouse for each side."""

    project: Path
    python: Path
    events: Path
    name: str

    def warehouse(self, side: str) -> Path:
        return WAREHOUSES / f"{self.name}-{side}.duckdb"

    def ours(self, *words: str) -> Program:
        env = {"PYTHONPATH": "src", **settings(self.warehouse("ours"), self.events)}
        return Program([self.python, "-m", "events", *words], self.project, env)

    def raw(self, *words: str) -> Program:
        return Program([self.python, RAW, self.events, self.warehouse("raw"), *words])

    def differing(self) -> list[str]:
        """The tables in which the two sides differ, by count and hashes of all rows."""
        return [
            table for table in SHARED if self._print("ours", table) != self._print("raw", table)
        ]

    def _print(self, side: str, table: str) -> Any:
        names = SHARED[table]
        with duckdb.connect(str(self.warehouse(side)), read_only=True) as con:
            query = (
                f"SELECT count(*), bit_xor(hash({names})), sum(hash({names})) FROM events.{table}"
            )
            return con.execute(query).fetchone()


def bench(ours: Environment, extraction: str, events: Path) -> Bench:
    """Render the project, and install what it depends on."""
    project = rendered(ours, extraction, extraction)
    return Bench(project, python_of(project, "project"), events, extraction)


def rendered(ours: Environment, name: str, extraction: str, **more: str) -> Path:
    """A new project of the events, with what else is answered."""
    project = CACHE / "projects" / name
    shutil.rmtree(project, ignore_errors=True)
    asked = json.loads(answers(extraction, CACHE / "answers").read_text(encoding="utf-8"))
    file = CACHE / "answers" / f"{name}.json"
    file.write_text(json.dumps({**asked, **more}), encoding="utf-8")
    call(ours.program("scaffold"), "new", project, "--defaults", "--no-git", "--answers", file)
    return project


def python_of(project: Path, name: str) -> Path:
    """A Python that has what a project depends on."""
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return environment(name, settings["project"]["dependencies"]).program("python")


def settings(warehouse: Path, events: Path, chunk: int = CHUNK) -> dict[str, str]:
    """What a project is told by the environment."""
    return {
        "PIPELINE_WAREHOUSE": str(warehouse),
        "PIPELINE_CHUNK": str(chunk),
        "PIPELINE_PIPELINES__EVENTS__PATH": f"{events}/*.parquet",
    }


def empty() -> None:
    """Remove the warehouses of all sides."""
    shutil.rmtree(WAREHOUSES, ignore_errors=True)
    WAREHOUSES.mkdir(parents=True)


def windows(ours: Environment, events: Path, times: int) -> Iterator[Line]:
    """The backfill into empty warehouses, then one day after the other on top of it."""
    made = bench(ours, "time_ranged", events)
    say(f"backfill of {BACKFILL} days, {times} times")
    first, end = str(FIRST), str(FIRST + timedelta(days=BACKFILL))
    pair = (made.ours("backfill", "events", first, end), made.raw("days", first, end, str(CHUNK)))
    backfill = compare([pair] * times, empty)
    yield Line(f"backfill, {BACKFILL} days by {CHUNK}", "raw DuckDB SQL", backfill, MANY)
    say("one day after the other")
    days = compare([one_day(made, n) for n in range(BACKFILL, DAYS)])
    yield Line("one day", "raw DuckDB SQL", days, DAY)
    same(made)


def one_day(made: Bench, number: int) -> Pair:
    day, after = (str(FIRST + timedelta(days=n)) for n in (number, number + 1))
    return made.ours("run", "--as-of", after), made.raw("days", day, after, "1")


def snapshot(ours: Environment, events: Path, times: int) -> Line:
    """All events into empty warehouses."""
    made = bench(ours, "full_snapshot", events)
    say(f"snapshot, {times} times")
    pair = (made.ours("run", "--as-of", str(LAST)), made.raw("snapshot", str(LAST)))
    compared = compare([pair] * times, empty)
    same(made)
    return Line("full snapshot", "raw DuckDB SQL", compared, MANY)


def same(made: Bench) -> None:
    differing: Sequence[str] = made.differing()
    found = f"DIFFERENT in {', '.join(differing)}" if differing else "equal to raw SQL's"
    say(f"{made.name}: rows of {', '.join(SHARED)} are {found}")
