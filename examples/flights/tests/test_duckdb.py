"""DuckDB: one file, one writer; rows and ledger entry are there together or not at all."""

import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from .killing import holding
from .support import Column, PipelineError, Table, World, having, ordered

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(sink="DuckDB", source="Files"))


@each
def test_of_two_runs_at_once_the_second_stops_and_says_why(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    with holding(here):
        result = here.run(here.over(2))
        assert result.exit == 4
        assert "another run" in result.log
        assert here.command("status", name).exit == 4
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(3))


@each
def test_plan_and_status_touch_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    assert here.command("plan", name).exit == 0
    assert here.command("status", name).exit == 0
    assert not (here.folder / "warehouse").exists()


@each
def test_a_folder_that_cannot_be_written_is_the_environment_s_fault(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    (here.folder / "file").write_text("not a folder")
    blocked = World(
        name, here.folder, {"PIPELINE_WAREHOUSE": str(here.folder / "file" / "warehouse")}
    )
    result = blocked.run(here.over(1))
    assert result.exit == 3
    assert "cannot open" in result.log


@each
def test_a_file_may_have_the_name_of_its_pipeline(name: str, world: Make) -> None:
    here = world(name)
    here = World(name, here.folder, {"PIPELINE_WAREHOUSE": str(here.folder / f"{name}.duckdb")})
    here.write("a", here.rows(3))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(3))


@each
def test_a_column_of_another_type_is_refused_until_it_is_what_is_said(
    name: str, world: Make
) -> None:
    here = world(name)
    old, new = (dataset(("n", kind), ("_unit", kind)) for kind in ("DECIMAL(9,2)", "DECIMAL(9,4)"))
    write(here, old, "1.23")
    with pytest.raises(PipelineError, match=r"odd\.silver\.n is DECIMAL") as error:
        write(here, new, "1.2345")
    assert error.value.exit_code == 2
    (said,) = re.findall(r"\((ALTER .*)\) and backfill", str(error.value))
    with duckdb.connect(here.folder / "warehouse") as con:
        con.execute(said)
    write(here, new, "1.2345")
    with here.pipeline.sink.open(new, write=False) as store:
        found = store.con.execute(f"SELECT n FROM {store.relation('silver')} ORDER BY n").fetchall()
    assert found == [(Decimal("1.23"),), (Decimal("1.2345"),)]


def dataset(*columns: tuple[str, str]) -> Any:
    """As much of a pipeline as a sink looks at: one table of these columns."""
    table = Table(name="silver", columns=tuple(Column(name=n, type=t) for n, t in columns))
    return SimpleNamespace(name="odd", steps=[SimpleNamespace(table=table)])


def write(here: World, data: Any, number: str) -> None:
    """Add a row."""
    with here.pipeline.sink.open(data, write=True) as store, store.begin() as into:
        into.append(data.steps[0].table, f"SELECT {number} AS n, 0 AS _unit")
        into.commit([])
