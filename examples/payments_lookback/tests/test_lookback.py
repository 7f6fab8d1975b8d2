"""Lookback: the last windows again on each run, each row once, trailing numbers always right."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from .support import World, having, looking, losing, ordered

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(extraction="Lookback"))
each_losing = pytest.mark.parametrize(
    "name", [name for name in having(extraction="Lookback") if name in losing()]
)


def windows(world: World) -> int:
    """How many windows are looked back on."""
    count: int = world.pipeline.extraction.windows  # type: ignore[attr-defined]
    return count


def days_wrong(world: World) -> list[dict[str, Any]]:
    """The rows of gold that are not what silver says, by a slow and simple count."""
    when, reach = world.when or "", world.pipeline.extraction.trailing  # type: ignore[attr-defined]
    days = [row[when].date() if hasattr(row[when], "date") else row[when] for row in world.silver()]
    gold = world.table("gold")
    assert sorted(row["day"] for row in gold) == sorted(set(days))
    wrong = []
    for row in gold:
        first = row["day"] - timedelta(days=reach - 1)
        behind = [other for other in gold if first <= other["day"] <= row["day"]]
        sums = {
            name: sum(other[name.replace("trailing_", total)] or 0 for other in behind)
            for total, name in [
                ("total_" if f"total_{name[9:]}" in row else "", name)
                for name in row
                if name.startswith("trailing_")
            ]
        }
        if row["rows"] != days.count(row["day"]) or any(row[n] != sums[n] for n in sums):
            wrong.append(row)
    return wrong


def filled(world: World, count: int, skipped: tuple[int, ...] = ()) -> World:
    """The same world, with some rows in each of so many windows, all of them done."""
    for window in range(count):
        if window not in skipped:
            world.write(f"w{window:03}", world.rows(2 + window % 3, window))
    assert world.run(world.over(count)).exit == 0
    return world


@each
def test_the_last_windows_are_read_again_on_each_run(name: str, world: Make) -> None:
    here = world(name)
    count = windows(here) + 3
    filled(here, count)
    again = {here.end(n).isoformat() for n in range(count - windows(here), count)}
    assert {unit.split("/")[0] for unit in here.plan(here.over(count))} == again
    assert list(here.plan(here.over(count + 1)).values()) == ["again"] * (windows(here) - 1) + [
        "new"
    ]


@each
def test_late_corrected_and_deleted_rows_arrive_exactly_once(name: str, world: Make) -> None:
    here = filled(world(name), 3)
    late, corrected = here.rows(6, 1), here.rows(4, 2, version=1)[name in losing() :]
    here.write("w001", late)
    here.write("w002", corrected)
    for _ in range(2):
        assert here.run(here.over(3)).exit == 0
        inside = [here.rows(2, 0), late, corrected][-windows(here) :]
        if windows(here) >= 2:
            assert here.silver() == ordered([*here.rows(2, 0), *late, *corrected])
        assert len(inside) == min(3, windows(here))
        assert days_wrong(here) == []


@each
def test_later_rows_still_are_counted_and_come_with_a_backfill(name: str, world: Make) -> None:
    here = world(name)
    count = windows(here) + 2
    filled(here, count)
    before = here.silver()
    here.write("late", here.rows(9, 0)[2:])
    here.run(here.over(count))
    assert here.silver() == before
    seen = [here.begin.isoformat()] if name in looking() else []
    assert list(here.status(here.over(count))["late"]) == seen
    assert here.backfill(here.begin, here.end(1)).exit == 0
    assert len(here.silver()) > len(before)
    assert here.status(here.over(count))["late"] == {}


@each
def test_trailing_numbers_cover_their_days_also_where_some_have_no_rows(
    name: str, world: Make
) -> None:
    here = world(name)
    count = 2 * windows(here) + 2
    filled(here, count, skipped=(1, 2, windows(here)))
    assert days_wrong(here) == []


@each_losing
def test_a_backfill_of_old_days_changes_the_trailing_numbers_behind_them_and_no_others(
    name: str, world: Make
) -> None:
    here = world(name)
    count = 3 * windows(here) + 2
    filled(here, count)
    once = here.table("gold")
    middle = count // 2
    here.write(f"w{middle:03}", here.rows(9, middle, version=1))
    assert here.backfill(here.end(middle), here.end(middle + 1)).exit == 0
    assert days_wrong(here) == []
    here.write(f"w{middle:03}", [])  # a day without rows has no numbers, but those behind it do
    assert here.backfill(here.end(middle), here.end(middle + 1)).exit == 0
    assert days_wrong(here) == []
    here.write(f"w{middle:03}", here.rows(2 + middle % 3, middle))
    assert here.backfill(here.end(middle), here.end(middle + 1)).exit == 0
    assert here.table("gold") == once


@each
def test_windows_in_any_order_give_the_same_numbers(name: str, world: Make) -> None:
    here = world(name).but(chunk=1)
    count = windows(here) + 3
    for window in range(count):
        here.write(f"w{window:03}", here.rows(3, window))
    for window in reversed(range(count)):
        assert here.backfill(here.end(window), here.end(window + 1)).exit == 0
        assert days_wrong(here) == []


@each
def test_windows_are_not_done_at_the_same_time(name: str, world: Make) -> None:
    here = filled(world(name), 2)
    assert here.backfill(here.begin, here.end(2), "--jobs", "2").exit == 2
