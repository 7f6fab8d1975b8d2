"""`scaffold update` against `copier update`, and `scaffold check` against `cruft check`: one project, and 200.

The templates have two releases, as a clone of this repository: the second changes a few files. Ours is run from the
clone at the second tag, as an installation of it would be.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from environments import CACHE, Environment, call, environment
from measure import Compared, Program, Spent, compare, spent
from report import Line

ONE, FLEET, CHECK = 0.35, 0.1, 0.5  # the targets: ratios to the peer, for each project
CHECKED = 0.02  # CPU seconds for each of many
MANY = 200
WORK = CACHE / "updates"
CHANGED = ("Makefile.jinja", "src/{{ package }}/core/runner.py", "README.md.jinja")
COOKIE = '{"name": "made"}'
URL = "https://github.com/pipeline-scaffold/pipeline-scaffold.git"


def updates(clone: Path, times: int) -> Iterator[Line]:
    """One project, then many; each line's figures are for one project."""
    old, new = releases(clone)
    env = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{clone}.insteadOf"}
    env |= {"GIT_CONFIG_VALUE_0": URL, "GIT_TERMINAL_PROMPT": "0"}
    ours = environment("scaffold-updates", ["-e", str(clone)], new)
    peer = environment("copier", ["copier>=9.19,<10"])
    made = project(ours, clone, old, new)

    def pair(n: int) -> tuple[Program, Program]:
        mine, theirs = copied(made, f"ours-{n}"), copied(made, f"peer-{n}")
        copier: list[str | Path] = [peer.program("copier"), "update", "--defaults", "--quiet"]
        return Program([ours.program("scaffold"), "update"], mine), Program(copier, theirs, env)

    compare([pair(-1)])  # fills both caches, as any first update does
    compared = compare([pair(n) for n in range(times)])
    yield Line("update one project", "copier update", compared, ONE)
    many = [copied(made, f"fleet-{n}") for n in range(MANY)]
    fleet = spent(Program([ours.program("scaffold"), "update", *many, "--jobs", "2"], WORK))
    yield Line(f"update {MANY} projects, each", "copier update", each(fleet, compared.peer), FLEET)
    yield from checks(ours, made, many, times)


def checks(ours: Environment, made: Path, many: list[Path], times: int) -> Iterator[Line]:
    cruft = environment("cruft", ["cruft"])
    peer = Program([cruft.program("cruft"), "check"], cruft_project(cruft))
    mine = Program([ours.program("scaffold"), "check", made], WORK, code=1)
    compared = compare([(mine, peer)] * times)
    yield Line("check one project", "cruft check", compared, CHECK)
    all_ = spent(replace(mine, command=[ours.program("scaffold"), "check", *many], code=0))
    one = each(all_, compared.peer)
    print(f"... check of {MANY}: {one.ours.cpu:.4f} CPU s each (target {CHECKED})")
    yield Line(f"check {MANY} projects, each", "cruft check", one)


def each(many: Spent, peer: Spent) -> Compared:
    mine = Spent(many.wall / MANY, many.cpu / MANY, many.peak)
    return Compared(mine, peer, mine.over(peer))


def releases(clone: Path) -> tuple[str, str]:
    """Tags of two versions; the clone is left at the second."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    place = clone / "templates/projects/python_duckdb"
    for name in CHANGED:
        file = place / name
        file.write_text(file.read_text(encoding="utf-8") + "\n# later\n", encoding="utf-8")
    person = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    call("git", "-C", clone, "tag", "--force", "v0.0.1")
    call("git", "-C", clone, *person, "commit", "--quiet", "--all", "--message", "later")
    for old in call("git", "-C", clone, "tag").split():
        if old != "v0.0.1":
            call("git", "-C", clone, "tag", "--delete", old)
    call("git", "-C", clone, "tag", "v0.0.2")
    return "v0.0.1", "v0.0.2"


def project(ours: Environment, clone: Path, old: str, new: str) -> Path:
    """A project of the old release, committed."""
    call("git", "-C", clone, "checkout", "--quiet", old)
    made = WORK / "made"
    call(ours.program("scaffold"), "new", made, "--defaults")
    call("git", "-C", clone, "checkout", "--quiet", new)
    return made


def copied(made: Path, name: str) -> Path:
    return Path(shutil.copytree(made, WORK / name, symlinks=True))


def cruft_project(cruft: Environment) -> Path:
    """The least that `cruft check` can look at."""
    template = WORK / "cookie"
    (template / "{{cookiecutter.name}}").mkdir(parents=True)
    (template / "{{cookiecutter.name}}/README.md").write_text("made\n", encoding="utf-8")
    (template / "cookiecutter.json").write_text(COOKIE, encoding="utf-8")
    person = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    call("git", "-C", template, "init", "--quiet", "--initial-branch=main")
    call("git", "-C", template, "add", "--all")
    call("git", "-C", template, *person, "commit", "--quiet", "--message", "made")
    call(cruft.program("cruft"), "create", "--no-input", "--output-dir", WORK / "cruft", template)
    return WORK / "cruft/made"
