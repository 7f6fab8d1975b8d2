"""Disconnected: data and contract are published together, and consumers run when they like."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml

from .support import World, having

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(structure="Disconnected"))


def consumer_of(producer: World) -> World:
    """The pipeline that reads what this one published, from the same sink."""
    return World(f"{producer.name}_consumer", producer.folder)


def pair(world: World, windows: int = 2) -> tuple[World, World]:
    """A producer that published some windows, and its consumer."""
    for window in range(windows):
        world.write(f"w{window}", world.rows(5, window))
    assert world.run(world.over(windows)).exit == 0
    return world, consumer_of(world)


def promising(world: World, change: Callable[[list[dict[str, Any]]], None]) -> World:
    """The same world, that promises other columns of silver."""

    def other(text: str) -> str:
        document = yaml.safe_load(text)
        silver = next(table for table in document["schema"] if table["name"] == "silver")
        change(silver["properties"])
        return yaml.safe_dump(document)

    return world.changed("promise", other)


def refused(consumer: World, at: datetime, exit_code: int, why: str) -> None:
    """A run ends so, and leaves tables and ledger as they were."""
    before, known = consumer.content(), ledger(consumer)
    result = consumer.run(at)
    assert (result.exit, why in result.log) == (exit_code, True), result.log
    assert (consumer.content(), ledger(consumer)) == (before, known)


def ledger(world: World) -> list[str]:
    """The units that the ledger knows."""
    with world.pipeline.sink.open(world.pipeline, write=False) as store:
        return list(store.history().latest)


@each
def test_the_contract_is_published_with_the_data(name: str, world: Make) -> None:
    here = world(name)
    assert here.table("published") == []
    here, _ = pair(here)
    ((text,),) = [row.values() for row in here.table("published")]
    assert yaml.safe_load(text)["schema"][1]["name"] == "silver"
    promises = [part.promise for part in here.pipeline.structure if hasattr(part, "promise")]
    assert [text] == [promise.read_text("utf-8") for promise in promises]


@each
def test_both_run_when_they_like(name: str, world: Make) -> None:
    here, consumer = pair(world(name), windows=1)
    consumer.run(here.over(1))
    for window in (1, 2):
        here.write(f"w{window}", here.rows(5, window))
        assert here.run(here.over(window + 1)).exit == 0
    for _ in range(2):
        assert consumer.run(here.over(3) + timedelta(seconds=1)).exit == 0
        assert consumer.silver() == here.silver()
