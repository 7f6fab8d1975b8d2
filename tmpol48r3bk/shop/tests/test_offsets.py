"""Offsets: what is an item, and what becomes of one whose content is replaced."""

from collections.abc import Callable
from datetime import datetime

import pytest

from .support import World, having, ordered

Make = Callable[[str], World]
streams = having(extraction="Streaming", source="Files")
each = pytest.mark.parametrize("name", streams)
NOW = datetime(2030, 1, 1)


@each
def test_of_two_new_files_with_the_same_content_one_is_taken(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    path.with_name(f"b{path.suffix}").write_bytes(path.read_bytes())
    assert here.plan(NOW) == {"0-1": "new"}
    here.run(NOW)
    here.write("a", here.rows(3, window=1))  # so that it is in the other one alone
    here.run(NOW)
    assert here.silver() == ordered(here.rows(3) + here.rows(3, window=1))


@each
def test_content_that_comes_back_is_taken_again(name: str, world: Make) -> None:
    here = world(name)
    for rows in (here.rows(3), here.rows(2), here.rows(3)):
        here.write("a", rows)
        assert here.run(NOW).exit == 0
        assert here.silver() == ordered(rows)


@each
def test_a_batch_keeps_its_files_when_others_come_before_it_is_done(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("b", here.rows(3))
    whole = path.read_bytes()
    here.drop_column(path)
    here.run(NOW)
    here.write("a", here.rows(3, window=1))
    assert here.status(NOW)["due"] == {"retry": 1, "new": 1}
    path.write_bytes(whole)
    here.run(NOW)
    here.run(NOW)
    assert here.silver() == ordered(here.rows(3) + here.rows(3, window=1))


@pytest.mark.parametrize("name", [n for n in streams if n in having(behaviour="SelfHealing")])
def test_a_parked_batch_goes_on_once_what_stopped_it_was_replaced(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.drop_column(here.write("b", here.rows(3, window=1)))
    for _ in range(4):
        here.run(NOW)
    assert here.status(NOW)["parked"] == ["0-2"]
    assert here.plan(NOW) == {}
    here.write("b", here.rows(2, window=1))
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered(here.rows(3) + here.rows(2, window=1))
