"""Layers of answers, merged: an answers file, `-d key=value`, flags. The later ones win.

A layer is flat: project keys, a pipeline's keys (its name is `pipeline`, as plain copier calls it), or
`pipelines`, a whole list. Keys that nobody knows are refused with the nearest one that somebody does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scaffold import keys
from scaffold.catalogue import Catalogue
from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.names import PATH_LIMIT, show
from scaffold.problems import Problems
from scaffold.scalars import nearest

_ALIASES = {"name": "project_name"}


def merge(
    layers: Iterable[Mapping[str, Any]], catalogue: Catalogue, problems: Problems
) -> dict[str, Any]:
    """One draft from all layers."""
    draft: dict[str, Any] = {}
    for layer in layers:
        project, flat, several = _split(layer, catalogue, problems)
        draft |= project
        if several is not None:
            draft["pipelines"] = several
        if flat:
            draft["pipelines"] = _onto(draft.get("pipelines") or [{}], flat, problems)
    return draft


def assignment(text: str) -> tuple[str, Any]:
    """`key=value` as `-d` takes it; a value in brackets is JSON."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"Cannot use -d {show(text)}: it is no key=value.")
    name = key.strip().replace("-", "_")
    if name != "pipelines":
        return name, value
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise UsageError("Cannot use -d pipelines=…: it is not JSON.", str(error)) from error


def read(path: Path) -> dict[str, Any]:
    """An answers file, in YAML or JSON; a project's own .copier-answers.yml is one, too."""
    import yaml  # noqa: PLC0415 - only who gives a file pays for reading YAML

    try:
        text = path.read_text(encoding="utf-8-sig")
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        why = f"{error.strerror}."
        raise EnvironmentProblem(
            f"Cannot read the answers file {show(str(path), PATH_LIMIT)}.", why
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        what = f"The answers file {show(str(path), PATH_LIMIT)} is neither YAML nor JSON."
        raise UsageError(what, " ".join(str(error).split())) from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise UsageError(
            f"The answers file {show(str(path), PATH_LIMIT)} is no mapping of keys to values."
        )
    return {key: value for key, value in found.items() if not key.startswith("_")}


def _split(
    layer: Mapping[str, Any], catalogue: Catalogue, problems: Problems
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]] | None]:
    project_keys = {key.name for key in keys.PROJECT}
    flat_keys = {"pipeline" if k is keys.NAME else k.name for k in keys.pipeline(catalogue)}
    known = project_keys | flat_keys | {"pipelines", "language"}
    named = {_ALIASES.get(key, key): value for key, value in layer.items()}
    _unknown(named, known, "answer", problems)
    project = {key: value for key, value in named.items() if key in project_keys}
    if "language" in named and "runtime" not in project:
        language = problems.guard(lambda: _runtime(named["language"], catalogue))
        project |= {"runtime": language} if language else {}
    flat = {key: value for key, value in named.items() if key in flat_keys}
    if "pipeline" in flat:
        flat["name"] = flat.pop("pipeline")
    several = named.get("pipelines") or None
    if several is not None:
        several = _entries(several, catalogue, problems)
    return project, flat, several


def _entries(
    several: object, catalogue: Catalogue, problems: Problems
) -> list[dict[str, Any]] | None:
    if not isinstance(several, list) or not all(isinstance(entry, dict) for entry in several):
        what = "Cannot use pipelines: it is a list with one mapping for each pipeline."
        problems.found.append(UsageError(what))
        return None
    known = {key.name for key in keys.pipeline(catalogue)}
    for entry in several:
        _unknown({str(key): value for key, value in entry.items()}, known, "answer", problems)
    return [{k: v for k, v in entry.items() if k in known} for entry in several]


def _onto(
    entries: Sequence[Mapping[str, Any]], flat: Mapping[str, Any], problems: Problems
) -> list[dict[str, Any]]:
    """Flat keys describe one pipeline. With several, it has to be said which, in the file itself."""
    if len(entries) > 1:
        what = f"Cannot say which of {len(entries)} pipelines {', '.join(flat)} should be for."
        problems.found.append(
            UsageError(what, fix="Put it into the answers file, under pipelines.")
        )
        return [dict(entry) for entry in entries]
    return [dict(entries[0]) | dict(flat)]


def _unknown(given: Mapping[str, Any], known: Iterable[str], what: str, problems: Problems) -> None:
    for key in given:
        if key not in known:
            hint = nearest(key.replace("-", "_"), known)
            problems.found.append(UsageError(f"There is no {what} {show(key)}.", fix=hint.strip()))


def _runtime(language: object, catalogue: Catalogue) -> str:
    found = [r for r in catalogue.runtimes if r.language == str(language).lower()]
    if not found:
        known = ", ".join(sorted({runtime.language for runtime in catalogue.runtimes}))
        what = f"Cannot use {show(str(language))} for --language: there is no such choice."
        raise UsageError(what, fix=f"There are: {known}.")
    return next((r.id for r in found if r.default), found[0].id)
