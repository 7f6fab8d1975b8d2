"""Measures against peers and prints ratios: `make bench`, or `python benchmarks/run.py [--quick]`.

The first run installs the peers from PyPI into benchmarks/.cache. A benchmark never fails a build:
what cannot be measured is said, and the exit code is 0.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Callable, Iterable
from functools import partial

import commands
import duckdb
import events
import moved
import pipelines
import spark
import updates
from environments import CACHE, environment, say, template
from measure import Failed
from report import Line, table

SIZE, QUICK = 10_000_000, 1_000_000
PARTS = ("commands", "new", "windows", "snapshot", "spark", "moved", "update")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1M events in place of 10M")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run")
    parser.add_argument("--times", type=int, default=3, help="pairs of backfills, and of snapshots")
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else SIZE
    lines: list[Line] = []
    try:
        clone, commit = template()
        ours = environment("scaffold", [clone], commit)
        made = partial(events.make, CACHE / "events", size)
        answers = pipelines.answers("time_ranged", CACHE / "answers")
        parts: dict[str, Callable[[], Iterable[Line]]] = {
            "commands": lambda: commands.start_up(ours, 21),
            "new": lambda: [commands.new(ours, clone, answers, 9)],
            "windows": lambda: pipelines.windows(ours, made(), chosen.times),
            "snapshot": lambda: [pipelines.snapshot(ours, made(), chosen.times)],
            "spark": lambda: spark.windows(ours, made(), chosen.times),
            "moved": lambda: moved.moved(ours, made(), chosen.times),
            "update": lambda: updates.updates(clone, 7),  # last: it changes the clone
        }
        for name in chosen.only:
            attempt(parts[name], lines)
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"stopped: {error}")
    cores = os.cpu_count()
    print(
        f"\n{size:,} events, {cores} cores, DuckDB {duckdb.__version__}; medians of pairs in turn\n"
    )
    print(table(lines))


def attempt(part: Callable[[], Iterable[Line]], lines: list[Line]) -> None:
    try:
        lines.extend(part())
    except (Failed, subprocess.CalledProcessError, duckdb.Error, OSError) as error:
        say(f"not measured: {error}")


if __name__ == "__main__":
    main()
