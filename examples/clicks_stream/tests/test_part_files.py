"""Part files: consumers see what was before or what comes after, whatever happens to a run."""

import contextlib
import errno
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from .engine import asked
from .killing import at_every_step, holding, mixtures
from .support import World, having, rewriting, stamp, windowed

Make = Callable[[str], World]
sinks = having(sink="Parquet", source="Files") + having(sink="DedupeKey", source="Files")
files = [name for name in sinks if name in rewriting()]
each = pytest.mark.parametrize("name", files)
Rows = list[tuple[Any, ...]]


def consume(here: World, table: str) -> Rows:
    """The rows as someone else reads them, who has never heard of this project.

    Files without views are opened once each, as most engines do. DuckDB opens a file twice in a
    query, and says "Invalid data" if it was replaced between the two.
    """
    folder = here.folder / "warehouse" / here.name
    if (folder / "views.sql").exists():
        views = (folder / "views.sql").read_text(encoding="utf-8")
        return asked(views, f"SELECT * FROM {here.name}.{table} ORDER BY ALL")
    with duckdb.connect() as con, tempfile.TemporaryDirectory() as taken:
        for file in (folder / table).glob("*.parquet"):
            shutil.copyfile(file, Path(taken) / file.name)
        query = f"SELECT * FROM read_parquet('{taken}/*.parquet') ORDER BY ALL"
        return con.execute(query).fetchall()


def redo(here: World) -> tuple[str, ...]:
    """The command that writes what was written once more."""
    if here.name in windowed():
        return "backfill", here.name, stamp(here.begin), stamp(here.end(1))
    return "run", here.name, "--as-of", stamp(here.over(2))


@contextlib.contextmanager
def reading(here: World, tables: list[str]) -> Iterator[list[tuple[str, Any]]]:
    """Read in a loop meanwhile; gives what was seen, rows or an error."""
    seen, over = list[tuple[str, Any]](), threading.Event()

    def read() -> None:
        while not over.is_set():
            for table in tables:
                try:
                    seen.append((table, consume(here, table)))
                except (duckdb.Error, OSError) as error:
                    seen.append((table, str(error)))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        over.set()
        reader.join()


@each
def test_readers_see_every_part_once_while_it_is_written_again_and_again(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(7))
    here.run(here.over(1))
    tables = ["silver", "gold"]
    right = {table: [consume(here, table)] for table in tables}
    with reading(here, tables) as seen:
        for version in range(1, 13):
            here.write(f"b{version:02}", here.rows(7, version=version))
            assert here.again(version).exit == 0
            for table in tables:
                right[table].append(consume(here, table))
    assert len(seen) > 12
    assert [(table, rows) for table, rows in seen if rows not in right[table]] == []


@each
def test_a_run_that_is_killed_is_not_half_done(name: str, world: Make, tmp_path: Path) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before, seen_before = here.content(), consume(here, "silver")
    here.write("b", here.rows(3, version=1))
    never = here.copy(tmp_path / "never")
    assert never.command(*redo(here)).exit == 0
    after, seen_after = never.content(), consume(never, "silver")
    assert before != after
    finished = []
    for step, killed in at_every_step(here, redo(here), tmp_path):
        why = f"killed before step {step}"
        assert mixtures(killed.content(), before, after) == [], why
        assert consume(killed, "silver") in (seen_before, seen_after), why
        with killed.pipeline.sink.open(killed.pipeline, write=True):
            pass  # whoever opens it next to write finishes what was begun, or drops it
        assert killed.content() in (before, after), why
        assert not [path for path in killed.folder.rglob("*.tmp") if path.is_file()], why
        finished.append(killed.content() == after)
        refused = finished[-1] and name in having(extraction="FullSnapshot", writing="Once")
        assert killed.command(*redo(here)).exit == (2 if refused else 0), why
        assert killed.content() == after, why
    assert finished == sorted(finished)
    assert {*finished} == {False, True}


@each
@pytest.mark.parametrize("step", range(3))
def test_a_full_disk_leaves_everything_as_it_was(
    name: str, world: Make, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before = here.content()
    here.write("b", here.rows(3, version=1))
    left = [step]

    def full(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        result = here.command(*redo(here))
        assert (result.exit, "No space left" in result.log) == (3, True)
    assert here.content() == before
    here.command(*redo(here))
    assert here.content() != before


@each
def test_several_writers_take_turns_and_readers_never_wait(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = here.content()
    with holding(here):
        result = here.run(here.over(2))
        assert (result.exit, "another run" in result.log) == (4, True)
        assert here.command("status", name).exit == 0
        assert here.command("plan", name).exit == 0
        assert here.content() == before
    assert here.run(here.over(2)).exit == 0
