"""Published: a consumer reads what is ready, once, and again when its producer did it again."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from .killing import at_every_step, mixtures
from .support import World, having, ordered, rewriting, stamp, windowed
from .test_disconnected import consumer_of, pair, refused

Make = Callable[[str], World]
producers = having(structure="Disconnected")
each = pytest.mark.parametrize("name", producers)
each_again = pytest.mark.parametrize("name", [n for n in producers if n in rewriting()])


def correct(here: World) -> tuple[str, ...]:
    """Correct the source; gives the command with which the producer follows."""
    rows = here.rows(5, version=1)
    streaming = type(here.pipeline.extraction).__name__ == "Streaming"
    here.write("w0", rows if streaming else rows[1:])  # one is gone
    if here.name in windowed():
        return "backfill", here.name, stamp(here.begin), stamp(here.end(2))
    return "run", here.name, "--as-of", stamp(here.over(3))


def read(here: World) -> World:
    """The consumer, when it has read what is there."""
    consumer = consumer_of(here)
    assert consumer.run(here.over(2)).exit == 0
    return consumer


@each
def test_what_is_published_arrives_and_is_read_once(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    assert consumer.run(here.over(2)).exit == 0
    assert consumer.silver() == here.silver() == ordered(here.rows(5, 0) + here.rows(5, 1))
    assert consumer.plan(here.over(2)) == {}


@each
def test_what_was_not_published_yet_is_not_ready(name: str, world: Make) -> None:
    here = world(name)
    consumer = consumer_of(here)
    result = consumer.run(here.over(1))
    assert result.exit == 4
    assert "not ready" in result.log
    assert "nothing yet" in consumer.status(here.over(1))["source"]


@each
def test_stale_data_is_not_ready_until_the_producer_brings_more(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    consumer.run(here.over(2))
    late = here.over(2) + 2 * here.pipeline.contract.freshness
    if not here.when:  # then it is as old as the producer's last success
        refused(consumer, datetime(2100, 1, 1), 4, "stale")
        return
    refused(consumer, late, 4, "stale")
    ended = consumer.having("source", until=here.over(2))
    assert (ended.run(late).exit, ended.status(late)["fresh"]) == (0, True)
    number = int((late - here.begin) / here.length)
    here.write("new", here.rows(3, number - 1))
    assert here.run(late + here.length).exit == 0
    assert consumer.run(late).exit == 0
    assert consumer.silver() == here.silver()


@each_again
def test_what_the_producer_did_again_replaces_what_was_read(name: str, world: Make) -> None:
    here, _ = pair(world(name))
    read(here)
    assert here.command(*correct(here)).exit == 0
    assert consumer_of(here).silver() != here.silver()
    consumer = read(here)
    assert consumer.silver() == here.silver()
    assert sum(row["rows"] for row in consumer.table("gold")) == len(here.silver())


@each_again
def test_a_consumer_that_is_killed_shows_the_old_rows_or_the_new_ones_and_heals(
    name: str, world: Make, tmp_path: Path
) -> None:
    here, _ = pair(world(name))
    consumer = read(here)
    before = consumer.content()
    assert here.command(*correct(here)).exit == 0
    after = read(here.copy(tmp_path / "never")).content()
    assert before != after
    command = ("run", consumer.name, "--as-of", stamp(here.over(2)))
    for step, killed in at_every_step(consumer, command, tmp_path):
        assert mixtures(killed.content(), before, after) == [], f"killed before step {step}"
        assert killed.command(*command).exit == 0
        assert killed.content() == after, f"killed before step {step}"


@each_again
def test_a_producer_that_is_killed_is_never_seen_half_done(
    name: str, world: Make, tmp_path: Path
) -> None:
    here, _ = pair(world(name))
    before = read(here.copy(tmp_path / "before")).content()
    redo = correct(here)
    never = here.copy(tmp_path / "never")
    assert never.command(*redo).exit == 0
    after = read(never).content()
    assert before != after
    for step, killed in at_every_step(here, redo, tmp_path):
        assert read(killed).content() in (before, after), f"killed before step {step}"
        assert killed.command(*redo).exit in (0, 2)  # 2: it had ended, and may not do it again
        assert read(killed).content() == after, f"killed before step {step}"
