"""Recorded decision: what decided a unit decides it again, whatever the settings are by then."""

from collections.abc import Callable

import pytest

from .support import Result, Row, World, having

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(writing="RecordedDecision"))
RULE = "CASE WHEN settings.wanted = 1 THEN '{}' END"


def routed(world: World) -> dict[str, list[Row]]:
    """The routed tables, the remainder last."""
    names = [n for n in world.content() if n.startswith("silver_")]
    return {name: world.table(name) for name in names}


def deciding(world: World, wanted: int) -> World:
    """The same world, with one rule that follows one setting."""
    rule = RULE.format(next(iter(routed(world))).removeprefix("silver_"))
    sql = f"SELECT input.*, {rule} AS _route FROM input CROSS JOIN settings"
    return world.routed(sql, {"wanted": wanted})


def rerun(world: World, windows: int) -> Result:
    """Do the same units again."""
    if hasattr(world.pipeline.extraction, "every"):
        return world.backfill(world.begin, world.end(windows))
    return world.run(world.over(windows))


@each
def test_a_rerun_after_a_changed_setting_publishes_equal_rows(name: str, world: Make) -> None:
    here = deciding(world(name), wanted=1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before = here.content()
    changed = deciding(here, wanted=0)
    assert rerun(changed, 1).exit == 0
    assert changed.content() == before
    assert rerun(changed, 1).exit == 0, "and so does the rerun of a rerun"
    assert changed.content() == before


@each
def test_a_new_unit_follows_the_current_setting(name: str, world: Make) -> None:
    here = deciding(world(name), wanted=1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    changed = deciding(here, wanted=0)
    changed.write("b", here.rows(4, window=1))
    assert changed.run(changed.over(2)).exit == 0
    *_, rest = routed(changed).values()
    assert len(rest) >= 4


@each
def test_units_with_other_settings_are_not_decided_in_one_pass(name: str, world: Make) -> None:
    here = deciding(world(name), wanted=1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    changed = deciding(here, wanted=0)
    changed.write("b", here.rows(4, window=1))
    changed.run(changed.over(2))
    *_, rest = routed(changed).values()
    assert len(rest) >= 4
    before = changed.content()
    assert rerun(deciding(changed, wanted=1), 2).exit == 0
    assert changed.content() == before
