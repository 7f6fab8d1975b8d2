"""Files: what is read of a folder, in which zone, and what happens when the files change."""

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from .engine import engine
from .killing import NEVER, killed
from .support import Column, EventTime, Request, World, having, ordered, stamp, windowed

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(source="Files"))
by_window = pytest.mark.parametrize(
    "name", [name for name in having(source="Files") if name in windowed()]
)


@each
def test_a_folder_without_files_is_not_ready_rather_than_empty(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    here.run(here.over(1))
    path.unlink()
    assert here.run(here.over(2)).exit == 4
    assert here.silver() == ordered(here.rows(3))


@each
def test_a_file_is_read_by_its_name_whatever_letters_that_has(name: str, world: Make) -> None:
    here = world(name)
    names = ("a[1]", "a1", "b *", "b c", "c{d,e}?", "g%20h#i", "${day}")
    for file, row in zip(names, here.rows(len(names)), strict=True):
        here.write(file, [row])
    result = here.run(here.over(1))
    assert result.exit == 0, result.log
    assert here.silver() == ordered(here.rows(len(names)))


@by_window
def test_a_file_that_changes_while_it_is_read_is_not_written(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))

    @dataclass
    class Growing:
        source: Any

        def __getattr__(self, attribute: str) -> Any:
            return getattr(self.source, attribute)

        def read(self, *arguments: Any) -> Any:
            unchanged = self.source.read(*arguments)
            for one in here.folder.rglob(path.name):  # it, or the copy of it that is read
                one.touch()
            return unchanged

    growing = here.but(source=Growing(here.pipeline.source))
    if hasattr(here.pipeline.behaviour, "backoff"):
        growing = growing.having("behaviour", backoff=0.001)
    result = growing.run(here.over(1))
    assert result.exit == 1
    assert "changed while it was read" in result.log
    assert here.silver() == []


@each
def test_a_removed_column_stops_the_unit_before_anything_is_written(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = here.content()
    here.drop_column(here.write("b", here.rows(3, window=1)))
    result = here.run(here.over(2))
    assert result.exit == 1
    assert here.columns[-1].source in result.log
    assert here.content() == before


@each
def test_an_added_column_is_reported_and_left_out(name: str, world: Make) -> None:
    here = world(name)
    here.add_column(here.write("a", here.rows(3)), "brand_new")
    result = here.run(here.over(1))
    assert result.exit == 0
    assert "brand_new" in result.log
    assert here.silver() == ordered(here.rows(3))


@each
def test_the_machine_s_time_zone_makes_no_difference(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(9))
    elsewhere = here.copy(here.folder.with_name("elsewhere"))
    elsewhere = replace(elsewhere, settings={"TZ": "America/New_York"})
    assert here.run(here.over(1)).exit == 0
    assert not killed(elsewhere, ("run", name, "--as-of", stamp(here.over(1))), steps=NEVER)
    assert here.content() == elsewhere.content()


@pytest.mark.parametrize(
    ("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-01", 24)]
)
def test_a_local_day_has_the_hours_that_daylight_saving_gives_it(day: str, hours: int) -> None:
    zone = ZoneInfo("Europe/London")
    start = datetime.fromisoformat(day).replace(tzinfo=zone)
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=zone)
    instants = []
    instant = start.astimezone(UTC)
    while instant < end.astimezone(UTC):
        instants.append(instant)
        instant += timedelta(hours=1)
    assert len(instants) == hours
    zoned = [one.astimezone(zone).isoformat() for one in instants]
    assert utc("Europe/London", zoned) == [one.replace(tzinfo=None) for one in instants]
    local = [one.astimezone(zone).replace(tzinfo=None).isoformat() for one in instants]
    clear = [n for n, text in enumerate(local) if local.count(text) == 1]
    found = utc("Europe/London", local)
    assert [found[n] for n in clear] == [instants[n].replace(tzinfo=None) for n in clear]


