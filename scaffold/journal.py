"""The one step that changes an owner's files, and the way back from a kill in the middle of it.

The outcome of a merge is known before. It is written down (`scaffold/journal.json` in the git folder) and then checked
out through an index of our own, which replaces the owner's in one step; then the branch and the commit follow. Whoever
finds a journal and gets the lock knows that a run was killed: what that run had changed is put back, and what the owner
changed since then stays.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from scaffold import branches, rollback, stops
from scaffold.checkout import check_out
from scaffold.errors import EnvironmentProblem, ScaffoldError
from scaffold.recovery import Recovery
from scaffold.repository import Repository, find
from scaffold.trees import Entry

FOLDER = "scaffold"


@dataclass(frozen=True, slots=True)
class Journal:
    head: str
    target: str
    unmerged: Sequence[str] = ()
    """What is in conflict: git has it in the index, also where the tree has it as it was."""
    branch: str = ""
    home: str = ""
    """Where HEAD was before the branch was made: another branch, or nothing if it was detached."""


@dataclass(frozen=True, slots=True)
class Place:
    """Our files in the git folder of one work tree."""

    folder: Path

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.json"

    @property
    def index(self) -> Path:
        return self.folder / "index"

    def unlock_index(self) -> None:
        """What a killed git left. Whoever has our lock knows that no git of ours is at work."""
        self.index.with_name("index.lock").unlink(missing_ok=True)


def place(git_folder: Path) -> Place:
    return Place(git_folder / FOLDER)


def is_left(git_folder: Path) -> bool:
    """Whether a run was killed here, or is at work."""
    return place(git_folder).journal.exists()


@contextmanager
def locked(repository: Repository, *, wait: bool = False) -> Iterator[int]:
    """The right to change this work tree. git inherits the file: it is free only when the last of ours is gone."""
    ours = place(repository.folder)
    ours.folder.mkdir(exist_ok=True)
    with ours.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise EnvironmentProblem(
                f"Another scaffold is changing {repository.top}.",
                "Two merges at once would mix.",
                "Wait until it has ended, then run this again.",
            ) from None
        yield file.fileno()


@contextmanager
def applied(
    repository: Repository, target: str, unmerged: Sequence[Entry], lock: int, branch: str = ""
) -> Iterator[None]:
    """The tree `target` in index and files, on a new branch if there is to be one; `unmerged` are the stages of what is
    in conflict. What is done inside is a part of it: if it fails or is stopped, everything is put back.
    """
    ours = place(repository.folder)
    ours.unlock_index()
    shutil.copy2(repository.index, ours.index)
    names = tuple(dict.fromkeys(entry.path for entry in unmerged))
    home = branches.current(repository) if branch else ""
    try:
        _write(ours.journal, Journal(repository.head, target, names, branch, home))
        _hold(repository, ours)
        if branch:
            branches.make(repository, branch)
        check_out(repository.using(ours.index), target, unmerged, lock)
        ours.index.replace(repository.index)
        if branch:
            branches.enter(repository, branch, lock)
        yield
        stops.hold()
    except BaseException as error:
        _put_back(repository, error)
        raise
    _release(repository, ours)
    ours.journal.unlink()


def _put_back(repository: Repository, because: BaseException) -> None:
    try:
        with stops.deaf():
            recover(find(repository.project))
    except (ScaffoldError, OSError) as error:
        raise EnvironmentProblem(
            f"What was begun in {repository.top} could not be put back.",
            "\n".join(filter(None, (str(because), str(error)))),
            "Mend that, and run it again: it is put back first.",
        ) from error


def recover(repository: Repository) -> Recovery | None:
    """Puts back what a killed run left half done. For whoever has the lock."""
    ours = place(repository.folder)
    if not ours.journal.exists():
        return None
    found = Journal(**json.loads(ours.journal.read_text(encoding="utf-8")))
    with stops.deaf():
        branches.unlock(repository, found.branch)
        recovery = _recovered(repository, found)
        _release(repository, ours)
        if not recovery.finished and not recovery.moved_on:
            _reset(repository, found, recovery.restored, replaced=not ours.index.exists())
    ours.unlock_index()
    ours.index.unlink(missing_ok=True)
    ours.journal.unlink()
    return recovery


def _recovered(repository: Repository, journal: Journal) -> Recovery:
    if repository.head == journal.head:
        restored, kept = rollback.restore(repository, journal.target)
        return Recovery(finished=False, restored=restored, kept=kept)
    done = repository.git("log", "-1", "--format=%T %P", repository.head).decode().strip()
    if done == f"{journal.target} {journal.head}":
        return Recovery(finished=True)
    return Recovery(finished=False, moved_on=journal.head)


def _reset(
    repository: Repository, journal: Journal, restored: Sequence[str], *, replaced: bool
) -> None:
    """The index, if it was replaced or somebody staged the half that was there; then HEAD."""
    touched = (one.path for one in rollback.touched(repository, journal.target))
    names = [*touched, *journal.unmerged] if replaced else restored
    if names:
        rollback.reset_index(repository, names)
    if journal.branch:
        branches.take_back(repository, journal.branch, journal.home)


def _hold(repository: Repository, ours: Place) -> None:
    """Keeps every other git from writing the index meanwhile. The same file as the journal: so it is known as ours."""
    try:
        _index_lock(repository).hardlink_to(ours.journal)
    except FileExistsError:
        raise EnvironmentProblem(
            f"git is at work in {repository.top}: there is {_index_lock(repository)}.",
            fix="Wait for it; if no git is running, delete that file.",
        ) from None


def _release(repository: Repository, ours: Place) -> None:
    with suppress(FileNotFoundError):
        if _index_lock(repository).samefile(ours.journal):
            _index_lock(repository).unlink()


def _index_lock(repository: Repository) -> Path:
    return repository.index.with_name("index.lock")


def _write(file: Path, journal: Journal) -> None:
    """Whole or not at all, and on the disk before anything else is."""
    aside = file.with_name("journal.new")
    with aside.open("w", encoding="utf-8") as stream:
        json.dump(asdict(journal), stream)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(file)
