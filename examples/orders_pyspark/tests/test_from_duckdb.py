"""What DuckDB had is carried over: the same rows, and a ledger by which nothing is done again."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from .support import PIPELINES, PipelineError, World, having, spoilable, windowed

Make = Callable[[str], World]
sinks = having(sink="Delta") + having(sink="Parquet") + having(sink="DedupeKey")
each = pytest.mark.parametrize("name", [name for name in sinks if name in windowed()])
carry = importlib.import_module(
    PipelineError.__module__.replace("core.errors", "sinks.from_duckdb")
).main


def carried(here: World, file: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Carry over what a file has of one pipeline."""
    for name in set(PIPELINES) - {here.name}:
        monkeypatch.delitem(PIPELINES, name)
    monkeypatch.setitem(PIPELINES, here.name, lambda _: here.pipeline)
    return CliRunner(env=here.env).invoke(carry, [str(file)])


def in_duckdb(here: World, file: Path) -> None:
    """What a pipeline published, as DuckDB would have it."""
    with duckdb.connect(file) as con:
        con.execute(f"CREATE SCHEMA {file.stem}.{here.name}")
        con.execute("CREATE TABLE ledger (pipeline STRING, entry JSON)")
        for step in here.pipeline.steps:
            table = f"{file.stem}.{here.name}.{step.table.name}"
            con.execute(f"CREATE TABLE {table} ({step.table.ddl})")
            for row in here.table(step.table.name):
                marks = ", ".join("?" for _ in row)
                con.execute(f"INSERT INTO {table} VALUES ({marks})", list(row.values()))
        with here.pipeline.sink.open(here.pipeline, write=False) as store:
            for entry in store.history().latest.values():
                con.execute(
                    "INSERT INTO ledger VALUES (?, ?)", [here.name, entry.model_dump_json()]
                )


@each
def test_rows_and_ledger_are_as_they_were(
    name: str, world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = world(name)
    rows = there.rows(6, window=1)
    there.write(
        "a", [*there.rows(5), *rows[1:], *(there.spoil(rows[:1]) if spoilable(name) else ())]
    )
    assert there.run(there.over(2)).exit == 0
    old = tmp_path / f"{name}.duckdb"
    in_duckdb(there, old)
    moved = {"PIPELINE_WAREHOUSE": str(tmp_path / "moved")}
    here = replace(there.copy(tmp_path / "here"), settings=moved)
    assert "2 units" in carried(here, old, monkeypatch).output
    assert here.content() == there.content()
    assert here.plan(here.over(2)) == there.plan(there.over(2))
    here.write("b", here.rows(3, window=2))
    there.write("b", there.rows(3, window=2))
    assert here.run(here.over(3)).facts == there.run(there.over(3)).facts
    assert here.content() == there.content()
    twice = carried(here, old, monkeypatch)
    assert (twice.exit_code, "would be there twice" in twice.output) == (2, True)
    assert here.content() == there.content()