def test_event_times_are_read_in_every_format_that_is_named() -> None:
    texts = ["31/12/2025 23:00", "2025-12-31 23:00", "soon"]
    found = utc("UTC", texts, ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M"))
    assert found == [datetime(2025, 12, 31, 23), datetime(2025, 12, 31, 23), None]


def test_a_zone_that_a_time_names_counts_and_not_that_of_the_source() -> None:
    texts = ["2025-06-01T12:00:00+02:00 ", "2025-06-01 12:00:00+02:00:00", "2025-06-01T10:00Z"]
    ten = datetime(2025, 6, 1, 10)
    assert utc("Asia/Tokyo", [*texts, "2025-06-01 10:00 UTC", "2025-06-01 19:00"]) == [ten] * 5
    formats = ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M%z")
    assert utc("Asia/Tokyo", ["01.06.2025 12:00+0200", "01.06.2025 19:00"], formats) == [ten] * 2


def test_what_lies_in_no_window_or_is_no_time_at_all_is_none() -> None:
    far = ["9999-12-31", "0001-01-01", "20225-06-01 12:00:00", "infinity"]
    unclear = ["2025", "12:00:00Z", "2025-06-01 12:00:00 Asia/Tokyo", "2025-06-01T12:00:00+2"]
    assert utc("UTC", [*far, *unclear]) == [None] * 8


def test_a_date_has_no_zone() -> None:
    assert utc("America/New_York", ["2025-06-01"], kind="DATE") == [datetime(2025, 6, 1)]


def utc(
    zone: str, texts: list[str], formats: tuple[str, ...] = (), kind: str = "TIMESTAMP"
) -> list[datetime | None]:
    """What event times in text come to."""
    sql = EventTime("moment", zone, formats).utc(Column(name="moment", type="STRING"), kind)
    given = ", ".join(f"({n}, '{text}')" for n, text in enumerate(texts))
    query = f"SELECT {sql} FROM (VALUES {given}) AS given(n, moment) ORDER BY n"
    return [moment for (moment,) in engine().execute(query).fetchall()]


def formatted(kind: str) -> list[str]:
    """The pipelines that read files of a format."""
    sources: dict[str, Any] = {name: World(name, Path()).pipeline.source for name in having()}
    return [n for n in having(source="Files") if type(sources[n].format).__name__ == kind]


def encoding_of(here: World) -> str:
    """How CSV files of this pipeline spell letters as bytes."""
    source: Any = here.pipeline.source
    return str(source.format.encoding)


def unpublished(here: World) -> int:
    """How many rows are in quarantine, or in no window, and then only counted."""
    undated = here.status(here.over(1))["undated"] if here.name in windowed() else 0
    return len(here.table("quarantine")) + int(undated)


@pytest.mark.parametrize("name", formatted("CSV"))
def test_a_quote_that_is_never_closed_drops_nothing(name: str, world: Make) -> None:
    here = world(name)
    files = 2 * (os.cpu_count() or 1) + 1  # of so many DuckDB reads each in one piece
    for number, row in enumerate(here.rows(files)):
        path = here.write(f"{number:03}", [row])
    source: Any = here.pipeline.source
    with path.open("a", encoding=encoding_of(here)) as file:
        file.write(f"{source.format.quote or source.format.delimiter}Smith\n")
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(files))
    assert unpublished(here) == 1


@pytest.mark.parametrize("name", formatted("CSV"))
def test_a_file_that_is_cut_off_in_a_quoted_cell_is_not_taken_for_a_whole_one(
    name: str, world: Make
) -> None:
    here = world(name)
    if hasattr(here.pipeline.behaviour, "retries"):
        here = here.having("behaviour", retries=0)
    form: Any = here.pipeline.source
    form = form.format
    path = here.write("a", here.rows(5))
    whole = path.read_bytes()
    text = whole.decode(encoding_of(here)).rstrip()
    cell = max(map(text.rfind, (form.delimiter, "\n"))) + 1
    path.write_bytes(f"{text[:cell]}{form.quote}{text[cell:]}".encode(encoding_of(here)))
    result = here.run(here.over(1))
    if form.quote:
        assert (result.exit, "ends in the middle" in result.log) == (1, True), result.log
        assert here.table("silver") == here.table("quarantine") == []
    path.write_bytes(whole)
    assert here.run(here.over(2)).exit == 0


@pytest.mark.parametrize("name", formatted("CSV"))
@pytest.mark.parametrize("closes", [False, True], ids=["never", "later"])
def test_a_quote_that_is_not_closed_in_its_line_publishes_no_other(
    name: str, closes: bool, world: Make
) -> None:
    here = world(name)
    source: Any = here.pipeline.source
    texts = [c.name for c in here.columns if c.type == "STRING" and c.name != here.when]
    if not texts or not source.format.quote:
        return
    rows, quote = here.rows(3), source.format.quote
    words = (rows[0][texts[-1]], "@opens", "@closes")
    path = here.write("a", [row | {texts[-1]: w} for row, w in zip(rows, words, strict=True)])
    text = path.read_bytes().decode(encoding_of(here)).replace("@opens", f"{quote}Smith")
    text = text.replace("@closes", f"{quote}Jones{quote}" if closes else "Jones")
    path.write_bytes(text.encode(encoding_of(here)))
    result = here.run(here.over(1))
    if result.exit:  # Spark cannot leave out that record alone
        assert "its quote is never closed" in result.log, result.log
        assert here.silver() == []
    else:
        assert here.silver() == ordered(rows[:1])
        assert unpublished(here) == 1


@pytest.mark.parametrize("name", formatted("CSV"))
@pytest.mark.parametrize(
    ("first", "others"), [("\r\n", "\n"), ("\n", "\r\n"), ("\r", "\r")], ids=["dos", "unix", "mac"]
)
def test_lines_end_in_any_way(name: str, first: str, others: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    encoding = encoding_of(here)
    line, *lines = path.read_bytes().decode(encoding).splitlines()
    text = f"{line}{first}" + "".join(f"{line}{others}" for line in ["", *lines])
    path.write_bytes(text.encode(encoding))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))
    assert here.table("quarantine") == []


