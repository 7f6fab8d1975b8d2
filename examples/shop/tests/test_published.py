"""Published: a consumer reads what is ready, once, and again when its producer did it again."""

from collections.abc import Callable
from datetime import datetime

import pytest

from .support import World, having, ordered, redone
from .test_disconnected import consumer_of, pair, refused

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(structure="Disconnected"))


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
    number = int((late - here.begin) / here.length)
    here.write("new", here.rows(3, number - 1))
    assert here.run(late + here.length).exit == 0
    assert consumer.run(late).exit == 0
    assert consumer.silver() == here.silver()


@each
def test_what_the_producer_did_again_replaces_what_was_read(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    consumer.run(here.over(2))
    kind = type(here.pipeline.extraction).__name__
    if name not in redone() and hasattr(here.pipeline.extraction, "every"):
        return  # it does nothing again
    rows = here.rows(5, version=1)
    here.write("w0", rows if kind == "Streaming" else rows[1:])  # corrected, and one is gone
    assert here.again(2).exit == 0
    assert consumer.silver() != here.silver()
    at = here.over(2)
    assert consumer.run(at).exit == 0
    assert consumer.silver() == here.silver()
    assert sum(row["rows"] for row in consumer.table("gold")) == len(here.silver())
