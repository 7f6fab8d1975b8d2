"""Kafka as a source: messages by their offsets, and where they come from is shown nowhere."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from . import kafka_server
from .engine import engine
from .support import (
    Column,
    EventTime,
    PipelineError,
    Request,
    Table,
    World,
    having,
    ordered,
    windowed,
)

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(source="KafkaSource"))
one = pytest.mark.parametrize("name", having(source="KafkaSource")[:1])
NOON, HOUR = datetime(2025, 1, 1, 12), timedelta(hours=1)
COLUMNS = (
    Column(name="id", type="BIGINT", source="Id", required=True),
    Column(name="happened", type="TIMESTAMP", source="a/t"),
    Column(name="more", type="STRING", source='"more" ~'),
)
MESSAGES = (
    b'{"Id": 1, "a/t": "2025-01-01T11:59:59.999999Z"}',
    b'{"Id": 2, "a/t": "2025-01-01T13:00:00+01:00", "\\"more\\" ~": {"a": [1, null]}}',
    b"poison",
    b'{"Id": 1.50, "a/t": "2025-01-01T13:00:00"}',
)
POISON = (None, b"[1, 2]", b'{"half": ', b"\xff\xfe", b"null", b"")


class Orders:
    """A topic of three columns, and the source that reads it."""

    def __init__(self, here: World):
        made: Any = here.pipeline.source
        self.topic = kafka_server.topic(here.folder)
        self.source: Any = replace(made, when=EventTime("happened"))
        self.contract = here.pipeline.contract.model_copy(
            update={"tables": {"source": Table(name="source", columns=COLUMNS)}}
        )
        kafka_server.make(self.topic)

    def range(self, start: int, end: int, partition: int = 0) -> str:
        return f"{self.topic}-{partition}:{start:019}-{end:019}"

    def read(self, *ranges: str, between: Any = None) -> list[dict[str, Any]]:
        """The rows of some ranges, or of a window, or all."""
        con, request = engine(), Request("CAST(1 AS BIGINT)", between, ranges or None)
        self.source.read(con, request, self.contract)()
        found = con.execute("SELECT * FROM batch ORDER BY _file, _row")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@one
def test_messages_are_read_by_their_offsets(name: str, world: Make) -> None:
    orders = Orders(world(name))
    kafka_server.send(orders.topic, MESSAGES)
    wanted = orders.range(1, 4)
    first, poison, last = orders.read(wanted)
    assert (first["id"], first["more"], first["_event_time"]) == ("2", '{"a":[1,null]}', NOON)
    assert {row["_file"] for row in (first, poison, last)} == {wanted}
    assert [row["_row"] for row in (first, poison, last)] == [1, 2, 3]
    assert (poison["_problem"], poison["_line"]) == ("not a JSON object", "poison")
    assert (last["_problem"], last["_line"], last["_unit"]) == (None, None, 1)
    assert orders.read(wanted) == [first, poison, last]


@one
def test_a_window_is_half_open_and_in_utc_over_all_partitions(name: str, world: Make) -> None:
    orders = Orders(world(name))
    kafka_server.send(orders.topic, MESSAGES)
    kafka_server.send(orders.topic, MESSAGES, partition=1)
    files = [f"{orders.topic}-{partition}" for partition in (0, 1)]
    found = orders.read(between=(NOON, NOON + HOUR))
    assert [(row["id"], row["_file"]) for row in found] == [("2", file) for file in files]
    assert len(orders.read()) == 8


@one
def test_ranges_of_all_sizes_have_each_message_once(name: str, world: Make) -> None:
    orders = Orders(world(name))
    for partition in (0, 1):
        kafka_server.send(orders.topic, [b'{"Id": %d}' % n for n in range(2500)], partition)
    sizes = [(0, 1), (1, 2), (2, 1002), (1002, 2499), (2499, 2500)]
    ranges = [orders.range(*size, partition) for size in sizes for partition in (0, 1)]
    assert [int(row["id"]) for row in orders.read(*ranges)] == [*range(2500), *range(2500)]


@one
def test_messages_that_went_while_they_were_to_be_read_are_an_error(name: str, world: Make) -> None:
    orders = Orders(world(name))
    kafka_server.send(orders.topic, MESSAGES)
    kafka_server.forget(orders.topic)
    with pytest.raises(PipelineError, match="no longer has messages") as error:
        orders.read(orders.range(0, 4))
    assert error.value.exit_code == 1


@one
@pytest.mark.parametrize("topic", ["nowhere", 'x": {"0": 0}, "y', "../x"])
def test_a_topic_that_is_not_there_is_not_ready(name: str, topic: str, world: Make) -> None:
    orders = Orders(world(name))
    with pytest.raises(PipelineError, match="there is no topic") as error:
        replace(orders.source, topic=topic).ready(NOON, orders.contract)
    assert error.value.exit_code == 4


@each
def test_what_is_no_object_does_not_stop_the_others(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    kafka_server.send(kafka_server.topic(here.folder), POISON)
    here.write("b", here.rows(5, window=1))
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(5, window=1))
    if name in windowed():  # they are in no window, but not forgotten
        assert here.status(here.over(2))["undated"] == len(POISON)
        return
    quarantined = here.table("quarantine")
    assert {row["reason"].split(";")[0] for row in quarantined} == {"not a JSON object"}
    nothing = json.dumps(dict.fromkeys(one.name for one in here.columns), separators=(",", ":"))
    texts = ["", "[1, 2]", "null", nothing, '{"half": ', "\ufffd\ufffd"]
    assert sorted(row["content"] for row in quarantined) == sorted(texts)


@each
def test_where_it_is_and_with_what_it_is_told_is_shown_nowhere(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    word = "s3cret"
    cases = [
        ({"OPTIONS": "{ssl.key.password: s3cret}"}, 0),
        ({"SERVERS": "127.0.0.1:1", "OPTIONS": kafka_server.SOON}, 3),
        *(({"OPTIONS": options}, 2) for options in kafka_server.WRONG),
        ({"OPTIONS": "{s3cret"}, 2),
        ({"SERVERS": ""}, 2),
    ]
    for told, exit_code in cases:
        settings = {f"PIPELINE_KAFKA__{key}": one for key, one in told.items()}
        there = World(name, here.folder, settings)
        result = there.command("run", name, "--as-of", here.over(1).isoformat())
        status = there.command("status", name)
        said = result.log + str(result.facts) + status.log + str(status.facts)
        assert result.exit == exit_code, said
        for hidden in (word, kafka_server.server(), "127.0.0.1"):
            assert hidden not in said
    written = b"".join(one.read_bytes() for one in here.folder.rglob("*") if one.is_file())
    assert not [one for one in (word, kafka_server.server()) if one.encode() in written]
