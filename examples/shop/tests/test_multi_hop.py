"""Multi-hop: bronze keeps what came, a gate stands before silver, each hop follows from the last."""

from collections.abc import Callable

import pytest

from .support import World, having, ordered, redone, spoilable, windowed

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(structure="MultiHop", source="Files"))


@each
def test_bronze_keeps_every_row_as_it_came(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(5)
    here.write("a", [*rows, *rows])
    here.run(here.over(1))
    bronze = here.table("bronze")
    assert len(bronze) == 10
    for column in here.columns:
        if column.name != here.when:
            assert {str(row[column.name]) for row in bronze} == {
                here.spelled(row[column.name]) for row in rows
            }


@pytest.mark.parametrize(
    "name", [name for name in having(structure="MultiHop", source="Files") if spoilable(name)]
)
def test_no_row_is_lost_between_the_hops(name: str, world: Make) -> None:
    here = world(name)
    rows = here.rows(9)
    bad = here.spoil(rows[:2])
    here.write("a", [*bad, *rows[2:]])
    here.run(here.over(1))
    assert here.silver() == ordered(rows[2:])
    assert len(here.table("quarantine")) + len(here.silver()) == len(here.table("bronze"))


@pytest.mark.parametrize(
    "name", [n for n in having(structure="MultiHop") if n in windowed() and n in redone()]
)
def test_hops_are_rebuilt_without_the_source(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(5))
    here.run(here.over(1))
    before = here.content()
    path.unlink(missing_ok=True)
    assert here.backfill(here.begin, here.end(2), "--rebuild").facts["done"] == 1, "one was read"
    assert here.content() == before
    never_read = here.backfill(here.end(1), here.end(2), "--rebuild")
    assert (never_read.exit, "leave out --rebuild" in never_read.log) == (2, True)
