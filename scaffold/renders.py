"""The same project by the old and by the new templates, as two trees that can be merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaffold import record, render, renewal, trees
from scaffold.errors import UsageError
from scaffold.record import ANSWERS, Record
from scaffold.repository import Repository
from scaffold.source import Templates
from scaffold.trees import Entry

_OURS = b"scaffold: whatever stands here afterwards was not written\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A project, and the answers that its owner asked to change."""

    repository: Repository
    record: Record
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Renders:
    old: str
    new: str
    notes: tuple[str, ...]


def both(wanted: Wanted, old: Templates, new: Templates, work: Path) -> Renders:
    """Two trees of the whole repository, each with one render in the project's place."""
    before = _rendered(wanted.record, {}, old, _place(wanted.repository, work / "old"))
    wanted, gained = _renewed(wanted, new)
    after = _refusing(wanted, new, _place(wanted.repository, work / "new"))
    notes = (*gained, *_compared(wanted, after, new))
    # The owner's own answers file stands in the old render: the new one then replaces it without a conflict.
    (before / ANSWERS).write_text(wanted.record.text, encoding="utf-8")
    base, theirs = (
        trees.with_render(wanted.repository, _root(wanted.repository, work / name))
        for name in ("old", "new")
    )
    skipped = _skipped(wanted, new, after, _place(wanted.repository, work / "again"))
    return Renders(*_unskipped(wanted.repository, base, theirs, skipped), notes)


def _root(repository: Repository, folder: Path) -> Path:
    """What stands for the work tree: of its name, which templates may use."""
    return folder / repository.top.name


def _place(repository: Repository, folder: Path) -> Path:
    place = _root(repository, folder) / repository.prefix
    place.mkdir(parents=True)
    return place


def _rendered(found: Record, asked: Mapping[str, Any], templates: Templates, folder: Path) -> Path:
    render.render_again(found.text, asked, templates, folder)
    return folder


def _renewed(wanted: Wanted, templates: Templates) -> tuple[Wanted, tuple[str, ...]]:
    """Pipelines that the owner changes are whole already; recorded ones may be older than a setting."""
    if wanted.asked:
        return wanted, ()
    found = renewal.renewed(wanted.record, templates)
    return replace(wanted, asked=found.asked), found.notes


def _refusing(wanted: Wanted, templates: Templates, folder: Path) -> Path:
    try:
        return _rendered(wanted.record, wanted.asked, templates, folder)
    except UsageError as error:
        raise UsageError(
            f"The templates {templates.commit} refuse the answers of this project.",
            error.why,
            f"{renewal.mend(wanted.record)} Nothing was changed.",
        ) from error


def _compared(wanted: Wanted, after: Path, templates: Templates) -> Iterator[str]:
    """What became of the answers. One that would change unasked is refused: copier takes a default in silence."""
    text = (after / ANSWERS).read_text(encoding="utf-8")
    found = {k: v for k, v in record.parse(text, after / ANSWERS).items() if not k.startswith("_")}
    before = dict(wanted.record.answers)
    expected = before | dict(wanted.asked)
    changed = [key for key in expected if key in found and found[key] != expected[key]]
    if changed:
        raise UsageError(
            f"The templates {templates.commit} no longer take answers of this project.",
            "They would be changed, and nobody asked for that. Nothing was.",
            renewal.mend(wanted.record),
            [
                UsageError(f"{key}: {expected[key]!r} would become {found[key]!r}")
                for key in changed
            ],
        )
    if (
        wanted.record.commit == templates.commit
    ):  # other answers make other questions, and that was asked for
        return
    for key in found.keys() - expected.keys():
        yield f"New question {key}: its default was taken, {found[key]!r}."
    for key in expected.keys() - found.keys():
        yield f"{key} is no longer asked; it was {expected[key]!r}."


def _skipped(wanted: Wanted, templates: Templates, after: Path, again: Path) -> set[str]:
    """The files that the templates write only where there is none: copier knows, so it is asked by rendering
    over files of ours; those are still there afterwards.
    """
    if "_skip_if_exists" not in (templates.path / "copier.yml").read_text(encoding="utf-8"):
        return set()
    names = [name for name in render.files(after) if name != ANSWERS]
    for name in names:
        (again / name).parent.mkdir(parents=True, exist_ok=True)
        (again / name).write_bytes(_OURS)
    _rendered(wanted.record, wanted.asked, templates, again)
    return {wanted.repository.prefix + n for n in names if (again / n).read_bytes() == _OURS}


def _unskipped(
    repository: Repository, old: str, new: str, skipped: Iterable[str]
) -> tuple[str, str]:
    """Both trees without a change of such files: as the owner has them, or new where the owner has none."""
    ours = {path: trees.entry(repository, repository.head, path) for path in skipped}
    same = [entry for entry in ours.values() if entry]
    gone = [Entry.absent(path) for path, entry in ours.items() if not entry]
    return trees.edited(repository, old, [*same, *gone]), trees.edited(repository, new, same)
