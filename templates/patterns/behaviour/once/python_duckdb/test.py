"""Once: a unit that is done is never written again."""

from collections.abc import Callable

import pytest

from .support import World, having, ordered, windowed

Make = Callable[[str], World]
ranged = [*windowed(), *having(extraction="Streaming", source="Files")]
each = pytest.mark.parametrize("name", [n for n in having(writing="Once") if n in ranged])
files = pytest.mark.parametrize(
    "name", [n for n in having(writing="Once", source="Files") if n in ranged]
)


@each
def test_a_rerun_of_a_done_unit_is_refused_and_changes_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    before = here.content()
    result = here.backfill(here.begin, here.end(1))
    assert result.exit == 2
    assert "writes a unit once" in result.log
    assert here.content() == before


@files
def test_a_unit_that_failed_is_written_once_it_can_be(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    whole = path.read_bytes()
    here.drop_column(path)
    assert here.run(here.over(1)).exit == 1
    assert here.silver() == []
    path.write_bytes(whole)
    here.run(here.over(1))  # takes it as a new content, where that is what counts
    if here.silver() == []:
        assert here.backfill(here.begin, here.end(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))
