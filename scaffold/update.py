"""`update`, and whatever else renders a project anew: two renders, a merge, and only then the owner's files.

    with planned(request) as plan:       # everything is known, nothing is touched
        outcome = carry_out(plan, ending)

`asked` says which answers are to be changed: none for an update; for `switch`, `add` and `remove` what they make of the
project's record, which is read once the lock is held. Whoever does many projects opens the templates once (`source.open_templates`) and hands them in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaffold import changes, history, journal, record, renders, repository, trees
from scaffold import merge as merges
from scaffold.about import DISTRIBUTION
from scaffold.changes import Change
from scaffold.errors import EnvironmentProblem, ScaffoldError, UsageError
from scaffold.history import History
from scaffold.merge import Merge
from scaffold.record import Record
from scaffold.recovery import Recovery
from scaffold.repository import Repository
from scaffold.source import Templates


@dataclass(frozen=True, slots=True)
class Target:
    """Where a project is going: a version of the templates, and where older ones are found."""

    templates: Templates
    history: History


def nothing(_: Record) -> Mapping[str, Any]:
    """What an update asks for."""
    return {}


@dataclass(frozen=True, slots=True)
class Request:
    project: Path
    target: Target
    asked: Callable[[Record], Mapping[str, Any]] = nothing
    touch: bool = True
    """Whether the plan will be carried out. If not, nothing is written to the owner's repository."""
    wait: bool = False
    """Whether to wait for another scaffold in the same repository, or to give up."""


@dataclass(frozen=True, slots=True)
class Plan:
    repository: Repository
    record: Record
    templates: Templates
    merge: Merge | None
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    recovery: Recovery | None = None
    lock: int = -1

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == "conflict")


@contextmanager
def planned(request: Request) -> Iterator[Plan]:
    """What is going to happen to a project. The lock is held until the plan is done with."""
    place = _repository(request.project)
    with _locked(place, request) as lock:
        place = repository.find(request.project)  # whoever was waited for may have committed
        recovery = journal.recover(place) if lock is not None else None
        try:
            with _planned(request, place) as made:
                yield replace(made, recovery=recovery, lock=lock or -1)
        except ScaffoldError as error:
            error.recovery = recovery
            raise


@contextmanager
def _planned(request: Request, place: Repository) -> Iterator[Plan]:
    found = record.read(request.project)
    if request.touch:
        repository.require_calm(place)
    record.require_unedited(found, request.project)
    _require_committed(place)
    with tempfile.TemporaryDirectory(prefix="scaffold-") as work:
        yield _made(request, place, found, Path(work))


def target(*, remote: bool, templates: Templates) -> Target:
    """The newest templates of this scaffold, or those at the canonical URL."""
    if remote:
        return Target(history.remote().newest(), history.remote())
    if not templates.updatable:
        raise EnvironmentProblem(
            "This scaffold has no templates to update to.",
            f"{templates.why_not[:1].upper()}{templates.why_not[1:]}.",
            "Install a released scaffold, or commit the templates.",
        )
    return Target(templates, history.installed())


def _repository(project: Path) -> Repository:
    try:
        return repository.find(project)
    except (ScaffoldError, OSError):
        record.read(project)  # what it says about a folder that is no project at all comes first
        raise


def _locked(place: Repository, request: Request) -> AbstractContextManager[int | None]:
    """Looking needs no lock, unless there is something to mend."""
    if request.touch or journal.is_left(place.folder):
        return journal.locked(place, wait=request.wait)
    return nullcontext()


def _require_committed(place: Repository) -> None:
    """A merge is into the last commit, and would leave a record alone that is in none."""
    if trees.entry(place, place.head, place.prefix + record.ANSWERS) is None:
        raise UsageError(
            f"{place.project / record.ANSWERS} is in no commit.",
            "It records what the project is made from, and has to change with it.",
            f"Commit it first: git add --force {record.ANSWERS} && git commit",
        )


def _made(request: Request, place: Repository, found: Record, work: Path) -> Plan:
    new = replace(request.target.templates, url=found.source)
    plan = Plan(place, found, new, None, (), ())
    require_older(found, request)
    asked = request.asked(found)
    if found.commit == new.commit and not asked:
        return plan
    old = replace(request.target.history.at(found.commit), url=found.source)
    if not request.touch:
        (work / "objects").mkdir()
        place = place.storing(work / "objects")
    rendered = renders.both(renders.Wanted(place, found, asked), old, new, work)
    labels = _labels(old, new)
    merge = merges.merge(place, rendered.old, rendered.new, labels)
    return Plan(place, found, new, merge, changes.changes(place, merge), rendered.notes)


def _labels(old: Templates, new: Templates) -> tuple[str, str]:
    """What conflicts call both sides; `check` knows them by their first word."""
    if old.commit != new.commit:
        return f"template {old.commit}", f"template {new.commit}"
    return f"template {old.commit} before", f"template {new.commit} as asked"


def require_older(found: Record, request: Request) -> None:
    """Templates never go back: a project that is newer needs a newer scaffold."""
    new = request.target.templates.commit
    if found.commit == new or request.target.history.is_older(found.commit, new):
        return
    raise EnvironmentProblem(
        f"{request.project} was made by a newer scaffold: {found.commit}.",
        f"The templates here are {new}.",
        f"Upgrade scaffold: pip install -U {DISTRIBUTION}",
    )
