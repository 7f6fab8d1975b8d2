"""Which files there are, and whether each is whole."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from .support import World, having, ordered

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(source="Files"))


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
    if path.suffix == ".csv" and len(here.columns) == 1:
        return  # its only cell may be that short
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
    place = f"PIPELINE_PIPELINES__{name.upper()}__PATH"
    here = replace(here, settings={place: here.env[place].replace("*", "**/*")})
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(3) + here.rows(3, window=1))
