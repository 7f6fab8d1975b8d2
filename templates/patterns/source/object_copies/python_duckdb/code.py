"""Objects that match a glob, as files of this machine: each version of one is fetched once.

Beside each copy is a mark with its version, written when the copy is whole. Nothing but such copies
is ever removed, and all of them may be: they are fetched again.
"""

import fcntl
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path

from ..core.errors import NotReady, PipelineError, UsageError
from .bucket import Bucket, Object

AT_ONCE = 8  # of objects that are fetched; the client has ten connections
MARK = ".version"


@dataclass(frozen=True, slots=True)
class Copies:
    """The objects that match `path` (`s3://<bucket>/<glob>`), in `folder`, by their place under the
    last folder before a wildcard. Those that Files takes for unfinished are left out here as well.
    """

    path: str
    folder: Path

    @property
    def bucket(self) -> Bucket:
        return Bucket(self._parts[0])

    def reach(self) -> None:
        """Raise if the store cannot be asked."""
        bucket, root, _ = self._parts
        Bucket(bucket).reach(root)

    def objects(self) -> dict[str, Object]:
        """What matches now, by the name of its file, in the order of names."""
        _, root, parts = self._parts
        found = {}
        for one in self.bucket.objects(root + re.split(r"[*?[]", "/".join(parts))[0]):
            file = one.key.removeprefix(root)
            *folders, name = names = file.split("/")
            if not matches(names, parts) or name[:1] in ("", ".", "_") or name.endswith(".tmp"):
                continue
            if "" in folders:
                raise PipelineError(f"{one.key} has an empty name in it, as no file has: rename it")
            found[file] = one
        return dict(sorted(found.items()))

    def renewed(self, newest: bool = False) -> list[str]:
        """Copies of all that matches now, or of the newest; those of what does not are gone."""
        if not (found := self.objects()):
            raise NotReady(f"no object matches {self.path}")
        if newest:
            file = max(found, key=lambda name: (found[name].modified, name))
            found = {file: found[file]}
        paths = self.fetched(found)
        self.forget(found)
        return paths

    def fetched(self, found: dict[str, Object]) -> list[str]:
        """Copies of these versions."""
        with self._alone(), ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._fetched, found, found.values()))

    def forget(self, found: dict[str, Object]) -> None:
        """Remove the copies of all other objects."""
        with self._alone():
            kept = {mark_of(self.folder / file) for file in found}
            for mark in set(self.folder.rglob(f".*{MARK}")) - kept:
                mark.with_name(mark.name[1 : -len(MARK)]).unlink(missing_ok=True)
                mark.unlink()

    def _fetched(self, file: str, one: Object) -> str:
        copy = self.folder / file
        mark = mark_of(copy)
        there = copy.exists() and copy.stat().st_size == one.size
        if not (there and mark.exists() and mark.read_text("utf-8") == one.etag):
            copy.parent.mkdir(parents=True, exist_ok=True)
            half = copy.with_name(f"_{copy.name}")
            try:
                self.bucket.fetch(one, half)
            except BaseException:
                half.unlink(missing_ok=True)  # the disk may be full
                raise
            mark.unlink(missing_ok=True)
            half.replace(copy)
            mark.write_text(one.etag, "utf-8")
        return str(copy)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread of one process at a time; a lock goes with the process that held it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @property
    def _parts(self) -> tuple[str, str, tuple[str, ...]]:
        """The bucket, the folder before the first wildcard, and the parts of the glob below it."""
        scheme, _, rest = self.path.partition("://")
        bucket, *parts = rest.split("/")
        if scheme != "s3" or not bucket or not parts or {"", ".", ".."} & set(parts):
            raise UsageError(f"`path` must be s3://<bucket>/<glob>, and is {self.path}")
        fixed = next((n for n, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
        return bucket, "".join(f"{part}/" for part in parts[:fixed]), tuple(parts[fixed:])


def mark_of(copy: Path) -> Path:
    """Where the version of a copy is written."""
    return copy.with_name(f".{copy.name}{MARK}")


def matches(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a place matches a glob as files do: `**` is any number of folders, hidden ones apart."""
    if not parts:
        return not names
    if parts[0] == "**" and matches(names, parts[1:]):
        return True
    if not names or (has_magic(parts[0]) and names[0][:1] == "."):
        return False
    if parts[0] == "**":
        return matches(names[1:], parts)
    return fnmatchcase(names[0], parts[0]) and matches(names[1:], parts[1:])
