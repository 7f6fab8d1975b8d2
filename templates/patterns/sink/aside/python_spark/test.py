"""Made aside: a unit reads its own changes, in their order, and nobody else does."""

from collections.abc import Callable
from typing import Any

import pytest

from .support import World, redone

Make = Callable[[str], World]


@pytest.mark.parametrize("name", redone())
def test_rows_come_and_go_in_the_order_of_a_unit_s_changes(name: str, world: Make) -> None:
    """Where a condition is neither true nor false, the row stays."""
    here = world(name)
    here.write("a", here.rows(3))
    assert here.run(here.over(1)).exit == 0
    before, sink = here.content(), here.pipeline.sink
    table = next(step.table for step in here.pipeline.steps if step.table.name == "silver")
    empty = f"SELECT {', '.join(f'NULL AS {column}' for column in table.names)}"
    with sink.open(here.pipeline, write=True) as store, store.begin() as changed:

        def there() -> list[Any]:
            query = f"SELECT {table.names[0]} FROM {changed.relation('silver')}"
            return [value for (value,) in changed.con.execute(query).fetchall()]

        known = there()
        assert len(known) == 3
        changed.append(table, f"{empty} UNION ALL SELECT * FROM {changed.relation('silver')}")
        assert sorted(there(), key=str) == sorted([*known, *known, None], key=str)
        changed.remove(table, f"{table.names[0]} = {table.names[0]}")
        assert there() == [None]
        changed.append(table, empty)
        assert there() == [None, None]
        changed.remove(table, "true")
        assert there() == []
        changed.append(table, empty)
        assert there() == [None]
    assert here.content() == before
