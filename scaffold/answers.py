"""From what was given to the answers of a whole project, or to every problem with it at once.

A draft is plain data: project keys, and `pipelines`, a list with one mapping for each. `complete` fills in
defaults, reads every value as its kind says and judges the whole. What comes out is what copier records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaffold import fit, keys, names, rules, values
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.keys import Key
from scaffold.problems import Problems
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
    entries = draft.get("pipelines") or [{}]
    pipelines = tuple(_pipeline(entry, catalogue, problems) for entry in entries)
    first = next((str(p.answers["name"]) for p in pipelines if p.answers["name"]), "pipelines")
    raw = {"project_name": title(folder) or title(first)} | dict(draft)
    named = "project_name" in draft or not folder
    package = (
        default_package(str(raw["project_name"]), catalogue) if named else names.spelled(folder)
    )
    raw = {"package": package} | raw
    raw = {"runtime": default_runtime(catalogue)} | raw
    project = {key.name: _read(key, raw[key.name], catalogue, problems) for key in keys.PROJECT}
    _distinct(pipelines, problems)
    problems.check()
    return Project(**project, pipelines=pipelines)


def choices(catalogue: Catalogue) -> tuple[Key, ...]:
    """The axes where there is something to choose: what makes a project is never decided in silence."""
    return tuple(key for key in keys.axes(catalogue) if len(catalogue.of(key.name)) > 1)


def missing(draft: Mapping[str, Any], catalogue: Catalogue) -> tuple[Key, ...]:
    """The choices that a draft does not make."""
    entries = draft.get("pipelines") or [{}]
    return tuple(key for key in choices(catalogue) if any(key.name not in e for e in entries))


def suggested(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """A pipeline's answers with a pattern wherever nobody chose one: the catalogue's default as far as the
    rules allow it, or the first that they do. `suggestion` in templates/rules.jinja says the same.
    """
    found = sample(entry, catalogue) | dict(entry)
    for axis in catalogue.asked:
        if axis.id in found:
            continue
        later = [other.id for other in catalogue.asked if other.id not in {axis.id, *found}]
        every = catalogue.of(axis.id)
        free = [p for p in every if rules.obstacle(p, found, later, catalogue) is None]
        chosen = [p.id for p in free if p.default]
        # Where nothing is free, the refusal of the default is what there is to say.
        spare = free or [p for p in every if p.default]
        found[axis.id] = chosen if axis.many else [*chosen, *(p.id for p in spare)][0]
    return found


def default_folder(draft: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Where a project goes that was given no place: beside the others, under its own name."""
    first, *_ = draft.get("pipelines") or [{}]
    named = draft.get("package") or draft.get("project_name") or fill(first, catalogue)["name"]
    return names.slug(str(named)) or "pipelines"


def default_runtime(catalogue: Catalogue) -> str:
    return next(runtime.id for runtime in catalogue.runtimes if runtime.default)


def default_package(project_name: str, catalogue: Catalogue) -> str:
    return names.free(project_name, catalogue.reserved) or "pipelines"


def title(name: str) -> str:
    """`my-orders` is the folder of the project "My orders"."""
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def sample(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The shipped sample's answers, for a pipeline that says nothing about data of its own."""
    if any(key in entry for key in keys.FILES) or not catalogue.samples:
        return {}
    name, shipped = next(iter(catalogue.samples.items()))
    return {"name": name, "path": f"data/{name}/*.{shipped['format']}", **shipped}


def fill(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """One pipeline's answers with every default, as they were given, in the order of the keys."""
    raw = suggested(entry, catalogue)
    found = {key.name: _raw(key, raw, catalogue) for key in keys.pipeline(catalogue)}
    return {name: value for name, value in found.items() if value is not _ABSENT}


def _pipeline(entry: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> Pipeline:
    """One pipeline's answers, read and judged; what cannot be read is None, and a problem."""
    raw = fill(entry, catalogue)
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
                rules.explain(one, parts, catalogue) for one in pipeline.verdict.refused
            ]
    return pipeline


_ABSENT = object()


def _raw(key: Key, raw: Mapping[str, Any], catalogue: Catalogue) -> Any:
    """What was given for a key, or its default; keys that nothing of this pipeline reads are absent."""
    if key.name in raw:
        return raw[key.name]
    if key.name == "name":
        return "pipeline"
    if key.name == "path":
        return f"data/{raw.get('name', 'pipeline')}/*.{raw.get('format', 'csv')}"
    if key.name in keys.CSV and raw.get("format", "csv") != "csv":
        return _ABSENT
    settings = {setting.key for setting in catalogue.settings}
    wanted = {s.key for part in rules.chosen(raw, catalogue) for s in part.settings}
    unread = key.name in settings and key.name not in wanted
    return _ABSENT if unread or key.name == "columns" else key.default


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
