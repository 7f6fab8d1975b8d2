"""What files say about the decision chart: one small folder for each thing that can be found out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scaffold import sample
from scaffold.sampling import reading, signs
from scaffold.sampling.signs import Signs

Row = Sequence[object]
Write = Callable[..., Path]
START = datetime(2025, 3, 1)  # noqa: DTZ001 - as files have it


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Files of a folder, by name, with one header."""

    def make(header: str, **files: Iterable[Row]) -> Path:
        folder = tmp_path / "data"
        folder.mkdir()
        for name, rows in files.items():
            lines = [header, *(",".join(map(str, row)) for row in rows)]
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
        return folder

    return make


def orders(day: int, number: int = 60, since: int | None = None) -> list[Row]:
    """The orders of a day, each with an id of its own, in the order of time."""
    first = day * 1000 if since is None else since
    at = START + timedelta(days=day)
    return [(first + n, at + timedelta(minutes=10 * n), n) for n in range(number)]


def look(path: Path) -> Signs:
    return sample.look(path, START.date())[1]


def answer(path: Path, question: str) -> str | None:
    return look(path).answers.get(question)


def test_ids_that_never_come_again_are_rows_that_are_only_added(write: Write) -> None:
    found = look(write("order_id,ordered_at,amount", a=orders(1), b=orders(2), c=orders(3)))
    assert found.answers["changes"] == "added"
    assert found.why["changes"] == "in 3 files no order_id comes twice"
    assert found.answers["late"] == "never"
    assert found.answers["source"] == "files"


def test_some_ids_that_come_again_are_rows_that_change(write: Write) -> None:
    again = [(1003, orders(1)[3][1], 99), *orders(2)]
    path = write("order_id,ordered_at,amount", a=orders(1), b=again)
    assert answer(path, "changes") == "changed"


def test_a_row_that_comes_again_much_later_has_changed_too(write: Write) -> None:
    again = [*orders(3), (1003, orders(1)[3][1], 99)]
    found = look(write("order_id,ordered_at,amount", a=orders(1), b=orders(2), c=again))
    assert found.answers["changes"] == "changed"
    assert found.why["changes"] == "one row comes again in a later file, by the column order_id"


def test_files_that_have_everything_again_show_what_is_gone(write: Write) -> None:
    folder = write("order_id,ordered_at,amount", a=orders(1), b=orders(1)[2:], c=orders(1)[3:])
    found = look(folder)
    assert found.answers["changes"] == "deleted"
    assert "3 are gone" in found.why["changes"]
    assert found.settings == {"take": "newest"}
    assert "late" not in found.answers


def test_files_that_have_everything_again_show_other_values(write: Write) -> None:
    changed = [(id_, at, 7) for id_, at, _ in orders(1)]
    found = look(write("order_id,ordered_at,amount", a=orders(1), b=changed))
    assert (found.answers["changes"], found.settings) == ("changed", {"take": "newest"})


def test_files_that_have_everything_again_and_more_are_added_to(write: Write) -> None:
    found = look(write("order_id,ordered_at,amount", a=orders(1), b=[*orders(1), *orders(2)]))
    assert (found.answers["changes"], found.settings) == ("added", {"take": "newest"})


def test_a_time_of_change_after_the_event_says_that_rows_change(write: Write) -> None:
    rows = [(*row[:2], row[1] + timedelta(hours=n % 3), 1) for n, row in enumerate(orders(1))]  # type: ignore[operator]
    path = write("order_id,ordered_at,updated_at,amount", a=rows)
    assert answer(path, "changes") == "changed"


def test_one_file_without_such_a_time_says_nothing_about_changes(write: Write) -> None:
    found = look(write("order_id,ordered_at,amount", a=orders(1)))
    assert "changes" not in found.answers
    assert "late" not in found.answers, "it may have been sorted"
    assert "they may have been sorted" in found.told("files")["late"]


