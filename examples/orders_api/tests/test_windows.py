"""Windows of event time: half-open, each done when it is over, whatever the order or the chunks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from .support import Failing, World, losing, ordered, redone, stamp, windowed

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", windowed())
each_again = pytest.mark.parametrize("name", [n for n in windowed() if n in redone()])
SECOND = timedelta(seconds=1)


@each
def test_a_row_on_a_bound_belongs_to_the_window_that_begins_there(name: str, world: Make) -> None:
    here = world(name)
    rows = [here.row(n, here.end(n)) for n in range(3)]
    here.write("a", rows)
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(rows[:2])


@each
def test_a_window_that_is_not_over_is_not_read(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    result = here.run(here.over(1) - SECOND)
    assert result.exit == 0
    assert result.facts["done"] == 0
    early = replace(here, clock=here.over(1) - SECOND).backfill(here.begin, here.end(3))
    assert (early.exit, "not over yet" in early.log) == (2, True)
    assert here.silver() == []
    here = replace(here, clock=here.over(1))
    assert here.backfill(here.begin, datetime(9999, 12, 31)).facts["done"] == 1


@pytest.mark.parametrize("name", windowed()[:1])
def test_a_range_has_a_start_and_an_end_in_utc(name: str, world: Make) -> None:
    here = world(name)
    assert "Missing argument 'START'" in here.command("backfill", name).log
    here.write("a", here.rows(5))
    times = [f"{stamp(time)}Z" for time in (here.begin, here.end(1))]
    assert here.command("backfill", name, *times).facts["rows"] == 5


@pytest.mark.parametrize("name", [n for n in windowed() if n in redone() and n in losing()])
def test_an_empty_window_is_done_and_clears_what_was_there(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    here.write("a", [])
    result = here.backfill(here.begin, here.end(1))
    assert (result.exit, result.facts["rows"]) == (0, 0)
    assert here.silver() == ordered(here.rows(5, window=1))
    assert len(here.table("gold")) == len({row["day"] for row in here.table("gold")})


@each
def test_chunks_and_order_make_no_difference(name: str, world: Make, tmp_path: object) -> None:
    here = world(name)
    for window in range(6):
        here.write(f"w{window}", here.rows(4, window))
    one_by_one = here.copy(here.folder.with_name("other")).but(chunk=1)
    here.run(here.over(6))
    for window in reversed(range(6)):
        assert one_by_one.backfill(here.end(window), here.end(window + 1)).exit == 0
    assert here.content() == one_by_one.content()
    assert here.silver() == ordered([row for window in range(6) for row in here.rows(4, window)])


@each
def test_a_source_that_fails_leaves_the_sink_as_it_was(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before = here.content()
    here.write("b", here.rows(5, window=1))
    breaks_off = here.but(source=Failing(here.pipeline.source, {here.end(1)}))
    assert breaks_off.run(here.over(2)).exit == 1
    assert here.content() == before


@each
def test_windows_of_another_length_are_refused(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    result = here.having("extraction", every=here.length * 2).run(here.over(4))
    assert result.exit == 2
    assert "owned twice" in result.log
