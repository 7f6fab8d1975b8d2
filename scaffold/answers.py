"""From what was given to the answers of a whole project, or to every problem with it at once.

A draft is plain data: project keys, and `pipelines`, a list with one mapping for each. `complete` fills in
defaults, reads every value as its kind says and judges the whole. What comes out is what copier records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaffold import defaults, fit, keys, names, rules, values
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.keys import Key
from scaffold.problems import Problems
from scaffold.refusal import explain
from scaffold.rules import Verdict


@dataclass(frozen=True, slots=True)
class Pipeline:
    answers: Mapping[str, Any]
    verdict: Verdict

    @property
    def name(self) -> str:
        return str(self.answers["name"])


@dataclass(frozen=True, slots=True)
class Project:
    project_name: str
    package: str
    runtime: str
    pipelines: tuple[Pipeline, ...]

    def answers(self) -> dict[str, Any]:
        """What copier is given and records."""
        return {
            "project_name": self.project_name,
            "package": self.package,
            "runtime": self.runtime,
            "pipelines": [dict(pipeline.answers) for pipeline in self.pipelines],
        }


def complete(draft: Mapping[str, Any], catalogue: Catalogue, folder: str = "") -> Project:
    """The project that a draft describes, or all its problems. `folder` is where it will be."""
    problems = Problems()
    catalogue = defaults.on_runtime(draft, catalogue)
    entries = draft.get("pipelines") or [{}]
    pipelines = tuple(_pipeline(entry, catalogue, problems) for entry in entries)
    first = next((str(p.answers["name"]) for p in pipelines if p.answers["name"]), "pipelines")
    raw = {"project_name": defaults.title(folder) or defaults.title(first)} | dict(draft)
    named = "project_name" in draft or not folder
    package = (
        defaults.package(str(raw["project_name"]), catalogue) if named else names.spelled(folder)
    )
    raw = {"package": package} | raw
    raw = {"runtime": catalogue.runtime.id} | raw
    project = {key.name: _read(key, raw[key.name], catalogue, problems) for key in keys.PROJECT}
    _distinct(pipelines, problems)
    problems.check()
    return Project(**project, pipelines=pipelines)


def choices(catalogue: Catalogue) -> tuple[Key, ...]:
    """The axes where there is something to choose: what makes a project is never decided in silence."""
    return tuple(key for key in keys.axes(catalogue) if len(catalogue.of(key.name, made=True)) > 1)


def missing(draft: Mapping[str, Any], catalogue: Catalogue) -> tuple[Key, ...]:
    """The choices that a draft does not make."""
    entries = draft.get("pipelines") or [{}]
    return tuple(key for key in choices(catalogue) if any(key.name not in e for e in entries))


def _pipeline(entry: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> Pipeline:
    """One pipeline's answers, read and judged; what cannot be read is None, and a problem."""
    raw = defaults.fill(entry, catalogue)
    known = {key.name: key for key in keys.pipeline(catalogue)}
    found: dict[str, Any] = {}
    unread: set[str] = set()
    for name, value in raw.items():
        before = len(problems.found)
        found[name] = _read(known[name], value, catalogue, problems)
        unread |= {name} if len(problems.found) > before else set()
    pipeline = Pipeline(found, rules.judge(found, catalogue))
    if "columns" not in raw:
        fix = "Point at it with --sample PATH, or say: -d columns='[{\"name\": …}]'."
        problems.found.append(UsageError("Nothing says which columns the data has.", fix=fix))
    elif "columns" not in unread:
        problems.found += fit.misfits(found, catalogue)
        if not unread & {"event_time", *(axis.id for axis in catalogue.asked)}:
            parts = pipeline.verdict.parts
            problems.found += [
                explain(one.by, one.need, parts, catalogue) for one in pipeline.verdict.refused
            ]
    return pipeline


def _read(key: Key, raw: Any, catalogue: Catalogue, problems: Problems) -> Any:
    return problems.guard(lambda: values.parse(key, raw, catalogue))


def _distinct(pipelines: Sequence[Pipeline], problems: Problems) -> None:
    """A pipeline that publishes brings its consumer, which needs a name as well."""
    taken: set[str] = set()
    for pipeline in pipelines:
        name = pipeline.answers["name"]
        publishes = "disconnected" in (pipeline.answers["structure"] or ())
        for one in [name, f"{name}_consumer"] if publishes else [name]:
            if one in taken:
                fix = "Give each a name of its own; NAME_consumer reads what NAME publishes."
                problems.found.append(UsageError(f'Two pipelines are called "{one}".', fix=fix))
            taken.add(str(one))
