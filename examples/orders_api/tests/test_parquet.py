"""Parquet: plain folders of files, for anyone's `*.parquet`."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from .engine import GLOB
from .killing import at_every_step
from .support import World, having, ordered, redone, rewriting, windowed
from .test_part_files import consume, redo

Make = Callable[[str], World]
files = [name for name in having(sink="Parquet", source="Files") if name in rewriting()]
each = pytest.mark.parametrize("name", files)


@each
def test_a_glob_reads_what_the_pipeline_reads(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    for table in ("silver", "gold"):
        assert consume(here, table) == [tuple(row.values()) for row in here.table(table)]


@each
def test_an_emptied_part_is_a_file_without_rows_so_that_nobody_misses_it(
    name: str, world: Make
) -> None:
    if name not in windowed():
        return  # rows leave a part by leaving the source
    here = world(name)
    path = here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    before = {*(here.folder / "warehouse" / name / "silver").iterdir()}
    path.unlink()
    assert here.again(2).exit == 0
    assert {*(here.folder / "warehouse" / name / "silver").iterdir()} == before
    assert here.silver() == ordered(here.rows(5, window=1))
    assert here.again(2).exit == 0
    bronze = [step.table.name for step in here.pipeline.steps if step.table.name == "bronze"]
    for table in bronze:  # promised to nobody, so that it is tidied
        assert len([*(here.folder / "warehouse" / name / table).iterdir()]) == 1


@each
def test_no_glob_finds_what_a_killed_run_left(name: str, world: Make, tmp_path: Path) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    here.write("b", here.rows(3, version=1))
    named = {path.stem for path in (here.folder / "warehouse").rglob("*.parquet")}
    for _, killed in at_every_step(here, redo(here), tmp_path):
        with duckdb.connect() as con:
            found = con.execute(f"FROM glob('{killed.folder}/warehouse/{GLOB}')").fetchall()
        assert len(found) == len({*found})
        assert all(".tmp" not in path for (path,) in found)
        assert len(found) >= len(named)


@pytest.mark.parametrize("name", [n for n in files if n in windowed() and n in redone()])
def test_a_column_that_gets_another_type_has_it_in_all_files_or_is_refused(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before, contract = here.table("gold"), here.pipeline.contract
    gold = contract.tables["gold"]
    columns = [
        one.model_copy(update={"type": {"BIGINT": "DOUBLE"}.get(one.type, one.type)})
        for one in gold.columns
    ]
    changed = gold.model_copy(update={"columns": tuple(columns)})
    tables = {**contract.tables, "gold": changed}
    there = here.but(contract=contract.model_copy(update={"tables": tables}))
    result = there.again(1)
    assert (result.exit, "begin with an empty sink" in result.log) in ((0, False), (2, True))
    assert (there if result.exit == 0 else here).table("gold") == before
    if result.exit == 0:
        assert float in {type(value) for row in there.table("gold") for value in row.values()}
