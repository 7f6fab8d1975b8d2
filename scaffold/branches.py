"""The branch that a result is put on: made before a file is changed, and taken back with what was changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from scaffold import git
from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.repository import Repository

_HEADS = "refs/heads/"
_MOMENT = 1.0
_ANOTHER = "Take another name: --branch NAME"


def current(repository: Repository) -> str:
    """The branch that HEAD is on, or nothing if it is detached. Asked in full: a tag may have the same name."""
    done = git.run(repository.top, "symbolic-ref", "--quiet", "HEAD")
    return os.fsdecode(done.stdout).strip().removeprefix(_HEADS)


def require_new(repository: Repository, branch: str) -> None:
    done = git.run(repository.top, "check-ref-format", "--branch", branch)
    # `@{-1}` and the like stand for another one.
    if done.returncode or os.fsdecode(done.stdout).strip() != branch:
        raise UsageError(f'"{branch}" is no name for a branch.', fix=_ANOTHER)
    if _exists(repository, branch):
        raise UsageError(
            f'There is a branch "{branch}" already.',
            "--branch makes one, so that nothing of yours is moved.",
            "Take another name, or switch to it first and leave --branch out.",
        )


def make(repository: Repository, branch: str) -> None:
    """At the last commit; refused where git has a branch in the way, as `a/b` is for `a`."""
    try:
        repository.git("update-ref", _HEADS + branch, repository.head, "")
    except EnvironmentProblem as error:
        raise UsageError(f'git makes no branch "{branch}".', error.why, _ANOTHER) from error


def sign(repository: Repository, branch: str, run: str) -> None:
    """For the next project of the same repository in the same run of many: its branch is there."""
    _signed(repository).write_bytes(os.fsencode(f"{run} {branch}"))


def is_of_run(repository: Repository, branch: str, run: str) -> bool:
    file = _signed(repository)
    signed = file.exists() and os.fsdecode(file.read_bytes()) == f"{run} {branch}"
    return signed and current(repository) == branch


def _signed(repository: Repository) -> Path:
    return repository.folder / "scaffold/branch"


def enter(repository: Repository, branch: str, lock: int) -> None:
    repository.git("symbolic-ref", "HEAD", _HEADS + branch, fds=(lock,))


def take_back(repository: Repository, branch: str, home: str) -> None:
    """To where HEAD was, if it is still where `enter` left it. The branch goes, unless it has a commit of its own."""
    if current(repository) == branch:
        if home:
            repository.git("symbolic-ref", "HEAD", _HEADS + home)
        else:
            repository.git("update-ref", "--no-deref", "HEAD", repository.head)
    if _exists(repository, branch):
        repository.run("update-ref", "-d", _HEADS + branch, repository.head)


def unlock(repository: Repository, branch: str) -> None:
    """What a killed git left. None of ours is at work any more, and no other holds these for longer than a moment."""
    heads = repository.objects.parent / _HEADS
    names = filter(None, (branch, current(repository)))
    locks = [repository.folder / "HEAD.lock", *(heads / f"{name}.lock" for name in names)]
    left = {lock: lock.stat().st_ino for lock in locks if lock.exists()}
    if left:
        time.sleep(_MOMENT)
    for lock, inode in left.items():
        if lock.exists() and lock.stat().st_ino == inode:
            lock.unlink()


def _exists(repository: Repository, branch: str) -> bool:
    words = ("show-ref", "--verify", "--quiet", _HEADS + branch)
    return git.run(repository.top, *words).returncode == 0
