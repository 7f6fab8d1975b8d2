"""A topic as a feed: each message once, the newest of a key wins, and gaps are never silent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from . import kafka_server
from .killing import at_every_step, heals, mixtures
from .support import PipelineError, World, having, ordered, redone, stamp
from .test_streaming import follows, gold_is_right

Make = Callable[[str], World]
streams = having(extraction="Streaming", source="KafkaSource")
each = pytest.mark.parametrize("name", streams)
one = pytest.mark.parametrize("name", streams[:1])
each_timed = pytest.mark.parametrize("name", [n for n in streams if World(n, Path()).when])
each_keyed = pytest.mark.parametrize("name", [n for n in streams if World(n, Path()).key])
NOW = datetime(2030, 1, 1)


@dataclass
class Broken:
    """A source that cannot be read."""

    source: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def read(self, con: Any, request: Any, contract: Any) -> Any:
        raise PipelineError("made to fail")


def feed(here: World, most: int = 2) -> Any:
    """The feed of the pipeline, in ranges of at most so many messages."""
    extraction: Any = here.pipeline.extraction
    return replace(extraction.feed, most=most)


def by(here: World, most: int) -> World:
    """The same world, whose ranges are so small."""
    return here.having("extraction", feed=feed(here, most))


def known(found: Any) -> dict[tuple[str, str], str]:
    """What the ledger knows of some items."""
    return {(one.file, one.stamp): one.content for one in found}


def late(here: World) -> set[tuple[str, str]]:
    return {(row["reason"], row["content"]) for row in here.table("quarantine")}


# Ranges


@one
def test_ranges_follow_one_another_and_partitions_take_turns(name: str, world: Make) -> None:
    here = world(name)
    topic, made = kafka_server.topic(here.folder), feed(here)

    def messages(partition: int, start: int, end: int) -> str:
        return f"{topic}-{partition}:{start:019}-{end:019}"

    kafka_server.make(topic)
    kafka_server.send(topic, [b"{}"] * 3)
    kafka_server.send(topic, [b"{}"], partition=1)
    first = made.items({})
    wanted = [messages(0, 0, 2), messages(1, 0, 1), messages(0, 2, 3)]
    assert [one.file for one in first] == wanted
    kafka_server.send(topic, [b"{}"])
    later = [one.file for one in made.items(known(first))]
    assert sorted(later) == sorted([*wanted, messages(0, 3, 4)])
    renamed = known(first) | {("another-0:0-9", ""): ""}  # what another topic had is not counted
    assert [one.file for one in made.items(renamed)] == later


@one
def test_messages_that_are_gone_before_they_were_read_are_an_error_unless_accepted(
    name: str, world: Make
) -> None:
    here = world(name)
    topic, made = kafka_server.topic(here.folder), feed(here)
    kafka_server.make(topic)
    kafka_server.send(topic, [b"{}"] * 2)
    first = known(made.items({}))
    kafka_server.send(topic, [b"{}"] * 4)
    kafka_server.forget(topic)
    with pytest.raises(PipelineError, match=r"begins at \d+, and was read to 2: .* lost"):
        made.items(first)
    accepted = replace(made, allow_lost=True).items(first)
    starts = [int(one.file.split(":")[1].split("-")[0]) for one in accepted]
    assert all(start >= 6 for start in starts)


@one
def test_a_topic_that_was_made_anew_is_an_error(name: str, world: Make) -> None:
    here = world(name)
    topic = kafka_server.topic(here.folder)
    kafka_server.make(topic)
    kafka_server.send(topic, [b"{}"])
    with pytest.raises(PipelineError, match="ends at 1, and was read to 9: it was made anew"):
        feed(here).items({(f"{topic}-0:{0:019}-{9:019}", ""): ""})


# Runs


@each
def test_a_message_is_taken_once(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    assert here.plan(NOW) == {"0-1": "new"}
    assert here.run(NOW).facts["rows"] == 5
    assert here.plan(NOW) == {}
    here.write("b", here.rows(5, window=1))
    assert here.plan(NOW) == {"1-2": "new"}
    assert here.status(NOW)["due"] == {"new": 1}
    assert here.run(NOW).facts["rows"] == 5
    assert here.silver() == ordered(here.rows(5) + here.rows(5, window=1))
    assert gold_is_right(here)


@each_keyed
def test_the_newest_message_of_a_key_wins_whatever_batches_it_came_in(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    one_by_one, at_once = by(here.copy(tmp_path / "one"), 1), by(here.copy(tmp_path / "all"), 99)
    for version in range(1, 6):  # offsets of one digit and of two
        here.write("a", here.rows(3, version=version)[version % 2 :])
        assert by(here, 2).run(NOW).exit == 0
    assert one_by_one.run(NOW).exit == at_once.run(NOW).exit == 0
    newest = ordered(here.rows(3, version=4)[:1] + here.rows(3, version=5)[1:])
    for other in (here, one_by_one, at_once):
        assert other.silver() == newest
        assert gold_is_right(other)


@each
def test_a_batch_that_failed_does_not_hold_up_what_comes_later_nor_win_over_it(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(4))
    assert here.but(source=Broken(here.pipeline.source)).run(NOW).exit == 1
    assert here.silver() == []
    newer = here.rows(4, version=1)[:3] if here.key else here.rows(3, window=1)
    here.write("b", newer)
    heals = "SelfHealing" in repr(here.pipeline.behaviour)
    assert here.plan(NOW) == ({"0-1": "retry"} if heals else {}) | {"1-2": "new"}
    assert by(here, 99).run(NOW).exit == 0
    if heals:
        older = here.rows(4)[3:] if here.key else here.rows(4)
        assert here.silver() == ordered(older + newer)
        assert gold_is_right(here)


# Late events


@each_timed
def test_a_partition_that_lags_behind_another_is_not_late(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(4, window=30))
    assert here.run(NOW).exit == 0
    here.write("1/a", here.rows(4))
    here.write("a", here.rows(4, window=31))
    assert here.run(NOW).exit == 0
    rows = [row for window in (30, 0, 31) for row in here.rows(4, window)]
    assert here.silver() == ordered(rows)
    assert here.table("quarantine") == []


@each_timed
def test_what_is_late_in_a_partition_does_not_depend_on_where_batches_end(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = world(name).having("extraction", watermark=timedelta(days=1))
    here.write("a", here.rows(1))
    one_by_one, by_batch = by(here.copy(tmp_path / "one"), 1), here.copy(tmp_path / "batch")
    for window in (5, 2, 6, 3):
        here.write("a", here.rows(3, window) + here.rows(1, window + 4))
        here.write("1/a", here.rows(2, window + 20))
        assert by_batch.run(NOW).exit == 0
    for other in (here, one_by_one):
        assert other.run(NOW).exit == 0
    assert here.table("quarantine")
    assert here.silver()
    for other in (one_by_one, by_batch):
        assert other.silver() == here.silver()
        assert late(other) == late(here)
    if name in redone():
        before = by_batch.content()
        assert by_batch.backfill(here.begin, here.end(60)).exit == 0
        assert by_batch.content() == before


# Kills


@each
def test_a_stream_that_is_killed_loses_and_doubles_nothing(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    assert here.run(NOW).exit == 0
    before = here.content()
    again = here.rows(3, version=1) if here.key else []
    here.write("b", here.rows(5, window=1) + again)
    command = ("run", name, "--as-of", stamp(NOW))
    never_killed = here.copy(tmp_path / "never")
    assert never_killed.command(*command).exit == 0
    after = never_killed.content()
    assert before != after
    for step, killed in at_every_step(here, command, tmp_path):
        if name not in having(sink="Parquet"):  # it replaces file by file
            assert mixtures(killed.content(), before, after) == [], f"killed before step {step}"
        heals(killed, command, (before, after), f"killed before step {step}")


@each
def test_a_run_that_follows_takes_what_comes_and_ends_cleanly_when_told(
    name: str, world: Make
) -> None:
    follows(world(name))
