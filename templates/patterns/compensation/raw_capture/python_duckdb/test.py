"""Raw capture: whole or not there, read again without a request, the newest one of each unit."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from . import api
from .killing import NEVER, killed
from .support import Result, World, having, ordered, redone, stamp, windowed

Make = Callable[[str], World]
names = having(source="RawCapture")
each = pytest.mark.parametrize("name", names)
each_again = pytest.mark.parametrize("name", [name for name in names if name in redone()])
looking_back = pytest.mark.parametrize(
    "name", [name for name in names if name in having(extraction="Lookback")]
)


@dataclass(frozen=True)
class Dying:
    """An API whose client is killed when it has three pages."""

    api: Any

    def pages(self, between: Any) -> Iterator[Any]:
        """Three pages, and the end."""
        pages = self.api.pages(between)
        yield next(pages)
        yield next(pages)
        yield next(pages)
        os.kill(os.getpid(), signal.SIGKILL)


def content_with(here: World) -> World:
    """The world as its owner has it: what was captured is not fetched again."""
    refetch = f"PIPELINE_PIPELINES__{here.name.upper()}__REFETCH"
    return replace(here, settings={**here.settings, refetch: "false"})


def again(here: World) -> Result:
    """The same units again."""
    if here.name in windowed():
        return here.backfill(here.begin, here.end(1))
    return here.run(here.over(1))


def captures(here: World, name: str = "*/[!_]*") -> list[Path]:
    """The folders of captures."""
    return sorted((here.folder / "captures").glob(name))


@each_again
def test_a_rerun_changes_nothing_and_asks_for_nothing(name: str, world: Make) -> None:
    here = content_with(world(name))
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    before, asked = here.content(), len(api.ASKED)
    here.write("a", here.rows(4, version=1))
    assert again(here).facts["done"] == 1
    assert here.content() == before
    assert len(api.ASKED) == asked


@each
def test_an_empty_sink_is_filled_from_the_capture(name: str, world: Make, tmp_path: Path) -> None:
    here = content_with(world(name))
    here.write("a", here.rows(5))
    here.write("b", here.rows(5, window=1))
    here.run(here.over(2))
    other = replace(here, folder=tmp_path / "other")
    shutil.copytree(here.folder / "captures", other.folder / "captures")
    asked = len(api.ASKED)
    assert other.run(here.over(2)).exit == 0
    assert other.content() == here.content()
    assert len(api.ASKED) == asked


@each
def test_a_capture_of_a_killed_run_is_thrown_away_and_fetched_anew(name: str, world: Make) -> None:
    here = content_with(world(name))
    here.write("a", here.rows(120))
    source: Any = here.pipeline.source
    dying = here.having("source", api=Dying(source.api))
    assert killed(dying, ("run", name, "--as-of", stamp(here.over(1))), NEVER)
    assert len(captures(here, "*/_half/*.jsonl")) == 3
    assert captures(here) == []
    here.write("a", here.rows(40))
    assert here.status(here.over(1))["rows"] == 0
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(40))
    assert captures(here, "*/_half") == []


@each
def test_a_source_that_breaks_off_leaves_no_capture_and_the_sink_as_it_was(
    name: str, world: Make
) -> None:
    here = content_with(world(name))
    here.write("a", here.rows(120))
    api.FAULTS[:] = [None, api.answers(500)]
    assert here.run(here.over(1)).exit == 1
    assert captures(here) == []
    assert here.silver() == []


@each_again
def test_what_is_fetched_again_counts_and_what_was_said_before_stays(
    name: str, world: Make
) -> None:
    here = world(name)
    for count, version in ((1, 0), (2, 1), (2, 0)):
        here.write("a", here.rows(5, version=version))
        assert (again(here) if count > 1 else here.run(here.over(1))).exit == 0
        assert len(captures(here)) == count
        assert again(content_with(here)).exit == 0
        assert here.silver() == ordered(here.rows(5, version=version))


@each
def test_a_manifest_says_what_there_is(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(60))
    here.run(here.over(1))
    (capture,) = captures(here)
    manifest = json.loads((capture / "manifest.json").read_text("utf-8"))
    pages = sorted(path.name for path in capture.glob("*.jsonl"))
    assert list(manifest["pages"]) == pages
    assert manifest["rows"] == 60
    lines = [line for page in pages for line in (capture / page).read_text("utf-8").splitlines()]
    assert len(lines) == 60


@each
def test_rows_of_other_windows_that_came_along_count_once(name: str, world: Make) -> None:
    here = world(name)
    source: Any = here.pipeline.source
    generous = replace(source.api, url=f"{source.api.url}&_all=yes")
    here = here.having("source", api=generous)
    rows = [row for window in range(3) for row in here.rows(4, window)]
    here.write("a", rows)
    assert here.run(here.over(3)).exit == 0
    assert here.silver() == ordered(rows)
    assert sum(row["rows"] for row in here.table("gold")) == 12
    assert here.status(here.over(3))["rows"] == 12


@looking_back
def test_to_look_back_asks_anew_and_a_backfill_does_not(name: str, world: Make) -> None:
    here = content_with(world(name))
    here.write("a", here.rows(5)[:3])
    here.run(here.over(1))
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))
    asked = len(api.ASKED)
    here.write("a", here.rows(5)[:1])
    assert here.backfill(here.begin, here.end(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))
    assert len(api.ASKED) == asked
