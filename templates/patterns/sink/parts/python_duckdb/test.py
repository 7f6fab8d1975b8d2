"""Parts: a rerun writes few files again, and writes them as they were."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .support import Row, World, having, rewriting, spoilable, windowed

Make = Callable[[str], World]
sinks = having(sink="Parquet", source="Files") + having(sink="DedupeKey", source="Files")
files = [name for name in sinks if name in rewriting()]
each = pytest.mark.parametrize("name", files)


def published(here: World) -> dict[Path, bytes]:
    """All data files with their content, but for those that tell the columns and have no rows."""
    tables = (here.folder / "warehouse" / here.name).glob("*/*.parquet")
    return {path: path.read_bytes() for path in tables if not path.name.startswith("0-")}


def promised(here: World) -> list[bytes]:
    """The content of the files with silver and gold; an append log has each once more."""
    names = ("silver", "gold")
    return sorted({data for path, data in published(here).items() if path.parent.name in names})


def some(here: World, window: int, version: int = 0) -> list[Row]:
    """Rows of a window, and a bad one, if there are bad ones."""
    good = here.rows(4, window, version)
    return [*good, *here.spoil(here.rows(5, window)[4:])] if spoilable(here.name) else good


@each
def test_a_rerun_writes_the_same_files(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(9))
    here.run(here.over(1))
    before = promised(here)
    here.again(1)
    assert promised(here) == before


@each
def test_a_unit_leaves_the_files_of_others_alone(name: str, world: Make) -> None:
    if name not in windowed():
        return  # what a unit has to touch follows from its rows, not from its range
    here, bad = world(name), spoilable(name)
    for window in range(3):
        here.write(f"w{window}", some(here, window))
    here.run(here.over(3))
    before = {path: path.stat().st_ino for path in published(here)}
    here.write("w1", some(here, window=1, version=1))
    here.backfill(here.end(1), here.end(2))
    after = {path: path.stat().st_ino for path in published(here)}
    same = [path.parent.name for path in after if after[path] == before.get(path)]
    new = [path.parent.name for path in after if after[path] != before.get(path)]
    assert same.count("silver") >= 2
    assert new.count("silver") == 1
    assert new.count("gold") == 1
    assert (new.count("quarantine"), same.count("quarantine") >= 2) == (bad, bad)


@each
def test_what_is_replaced_as_a_whole_is_one_file(name: str, world: Make) -> None:
    here = world(name)
    for window in range(3):
        here.write(f"w{window}", here.rows(4, window))
    here.run(here.over(3))
    tables = [path.parent.name for path in published(here)]
    windows = 3 if name in windowed() else tables.count("silver")
    assert tables.count("silver") == windows
    assert tables.count("gold") <= 2
    if type(here.pipeline.extraction).__name__ == "FullSnapshot":
        assert tables.count("silver") == tables.count("gold") == 1
