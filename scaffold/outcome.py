"""How a plan ends: in the owner's files, staged, with the command that undoes it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from scaffold import git, journal, obstacles
from scaffold.changes import Change
from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.journal import Recovery
from scaffold.repository import Repository
from scaffold.update import Plan


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be done with the result."""

    commit: bool = False
    branch: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    project: str
    before: str
    after: str
    state: str
    """current, planned, updated or conflicts"""
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    undo: str = ""
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
    """The plan in the owner's files. With conflicts it is never committed."""
    if plan.merge is None:
        return _outcome(plan, "current")
    place = plan.repository
    if ending.branch:
        _require_new(place, ending.branch)
    obstacles.require_none(place, plan.merge.tree)
    home = _branch(place)
    journal.apply(place, plan.merge.tree, plan.merge.unmerged, plan.lock)
    if ending.branch:
        place.git("branch", "--no-track", "--", ending.branch)
        place.git("symbolic-ref", "HEAD", f"refs/heads/{ending.branch}")
    committed = ending.commit and not plan.conflicts
    if committed:
        _commit(place, ending.message)
    return _outcome(
        plan,
        "conflicts" if plan.conflicts else "updated",
        undo=_undo(place, home, ending.branch, committed=committed),
        committed=committed,
        branch=ending.branch,
    )


def _outcome(
    plan: Plan, state: str, *, undo: str = "", committed: bool = False, branch: str = ""
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


def _require_new(place: Repository, branch: str) -> None:
    if git.run(place.top, "check-ref-format", "--branch", branch).returncode:
        raise UsageError(f'"{branch}" is no name for a branch.', fix="Take another: --branch NAME")
    ref = f"refs/heads/{branch}"
    if not git.run(place.top, "show-ref", "--verify", "--quiet", ref).returncode:
        raise UsageError(
            f'There is a branch "{branch}" already.',
            "--branch makes one, so that nothing of yours is moved.",
            "Take another name, or switch to it first and leave --branch out.",
        )


def _branch(place: Repository) -> str:
    """Where HEAD is: a branch, or a commit if it is detached."""
    done = git.run(place.top, "symbolic-ref", "--quiet", "--short", "HEAD")
    return done.stdout.decode().strip() or place.head


def _commit(place: Repository, message: str) -> None:
    """What was merged and nothing else: in a larger repository something else may be staged."""
    where = ("--", place.prefix) if place.prefix else ()
    words = ("commit", "--quiet", "--no-verify", "--message", message, *where)
    try:
        place.git(*git.author(place.top), "-c", "commit.gpgSign=false", *words)
    except EnvironmentProblem as error:
        raise EnvironmentProblem(
            "The update is staged, but it could not be committed.",
            error.why,
            "Commit it: git commit",
        ) from error


def _undo(place: Repository, home: str, branch: str, *, committed: bool) -> str:
    """Right because the tree was clean; in a larger repository only the project's folder was."""
    steps: list[str] = []
    if not committed and place.prefix:
        steps.append(
            f"restore --source=HEAD --staged --worktree -- {shlex.quote(':/' + place.prefix)}"
        )
    elif not committed:
        steps.append("reset --hard HEAD")
    elif not branch:
        steps.append("reset --keep HEAD~1")
    if branch:
        steps += [f"switch {shlex.quote(home)}", f"branch -D {shlex.quote(branch)}"]
    return " && ".join(f"git {step}" for step in steps)
