"""Plain: no retry, no catching up; a person sees the failure and decides."""

from collections.abc import Callable

import pytest

from .support import Failing, World, having, ordered

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(behaviour="Plain", extraction="TimeRanged"))


@each
def test_the_first_failure_ends_the_run_and_is_left_alone(name: str, world: Make) -> None:
    here = world(name).but(chunk=1)
    for window in range(3):
        here.write(f"w{window}", here.rows(3, window))
    failing = Failing(here.pipeline.source, {here.end(1)}, transient=True, times=99)
    result = here.but(source=failing).run(here.over(3))
    assert (result.exit, result.facts["done"], len(result.facts["failed"])) == (1, 1, 1)
    assert failing.asked == 1
    assert here.silver() == ordered(here.rows(3))
    assert here.run(here.over(3)).facts["done"] == 1
    assert here.silver() == ordered(here.rows(3) + here.rows(3, 2))
    assert len(here.status(here.over(3))["failed"]) == 1
    assert here.backfill(here.end(1), here.end(2)).exit == 0
    assert here.silver() == ordered([row for w in range(3) for row in here.rows(3, w)])
