"""What git would overwrite without a word: files that no commit has, and changes that it was told not to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scaffold import rollback, trees
from scaffold.errors import UsageError
from scaffold.repository import Repository


def require_none(repository: Repository, tree: str) -> None:
    """Refuses a merge that would meet files of the owner's that are in no commit."""
    touched = [one.path for one in rollback.touched(repository, tree)]
    tracked = trees.paths(repository, repository.head)
    found = sorted({o for path in touched for o in _in_the_way(repository.top, path, tracked)})
    if found:
        raise UsageError(
            f"Files that are in no commit are in the way: {_few(repository, found)}.",
            "The new templates have files of these names.",
            "Move them away, or commit them, so that they are merged.",
        )
    hidden = list(_hidden(repository, set(touched)))
    if hidden:
        raise UsageError(
            f"git was told not to look for changes of: {_few(repository, hidden)}.",
            "They are to be changed, and edits in them would be lost.",
            "Let it look: git update-index --no-assume-unchanged --no-skip-worktree FILE",
        )


def _in_the_way(top: Path, path: str, tracked: set[str]) -> Iterator[str]:
    if path in tracked:
        return
    file = top / path
    for place in (file, *file.parents):
        if place == top:
            return
        name = place.relative_to(top).as_posix()
        if place.is_dir() and not place.is_symlink():
            if place == file:
                yield from _untracked(top, place, tracked)
            return
        if os.path.lexists(place) and name not in tracked:
            yield name


def _untracked(top: Path, folder: Path, tracked: set[str]) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(top).as_posix()
        if name not in tracked and not path.is_dir():
            yield name


def _hidden(repository: Repository, touched: set[str]) -> Iterator[str]:
    """Assumed unchanged (lower case), or skipped (S) and there all the same."""
    for entry in repository.names("ls-files", "-v", "-z"):
        flag, path = entry[0], entry[2:]
        unseen = flag.islower() or flag == "S"
        if unseen and path in touched and os.path.lexists(repository.top / path):
            yield path


def _few(repository: Repository, names: list[str]) -> str:
    shown = ", ".join(repository.shown(name) for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004
