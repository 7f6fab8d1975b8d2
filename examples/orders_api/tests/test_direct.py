"""Direct: one hop; what the gate refused is quarantined, nothing else is kept raw."""

from collections.abc import Callable

import pytest

from .support import World, having, ordered, spoilable

Make = Callable[[str], World]
chosen = having(structure="Direct", source="Files")


@pytest.mark.parametrize("name", chosen)
def test_rows_go_straight_to_silver_and_gold(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))
    assert sum(row["rows"] for row in here.table("gold")) == 5
    assert "bronze" not in here.content()


@pytest.mark.parametrize("name", [name for name in chosen if spoilable(name)])
def test_the_gate_stands_before_silver(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(9)
    here.write("a", [*here.spoil(rows[:2]), *rows[2:]])
    assert here.run(here.over(1)).facts["rejected"] == 2
    assert here.silver() == ordered(rows[2:])
    assert len(here.table("quarantine")) == 2


@pytest.mark.parametrize("name", chosen)
def test_there_is_nothing_to_rebuild_from(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    assert here.backfill(here.begin, here.end(1), "--rebuild").exit == 2