@pytest.mark.parametrize("name", formatted("CSV"))
def test_bytes_that_are_no_text_are_not_published(name: str, world: Make) -> None:
    here = world(name)
    texts = [c.name for c in here.columns if c.type == "STRING" and c.name != here.when]
    if not texts or encoding_of(here) != "utf-8":
        return
    rows = here.rows(5)
    path = here.write("a", rows)
    before, cell, after = path.read_bytes().rpartition(rows[-1][texts[-1]].encode())
    path.write_bytes(before + cell + b"\xff" + after)
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(rows[:-1])
    assert unpublished(here) == 1


@pytest.mark.parametrize("name", formatted("CSV"))
def test_a_cell_without_an_end_is_said_so(name: str, world: Make) -> None:
    here = world(name)
    source: Any = here.pipeline.source
    path = here.write("a", here.rows(3))
    text = path.read_bytes().decode(encoding_of(here)).rstrip()
    path.write_bytes(f"{source.format.quote}{text}".encode(encoding_of(here)))
    longest = csv.field_size_limit(3)
    try:
        result = here.run(here.over(1))
    finally:
        csv.field_size_limit(longest)
    assert (result.exit, "its quote is never closed" in result.log) == (1, True), result.log
    assert longest > 10_000_000


@pytest.mark.parametrize("name", formatted("JSONLines"))
def test_lines_that_are_no_objects_go_to_quarantine_as_they_are(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    broken = ['{"half": ', "[1, 2]", "caf\u00e9"]
    path.write_text(path.read_text("utf-8") + "\n\n" + "\n \n".join(broken) + "\n", "utf-8")
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(3))
    if name in windowed():  # they are in no window, but not forgotten
        assert here.status(here.over(1))["undated"] == 3
    else:
        quarantined = {row["content"]: row["reason"] for row in here.table("quarantine")}
        assert sorted(quarantined) == sorted(broken)
        assert {why.split(";")[0] for why in quarantined.values()} == {"not a JSON object"}


@pytest.mark.parametrize("name", formatted("JSONLines"))
def test_a_value_that_a_line_does_not_have_is_missing(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(3)
    empty = {k: v if k in here.needed else None for k, v in rows[0].items()}
    path = here.write("a", [empty, *rows[1:]])
    cells = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    cells[0] = {key: cell for key, cell in cells[0].items() if cell is not None}
    path.write_text("".join(json.dumps(cell) + "\n" for cell in cells), "utf-8")
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered([empty, *rows[1:]])


@pytest.mark.parametrize("name", [n for n in formatted("ParquetFiles") if n in windowed()])
def test_a_parquet_time_in_utc_stays_where_others_are_in_the_zone_of_the_source(
    name: str, world: Make
) -> None:
    here = world(name)
    source: Any = here.pipeline.source
    here = here.but(source=replace(source, when=replace(source.when, zone="Asia/Tokyo")))
    rows = here.rows(6)
    here.write("a", rows[:3])
    here.name_zone(here.write("b", rows[3:]), "Asia/Tokyo")
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(rows)


@pytest.mark.parametrize("name", formatted("JSONLines"))
def test_a_decimal_number_has_all_of_its_digits(name: str, world: Make) -> None:
    here, number = world(name), "-1234567890123456.78"  # a double has fewer
    path = here.write("a", here.rows(1))
    cells = {column.source: "@" for column in here.columns}
    path.write_text(json.dumps(cells).replace('"@"', number) + "\n", "utf-8")
    request = Request("CAST(NULL AS TIMESTAMP)", paths=(str(path),))
    con = engine()
    rows = here.pipeline.source.select(con, request, here.pipeline.contract)
    for column in here.columns:
        if column.type.startswith("DECIMAL"):
            assert con.execute(f"SELECT {column.name} FROM ({rows})").fetchall() == [(number,)]


@pytest.mark.parametrize("name", formatted("ParquetFiles"))
def test_a_file_that_is_broken_fails_its_unit_and_not_the_run(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(30) + whole[34:])
    result = here.run(here.over(1))
    assert result.exit == 1, result.log
    assert path.name in result.log or "reading file" not in result.log  # DuckDB does not tell
    assert here.silver() == []
    path.write_bytes(whole)
    assert here.run(here.over(1)).exit == 0


@pytest.mark.parametrize("name", formatted("ParquetFiles"))
def test_a_column_of_another_type_stops_the_unit(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = here.content()
    path = here.write("b", here.rows(3, window=1))
    column = here.columns[-1]
    text = column.source.replace('"', '""')
    other = "1" if column.type == "STRING" else "'text'"
    aside = path.with_name("_b")
    with duckdb.connect() as con:
        rows = f"SELECT * REPLACE ({other} AS \"{text}\") FROM '{path}'"
        con.execute(f"COPY ({rows}) TO '{aside}' (FORMAT parquet)")
    aside.rename(path)
    result = here.run(here.over(2))
    assert result.exit == 1
    assert "retyped at the source" in result.log
    assert here.content() == before
