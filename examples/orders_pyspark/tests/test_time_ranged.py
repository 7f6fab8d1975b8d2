"""Time ranged: each window once; what comes later is counted."""

from collections.abc import Callable

import pytest

from .support import World, having, looking, ordered, redone

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(extraction="TimeRanged"))
each_again = pytest.mark.parametrize(
    "name", [name for name in having(extraction="TimeRanged") if name in redone()]
)


@each
def test_a_window_is_read_once(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).facts["done"] == 1
    assert here.plan(here.over(1)) == {}
    assert list(here.plan(here.over(2)).values()) == ["new"]


@each_again
def test_late_rows_are_counted_and_come_with_a_backfill(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(6)
    here.write("a", rows[:4])
    here.run(here.over(1))
    here.write("b", rows[4:])
    here.run(here.over(1))
    assert here.silver() == ordered(rows[:4])
    assert list(here.status(here.over(1))["late"].values()) == ([2] if name in looking() else [])
    here.backfill(here.begin, here.end(1))
    assert here.silver() == ordered(rows)
    assert here.status(here.over(1))["late"] == {}


@each
def test_several_windows_at_once_give_the_same_rows(name: str, world: Make) -> None:
    here = world(name)
    for window in range(6):
        here.write(f"w{window}", here.rows(4, window))
    at_once = here.copy(here.folder.with_name("at_once")).but(chunk=2)
    here.run(here.over(6))
    result = at_once.backfill(here.begin, here.end(6), "--jobs", "3")
    if here.pipeline.parallel:
        assert result.exit == 0
        assert here.content() == at_once.content()
    else:
        assert result.exit == 2
