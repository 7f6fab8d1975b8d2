"""Files: what is read of a folder, in which zone, and what happens when the files change."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from .killing import NEVER, killed
from .support import Column, EventTime, History, World, connect, having, ordered, stamp, windowed

Make = Callable[[str], World]
CAST = "SELECT CAST(to_timestamp(1735779600) AS DATE)"  # 2025-01-02 01:00 UTC
each = pytest.mark.parametrize("name", having(source="Files"))
by_window = pytest.mark.parametrize(
    "name", [name for name in having(source="Files") if name in windowed()]
)


@each
def test_files_that_are_being_written_are_not_read(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(4)[3:])
    for unfinished in (f"_b{path.suffix}", f".c{path.suffix}", f"d{path.suffix}.tmp"):
        path.with_name(unfinished).write_bytes(path.read_bytes())
    here.write("a", here.rows(3))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(3))


@each
def test_a_file_that_is_cut_off_is_not_taken_for_a_whole_one(name: str, world: Make) -> None:
    here = world(name)
    if hasattr(here.pipeline.behaviour, "retries"):
        here = here.having("behaviour", retries=0)
    path = here.write("a", here.rows(5))
    whole = path.read_bytes()
    letter = 4 if "utf-16" in repr(here.pipeline.source) else 2  # with the line break before it
    line = whole.rindex(b"\n", 0, len(whole) - 4) if path.suffix != ".parquet" else -9
    path.write_bytes(whole[: line + letter])
    result = here.run(here.over(1))
    assert (result.exit, "ends in the middle" in result.log) == (1, True), result.log
    assert here.table("silver") == here.table("quarantine") == []
    path.write_bytes(whole)
    assert here.run(here.over(2)).exit == 0


@each
def test_two_stars_are_any_number_of_folders(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    deep = path.parent / "2025" / "01"
    deep.mkdir(parents=True)
    path.rename(deep / path.name)
    here.write("b", here.rows(3, window=1))
    glob = f"{path.parent}/**/*{path.suffix}"
    here = replace(here, settings={f"PIPELINE_PIPELINES__{name.upper()}__PATH": glob})
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(3) + here.rows(3, window=1))


@each
def test_a_folder_without_files_is_not_ready_rather_than_empty(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    here.run(here.over(1))
    path.unlink()
    assert here.run(here.over(2)).exit == 4
    assert here.silver() == ordered(here.rows(3))


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
            path.touch()
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


def test_nor_does_it_to_a_cast_in_the_owner_s_sql() -> None:
    """A time with a zone is cast in the zone of the session."""
    code = f"from {connect.__module__} import connect; print(connect(None, '1GB').sql('{CAST}'))"
    env = {**os.environ, "TZ": "America/New_York", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run((sys.executable, "-c", code), env=env, capture_output=True, check=True)
    assert b"2025-01-02" in done.stdout


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


def test_a_date_has_no_zone() -> None:
    assert utc("America/New_York", ["2025-06-01"], kind="DATE") == [datetime(2025, 6, 1)]


def utc(
    zone: str, texts: list[str], formats: tuple[str, ...] = (), kind: str = "TIMESTAMP"
) -> list[datetime | None]:
    """What event times in text come to."""
    sql = EventTime("moment", zone, formats).utc(Column(name="moment", type="STRING"), kind)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return [
            con.execute(f"SELECT {sql} FROM (SELECT ? AS moment)", [t]).fetchall()[0][0]
            for t in texts
        ]


def formatted(kind: str) -> list[str]:
    """The pipelines that read files of a format."""
    sources: dict[str, Any] = {name: World(name, Path()).pipeline.source for name in having()}
    return [n for n in having(source="Files") if type(sources[n].format).__name__ == kind]


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


@pytest.mark.parametrize("name", [n for n in formatted("ParquetFiles") if n in windowed()])
def test_a_window_is_read_by_a_filter_that_reaches_into_the_files(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3) + here.rows(3, window=5))
    window = next(iter(here.pipeline.extraction.plan(here.over(1), History()))).unit
    request = here.pipeline.extraction.request([window])
    with duckdb.connect() as con:
        rows = here.pipeline.source.select(con, request, here.pipeline.contract)
        ((_, plan),) = con.execute(f"EXPLAIN {rows}").fetchall()
    assert "Filters" in plan[plan.index("READ_PARQUET") :]
