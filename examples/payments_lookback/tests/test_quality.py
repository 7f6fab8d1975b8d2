"""The quality gate: bad rows go to quarantine with the reason; too many of them stop the unit."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from .engine import engine
from .support import Column, Contract, Gate, Table, World, having, ordered, redone, spoilable

Make = Callable[[str], World]
files = having(source="Files")
streamed = having(extraction="Streaming")
kept = having(extraction="FullSnapshot")  # their quarantine has versions, as bronze has
each = pytest.mark.parametrize("name", [name for name in files if spoilable(name)])


@each
def test_bad_rows_go_to_quarantine_with_the_reason(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(9)
    here.write("a", [*here.spoil(rows[:2]), *rows[2:]])
    result = here.run(here.over(1))
    assert (result.exit, result.facts["rejected"]) == (0, 2)
    assert here.silver() == ordered(rows[2:])
    assert {row["reason"].split(":")[0] for row in here.table("quarantine")} == {here.spoiled}
    assert here.status(here.over(1))["quarantined"] == 2


@pytest.mark.parametrize(
    "name", [n for n in files if spoilable(n) and n in (*streamed, *redone()) and n not in kept]
)
def test_mended_rows_leave_quarantine(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(9)
    here.write("a", [*here.spoil(rows[:2]), *rows[2:]])
    here.run(here.over(1))
    here.write("a", rows)
    here.again(1)
    assert here.silver() == ordered(rows)
    assert here.table("quarantine") == []


@pytest.mark.parametrize("name", [n for n in files if spoilable(n) and n not in streamed])
def test_a_unit_that_is_mostly_bad_is_refused_and_writes_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.spoil(here.rows(40)))
    result = here.run(here.over(1))
    assert result.exit == 1
    assert "40 of 40 rows break the contract" in result.log
    assert here.table("quarantine") == []


@pytest.mark.parametrize("name", files)
def test_a_column_that_is_promised_and_not_selected_fails_the_unit(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    lost, *others = here.pipeline.contract.tables["silver"].names
    fewer = f"SELECT {', '.join(others)} FROM (\n{{}}\n) AS made".format
    result = here.changed("silver", fewer).run(here.over(1))
    assert (result.exit, f"silver lacks {lost}: " in result.log) == (1, True)
    assert here.table("silver") == []


@pytest.mark.parametrize("name", files)
def test_every_row_is_either_published_or_quarantined_or_a_copy(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(30)
    without = [{k: v if k in here.needed else None for k, v in row.items()} for row in rows]
    here.write("a", without)
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(without)


def test_a_time_with_an_offset_is_published_in_utc_and_one_of_no_year_is_not() -> None:
    names = ("seen", "born")
    columns = tuple(Column(name=one, type="STRING") for one in (*names, "_problem"))
    texts = Table(name="raw", columns=columns)
    kinds = zip(names, ("TIMESTAMP", "DATE"), strict=True)
    typed = Table(name="source", columns=tuple(Column(name=one, type=kind) for one, kind in kinds))
    contract = Contract(tables={"source": typed}, freshness=timedelta(days=1))
    rows = ["'2025-06-01T12:00:00+02:00'", "'2025-06-01 12:00'", "'20225-06-01'"]
    given = " UNION ALL ".join(
        f"SELECT {one} AS seen, '2025-06-01' AS born, CAST(NULL AS STRING) AS _problem"
        for one in rows
    )
    passing = Gate(contract, texts, None).passing(f"({given}) AS raw", "true")
    found = engine().execute(f"SELECT seen FROM ({passing}) ORDER BY seen").fetchall()
    assert found == [(datetime(2025, 6, 1, 10),), (datetime(2025, 6, 1, 12),)]
