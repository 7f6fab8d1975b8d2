"""Streaming: every file once, corrections in place of what they correct, and nothing stops it."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .killing import at_every_step, heals, mixtures
from .support import World, having, main, ordered, redone, spoilable, stamp

Make = Callable[[str], World]
streams = having(extraction="Streaming", source="Files")
each = pytest.mark.parametrize("name", streams)
each_again = pytest.mark.parametrize("name", [name for name in streams if name in redone()])
each_raw = pytest.mark.parametrize(
    "name", [n for n in streams if n in redone() and n in having(structure="MultiHop")]
)
NOW = datetime(2030, 1, 1)


def timed() -> list[str]:
    """The streams whose rows have an event time."""
    return [name for name in streams if World(name, Path()).when]


each_timed = pytest.mark.parametrize("name", timed())


@each
def test_a_file_is_taken_once(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    assert here.plan(NOW) == {"0-1": "new"}
    assert here.run(NOW).exit == 0
    path.touch()
    assert here.plan(NOW) == {}
    here.write("b", here.rows(5, window=1))
    assert here.plan(NOW) == {"1-2": "new"}
    assert here.run(NOW).facts["rows"] == 5
    assert here.silver() == ordered(here.rows(5) + here.rows(5, window=1))
    assert gold_is_right(here)


@each
def test_the_size_of_batches_makes_no_difference(name: str, world: Make) -> None:
    here = world(name)
    for number in range(5):
        here.write(f"f{number}", here.rows(4, window=number) + here.rows(2, version=number))
    one_by_one = here.copy(here.folder.with_name("other")).having("extraction", most=1)
    by_two = here.copy(here.folder.with_name("two")).having("extraction", most=2)
    assert here.run(NOW).facts["done"] == 1
    assert one_by_one.run(NOW).facts["done"] == 5
    assert by_two.run(NOW).facts["done"] == 3
    for table in ("silver", "gold"):
        assert here.table(table) == one_by_one.table(table) == by_two.table(table)
    assert gold_is_right(here)


@each
def test_a_corrected_file_replaces_what_it_corrects(name: str, world: Make) -> None:
    here = world(name).having("extraction", watermark=timedelta(days=9))
    here.write("a", here.rows(5) + here.rows(2, window=3))
    here.write("b", here.rows(5, window=1))
    here.run(NOW)
    here.write("a", here.rows(5, version=1)[2:] + here.rows(2, window=2))
    assert here.run(NOW).exit == 0
    expected = here.rows(5, version=1)[2:] + here.rows(2, window=2) + here.rows(5, window=1)
    assert here.silver() == ordered(expected)
    assert gold_is_right(here)
    assert here.plan(NOW) == {}
    here.write("a", [])
    here.run(NOW)
    assert here.silver() == ordered(here.rows(5, window=1))
    assert gold_is_right(here)


@each
def test_the_same_content_under_another_name_is_not_taken_again(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    here.run(NOW)
    path.with_name(f"copy{path.suffix}").write_bytes(path.read_bytes())
    assert here.plan(NOW) == {}
    path.rename(path.with_name(f"renamed{path.suffix}"))
    assert here.plan(NOW) == {}
    assert here.silver() == ordered(here.rows(5))


@each
def test_rotated_files_keep_all_their_rows(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    here.run(NOW)
    path.rename(path.with_name(f"b{path.suffix}"))
    here.write("a", here.rows(5, window=1))
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(5, window=1))
    assert gold_is_right(here)


@each_raw
def test_a_row_that_was_replaced_comes_back_when_the_newer_one_goes(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    moved = [here.row(number, here.end(4), version=1) for number in range(5)]  # to another day
    here.write("b", moved + here.rows(3, window=1))
    here.run(NOW)
    assert gold_is_right(here)
    here.write("b", here.rows(3, window=1))
    here.run(NOW)
    assert here.silver() == ordered(here.rows(5) + here.rows(3, window=1))
    assert gold_is_right(here)


# Failures


@each
def test_a_failed_batch_goes_on_without_a_file_that_was_replaced(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.drop_column(here.write("b", here.rows(5, window=1)))
    assert here.run(NOW).exit == 1
    assert here.silver() == []
    here.write("b", here.rows(5, window=1))
    here.write("c", here.rows(5, window=2))
    result = here.run(NOW)
    if "SelfHealing" not in repr(here.pipeline.behaviour):  # then it takes a word
        assert here.silver() == ordered(here.rows(5, window=1) + here.rows(5, window=2))
        result = here.backfill(here.begin, here.end(9)) if name in redone() else result
    if "SelfHealing" in repr(here.pipeline.behaviour) or name in redone():
        assert result.exit == 0
        everything = here.rows(5) + here.rows(5, window=1) + here.rows(5, window=2)
        assert here.silver() == ordered(everything)
        assert here.status(NOW)["failed"] == []
    assert gold_is_right(here)


@each
def test_a_batch_that_fails_again_and_again_does_not_hold_up_what_comes_later(
    name: str, world: Make
) -> None:
    here = world(name)
    here.drop_column(here.write("a", here.rows(5)))
    for number in range(1, 5):
        here.write(f"f{number}", here.rows(5, window=number))
        here.having("extraction", most=1).run(NOW)
        if number > 1:  # the first run may end with the failure
            assert len(here.silver()) == 5 * number


@each
def test_a_file_that_changes_after_it_was_listed_fails_and_comes_with_the_next_run(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))

    @dataclass(frozen=True)
    class Changing:
        feed: Any

        def __getattr__(self, attribute: str) -> Any:
            return getattr(self.feed, attribute)

        def items(self, known: Any) -> Any:
            found = self.feed.items(known)
            here.write("b", here.rows(4, window=1))
            return found

    result = here.having("extraction", feed=Changing(here.pipeline.extraction.feed)).run(NOW)  # type: ignore[attr-defined]
    assert result.exit == 1
    assert "changed" in result.log
    assert here.silver() == []
    here.run(NOW)
    expected = here.rows(4, window=1)
    if "SelfHealing" in repr(here.pipeline.behaviour):
        expected += here.rows(5)
    assert here.silver() == ordered(expected)


@each_again
def test_a_failed_batch_waits_for_a_file_that_went_until_it_is_told_not_to(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    path = here.write("b", here.rows(5, window=1))
    here.drop_column(path)
    here.run(NOW)
    gone = path.rename(here.folder / path.name)
    for _ in range(3):
        here.run(NOW)
        assert here.silver() == []
    assert here.backfill(here.begin, here.end(9)).exit == 0
    assert here.silver() == ordered(here.rows(5))
    assert here.plan(NOW) == {}
    gone.rename(path)
    assert here.plan(NOW) == {"2-3": "new"}, "it was never read"


# Late and poisoned rows


@each_timed
def test_events_within_the_watermark_are_fine_and_later_ones_go_to_quarantine(
    name: str, world: Make
) -> None:
    here = world(name).having("extraction", watermark=timedelta(days=3), most=1)
    here.write("a", here.rows(3, window=9))
    here.write("b", here.rows(3, window=2) + here.rows(3, window=7))
    here.write("c", here.rows(40, window=3))
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered(here.rows(3, window=9) + here.rows(3, window=7))
    reasons = [row["reason"] for row in here.table("quarantine")]
    assert len(reasons) == 43
    assert all(reason.startswith("late: ") for reason in reasons)
    assert gold_is_right(here)


@each_timed
def test_what_is_late_depends_on_the_order_of_files_alone(name: str, world: Make) -> None:
    files = world(name)
    for number, window in enumerate((5, 1, 7, 3, 6, 2, 8)):
        files.write(f"f{number}", files.rows(3, window) + files.rows(1, window + 5))
    other = files.copy(files.folder.with_name("other"))
    here = files.having("extraction", watermark=timedelta(days=1))
    one_by_one = other.having("extraction", watermark=timedelta(days=1), most=1)
    here.run(NOW)
    one_by_one.run(NOW)
    assert here.table("quarantine")
    assert here.silver() == one_by_one.silver()
    before = here.content()
    if name in redone():
        assert here.backfill(here.begin, here.end(40)).exit == 0
        assert here.content() == before


@each_timed
def test_a_corrected_file_is_no_later_than_what_it_corrects(name: str, world: Make) -> None:
    here = world(name).having("extraction", watermark=timedelta(days=1))
    here.write("a", here.rows(3))
    here.write("b", here.rows(3, window=9))
    here.run(NOW)
    here.write("a", here.rows(2))
    here.run(NOW)
    assert here.silver() == ordered(here.rows(2) + here.rows(3, window=9))
    assert here.table("quarantine") == []


@pytest.mark.parametrize("name", [name for name in streams if spoilable(name)])
def test_poisoned_rows_do_not_stop_the_stream(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.spoil(here.rows(40)) + here.rows(2, window=1))
    result = here.run(NOW)
    assert (result.exit, result.facts["rejected"]) == (0, 40)
    assert here.silver() == ordered(here.rows(2, window=1))


@each_timed
def test_a_poisoned_row_does_not_make_others_late(name: str, world: Make) -> None:
    here = world(name).having("extraction", watermark=timedelta(days=1))
    if not spoilable(name):
        return  # any row of this pipeline is a good one
    here.write("a", here.spoil(here.rows(1, window=30)) + here.rows(2))
    here.write("b", here.rows(2, window=1))
    here.run(NOW)
    assert here.silver() == ordered(here.rows(2) + here.rows(2, window=1))


# Doing it again


@each_timed
def test_backfill_does_the_batches_that_have_events_in_the_range(name: str, world: Make) -> None:
    here = world(name).having("extraction", most=1)
    if name not in redone():
        return  # it would be refused
    for window in range(3):
        here.write(f"f{window}", here.rows(3, window))
    here.run(NOW)
    before = here.content()
    assert here.backfill(here.end(1), here.end(2)).facts["done"] == 1
    assert here.backfill(here.begin, here.end(9)).facts["done"] == 3
    assert here.content() == before
    assert here.backfill(here.end(5), here.end(9)).exit == 2


@each_again
def test_batches_in_any_order_give_the_same_rows(name: str, world: Make) -> None:
    here = world(name).having("extraction", most=1)
    for number in range(3):
        here.write(f"f{number}", here.rows(3, version=number) + here.rows(2, window=number + 1))
    here.run(NOW)
    here.write("f0", here.rows(4, version=3))
    here.run(NOW)
    before = here.content()
    for number in (2, 0, 1):
        here.backfill(here.end(number + 1), here.end(number + 2))
        assert here.content() == before


@each_raw
def test_a_batch_is_rebuilt_without_its_files(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    here.write("b", here.rows(2, version=1))
    here.run(NOW)
    before = here.content()
    path.unlink()
    assert here.backfill(here.begin, here.end(1)).exit == 0
    assert here.content() == before
    assert here.backfill(here.begin, here.end(1), "--rebuild").exit == 0
    assert here.content() == before


# Kills


@each
def test_a_killed_run_loses_and_doubles_nothing(name: str, world: Make, tmp_path: Path) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(NOW)
    before = here.content()
    here.write("a", here.rows(5, version=1)[2:])  # corrected, and two rows are gone
    here.write("c", here.rows(5, window=2))
    command = ("run", name, "--as-of", stamp(NOW))
    never_killed = here.copy(tmp_path / "never")
    assert never_killed.command(*command).exit == 0
    after = never_killed.content()
    assert before != after
    for step, killed in at_every_step(here, command, tmp_path):
        seen = killed.content()
        if name in having(sink="Parquet"):  # it replaces file by file
            rows = [(table, row) for table, some in seen.items() for row in some]
            assert all(row in before[table] or row in after[table] for table, row in rows)
        else:
            assert mixtures(seen, before, after) == [], f"killed before step {step}"
        heals(killed, command, (before, after), f"killed before step {step}")


@each
def test_a_run_that_follows_takes_what_comes_and_ends_cleanly_when_told(
    name: str, world: Make
) -> None:
    follows(world(name))


def follows(here: World) -> None:
    """A run that follows takes what comes, and ends cleanly when it is told to."""
    here.write("a", here.rows(5))
    with following(here) as process:
        wait_for(lambda: here.silver() == ordered(here.rows(5)))
        here.write("b", here.rows(5, window=1))
        wait_for(lambda: len(here.silver()) == 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(5, window=1))
    assert here.status(NOW)["failed"] == []


@contextmanager
def following(here: World) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that runs the pipeline again and again."""
    package = str(main.callback.__module__).partition(".")[0]
    command = (sys.executable, "-m", package, "run", here.name, "--follow", "0.2")
    env = {**os.environ, **here.env, "PYTHONPATH": "src"}
    with subprocess.Popen(command, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    """Look until it is so; the file may be in use while one looks."""
    for _ in range(200):
        try:
            if condition():
                return
        except Exception as error:  # not there yet, or in use
            assert "hold" in str(error) or "exist" in str(error), error  # noqa: PT017
        time.sleep(0.1)
    raise AssertionError("it never came to that")


def gold_is_right(here: World) -> bool:
    """Whether gold counts each silver row once, on its day."""
    gold, silver = here.table("gold"), here.silver()
    if not here.when:
        return bool(len(silver) == sum(row["rows"] for row in gold))
    days = Counter(str(row[here.when])[:10] for row in silver)
    return days == {str(row["day"]): row["rows"] for row in gold}
