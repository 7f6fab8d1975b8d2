"""Deduplicating key: of all versions, the views show the newest that counts, each row once."""

from collections.abc import Callable

import pytest

from .support import Row, World, having, rewriting, windowed
from .test_part_files import consume, redo

Make = Callable[[str], World]
each = pytest.mark.parametrize(
    "name", [n for n in having(sink="DedupeKey", source="Files") if n in rewriting()]
)


def viewed(here: World) -> dict[str, list[Row]]:
    """All tables through their views."""
    found = {}
    for step in here.pipeline.steps:
        names = [column.name for column in step.table.columns]
        rows = consume(here, step.table.name)
        found[step.table.name] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


def tables(here: World) -> dict[str, list[Row]]:
    """All tables as the pipeline itself reads them."""
    return {step.table.name: here.table(step.table.name) for step in here.pipeline.steps}


@each
def test_the_views_show_what_the_pipeline_reads(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    assert viewed(here) == tables(here)
    here.write("c", here.rows(3, version=1))
    here.command(*redo(here))
    assert viewed(here) == tables(here)
    assert viewed(here)["silver"] != []


@each
def test_the_views_are_there_before_the_first_row(name: str, world: Make) -> None:
    here = world(name)
    with here.pipeline.sink.open(here.pipeline, write=True):
        pass
    assert all(rows == [] for rows in viewed(here).values())
    here.write("a", here.rows(5))
    here.run(here.over(1))
    assert viewed(here) == tables(here)


@each
def test_a_part_that_was_left_without_rows_hides_its_versions(name: str, world: Make) -> None:
    if name not in windowed():
        return  # rows leave a part by leaving the source
    here = world(name)
    path = here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    path.unlink()
    assert here.again(2).exit == 0
    assert viewed(here) == tables(here)
    assert len(viewed(here)["silver"]) == 5
    here.write("a", here.rows(4))
    assert here.again(2).exit == 0
    assert len(viewed(here)["silver"]) == 9
