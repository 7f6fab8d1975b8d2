"""The pipelines of a project that exists, and what `add`, `switch` and `remove` make of its answers.

Nothing here renders or writes: what comes out are answers that were judged as those of a new project are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaffold import answers, defaults, keys, rules
from scaffold.answers import Pipeline, Project
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.record import Record
from scaffold.scalars import nearest

Entry = Mapping[str, Any]
_PROJECTS = {"name", "language", "pipeline", "pipelines", *(key.name for key in keys.PROJECT)}


@dataclass(frozen=True, slots=True)
class Change:
    """A project before and after; `asked` is what differs, as copier takes it."""

    before: Project
    after: Project
    asked: Mapping[str, Any]

    @property
    def added(self) -> tuple[Pipeline, ...]:
        known = {pipeline.name for pipeline in self.before.pipelines}
        return tuple(pipeline for pipeline in self.after.pipelines if pipeline.name not in known)

    @property
    def kept(self) -> tuple[tuple[Pipeline, Pipeline], ...]:
        """Each pipeline that stays, as it was and as it will be."""
        after = {pipeline.name: pipeline for pipeline in self.after.pipelines}
        pairs = ((one, after.get(one.name)) for one in self.before.pipelines)
        return tuple((old, new) for old, new in pairs if new)


def entries(recorded: Entry, catalogue: Catalogue) -> list[dict[str, Any]]:
    """What is recorded of each pipeline: in the list, or flat, as plain copier's questions leave it."""
    if several := recorded.get("pipelines"):
        return [dict(entry) for entry in several]
    named = {"name": recorded.get("pipeline")} | dict(recorded)
    known = [key.name for key in keys.pipeline(catalogue)]
    return [{name: named[name] for name in known if name in named}]


def misplaced(said: Iterable[str]) -> Iterator[UsageError]:
    """Answers that are not about a pipeline that has its name already."""
    for key in said:
        if key in _PROJECTS:
            yield UsageError(
                f"Cannot change {key} here: it is not an answer about this pipeline.",
                fix="Leave it out. Names are for ever: folders, tables and imports have them.",
            )


def switched(record: Record, name: str, said: Entry, catalogue: Catalogue) -> Change:
    """Other answers for one pipeline. Settings that its patterns no longer read are left out."""
    found = entries(record.answers, catalogue)
    place = _place(found, name)
    found[place] = _forgetting({**found[place], **said, "name": name}, said, catalogue)
    return _change(record, found, catalogue)


def moved(record: Record, runtime: str, said: Entry, catalogue: Catalogue) -> Change:
    """All pipelines on another runtime, whose catalogue this is. A sink that it does not have becomes its default."""
    found = []
    for entry in entries(record.answers, catalogue):
        parts = {part.axis: part for part in rules.chosen(entry, catalogue) if part.place}
        gone = [axis for axis, part in parts.items() if not catalogue.made(part)]
        kept = {key: value for key, value in entry.items() if key not in gone}
        found.append(_forgetting({**kept, **said}, said, catalogue))
    return _change(record, found, catalogue, runtime=runtime)


def added(record: Record, more: Sequence[Entry], catalogue: Catalogue) -> Change:
    """More pipelines, after the others."""
    return _change(record, [*entries(record.answers, catalogue), *more], catalogue)


def removed(record: Record, name: str, catalogue: Catalogue) -> Change:
    """One pipeline less, but never the last one."""
    found = entries(record.answers, catalogue)
    place = _place(found, name)
    if len(found) == 1:
        raise UsageError(
            f'Cannot remove "{name}": it is the only pipeline of this project.',
            "A project has at least one.",
            "Add another first, or delete the project.",
        )
    _require_unread(found[place], catalogue)
    return _change(record, found[:place] + found[place + 1 :], catalogue)


def _place(found: Sequence[Entry], name: str) -> int:
    names = [str(entry.get("name")) for entry in found]
    if name in names:
        return names.index(name)
    if name.removesuffix("_consumer") in names:
        producer = name.removesuffix("_consumer")
        raise UsageError(
            f'"{name}" comes with "{producer}", which publishes to it.',
            fix=f"Change {producer}: scaffold switch {producer} --structure …, without disconnected.",
        )
    raise UsageError(
        f'There is no pipeline "{name}" in this project.',
        fix=f"{nearest(name, names)}There are: {', '.join(names)}.",
    )


def _require_unread(entry: Entry, catalogue: Catalogue) -> None:
    """A promise is taken back before what was promised: in a step of its own, which its consumers can see."""
    parts = rules.chosen(entry, catalogue)
    publishing = next((part for part in parts if "contract" in part.provides), None)
    if publishing:
        name = entry["name"]
        others = [id_ for id_ in entry["structure"] if id_ != publishing.id]
        rest = " ".join(f"--structure {id_}" for id_ in others) or "--no-structure"
        raise UsageError(
            f'Cannot remove "{name}": "{name}_consumer" reads what it publishes under its contract.',
            "A consumer would wait for ever for data that never comes.",
            f"Take the promise back first, and commit that: scaffold switch {name} {rest} --commit",
        )


def _forgetting(entry: Entry, said: Entry, catalogue: Catalogue) -> dict[str, Any]:
    """Without accepted rules that no longer refuse anything: another switch would be accepted in silence."""
    if "accept" in said:
        return dict(entry)
    filled = defaults.fill(entry, catalogue)
    refused = {
        finding.need.rule for finding in rules.judge(filled | {"accept": []}, catalogue).refused
    }
    return {**entry, "accept": [rule for rule in entry.get("accept") or () if rule in refused]}


def _change(record: Record, after: Sequence[Entry], catalogue: Catalogue, **project: str) -> Change:
    """Other pipelines, and what else of the `project` is other."""
    was = _project(record, entries(record.answers, catalogue), catalogue)
    will = _project(record, after, catalogue, **project)
    asked = project | {"pipelines": will.answers()["pipelines"]}
    return Change(was, will, {} if was == will else asked)


def _project(record: Record, found: Sequence[Entry], catalogue: Catalogue, **other: str) -> Project:
    own = {key.name: record.answers[key.name] for key in keys.PROJECT if key.name in record.answers}
    pipelines = {"pipelines": [dict(entry) for entry in found]}
    return answers.complete(own | other | pipelines, catalogue)
