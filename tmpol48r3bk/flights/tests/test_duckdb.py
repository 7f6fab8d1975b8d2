"""DuckDB: one file, one writer; rows and ledger entry are there together or not at all."""

from collections.abc import Callable

import pytest

from .killing import holding
from .support import World, having, ordered

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
