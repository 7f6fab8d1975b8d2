"""A folder that grows, as a feed: its files in the order of their names, known by their content."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..core.errors import EnvironmentFailure
from .file_listing import listed, root_of, stamp


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it is now. A `stamp` that is known spares reading the content again."""

    file: str
    content: str
    stamp: str


@dataclass(frozen=True, slots=True)
class FileFeed:
    """The files that match `path`. `_file` calls them by their place under its folder."""

    path: str
    ordered = False

    def items(self, known: Mapping[tuple[str, str], str]) -> Sequence[Found]:
        """All files that are there now; `known` has contents by file and stamp."""
        found = []
        for path in listed(self.path):
            file = path.removeprefix(f"{root_of(self.path)}/")
            try:
                now = stamp(path)
                found.append(Found(file, known.get((file, now)) or content_of(path, now), now))
            except FileNotFoundError:
                continue  # it went since it was listed
            except OSError as error:
                raise EnvironmentFailure(f"cannot read {path}: {error}") from error
        return found

    def path_of(self, file: str) -> str:
        """Where a file lies."""
        return str(Path(root_of(self.path)) / file)

    def stamp_of(self, file: str) -> str:
        """The stamp of a file; empty if it is gone."""
        try:
            return stamp(self.path_of(file))
        except FileNotFoundError:
            return ""

    def lane(self, file: str) -> str:
        """All files are one lane."""
        return ""


@lru_cache(maxsize=100_000)
def content_of(path: str, stamp: str) -> str:
    """What a file has in it, in short: read once for each `stamp`."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
