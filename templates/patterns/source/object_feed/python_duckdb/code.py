"""A bucket that grows, as a feed: its objects in the order of their names, known by their content.

A version that the ledger knows is neither fetched nor read again. One that it does not know is
fetched, and may turn out to have the content that an older one had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .bucket import Object, needed
from .feed import Found, content_of
from .file_listing import stamp
from .object_copies import Copies


@dataclass(frozen=True, slots=True)
class ObjectFeed:
    """What matches, by the names that `_file` has. The stamp of an object is its version."""

    copies: Copies
    listed: dict[str, Object] = field(default_factory=dict, repr=False, compare=False)
    ordered = False

    def items(self, known: Mapping[tuple[str, str], str]) -> Sequence[Found]:
        """All objects that are there now; `known` has contents by name and version."""
        with needed():
            objects = self.copies.objects()
            new = {file: one for file, one in objects.items() if (file, one.etag) not in known}
            paths = dict(zip(new, self.copies.fetched(new), strict=True))
        self.copies.forget(objects)
        self.listed.clear()
        self.listed.update(objects)
        contents = {file: content_of(path, stamp(path)) for file, path in paths.items()}
        return [
            Found(file, contents.get(file) or known[file, one.etag], one.etag)
            for file, one in objects.items()
        ]

    def path_of(self, file: str) -> str:
        """A copy of the version that was listed."""
        (path,) = self.copies.fetched({file: self.listed[file]})
        return path

    def stamp_of(self, file: str) -> str:
        """The version that is there now; empty if there is none."""
        one = self.listed.get(file)
        return self.copies.bucket.etag(one.key) if one else ""

    def lane(self, file: str) -> str:
        """All objects are one lane."""
        return ""
