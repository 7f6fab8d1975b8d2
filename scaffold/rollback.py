"""From a half checked out tree back to the last commit, without touching what the owner changed since.

Each file that the killed run was to change is what it was, what it was to become, missing, or the beginning of either:
a writer was killed. Anything else is the owner's.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scaffold.repository import Repository

LINK, MODULE, NOTHING = "120000", "160000", "000000"
SHA1 = 40
"""The length of a name; git has repositories with longer ones."""


@dataclass(frozen=True, slots=True)
class Touched:
    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str


def touched(repository: Repository, target: str) -> Iterator[Touched]:
    """What differs between the last commit and a tree."""
    words = (
        "diff-tree",
        "-r",
        "-z",
        "--no-renames",
        "--raw",
        "--full-index",
        repository.head,
        target,
    )
    found = iter(repository.names(*words))
    for facts in found:
        old_mode, new_mode, old, new, _ = facts.removeprefix(":").split(" ")
        yield Touched(next(found), old_mode, new_mode, old, new)


def restore(repository: Repository, target: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Puts back what a checkout of `target` had changed; gives what was put back, and what is the owner's."""
    back: list[Touched] = []
    kept: list[str] = []
    for one in touched(repository, target):
        if MODULE in {one.old_mode, one.new_mode} or _is_as_it_was(repository, one):
            continue
        if _is_the_owners(repository, one, target):
            kept.append(one.path)
        else:
            back.append(one)
    for one in back:
        if one.old_mode == NOTHING:
            _remove(repository, one.path)
    _check_out(repository, [one.path for one in back if one.old_mode != NOTHING])
    return tuple(one.path for one in back), tuple(kept)


def reset_index(repository: Repository, paths: Sequence[str]) -> None:
    """Back to the last commit, as far as these are concerned."""
    data = b"".join(os.fsencode(path) + b"\0" for path in paths)
    words = ("reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul")
    repository.git(*words, repository.head, data=data)


def _is_as_it_was(repository: Repository, one: Touched) -> bool:
    file = repository.top / one.path
    if one.old_mode == NOTHING:
        return not os.path.lexists(file)
    return _mode(file) == one.old_mode and _object(repository, file, one.old) == one.old


def _is_the_owners(repository: Repository, one: Touched, target: str) -> bool:
    file = repository.top / one.path
    content = _content(file)
    if content is None:
        return False  # missing, or a folder in its place: its files are looked at one by one
    if _object(repository, file, one.old) in {one.old, one.new}:
        return False
    states = ((one.old_mode, repository.head), (one.new_mode, target))
    return not any(
        mode not in {NOTHING, LINK}
        and repository.git("cat-file", "--filters", f"{tree}:{one.path}").startswith(content)
        for mode, tree in states
    )


def _object(repository: Repository, file: Path, like: str) -> str:
    """The name that git has for a file's content: as it is, or as its attributes have it cleaned."""
    content = _content(file)
    if content is None:
        return ""
    kind = hashlib.sha1 if len(like) == SHA1 else hashlib.sha256
    plain = kind(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if plain == like or file.is_symlink():
        return plain
    return repository.git("hash-object", "--", str(file)).decode().strip()


def _content(file: Path) -> bytes | None:
    try:
        return os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _mode(file: Path) -> str:
    try:
        found = file.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING
    if stat.S_ISLNK(found):
        return LINK
    return "100755" if found & stat.S_IXUSR else "100644"


def _remove(repository: Repository, path: str) -> None:
    """A file that was not there before, and folders that are empty without it."""
    file = repository.top / path
    file.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in file.relative_to(repository.top).parents[:-1]:
            (repository.top / folder).rmdir()


def _check_out(repository: Repository, paths: Sequence[str]) -> None:
    """Attributes first: how the others are written depends on them."""
    ordered = sorted(paths, key=lambda path: (not path.endswith(".gitattributes"), path))
    with tempfile.TemporaryDirectory(prefix="scaffold-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        repository.git("read-tree", repository.head, env=env)
        for group in (ordered[:1], ordered[1:]):
            data = b"".join(os.fsencode(path) + b"\0" for path in group)
            repository.git("checkout-index", "--force", "-z", "--stdin", data=data, env=env)
