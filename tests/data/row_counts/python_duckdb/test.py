"""Row counts: what the table says is what silver has."""

from collections.abc import Callable

import pytest

from .support import World, having

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(structure="RowCounts"))


@each
def test_each_window_has_its_number_of_clean_rows(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    here.write("b", here.rows(3, window=1))
    here.run(here.over(2))
    counted = {row["_unit"]: row["rows"] for row in here.table("row_counts")}
    assert counted == {here.begin: 5, here.end(1): 3}
