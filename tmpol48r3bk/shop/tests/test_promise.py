"""The promise: what is not as it was promised, or not what is needed, is read by nobody."""

from collections.abc import Callable
from typing import Any

import pytest

from .support import World, having
from .test_disconnected import pair, promising, refused

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(structure="Disconnected"))


@each
def test_a_promise_that_is_not_what_the_consumer_needs_is_broken(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    consumer.run(here.over(2))
    contract = consumer.pipeline.contract
    *others, last = contract.source
    kind = "BIGINT" if last.type == "STRING" else "STRING"
    for change in ({"source": "never_there"}, {"type": kind}):
        columns = (*others, last.model_copy(update=change))
        needed = contract.tables["source"].model_copy(update={"columns": columns})
        tables = {**contract.tables, "source": needed}
        expecting = consumer.but(contract=contract.model_copy(update={"tables": tables}))
        refused(expecting, here.over(2), 1, "broken")


@each
def test_a_promise_that_the_tables_do_not_keep_is_broken(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    consumer.run(here.over(2))
    one_more = {"name": "never_there", "physicalType": "BIGINT"}
    here.write("w2", here.rows(4, 2))
    assert promising(here, lambda columns: columns.append(one_more)).run(here.over(3)).exit == 0
    refused(consumer, here.over(3), 1, "broken")


@each
def test_a_key_that_comes_twice_is_broken(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    if not here.key:
        return  # and none is promised
    consumer.run(here.over(2))
    here.write("w2", here.rows(4, 2))
    twice = "SELECT * FROM (\n{0}\n) AS a UNION ALL SELECT * FROM (\n{0}\n) AS b".format
    assert here.changed("silver", twice).run(here.over(3)).exit == 0
    refused(consumer, here.over(3), 1, "there twice")


@each
def test_a_required_value_that_is_missing_is_broken(name: str, world: Make) -> None:
    here, consumer = pair(world(name))
    consumer.run(here.over(2))
    emptied = next((c.name for c in here.columns if not c.required and c.name != here.when), None)
    if not emptied:
        return  # the source has to have a value everywhere

    def required(columns: list[dict[str, Any]]) -> None:
        next(c for c in columns if c["name"] == emptied)["required"] = True

    here.write("w2", [{**row, emptied: None} for row in here.rows(5, 2)])
    assert promising(here, required).run(here.over(3)).exit == 0
    refused(consumer, here.over(3), 1, f"{emptied} is empty")
