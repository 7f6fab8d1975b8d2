"""How a plan ends: in the owner's files, staged, with the command that undoes it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from scaffold import branches, git, journal, obstacles, stops
from scaffold.changes import Change
from scaffold.errors import EnvironmentProblem
from scaffold.recovery import Recovery
from scaffold.repository import Repository
from scaffold.update import Plan


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be done with the result."""

    commit: bool = False
    branch: str = ""
    message: str = ""
    run: str = ""
    """Which run of many projects this is: those of one repository share a branch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    project: str
    before: str
    after: str
    state: str
    """current, planned, updated or conflicts"""
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    """The commands that undo all of it, one after another."""
    committed: bool = False
    branch: str = ""
    recovery: Recovery | None = None

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == "conflict")


def looked_at(plan: Plan) -> Outcome:
    """The outcome of a plan that is not carried out."""
    return _outcome(plan, "planned" if plan.merge else "current")


def carry_out(plan: Plan, ending: Ending) -> Outcome:
    """The plan in the owner's files, whole or not at all. With conflicts it is never committed."""
    if plan.merge is None:
        return _outcome(plan, "current")
    place, merge = plan.repository, plan.merge
    branch = _new_branch(place, ending)
    obstacles.require_none(place, merge.tree)
    home = branches.current(place)
    committed = ending.commit and not plan.conflicts
    commit = _commit(place, merge.tree, ending.message) if committed else ""
    with journal.applied(place, merge.tree, merge.unmerged, plan.lock, branch):
        if branch and ending.run:
            branches.sign(place, branch, ending.run)
        if committed:
            _move_head(place, commit, ending.message, plan.lock)
    return _outcome(
        plan,
        "conflicts" if plan.conflicts else "updated",
        undo=_undo(place, home, branch, committed=committed),
        committed=committed,
        branch=ending.branch,
    )


def _new_branch(place: Repository, ending: Ending) -> str:
    """The one to be made, if it is not there from another project of this run."""
    if not ending.branch or branches.is_of_run(place, ending.branch, ending.run):
        return ""
    branches.require_new(place, ending.branch)
    return ending.branch


def _outcome(
    plan: Plan,
    state: str,
    *,
    undo: tuple[str, ...] = (),
    committed: bool = False,
    branch: str = "",
) -> Outcome:
    return Outcome(
        project=str(plan.repository.project),
        before=plan.record.commit,
        after=plan.templates.commit,
        state=state,
        changes=plan.changes,
        notes=plan.notes,
        undo=undo,
        committed=committed,
        branch=branch,
        recovery=plan.recovery,
    )


def _commit(place: Repository, tree: str, message: str) -> str:
    """What was merged and nothing else: in a larger repository something else may be staged, or in conflict."""
    words = ("commit-tree", tree, "-p", place.head, "-m", message)
    try:
        return place.git(*git.author(place.top), *words).decode().strip()
    except EnvironmentProblem as error:
        raise EnvironmentProblem(
            "git cannot commit it. Nothing was changed.",
            error.why,
            "Mend that, or leave --commit out.",
        ) from error


def _move_head(place: Repository, commit: str, message: str, lock: int) -> None:
    """One step, and then it is done: a stop comes too late for it."""
    words = ("update-ref", "-m", f"commit: {message}", "HEAD", commit, place.head)
    stops.hold()
    with stops.deaf():
        place.git(*words, fds=(lock,))


def _undo(place: Repository, home: str, branch: str, *, committed: bool) -> tuple[str, ...]:
    """Right because the tree was clean; in a larger repository only the project's folder was."""
    steps: list[str] = []
    if committed and not branch:
        steps.append("reset --soft HEAD~1" if place.prefix else "reset --keep HEAD~1")
    if place.prefix and not (committed and branch):
        where = shlex.quote(f":(top,literal){place.prefix}")
        steps.append(f"restore --source=HEAD --staged --worktree -- {where}")
    elif not committed:
        steps.append("reset --hard HEAD")
    if branch:
        there = shlex.quote(home) if home else f"--detach {place.head}"
        steps += [f"switch {there}", f"branch -D {shlex.quote(branch)}"]
    return tuple(f"git {step}" for step in steps)
