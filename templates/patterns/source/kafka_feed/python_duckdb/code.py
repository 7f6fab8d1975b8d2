"""A topic as a feed: its items are ranges of offsets, as the ledger has them.

The ledger knows which ranges there were, so the next one begins where the last one ended. What the
broker no longer has of it was lost, which is an error unless it is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from ..core.errors import PipelineError
from .kafka_messages import Messages


class Broker(Protocol):
    """Who knows the offsets that a topic has now, by partition: the oldest, and the end."""

    def offsets(self, topic: str) -> Mapping[int, tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A range that can be read. What is at an offset never changes: its name says it all."""

    file: str

    @property
    def content(self) -> str:
        return self.file

    @property
    def stamp(self) -> str:
        return self.file


@dataclass(frozen=True, slots=True)
class KafkaFeed:
    """Ranges of at most `most` messages of one partition; in each one came after another."""

    connection: Broker
    topic: str
    most: int
    allow_lost: bool = False
    ordered = True

    def items(self, known: Mapping[tuple[str, str], str]) -> Sequence[Found]:
        """The known ranges that are still kept, and those of what came since."""
        now = self.connection.offsets(self.topic)
        every = (Messages.parse(file) for file, _ in known)
        seen = [one for one in every if one.topic == self.topic and one.partition in now]
        read = dict[int, int]()
        for one in seen:
            read[one.partition] = max(one.end, read.get(one.partition, 0))
        coming = []
        for partition, (oldest, end) in sorted(now.items()):
            start = self._start(partition, read.get(partition), oldest, end)
            coming.append(Messages(self.topic, partition, start, end).pieces(self.most))
        kept = [one for one in seen if now[one.partition][0] <= one.start]
        turns = [one for turn in zip_longest(*coming) for one in turn if one]  # no partition waits
        return [Found(one.name) for one in [*kept, *turns]]

    def path_of(self, file: str) -> str:
        return file

    def stamp_of(self, file: str) -> str:
        """What is gone is noticed when it is read."""
        return file

    def lane(self, file: str) -> str:
        """A partition that lags behind another is not late."""
        return file.rpartition(":")[0]

    def _start(self, partition: int, last: int | None, oldest: int, end: int) -> int:
        place = f"{self.topic}-{partition}"
        if last is None:
            return oldest
        if last > end:
            raise PipelineError(
                f"{place} ends at {end}, and was read to {last}: it was made anew. Give the new "
                "topic another name, or begin with an empty sink."
            )
        if last < oldest and not self.allow_lost:
            raise PipelineError(
                f"{place} begins at {oldest}, and was read to {last}: the messages between are no "
                "longer kept, and lost. To go on without them, run once with allow_lost = true in "
                "the pipeline's settings."
            )
        return max(last, oldest)
