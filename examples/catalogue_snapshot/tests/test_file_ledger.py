"""The ledger of files: an attempt is there whole or not at all, and no two have one number."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .support import World, having, rewriting
from .test_part_files import redo

Make = Callable[[str], World]
sinks = having(sink="Parquet", source="Files") + having(sink="DedupeKey", source="Files")
files = [name for name in sinks if name in rewriting()]
each = pytest.mark.parametrize("name", files)


def ledger(here: World) -> list[Path]:
    """The ledger files, oldest first."""
    return sorted((here.folder / "warehouse" / "ledger" / here.name).glob("*.json"))


@each
def test_each_attempt_is_one_file_that_never_changes(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = {path: path.read_bytes() for path in ledger(here)}
    here.write("b", here.rows(2, version=1))
    here.command(*redo(here))
    assert {path: path.read_bytes() for path in ledger(here)[:-1]} == before
    newest = json.loads(ledger(here)[-1].read_bytes())
    assert ledger(here)[-1].name == f"{newest['number']:08}.json"
    assert [entry["status"] for entry in newest["entries"]] == ["done"]


@each
def test_a_failed_attempt_is_kept_as_well(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    here.drop_column(path)
    assert here.run(here.over(1)).exit == 1
    assert [e["status"] for e in json.loads(ledger(here)[-1].read_bytes())["entries"]] == ["failed"]
    assert here.status(here.over(1))["failed"] != []


@each
def test_who_loses_the_race_for_a_number_publishes_nothing(
    name: str, world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    before = here.content()
    here.write("b", here.rows(2, version=1))
    number = int(ledger(here)[-1].stem) + 1
    other = ledger(here)[-1].with_name(f"{number:08}.json")
    mkdir = Path.mkdir

    def race(path: Path, *arguments: Any, **options: Any) -> None:
        mkdir(path, *arguments, **options)
        if path.name == "next":
            other.write_text(json.dumps({"number": number}))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", race)
        result = here.command(*redo(here))
    assert (result.exit, "another run" in result.log) == (4, True)
    assert here.content() == before
    assert here.command(*redo(here)).exit == 0
    assert here.content() != before


@each
def test_a_race_that_is_lost_at_the_last_moment_is_noticed(
    name: str, world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    here.write("b", here.rows(2, version=1))
    never = here.copy(here.folder.with_name("never"))
    never.command(*redo(here))
    link = Path.hardlink_to

    def late(path: Path, target: Path) -> None:
        if not path.exists():
            path.write_text(json.dumps({"number": int(path.stem)}))
        link(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "hardlink_to", late)
        result = here.command(*redo(here))
    assert (result.exit, "another run" in result.log) == (4, True)
    assert here.command(*redo(here)).exit == 0
    assert here.content() == never.content()


@each
def test_what_could_not_be_put_in_place_is_put_there_by_the_next_run(
    name: str, world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    here.write("b", here.rows(2, version=1))
    never = here.copy(here.folder.with_name("never"))
    never.command(*redo(here))
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if "gold" in str(target):
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        assert here.command(*redo(here)).exit == 3
    with here.pipeline.sink.open(here.pipeline, write=True):
        pass
    assert here.content() == never.content()


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
    assert (result.exit, "Not a directory" in result.log) == (3, True)
