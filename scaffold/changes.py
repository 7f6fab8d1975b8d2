"""What a merge does to a project, file by file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from scaffold.merge import Merge
from scaffold.repository import Repository

KINDS = {"A": "added", "D": "deleted", "M": "changed", "T": "changed", "R": "renamed"}
REASONS = {
    frozenset({1, 2, 3}): "you and the templates changed the same lines",
    frozenset({2, 3}): "you and the templates both have a file of this name",
    frozenset({1, 2}): "you changed it, and the templates dropped it",
    frozenset({1, 3}): "you have something else in its place; this is what the templates changed",
}
UNPLACED = "its place is not clear: a folder or file of this name was moved or replaced"


@dataclass(frozen=True, slots=True)
class Change:
    """One file: added, changed, deleted, renamed, in conflict, or kept deleted."""

    path: str
    kind: str
    was: str = ""
    edited: bool = False
    """Whether the owner's edits are in what comes out."""
    reason: str = ""


def changes(repository: Repository, merge: Merge) -> tuple[Change, ...]:
    """Every file that is not as it was, by name."""
    stages: dict[str, set[int]] = {}
    for entry in merge.unmerged:
        stages.setdefault(entry.path, set()).add(entry.stage)
    found = {
        path: Change(path, "conflict", reason=REASONS.get(frozenset(which), UNPLACED), edited=True)
        for path, which in stages.items()
    }
    edits = set(_differing(repository, merge.sides.base, merge.sides.ours))
    for change in _applied(repository, merge.tree, edits):
        found.setdefault(change.path, change)
    for path in merge.stayed_deleted:
        reason = "you deleted it, so what the templates changed in it is left out"
        found[path] = Change(path, "kept deleted", reason=reason)
    return tuple(_own(repository, found[path]) for path in sorted(found))


def patch(repository: Repository, merge: Merge) -> str:
    """What would be changed, as git shows it."""
    words = ("diff-tree", "-p", "-M", "--no-ext-diff", "--full-index", "--binary")
    where = ("--", repository.prefix) if repository.prefix else ()
    return os.fsdecode(repository.git(*words, repository.head, merge.tree, *where))


def _differing(repository: Repository, one: str, other: str) -> list[str]:
    return repository.names("diff-tree", "-r", "-z", "--no-renames", "--name-only", one, other)


def _applied(repository: Repository, tree: str, edits: set[str]) -> Iterator[Change]:
    words = ("diff-tree", "-r", "-z", "-M", "--name-status", repository.head, tree)
    found = iter(repository.names(*words))
    for status in found:
        was = next(found) if status[0] == "R" else ""
        path = next(found)
        yield Change(
            path, KINDS[status[0]], was, edited=bool({was, path} & edits) and status[0] in "MRT"
        )


def _own(repository: Repository, change: Change) -> Change:
    path, was = repository.shown(change.path), repository.shown(change.was)
    return Change(path, change.kind, was, change.edited, change.reason)
