"""Append log: files are added, and that is all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .killing import at_every_step
from .support import World, having, rewriting
from .test_part_files import consume, redo

Make = Callable[[str], World]
each = pytest.mark.parametrize(
    "name", [n for n in having(sink="DedupeKey", source="Files") if n in rewriting()]
)


def published(here: World) -> dict[Path, bytes]:
    """All files of tables and ledger, by their place in the sink, with their content."""
    root = here.folder / "warehouse"
    found = [*root.rglob("*.parquet"), *root.rglob("*.json")]
    return {path.relative_to(root): path.read_bytes() for path in found}


@each
def test_nothing_that_was_published_is_changed_or_deleted(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    here.run(here.over(1))
    first = published(here)
    here.write("b", here.rows(3, version=1))
    here.command(*redo(here))
    second = published(here)
    assert first.items() <= second.items()
    assert len(first) < len(second)
    path.unlink()
    here.command(*redo(here))
    assert second.items() <= published(here).items()


@each
def test_what_a_killed_run_left_stays_and_does_not_count(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before = published(here)
    here.write("b", here.rows(3, version=1))
    for step, killed in at_every_step(here, redo(here), tmp_path):
        left = published(killed)
        assert before.items() <= left.items(), f"killed before step {step}"
        with killed.pipeline.sink.open(killed.pipeline, write=True):
            assert left.items() <= published(killed).items(), f"killed before step {step}"
        for table in ("silver", "gold"):
            seen = consume(killed, table)
            assert seen == [tuple(row.values()) for row in killed.table(table)]


@each
def test_without_versions_it_refuses_to_replace_rows(name: str, world: Make) -> None:
    here = world(name)
    here = here.but(sink=here.pipeline.sink.sink)  # type: ignore[attr-defined]
    here.write("a", here.rows(5))
    result = here.run(here.over(1))
    assert (result.exit, "only adds rows" in result.log) == (2, True)
    assert all(rows == [] for rows in here.content().values())
