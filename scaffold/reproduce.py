"""The one command that makes this very project again: on another machine, and byte for byte.

It says everything that was decided, and of the rest only what differs from what scaffold fills in.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from scaffold import answers, defaults, keys
from scaffold.answers import Pipeline, Project
from scaffold.catalogue import Catalogue
from scaffold.keys import Key


def arguments(
    project: Project, folder: str, catalogue: Catalogue, sample: str = ""
) -> tuple[str, ...]:
    """The words after `scaffold`."""
    catalogue = catalogue.on(project.runtime)
    return ("new", folder, *_project(project, catalogue), *_pipelines(project, catalogue, sample))


def line(words: tuple[str, ...]) -> str:
    """A command for a shell; every word is quoted where it needs to be."""
    return shlex.join(("scaffold", *words))


def _project(project: Project, catalogue: Catalogue) -> Iterator[str]:
    yield from ("--name", project.project_name)
    if project.package != defaults.package(project.project_name, catalogue):
        yield from ("--package", project.package)
    if project.runtime != defaults.runtime(catalogue):
        yield from ("--runtime", project.runtime)


def _pipelines(project: Project, catalogue: Catalogue, sample: str) -> Iterator[str]:
    if len(project.pipelines) > 1:
        entries = [_telling(each.answers, catalogue) for each in project.pipelines]
        yield from ("-d", f"pipelines={_json(entries)}")
        return
    (one,) = project.pipelines
    yield from pipeline(one, catalogue, sample)


def pipeline(one: Pipeline, catalogue: Catalogue, sample: str = "") -> Iterator[str]:
    """The flags that describe one pipeline."""
    if sample:
        yield from ("--sample", sample)
    telling = _telling(one.answers, catalogue)
    for key in keys.pipeline(catalogue):
        if key.name in telling:
            yield from _flags(key, telling[key.name])


def decisions(said: Mapping[str, Any], catalogue: Catalogue) -> Iterator[str]:
    """The flags that say some answers of a pipeline."""
    for key in keys.pipeline(catalogue):
        if key.name in said:
            yield from _flags(key, said[key.name])


def _telling(found: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """What has to be said about a pipeline: the decisions, and what differs from what is filled in."""
    filled = _filled(found, catalogue)
    decided = {"name", *(key.name for key in answers.choices(catalogue))}
    return {
        name: value
        for name, value in found.items()
        if name in decided or name not in filled or value != filled[name]
    }


def _filled(found: Mapping[str, Any], catalogue: Catalogue) -> Mapping[str, Any]:
    """What scaffold fills in when it is told the decisions only."""
    decided = {key.name: found[key.name] for key in keys.axes(catalogue)} | {"name": found["name"]}
    shipped = defaults.sample(decided, catalogue)
    own = any(found.get(key) != shipped.get(key) for key in keys.FILES)
    if own:
        # Columns say that the data is not the shipped sample, and the format says what else there is.
        said = {key: found[key] for key in ("columns", "format") if key in found}
        return defaults.fill(decided | said, catalogue) | {"columns": None, "format": "csv"}
    return defaults.fill(decided, catalogue)


def _flags(key: Key, value: Any) -> Iterator[str]:
    if key.kind == "flag":
        yield key.flag if value else f"--no-{key.flag[2:]}"
    elif key.kind == "columns":
        yield from ("-d", f"{key.name}={_json(value)}")
    elif key.many and not value:
        yield f"--no-{key.flag[2:]}"
    elif key.many:
        for item in value:
            yield from (key.flag, item)
    else:
        yield from (key.flag, "none" if value in (None, "") else str(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
