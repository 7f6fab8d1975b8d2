"""Offsets: items of a feed in the order in which they were first seen, as the ledger has them.

An item is one content of one file. Content that replaces another is a new item, so that it comes
even while a batch with the old content is stuck; content under a second name is no item.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..core.ledger import Entry, History
from ..core.units import Unit

Item = dict[str, Any]  # at, file, content, stamp; `lost`; once it was judged: after, newest


class Found(Protocol):
    """What a feed has now."""

    @property
    def file(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def stamp(self) -> str: ...


class Feed(Protocol):
    """A source that grows, as items in a stable order."""

    @property
    def ordered(self) -> bool:
        """Whether the rows of an item came one after another, as `_row` says, or all at once."""

    def items(self, known: Mapping[tuple[str, str], str]) -> Sequence[Found]: ...
    def path_of(self, file: str) -> str: ...
    def stamp_of(self, file: str) -> str: ...
    def lane(self, file: str) -> str:
        """Items of one lane follow one another in time; other lanes may be far ahead, or behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets(Unit):
    """The items `[start, end)`. Of their files some are to be read, others are `kept` only."""

    line: "Line" = field(repr=False, compare=False)
    files: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # no longer there, but read, and not replaced

    @property
    def items(self) -> Sequence[Item]:
        """What the ledger keeps of the batch."""
        return list(self.detail["items"])

    @property
    def key(self) -> str:
        return f"{self.start}-{self.end}"

    def meets(self, later: Unit) -> bool:
        """A batch is as large as it should be."""
        return False


class Line:
    """All items that were ever seen, in order, beside what the feed has now."""

    def __init__(self, feed: Feed, history: History) -> None:
        self.lane = feed.lane
        self.items: list[Item] = []
        self.units: dict[str, tuple[Entry, list[Item]]] = {}
        for entry in sorted(history.latest.values(), key=lambda e: int(e.unit.split("-")[0])):
            items = [dict(item) for item in entry.detail["items"]]
            self.units[entry.unit] = entry, items
            self.items += items
        done = (entry.detail["items"] for entry in history.done.values())
        self.published = {item["at"] for some in done for item in some if "lost" not in item}
        self.end = max((int(unit.split("-")[1]) for unit in history.latest), default=0)
        self.newest = {item["file"]: item for item in self.items if "lost" not in item}
        stamps = {(item["file"], item["stamp"]): item["content"] for item in self.items}
        self.found = {one.file: one for one in feed.items(stamps)}

    def new(self) -> list[Item]:
        """New items, in the order of the feed; afterwards they are no longer new."""
        here = set()  # contents that are published, or will be, under the name that they have
        for file, item in self.newest.items():
            same = file in self.found and self.found[file].content == item["content"]
            if same or (file not in self.found and item["at"] in self.published):
                here.add(item["content"])
        new = list[Item]()
        for one in self.found.values():
            known = self.newest.get(one.file)
            if known["content"] != one.content if known else one.content not in here:
                at = {"at": self.end + len(new), "file": one.file}
                new.append({**at, "content": one.content, "stamp": one.stamp})
                here.add(one.content)
        self.end += len(new)
        self.items += new
        self.newest |= {item["file"]: item for item in new}
        return new

    def batch(self, items: Sequence[Item]) -> Offsets:
        """A new batch."""
        files = tuple(item["file"] for item in items)
        return self._offsets(items[0]["at"], items[-1]["at"] + 1, items, files)

    def once_more(self, unit: str, without_gone: bool) -> tuple[Offsets, list[str]]:
        """A batch with what is left of its items, and the files that it goes on without.

        One that is gone and was never read is a new item when it comes back.
        """
        _, items = self.units[unit]
        contents = {one.content for one in self.found.values()}
        lost, files, kept = list[str](), list[str](), list[str]()
        for item in (item for item in items if "lost" not in item):
            there = self.found.get(item["file"])
            unread = not there and item["at"] not in self.published
            moved = unread and item["content"] in contents
            if self.newest[item["file"]] is not item or moved or (unread and without_gone):
                item["lost"] = True
                lost.append(item["file"])
            elif there or not without_gone:
                item["stamp"] = there.stamp if there else item["stamp"]
                files.append(item["file"])
            else:
                kept.append(item["file"])
        start, end = map(int, unit.split("-"))
        return self._offsets(start, end, items, tuple(files), tuple(kept)), lost

    def judge(self, items: Sequence[Item], newest: Mapping[str, str | None]) -> None:
        """Note what items hold, and how new the events of all items before them in their lanes were.

        That is decided once, and for a corrected file as for the first one of that name (or
        content), so that neither a redo nor the ends of batches change what is late.
        """
        first = dict[str, Item]()
        for item in reversed(self.items):
            first[item["file"]] = first[item["content"]] = item
        for item in items:
            item["newest"] = newest.get(item["file"])
        before, tops = dict[int, str | None](), dict[str, str | None]()
        for item in self.items:
            lane = self.lane(item["file"])
            before[item["at"]] = top = tops.get(lane)
            tops[lane] = max(filter(None, (top, item.get("newest"))), default=None)
        for item in items:
            original = min(first[item["file"]], first[item["content"]], key=lambda i: i["at"])
            item.setdefault("after", original.get("after", before[original["at"]]))

    def _offsets(
        self, start: int, end: int, items: Sequence[Item], *files: tuple[str, ...]
    ) -> Offsets:
        read, kept = (*files, ())[:2]
        return Offsets(start, end, {"items": items}, line=self, files=read, kept=kept)
