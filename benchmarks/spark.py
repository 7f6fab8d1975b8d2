"""The generated Scala pipeline against the same SQL typed by hand on Spark (Raw.scala): whole processes, equal results."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from environments import Environment, call, say
from measure import Compared, Pair, Program, compare, middle, spent
from pipelines import BACKFILL, CHUNK, FIRST, WAREHOUSES, empty, rendered, settings
from report import Line

TARGET = 1.1
AGAIN = 5
RAW = Path(__file__).with_name("Raw.scala")


@dataclass(frozen=True, slots=True)
class Bench:
    """A compiled project, the events, and a warehouse for each side."""

    java: list[str]
    project: Path
    events: Path

    def pair(self, days: int, chunk: int, *, bronze: bool = True) -> Pair:
        """The first days by both sides; by hand without bronze, if asked."""
        words = [str(FIRST), str(FIRST + timedelta(days=days))]
        env = settings(warehouse("ours"), self.events, chunk)
        raw = [str(self.events), str(warehouse("raw")), str(bronze).lower(), *words, str(chunk)]
        ours = Program([*self.java, "events.Main", "backfill", "events", *words], self.project, env)
        return ours, Program([*self.java, "events.Raw", *raw])

    def same(self) -> None:
        differing = call(*self.java, "events.Same", warehouse("ours"), warehouse("raw"))
        found = f"DIFFERENT in {differing}" if differing else "equal to raw Spark SQL's"
        say(f"Spark: rows of bronze, silver, gold are {found}")


def windows(ours: Environment, events: Path, times: int) -> Iterator[Line]:
    """The backfill into empty warehouses, then windows, one by one, on top of it."""
    made = built(ours, events)
    what = f"Spark: backfill, {BACKFILL} days by {CHUNK}"
    say(f"Spark: backfill of {BACKFILL} days, {times} times")
    full = compare([made.pair(BACKFILL, CHUNK)] * times, empty)
    yield Line(what, "raw Spark SQL", full, TARGET)
    made.same()
    say(f"Spark: a window, then {AGAIN + 1} one by one")
    one = compare([made.pair(1, 1)] * times)
    many = compare([made.pair(AGAIN + 1, 1)] * times)
    yield Line("Spark: one window again", "raw Spark SQL", one)
    yield Line(f"Spark: {AGAIN + 1} windows again, one by one", "raw Spark SQL", many)
    made.same()
    say(f"Spark: each further window takes {per_window(one, many)}")
    say(f"Spark: silver and gold alone, {times} times")
    _, published = made.pair(BACKFILL, CHUNK, bronze=False)
    alone = []
    for _ in range(times):
        empty()
        alone.append(spent(published))
    least = middle(alone)
    yield Line(what, "silver and gold alone", Compared(full.ours, least, full.ours.over(least)))


def per_window(one: Compared, many: Compared) -> str:
    """Without what a process takes to start: both sides, and what ours takes more."""
    wall = [(many.ours.wall - one.ours.wall) / AGAIN, (many.peer.wall - one.peer.wall) / AGAIN]
    cpu = [(many.ours.cpu - one.ours.cpu) / AGAIN, (many.peer.cpu - one.peer.cpu) / AGAIN]
    sides = [
        f"{name} {a:.2f} s, {b:.2f} CPU s"
        for name, a, b in zip(("ours", "raw"), wall, cpu, strict=True)
    ]
    return f"{'; '.join(sides)}; overhead {wall[0] - wall[1]:.2f} s, {cpu[0] - cpu[1]:.2f} CPU s"


def warehouse(side: str) -> Path:
    return WAREHOUSES / f"spark-{side}"


def built(ours: Environment, events: Path) -> Bench:
    """The project and, beside it in the same build, the program by hand."""
    project = rendered(ours, "spark", "time_ranged", runtime="scala_spark")
    shutil.copy(RAW, project / "src/main/scala/events/Raw.scala")
    say("Spark: compiling")
    options = "SBT_OPTS=-Xmx2g -Dsbt.color=false -Dsbt.supershell=false"
    sbt = ["env", "-C", str(project), options, "./sbtx"]
    path = call(*sbt, "export Compile/fullClasspath").splitlines()[-1]
    opened = re.findall(
        r'"(java[\w.]*/[\w.]+)"', (project / "build.sbt").read_text(encoding="utf-8")
    )
    flags = [f"--add-opens={name}=ALL-UNNAMED" for name in opened]
    java = ["java", *flags, "-Duser.timezone=UTC", "-Xmx2g", "-cp", path]
    return Bench(java, project, events)
