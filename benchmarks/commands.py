"""Our command line against create-dagster's, and `scaffold new` against `copier copy`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from environments import CACHE, Environment, environment
from measure import Pair, Program, compare
from report import Line

HELP, NEW = 0.5, 0.7  # the targets


def start_up(ours: Environment, times: int) -> Iterator[Line]:
    peer = Program(
        [environment("create-dagster", ["create-dagster"]).program("create-dagster"), "--help"]
    )
    mine = ours.program("scaffold")
    for program in (
        Program([mine, "--help"]),
        Program([mine, "list"]),
        Program([mine, "lsit"], code=2),
    ):
        shown = " ".join(map(str, program.command[1:]))
        compared = compare([(program, peer)] * times)
        yield Line(f"scaffold {shown}", "create-dagster --help", compared, HELP)


def new(ours: Environment, template: Path, answers: Path, times: int) -> Line:
    """The same answers, a new folder each time; ours ends in a repository with a commit."""
    copier = environment("copier", ["copier>=9.19,<10"]).program("copier")
    made = CACHE / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)

    def pair(name: str) -> Pair:
        copy: list[str | Path] = [
            copier,
            "copy",
            "--quiet",
            "--defaults",
            "--data-file",
            answers,
            template,
            f"peer-{name}",
        ]
        scaffold: list[str | Path] = [
            ours.program("scaffold"),
            "new",
            f"ours-{name}",
            "--defaults",
            "--answers",
            answers,
        ]
        return Program(scaffold, made), Program(copy, made)

    compare([pair("first")])  # fills the cache of compiled templates, as any first use does
    compared = compare([pair(str(n)) for n in range(times)])
    return Line("scaffold new", "copier copy", compared, NEW)
