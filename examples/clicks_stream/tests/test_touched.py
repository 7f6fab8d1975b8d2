"""Touched rows: a batch computes again what it changes, and nothing else."""

from collections.abc import Callable
from datetime import datetime

import pytest

from .support import World, having, ordered

Make = Callable[[str], World]
streams = having(extraction="Streaming", source="Files")
each = pytest.mark.parametrize("name", streams)
NOW = datetime(2030, 1, 1)


@each
def test_other_keys_and_days_are_left_alone(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(NOW)
    with here.pipeline.sink.open(here.pipeline, write=True) as store, store.begin() as changed:
        for table in ("silver", "gold"):
            changed.remove(here.pipeline.contract.tables[table], "true")
        changed.commit([])
    here.write("b", here.rows(3, window=1))
    here.run(NOW)
    assert here.silver() == ordered(here.rows(3, window=1))
    assert [row["rows"] for row in here.table("gold")] == [3]


@each
def test_a_day_that_rows_left_is_computed_again(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3) + here.rows(2, window=1))
    here.run(NOW)
    here.write("a", here.rows(3))
    here.run(NOW)
    assert [row["rows"] for row in here.table("gold")] == [3]


@each
def test_versions_of_a_key_follow_the_order_of_offsets(name: str, world: Make) -> None:
    here = world(name).having("extraction", most=1)
    if not here.key:
        return  # each row counts
    here.write("b", here.rows(4, version=1))
    here.run(NOW)
    here.write("a", here.rows(4, version=2)[:3])
    here.run(NOW)
    assert here.silver() == ordered(here.rows(4, version=2)[:3] + here.rows(4, version=1)[3:])
