"""Delta: a unit shows whole or not at all, and what a failed run wrote is taken back."""

import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from .engine import engine
from .killing import holding
from .support import Column, PipelineError, Table, World, having, ordered, redone, windowed

Make = Callable[[str], World]
sinks = pytest.mark.parametrize("name", having(sink="Delta"))
each = pytest.mark.parametrize(
    "name", [n for n in having(sink="Delta") if n in windowed() and n in redone()]
)


@each
def test_a_row_outside_of_its_slice_is_refused_by_the_write_itself(name: str, world: Make) -> None:
    here = filled(world(name))
    before = here.content()
    silver = here.pipeline.contract.tables["silver"]
    with here.pipeline.sink.open(here.pipeline, write=True) as store, store.begin() as changed:
        changed.append(silver, f"SELECT * FROM {changed.relation('silver')}")
        changed.aside.removed["silver"] = [f"_unit >= TIMESTAMP '{here.end(1)}'"]  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="REPLACE_WHERE"):
            changed.commit([])
    assert here.content() == before


@each
def test_a_unit_that_fails_while_it_is_published_is_taken_back(
    name: str, world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = filled(world(name))
    before = here.content()
    here.write("a", here.rows(5, version=1)[2:])
    with here.pipeline.sink.open(here.pipeline, write=False) as store:
        kind: Any = type(store)
    replace = kind._replace
    written = []

    def fail(self: Any, table: Table) -> None:
        if table.name == "gold":
            raise PipelineError("made to fail")
        written.append(table.name)
        replace(self, table)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "_replace", fail)
        assert here.backfill(here.begin, here.end(2)).exit == 1
    assert "silver" in written
    assert here.content() == before
    assert here.backfill(here.begin, here.end(2)).exit == 0
    assert here.content() != before


@each
def test_while_another_run_writes_a_run_stops_and_readers_go_on(name: str, world: Make) -> None:
    here = filled(world(name))
    with holding(here):
        result = here.run(here.over(3))
        assert (result.exit, "another run" in result.log) == (4, True)
        assert here.status(here.over(2))["failed"] == []
        assert here.silver() == ordered(here.rows(5) + here.rows(5, window=1))
    assert here.run(here.over(3)).exit == 0


@each
def test_a_column_that_is_new_in_the_contract_is_empty_in_old_rows(name: str, world: Make) -> None:
    here = filled(world(name))
    silver = here.folder / "warehouse" / name / "silver"
    column, table, con = here.columns[-1], f"delta.`{silver}`", engine()
    con.execute(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')")
    con.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")
    here.write("a", here.rows(5, version=1))
    assert here.backfill(here.begin, here.end(1)).exit == 0
    known = {row[column.name] is None for row in here.table("silver")}
    assert known == {True, False}


@sinks
def test_a_column_of_another_type_is_refused_until_it_is_what_is_said(
    name: str, world: Make
) -> None:
    here = world(name)
    old, new = (dataset(kind) for kind in ("DECIMAL(9,2)", "DECIMAL(9,4)"))
    write(here, old, "1.23")
    with pytest.raises(PipelineError, match=r"odd\.silver\.n is decimal") as error:
        write(here, new, "1.2345")
    assert error.value.exit_code == 2
    (said,) = re.findall(r"\((CREATE .*)\) and backfill", str(error.value))
    engine().execute(said)
    write(here, new, "1.2345")
    with here.pipeline.sink.open(new, write=False) as store:
        found = store.con.execute(f"SELECT n FROM {store.relation('silver')} ORDER BY n").fetchall()
    assert found == [(Decimal("1.23"),), (Decimal("1.2345"),)]


@sinks
def test_plan_and_status_touch_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    assert here.command("plan", name).exit == 0
    assert here.command("status", name).exit == 0
    assert not (here.folder / "warehouse").exists()


@sinks
def test_a_folder_that_cannot_be_written_is_the_environment_s_fault(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    (here.folder / "file").write_text("not a folder")
    blocked = World(
        name, here.folder, {"PIPELINE_WAREHOUSE": str(here.folder / "file" / "warehouse")}
    )
    result = blocked.run(here.over(1))
    assert (result.exit, "Not a directory" in result.log) == (3, True)


def filled(here: World) -> World:
    """A world with two windows that are done."""
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    assert here.run(here.over(2)).exit == 0
    return here


def dataset(kind: str) -> Any:
    """As much of a pipeline as a sink looks at: one table, with a column of this type."""
    table = Table(name="silver", columns=(Column(name="n", type=kind),))
    return SimpleNamespace(name="odd", steps=[SimpleNamespace(table=table)])


def write(here: World, data: Any, number: str) -> None:
    """Add a row."""
    with here.pipeline.sink.open(data, write=True) as store, store.begin() as into:
        into.append(data.steps[0].table, f"SELECT {number} AS n")
        into.commit([])
