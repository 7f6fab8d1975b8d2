"""Full snapshot: everything, each time; what was published before is replaced in one step."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from .killing import at_every_step, mixtures
from .support import World, having, ordered, redone, stamp

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(extraction="FullSnapshot"))
files = pytest.mark.parametrize("name", having(extraction="FullSnapshot", source="Files"))


def versions(world: World) -> list[str]:
    """The versions that bronze has."""
    return sorted({row["_unit"].isoformat() for row in world.table("bronze")})


@each
def test_what_the_source_deleted_or_changed_shows(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(8))
    here.write("b", here.rows(4, window=1))
    here.run(here.over(1))
    assert here.silver() == ordered(here.rows(8) + here.rows(4, window=1))
    (here.folder / "data" / here.write("b", []).name).unlink()
    now = here.rows(8, version=1)[1:]
    here.write("a", now)
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(now)


@each
def test_gold_counts_each_row_of_the_newest_version_once(name: str, world: Make) -> None:
    here = world(name)
    for version in range(3):
        here.write("a", here.rows(9 - version, version=version))
        here.run(here.over(version + 1))
    gold = here.table("gold")
    assert sum(row["rows"] for row in gold) == 7
    assert len(gold) == len({row.get("day") for row in gold})


@each
def test_the_last_versions_are_kept_raw_and_older_ones_leave(name: str, world: Make) -> None:
    here = world(name).having("extraction", retain=2)
    if here.pipeline.kept == "batch":
        return  # nothing is kept raw without multi_hop
    here.write("a", here.rows(4))
    for day in range(1, 5):
        assert here.run(here.over(day)).exit == 0
        assert versions(here) == [here.over(n).isoformat() for n in range(max(day - 1, 1), day + 1)]
    assert len(here.table("bronze")) == 8


@each
def test_a_failed_version_costs_none_of_the_kept_ones(name: str, world: Make) -> None:
    here = world(name).having("extraction", retain=2)
    if here.pipeline.kept == "batch":
        return  # nothing is kept raw without multi_hop
    for day, rows in enumerate((here.rows(4), here.rows(4), [], here.rows(4)), start=1):
        here.write("a", rows)
        here.run(here.over(day))
    assert versions(here) == [here.over(n).isoformat() for n in (2, 4)]


@each
def test_the_same_time_is_the_same_version(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before = here.content()
    assert list(here.plan(here.over(1)).values()) == ["again"]
    assert here.run(here.over(1)).exit == (0 if name in redone() else 2)
    assert here.content() == before


@each
def test_a_suspiciously_small_snapshot_is_refused_until_it_is_allowed(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(10))
    here.run(here.over(1))
    before = here.content()
    few = here.rows(4)
    here.write("a", few)
    refused = here.run(here.over(2))
    setting = f"PIPELINE_PIPELINES__{name.upper()}__ALLOW_SMALL"
    assert refused.exit == 1
    assert f"{setting}=true" in refused.log
    assert here.content() == before
    assert replace(here, settings={setting: "true"}).run(here.over(3)).exit == 0
    assert here.silver() == ordered(few)
    assert here.run(here.over(4)).exit == 0, "the small one is the last one now"


@each
def test_a_snapshot_may_shrink_to_the_ratio(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(10))
    here.run(here.over(1))
    here.write("a", here.rows(5))
    assert here.run(here.over(2)).exit == 0


@each
def test_an_empty_snapshot_that_is_allowed_clears_everything(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    here.write("a", [])
    assert here.having("extraction", allow_small=True).run(here.over(2)).exit == 0
    assert here.silver() == []
    assert sum(row["rows"] for row in here.table("gold")) == 0


@each
def test_a_version_that_failed_is_no_news_once_a_newer_one_ran(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(10))
    here.run(here.over(1))
    here.write("a", here.rows(1))
    for day in range(2, 7):  # more often than a unit may fail before it is parked
        result = here.run(here.over(day))
        assert (result.exit, result.facts["parked"]) == (1, [])
        assert here.status(here.over(day))["failed"] == [here.over(day).isoformat()]
    here.write("a", here.rows(10))
    assert list(here.plan(here.over(7)).values()) == ["new"], "old versions are not retried"
    assert here.run(here.over(7)).exit == 0
    assert here.status(here.over(7))["failed"] == []


@each
def test_status_tells_of_the_newest_version_alone(name: str, world: Make) -> None:
    here = world(name)
    for version, count in enumerate((8, 6), start=1):
        here.write("a", here.rows(count))
        here.run(here.over(version))
    facts = here.status(here.over(2))
    assert (facts["rows"], facts["quarantined"]) == (6, 0)


@each
def test_without_event_time_a_snapshot_is_as_old_as_its_read(name: str, world: Make) -> None:
    here = world(name).having("source", when=None)
    here.write("a", here.rows(5))
    assert not here.status(here.over(1))["fresh"], "there is none yet"
    for version in (1, 2):
        here.run(here.over(version))
    old = here.over(2) + here.pipeline.contract.freshness
    assert here.status(old)["fresh"]
    assert not here.status(old + timedelta(seconds=1))["fresh"]


@each
def test_a_backfill_is_refused_and_says_why(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    result = here.backfill(here.begin, here.over(2))
    assert result.exit == 2
    assert "can't be read again" in result.log


@each
def test_an_older_version_than_the_published_one_is_refused(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(2))
    before = here.content()
    assert here.run(here.over(1)).exit == 2
    assert here.content() == before


@files
@pytest.mark.parametrize("take", ["all_matching", "newest"])
def test_all_files_together_are_the_snapshot_or_the_newest_alone(
    name: str, take: str, world: Make
) -> None:
    here = world(name).having("source", take=take)
    old, new = here.rows(6), here.rows(5, window=1)
    for age, (file, rows) in enumerate([("a", new), ("b", old)]):
        path = here.write(file, rows)
        os.utime(path, (10**9 - age, 10**9 - age))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(new if take == "newest" else old + new)


@files
def test_files_that_are_being_written_are_no_part_of_it(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    for other in (f".b{path.suffix}", f"_b{path.suffix}"):
        path.with_name(other).write_bytes(b"half a li")
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))


@each
def test_a_run_that_is_killed_shows_the_old_version_or_the_new_one_and_heals(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = world(name)
    here.write("a", here.rows(6))
    here.run(here.over(1))
    before = here.content()
    here.write("a", here.rows(6, version=1)[1:])
    next_run = ("run", name, "--as-of", stamp(here.over(2)))
    never_killed = here.copy(tmp_path / "never")
    assert never_killed.command(*next_run).exit == 0
    after = never_killed.content()
    for step, killed in at_every_step(here, next_run, tmp_path):
        assert mixtures(killed.content(), before, after) == [], f"killed before step {step}"
        killed.command(*next_run)
        assert killed.content() == after, f"killed before step {step}"