@pytest.mark.parametrize(
    ("late", "bucket"),
    [
        (timedelta(hours=5), "day"),
        (timedelta(hours=23), "day"),
        (timedelta(days=3), "week"),
        (timedelta(days=20), "any"),
    ],
)
def test_rows_that_are_older_than_an_earlier_file_are_late(
    write: Write, late: timedelta, bucket: str
) -> None:
    newest = orders(30)[-1][1]
    assert isinstance(newest, datetime)
    straggler = (999_999, newest - late, 1)
    path = write("order_id,ordered_at,amount", a=orders(30), b=[straggler, *orders(31)])
    found = look(path)
    assert found.answers["late"] == bucket
    assert found.why["late"].startswith("1 of 121 rows are late")


def test_rows_of_one_file_that_are_older_than_those_before_them_are_late(write: Write) -> None:
    rows = orders(1)
    rows.insert(50, (5, rows[40][1], 1))
    assert answer(write("order_id,ordered_at,amount", a=rows), "late") == "day"


def test_files_in_no_order_of_time_say_nothing_about_lateness(write: Write) -> None:
    path = write("order_id,ordered_at,amount", north=orders(3), south=orders(1, since=50_000))
    found = look(path)
    assert "late" not in found.answers
    assert found.why["late"].endswith("in 2 files in the order of their names: there is no order")


def test_a_time_of_arrival_says_how_late_rows_are(write: Write) -> None:
    rows = [(*row[:2], row[1] + timedelta(days=2), 1) for row in orders(1)]  # type: ignore[operator]
    found = look(write("order_id,ordered_at,loaded_at,amount", a=rows))
    assert found.answers["late"] == "week"
    assert found.why["late"] == "60 of 60 rows are late, by up to 48 hours, by loaded_at"


def test_data_without_a_time_says_so(write: Write) -> None:
    found = look(write("id,amount", a=[(n, n * 2) for n in range(50)]))
    assert found.answers["late"] == "untimed"


def test_of_an_export_only_what_its_rows_say_holds_for_a_table(write: Write) -> None:
    path = write("order_id,ordered_at,amount", a=orders(1), b=orders(2))
    found = look(path)
    assert {"changes", "volume", "late"} <= set(found.answers)
    assert found.of("files") == found.of(None) == found.of("unknown") == found.answers
    assert found.of("postgres") == {}


def test_a_time_of_change_and_of_arrival_hold_for_any_source(write: Write) -> None:
    at = START + timedelta(days=1)
    rows = [(n, at, n, at + timedelta(days=2), at + timedelta(days=3)) for n in range(60)]
    found = look(write("order_id,ordered_at,amount,updated_at,loaded_at", a=rows))
    assert found.of("kafka") == {"changes": "changed", "late": "week"}


def test_the_size_is_that_of_all_files(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("order_id,ordered_at,amount", a=orders(1), b=orders(2))
    assert answer(path, "volume") == "little"
    monkeypatch.setattr(signs, "LITTLE", 2000)
    assert answer(path, "volume") == "much"


def test_of_files_that_were_read_in_part_nothing_is_said_about_what_is_not_there(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("order_id,ordered_at,amount", a=orders(1, 300), b=orders(5, 300))
    monkeypatch.setattr(reading, "ROWS", 200)
    found: Mapping[str, str] = look(path).answers
    assert not {"changes", "late"} & set(found)
    assert found["volume"] == "little"


def test_of_many_files_it_is_said_how_many_were_looked_at(write: Write) -> None:
    path = write("order_id,ordered_at,amount", **{f"f{n:02}": orders(n, 2) for n in range(1, 21)})
    found = sample.infer(path, START.date())
    told = "8 of 20 files were looked at: a unit fails with one of the others that lacks a column."
    assert told in found.notes


def test_the_key_tells_where_no_column_is_named_as_one(write: Write) -> None:
    def rows(day: int) -> list[Row]:
        return [(START + timedelta(days=day, hours=n), f"town {n}", n) for n in range(20)]

    found = look(write("measured_at,town,reading", a=rows(1), b=rows(2)))
    assert found.answers["changes"] == "added"
    assert "no row comes twice, by" in found.why["changes"]
