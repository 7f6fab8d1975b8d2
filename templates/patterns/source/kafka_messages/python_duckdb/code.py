"""Ranges of the messages of a topic, by names that the ledger and `_file` have."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..core.units import Request

NAME = re.compile(r"(.*)-(\d+):(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of one partition at `[start, end)`."""

    topic: str
    partition: int
    start: int
    end: int

    @property
    def name(self) -> str:
        """In the order of offsets, also as text: of messages with one key the last name wins."""
        return f"{self.topic}-{self.partition}:{self.start:019}-{self.end:019}"

    @classmethod
    def parse(cls, name: str) -> "Messages":
        """The messages that have this name."""
        if not (found := NAME.fullmatch(name)):
            raise ValueError(f"no range of messages: {name}")
        topic, *numbers = found.groups()
        return cls(topic, *map(int, numbers))

    def pieces(self, most: int) -> Iterator["Messages"]:
        """The same messages in ranges of at most so many."""
        for start in range(self.start, self.end, most):
            yield replace(self, start=start, end=min(start + most, self.end))


def wanted(
    topic: str, request: Request, offsets: Callable[[str], Mapping[int, tuple[int, int]]]
) -> Sequence[tuple[str, Messages]]:
    """Ranges, and what `_file` calls them. Of all that is kept it names the partition only: the
    range would be another one when more has come.
    """
    if request.paths is not None:
        return [(name, Messages.parse(name)) for name in request.paths]
    kept = offsets(topic).items()
    return [(f"{topic}-{n}", Messages(topic, n, *span)) for n, span in kept]
