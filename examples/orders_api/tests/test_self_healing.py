"""Self-healing: gaps and failures are found in the ledger and done again, within limits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from .support import Failing, World, having, ordered, windowed

Make = Callable[[str], World]
healing = having(behaviour="SelfHealing")
each = pytest.mark.parametrize("name", [name for name in healing if name in windowed()])
NOW = timedelta(0)


def broken(world: World, *windows: int, transient: bool = False, times: int = 10**6) -> World:
    """The same world, with a source that fails whenever it is asked for one of these windows."""
    starts = {world.end(window) for window in windows}
    source = Failing(world.pipeline.source, starts, transient, times)
    patient: Any = world.pipeline.behaviour
    return world.but(source=source).having(
        "behaviour", backoff=0.001, park_after=patient.park_after
    )


@each
def test_a_gap_is_refilled_before_what_is_new(name: str, world: Make) -> None:
    here = world(name)
    for window in range(4):
        here.write(f"w{window}", here.rows(3, window))
    here.backfill(here.end(2), here.end(3))  # as if the windows before it had been lost
    due = list(here.plan(here.over(4)).values())
    assert [why for why in due if why != "again"] == ["gap", "gap", "new"]
    assert due.index("gap") < due.index("new")
    assert here.run(here.over(4)).exit == 0
    assert set(here.plan(here.over(4)).values()) <= {"again"}
    assert here.silver() == ordered([row for window in range(4) for row in here.rows(3, window)])


@each
def test_at_most_so_many_gaps_are_refilled_in_one_run_oldest_first(name: str, world: Make) -> None:
    here = world(name).having("behaviour", max_catch_up=2)
    for window in range(5):
        here.write(f"w{window}", here.rows(3, window))
    here.backfill(here.end(4), here.end(5))
    gaps = [
        unit
        for unit, why in here.having("behaviour", max_catch_up=9).plan(here.over(5)).items()
        if why == "gap"
    ]
    assert [unit for unit, why in here.plan(here.over(5)).items() if why == "gap"] == gaps[:2]
    result = here.run(here.over(5))
    assert (result.exit, result.facts["left"]) == (0, 2)
    assert [unit for unit, why in here.plan(here.over(5)).items() if why == "gap"] == gaps[2:]


@each
def test_a_transient_error_is_retried_at_once(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    flaky = broken(here, 0, transient=True, times=2)
    assert flaky.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(3))
    assert flaky.changes["source"].asked == 3


@each
def test_an_error_that_will_not_pass_is_not_retried(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    wrong = broken(here, 0)
    assert wrong.run(here.over(1)).exit == 1
    assert wrong.changes["source"].asked == 1


@each
def test_one_bad_window_fails_alone(name: str, world: Make) -> None:
    here = world(name)
    for window in range(4):
        here.write(f"w{window}", here.rows(3, window))
    result = broken(here, 1).run(here.over(4))
    assert (result.exit, result.facts["done"], len(result.facts["failed"])) == (1, 3, 1)
    assert list(here.plan(here.over(4)).values()).count("retry") == 1
    assert here.run(here.over(4)).exit == 0
    assert here.silver() == ordered([row for window in range(4) for row in here.rows(3, window)])


@each
def test_a_window_that_keeps_failing_is_parked_and_reported_until_a_backfill(
    name: str, world: Make
) -> None:
    here = world(name).having("behaviour", park_after=2)
    here.write("a", here.rows(3))
    wrong = broken(here, 0)
    assert wrong.run(here.over(1)).facts["parked"] == []
    parked = wrong.run(here.over(1)).facts["parked"]
    assert len(parked) == 1
    asked = wrong.changes["source"].asked
    result = wrong.run(here.over(1))
    assert (result.exit, result.facts["parked"]) == (1, parked)
    assert wrong.changes["source"].asked == asked, "a parked window is left alone"
    assert here.status(here.over(1))["parked"] == parked
    for bound in ({"since": here.end(1)}, {"until": here.begin}):  # then nobody asks for it
        without = here.having("extraction", **bound)
        assert without.run(here.over(1)).exit == 0
        assert without.status(here.over(1))["parked"] == []
    assert here.backfill(here.begin, here.end(1)).exit == 0
    assert here.status(here.over(1))["parked"] == []
    assert here.silver() == ordered(here.rows(3))


@each
def test_failures_in_a_row_stop_the_run(name: str, world: Make) -> None:
    here = world(name).having("behaviour", stop_after=3).but(chunk=1)
    here.write("a", here.rows(3))
    wrong = broken(here, *range(9))
    result = wrong.run(here.over(9))
    assert (result.exit, len(result.facts["failed"]), result.facts["left"]) == (1, 3, 6)
