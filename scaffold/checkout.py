"""The outcome of a merge into files, through an index that is not the owner's (`Repository.using`)."""

from __future__ import annotations

from collections.abc import Sequence

from scaffold import trees
from scaffold.repository import Repository
from scaffold.trees import Entry


def check_out(repository: Repository, target: str, unmerged: Sequence[Entry], lock: int) -> None:
    """`unmerged` are the stages of what is in conflict."""
    # A copied work tree looks changed until its files were compared. It ends with 1 where something is changed
    # indeed: in a larger repository, outside of the project.
    repository.run("update-index", "-q", "--refresh", fds=(lock,))
    elsewhere = _unmerged(repository)
    _enter(repository, [Entry.absent(entry.path) for entry in elsewhere], lock)
    repository.git("read-tree", "-m", "-u", repository.head, target, fds=(lock,))
    entries = [*elsewhere, *unmerged]
    names = dict.fromkeys(entry.path for entry in entries)
    _enter(repository, [*map(Entry.absent, names), *entries], lock)


def _unmerged(repository: Repository) -> list[Entry]:
    """What is in conflict outside of the project: git reads no tree into an index that has such."""
    found = repository.git("ls-files", "--unmerged", "-z")
    return [trees.staged(line) for line in found.split(b"\0") if line]


def _enter(repository: Repository, entries: Sequence[Entry], lock: int) -> None:
    if entries:
        lines = trees.index_info(entries, len(repository.head))
        words = ("update-index", "-z", "--index-info")
        repository.git(*words, data=lines, fds=(lock,))
