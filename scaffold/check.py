"""Whether a project needs somebody: cheap enough for every run of its CI, so nothing is rendered."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scaffold import git, history, journal, record
from scaffold.errors import EnvironmentProblem, ScaffoldError
from scaffold.history import History
from scaffold.repository import unreadable

MARKERS = (r"^<{7,} (yours|before updating)", r"^>{7,} (template |after updating)")
"""How conflicts of ours and of plain copier's are marked: an attribute may have made the marks longer."""


@dataclass(frozen=True, slots=True)
class Known:
    """What projects are compared with."""

    commit: str
    history: History


@dataclass(frozen=True, slots=True)
class Finding:
    project: str
    state: str
    """current, behind, newer, conflicts, interrupted, edited or broken: the worst that holds."""
    commit: str = ""
    newest: str = ""
    files: tuple[str, ...] = ()
    why: str = ""
    exit_code: int = 0


def check(project: Path, known: Known) -> Finding:
    """The state of one project. An error is a finding too, so that others are still looked at."""
    try:
        return _checked(project, known)
    except Exception as error:  # noqa: BLE001 - as above
        told = error if isinstance(error, ScaffoldError) else EnvironmentProblem(str(error))
        return Finding(
            str(project), "broken", newest=known.commit, why=str(told), exit_code=told.exit_code
        )


def _checked(project: Path, known: Known) -> Finding:
    folder = _git_folder(project)
    if folder and journal.is_left(folder):
        return Finding(str(project), "interrupted", newest=known.commit, exit_code=1)
    found = record.read(project)

    def finding(state: str, code: int, files: tuple[str, ...] = ()) -> Finding:
        return Finding(str(project), state, found.commit, known.commit, files, exit_code=code)

    if found.edited:
        return finding("edited", 1, (record.ANSWERS,))
    files = _conflicts(project) if folder else ()
    if files:
        return finding("conflicts", 1, files)
    if found.commit == known.commit:
        return finding("current", 0)
    older = known.history.is_older(found.commit, known.commit)
    return finding("behind", 1) if older else finding("newer", EnvironmentProblem.exit_code)


def known(*, remote: bool) -> Known:
    """What is newest, in this installation or at the canonical URL."""
    from scaffold import source  # noqa: PLC0415 - not needed where nothing is compared

    if remote:
        place = history.remote()
        return Known(place.newest_tag(), place)
    templates = source.templates()
    if not templates.updatable:
        raise EnvironmentProblem(
            "This scaffold has no templates to compare with.",
            f"{templates.why_not[:1].upper()}{templates.why_not[1:]}.",
            "Install a released scaffold, or commit the templates.",
        )
    return Known(templates.commit, history.installed())


def _git_folder(project: Path) -> Path | None:
    """Git's folder of the work tree that a project is in, without asking git."""
    for folder in (project, *project.absolute().parents):
        found = folder / ".git"
        if found.is_dir():
            return found
        if found.is_file():  # a linked work tree or a submodule
            pointed = found.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
            return (folder / pointed).resolve()
    return None


def _conflicts(project: Path) -> tuple[str, ...]:
    patterns = [word for marker in MARKERS for word in ("-e", marker)]
    marked = _git(project, "grep", "-lIzE", *patterns, good=(0, 1))
    unmerged = _git(project, "ls-files", "-uz")
    names = {os.fsdecode(name) for name in marked.split(b"\0") if name}
    names |= {os.fsdecode(line.partition(b"\t")[2]) for line in unmerged.split(b"\0") if line}
    return tuple(sorted(names))


def _git(project: Path, *words: str, good: tuple[int, ...] = (0,)) -> bytes:
    """Silence would be taken for a project without conflicts."""
    done = git.run(project, *words)
    if done.returncode not in good:
        raise unreadable(project, os.fsdecode(done.stderr).strip())
    return done.stdout
