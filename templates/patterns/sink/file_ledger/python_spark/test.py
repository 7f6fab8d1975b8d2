"""The ledger of files: an attempt is there whole or not at all, and no two have one number."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .support import World, having, windowed

Make = Callable[[str], World]
sinks = having(sink="Delta") + having(sink="Parquet") + having(sink="DedupeKey")
windows = [name for name in sinks if name in windowed()]
each = pytest.mark.parametrize("name", windows)
files = [name for name in windows if name in having(source="Files")]


def ledger(here: World) -> list[Path]:
    """The ledger files, oldest first."""
    return sorted((here.folder / "warehouse" / "ledger" / here.name).glob("*.json"))


@pytest.mark.parametrize("name", files)
def test_each_attempt_is_one_file_that_never_changes(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = {path: path.read_bytes() for path in ledger(here)}
    here.drop_column(here.write("b", here.rows(2, window=1)))
    assert here.run(here.over(2)).exit == 1
    assert {path: path.read_bytes() for path in before} == before
    newest = json.loads(ledger(here)[-1].read_bytes())
    assert ledger(here)[-1].name == f"{newest['number']:08}.json"
    assert [entry["status"] for entry in newest["entries"]] == ["failed"]


@each
def test_who_loses_the_race_for_a_number_publishes_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = here.content()
    here.write("b", here.rows(3, window=1))
    number = int(ledger(here)[-1].stem) + 1
    other = ledger(here)[-1].with_name(f"{number:08}.json")
    source = here.pipeline.source

    class Slow:
        """While it is read, another run that holds no lock publishes."""

        def __getattr__(self, attribute: str) -> object:
            return getattr(source, attribute)

        def read(self, *arguments: object) -> object:
            other.write_text(json.dumps({"number": number}))
            return source.read(*arguments)  # type: ignore[arg-type]

    result = here.but(source=Slow()).run(here.over(2))
    assert (result.exit, "another run" in result.log) == (4, True)
    assert here.content() == before
