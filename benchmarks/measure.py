"""Whole processes side by side: wall seconds, CPU seconds, peak memory; ratios of pairs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

LAUNCH = Path(__file__).with_name("launch.py")


class Failed(Exception):
    """A program that should not have failed did."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, and how it has to end."""

    command: Sequence[str | Path]
    folder: Path = field(default_factory=Path.cwd)
    env: Mapping[str, str] = field(default_factory=dict)
    code: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run of a program took."""

    wall: float
    cpu: float
    peak: float  # bytes

    def over(self, other: Spent) -> Spent:
        return Spent(self.wall / other.wall, self.cpu / other.cpu, self.peak / other.peak)


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians of both sides, and of the ratios of the pairs."""

    ours: Spent
    peer: Spent
    ratio: Spent


def spent(program: Program) -> Spent:
    """Run it to its end, under a launcher of its own."""
    command = [str(word) for word in program.command]
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), *command],
        cwd=program.folder,
        env={**plain, **program.env},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(done.stderr)
    said = json.loads(done.stdout)
    if said.pop("code") != program.code:
        raise Failed(
            f"{' '.join(command)} ended otherwise than with {program.code}:\n{done.stderr}"
        )
    return Spent(**said)


Pair = tuple[Program, Program]


def compare(pairs: Iterable[Pair], before: Callable[[], None] = lambda: None) -> Compared:
    """Ours and the peer's in turn, who is first alternating; `before` each pair of runs."""
    ours: list[Spent] = []
    peer: list[Spent] = []
    for n, (mine, theirs) in enumerate(pairs):
        before()
        turns = [(mine, ours), (theirs, peer)]
        for program, taken in turns if n % 2 else reversed(turns):
            taken.append(spent(program))
    ratios = [mine.over(theirs) for mine, theirs in zip(ours, peer, strict=True)]
    return Compared(middle(ours), middle(peer), middle(ratios))


def middle(runs: Sequence[Spent]) -> Spent:
    return Spent(
        wall=median(run.wall for run in runs),
        cpu=median(run.cpu for run in runs),
        peak=median(run.peak for run in runs),
    )
