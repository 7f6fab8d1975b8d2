"""The feed of objects: what is fetched and read again, and what is not."""

import shutil
from collections.abc import Callable

import pytest

from . import store
from .support import World, having, ordered

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(extraction="Streaming", source="Objects"))


@each
def test_a_version_that_the_ledger_knows_is_not_even_fetched(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    shutil.rmtree(here.folder / "copies")
    store.ASKED.clear()
    new = here.write("b", here.rows(3, window=1))
    assert here.run(here.over(2)).exit == 0
    assert [name for kind, name in store.ASKED if kind == "GET"] == [new.name]


@each
def test_the_same_content_in_another_version_is_no_new_batch(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    here.run(here.over(1))
    before = store.version(path)
    path.write_bytes(path.read_bytes())
    assert store.version(path) != before
    assert here.plan(here.over(2)) == {}


@each
def test_no_other_version_is_read_than_the_one_that_was_listed(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))

    def overwritten(handler: store.Handler) -> None:
        listed = store.version(path)
        shutil.rmtree(here.folder / "copies")
        here.write("a", here.rows(2, version=1))
        handler.answer(200, b"", {"ETag": listed})  # just before it was overwritten

    store.FAULTS["HEAD"].append(overwritten)
    result = here.run(here.over(1))
    assert (result.exit, "changed, or went" in result.log) == (1, True), result.log
    assert here.silver() == []
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(2, version=1))
