"""Git's trees and the lines that describe them, without touching the owner's index or files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scaffold.repository import Repository

PLAIN = (
    "-c", "core.autocrlf=false", "-c", "core.safecrlf=false", "-c", "core.fileMode=true",
    "-c", "core.symlinks=true", "-c", "core.sparseCheckout=false", "-c", "core.fsmonitor=false",
)  # fmt: skip
"""A render is what it is, however the owner's own files are checked out."""


@dataclass(frozen=True, slots=True)
class Entry:
    mode: str
    object: str
    stage: int
    path: str

    @classmethod
    def absent(cls, path: str) -> Entry:
        return cls("0", "", 0, path)

    def moved(self, path: str) -> Entry:
        return replace(self, path=path)


def staged(line: bytes) -> Entry:
    """Mode, object, stage and, after a tab, the path: as ls-files and merge-tree write it."""
    facts, _, path = line.partition(b"\t")
    mode, object_, stage = facts.decode().split(" ")
    return Entry(mode, object_, int(stage), os.fsdecode(path))


def index_info(entries: Iterable[Entry], width: int) -> bytes:
    """What `update-index -z --index-info` reads."""
    lines = (f"{e.mode} {e.object or '0' * width} {e.stage}\t{e.path}" for e in entries)
    return b"".join(os.fsencode(line) + b"\0" for line in lines)


def with_render(repository: Repository, folder: Path) -> str:
    """The last commit's tree with a render in the project's place; `folder` stands for the whole work tree."""
    with _index() as env:
        repository.git("read-tree", repository.head, env=env)
        there = {"GIT_DIR": str(repository.folder), "GIT_WORK_TREE": str(folder)}
        where = repository.prefix or "."
        repository.git(
            "-C", str(folder), *PLAIN, "add", "--all", "--force", "--", where, env=env | there
        )
        return repository.git("write-tree", env=env).decode().strip()


def edited(repository: Repository, tree: str, entries: Iterable[Entry]) -> str:
    """A tree with some entries replaced or taken out."""
    lines = index_info(entries, len(tree))
    if not lines:
        return tree
    with _index() as env:
        repository.git("read-tree", tree, env=env)
        repository.git("update-index", "-z", "--index-info", data=lines, env=env)
        return repository.git("write-tree", env=env).decode().strip()


def entry(repository: Repository, tree: str, path: str) -> Entry | None:
    for found in _listed(repository, tree, path):
        return found
    return None


def paths(repository: Repository, tree: str) -> set[str]:
    return set(repository.names("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree))


def _listed(repository: Repository, tree: str, path: str) -> Iterator[Entry]:
    for line in repository.git("ls-tree", "-z", "--full-tree", tree, "--", path).split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _, object_ = facts.decode().split(" ")
            yield Entry(mode, object_, 0, os.fsdecode(name))


@contextmanager
def _index() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="scaffold-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}
