"""The generated Scala pipeline against the same SQL typed by hand on Spark (Raw.scala): whole processes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from environments import CACHE, Environment, call, say
from measure import Program, compare
from pipelines import BACKFILL, CHUNK, FIRST, answers
from report import Line

TARGET = 1.1
RAW = Path(__file__).with_name("Raw.scala")
WAREHOUSES = CACHE / "warehouses"


def windows(ours: Environment, events: Path, times: int) -> Iterator[Line]:
    """The backfill into empty warehouses, then some windows, one by one, on top of it."""
    java = built(ours)
    end = FIRST + timedelta(days=BACKFILL)
    say(f"Spark: backfill of {BACKFILL} days, {times} times")

    def pair(words: list[str], chunk: int) -> tuple[Program, Program]:
        env = {
            "PIPELINE_WAREHOUSE": str(WAREHOUSES / "spark-ours"),
            "PIPELINE_CHUNK": str(chunk),
            "PIPELINE_PIPELINES__EVENTS__PATH": f"{events}/*.parquet",
        }
        project = CACHE / "projects" / "spark"
        raw = [*java, "events.Raw", str(events), str(WAREHOUSES / "spark-raw"), *words, str(chunk)]
        return Program([*java, "events.Main", "backfill", "events", *words], project, env), Program(
            raw
        )

    compared = compare([pair([str(FIRST), str(end)], CHUNK)] * times, empty)
    yield Line(f"Spark: backfill, {BACKFILL} days by {CHUNK}", "raw Spark SQL", compared, TARGET)
    say("Spark: ten days again, one by one")
    some = [str(FIRST), str(FIRST + timedelta(days=10))]
    yield Line("Spark: 10 windows one by one", "raw Spark SQL", compare([pair(some, 1)] * times))


def empty() -> None:
    shutil.rmtree(WAREHOUSES, ignore_errors=True)
    WAREHOUSES.mkdir(parents=True)


def built(ours: Environment) -> list[str]:
    """The project and, beside it in the same build, the program by hand; how to run either."""
    project = CACHE / "projects" / "spark"
    shutil.rmtree(project, ignore_errors=True)
    asked = json.loads(answers("time_ranged", CACHE / "answers").read_text(encoding="utf-8"))
    file = CACHE / "answers" / "spark.json"
    file.write_text(json.dumps({**asked, "runtime": "scala_spark"}), encoding="utf-8")
    call(ours.program("scaffold"), "new", project, "--defaults", "--no-git", "--answers", file)
    shutil.copy(RAW, project / "src/main/scala/events/Raw.scala")
    say("Spark: compiling")
    options = "SBT_OPTS=-Xmx2g -Dsbt.color=false -Dsbt.supershell=false"
    sbt = ["env", "-C", str(project), options, "./sbtx"]
    path = call(*sbt, "export Compile/fullClasspath").splitlines()[-1]
    opened = re.findall(
        r'"(java[\w.]*/[\w.]+)"', (project / "build.sbt").read_text(encoding="utf-8")
    )
    flags = [f"--add-opens={name}=ALL-UNNAMED" for name in opened]
    return ["java", *flags, "-Duser.timezone=UTC", "-Xmx4g", "-cp", path]
