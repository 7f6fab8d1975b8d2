"""Idempotent: any unit, any number of times, in any order, and killed at any instant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .killing import at_every_step, heals, mixtures
from .support import World, having, stamp, windowed

Make = Callable[[str], World]
each = pytest.mark.parametrize(
    "name", [name for name in having(writing="Idempotent") if name in windowed()]
)


@each
def test_a_rerun_changes_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    before = here.content()
    assert here.backfill(here.begin, here.end(2)).exit == 0
    assert here.backfill(here.end(1), here.end(2)).exit == 0
    assert here.backfill(here.begin, here.end(1)).exit == 0
    assert here.content() == before


@pytest.mark.parametrize("name", [n for n in having(source="Files") if n in windowed()])
def test_of_rows_with_the_same_key_the_last_wins(name: str, world: Make) -> None:
    here = world(name)
    if not here.key:
        return  # rows without a key have no versions
    here.write("a", here.rows(5, version=1) + here.rows(5, version=2))
    here.write("b", here.rows(2, version=3))
    here.run(here.over(1))
    found = {tuple(row[column] for column in here.key): row for row in here.silver()}
    assert len(found) == len(here.silver())
    for row in here.rows(5, version=2)[2:] + here.rows(2, version=3):
        latest = found[tuple(row[column] for column in here.key)]
        assert latest == row


@each
def test_a_redo_that_is_killed_shows_the_old_rows_or_the_new_ones_and_heals(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    before = here.content()
    here.write("a", here.rows(5, version=1)[2:])  # corrected, and two rows are gone
    redo = ("backfill", name, stamp(here.begin), stamp(here.end(2)))
    never_killed = here.copy(tmp_path / "never")
    assert never_killed.command(*redo).exit == 0
    after = never_killed.content()
    assert before != after
    for step, killed in at_every_step(here, redo, tmp_path):
        assert mixtures(killed.content(), before, after) == [], f"killed before step {step}"
        heals(killed, redo, (before, after), f"killed before step {step}")
