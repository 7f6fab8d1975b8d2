"""The same project on Spark (local[2]) against itself on DuckDB: what it costs to move before one has to.

Wall times only: Spark is a process that Python starts and does not wait for, so its CPU time and memory are in no figure.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from environments import Environment, say
from measure import Program, compare
from pipelines import BACKFILL, CHUNK, FIRST, WAREHOUSES, empty, python_of, rendered, settings
from report import Line

SPARK = {"spark.master": "local[2]", "spark.driver.memory": "2g"}
PRINT = """
from events.core.settings import load
from events.pipelines import PIPELINES
pipeline = PIPELINES["events"](load())
with pipeline.sink.open(pipeline, write=False) as store:
    gold = f"SELECT * FROM {store.relation('gold')} AS t"
    silver = "SELECT count(*), sum(CAST(event_id AS DECIMAL(38, 0))), sum(amount), max(happened_at)"
    silver += f" FROM {store.relation('silver')} AS t"
    for query in (gold, silver):
        print(sorted(map(repr, map(tuple, store.con.execute(query).fetchall()))))
"""


@dataclass(frozen=True, slots=True)
class Side:
    """A project of one runtime, and where it keeps its tables."""

    project: Path
    python: Path
    env: dict[str, str]

    def program(self, *words: str) -> Program:
        return Program([self.python, "-m", "events", *words], self.project, self.env)

    def tables(self) -> str:
        """All of gold, and sums over silver."""
        done = subprocess.run(
            (self.python, "-c", PRINT),
            cwd=self.project,
            env=os.environ | self.env,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout


def moved(ours: Environment, events: Path, times: int) -> Iterator[Line]:
    """The backfill into empty warehouses, and one day of it again."""
    spark, duck = side(ours, "python_spark", events), side(ours, "python_duckdb", events)
    words = ("backfill", "events", str(FIRST))
    days, day = (str(FIRST + timedelta(days=n)) for n in (BACKFILL, 1))
    say(f"on Spark and on DuckDB: backfill of {BACKFILL} days, {times} times")
    pair = spark.program(*words, days), duck.program(*words, days)
    what = f"Python on Spark: backfill, {BACKFILL} days by {CHUNK}"
    yield Line(what, "on DuckDB", compare([pair] * times, empty))
    again = spark.program(*words, day), duck.program(*words, day)
    yield Line("Python on Spark: one day again", "on DuckDB", compare([again] * times))
    found = "equal" if spark.tables() == duck.tables() else "DIFFERENT"
    say(f"gold, and sums over silver, on Spark and on DuckDB are {found}")


def side(ours: Environment, runtime: str, events: Path) -> Side:
    """Render the project, and install what it depends on."""
    project = rendered(ours, runtime, "time_ranged", runtime=runtime)
    env = {"PYTHONPATH": "src", **settings(WAREHOUSES / runtime, events)}
    more = {"PIPELINE_SPARK": json.dumps(SPARK)} if runtime == "python_spark" else {}
    return Side(project, python_of(project, runtime), env | more)
