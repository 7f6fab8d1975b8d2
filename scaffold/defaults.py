"""What is filled in where nobody said anything: patterns, settings, names.

Plain copier fills in the same: `suggested` and `complete` in templates/ say it once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scaffold import keys, names, rules, values
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.keys import Key


def fill(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """One pipeline's answers with every default, in the order of the keys. What nothing reads is left out."""
    raw = suggested(entry, catalogue)
    unread = set(catalogue.claimed) - rules.settings(raw, catalogue)
    read = (key for key in keys.pipeline(catalogue) if key.name not in unread)
    found = {key.name: _raw(key, raw) for key in read}
    return {name: value for name, value in found.items() if value is not _ABSENT}


def suggested(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """A pipeline's answers with a pattern wherever nobody chose one: the catalogue's default as far as the
    rules allow it, or the first that they do. `suggestion` in templates/rules.jinja says the same.
    """
    found = sample(entry, catalogue) | dict(entry) | spelled(entry, catalogue)
    for axis in catalogue.asked:
        if axis.id in found:
            continue
        later = [other.id for other in catalogue.asked if other.id not in {axis.id, *found}]
        every = catalogue.of(axis.id, made=True)
        free = [p for p in every if rules.obstacle(p, found, later, catalogue) is None]
        chosen = [p.id for p in free if p.default]
        # Where nothing is free, the refusal of the default is what there is to say.
        spare = free or [p for p in every if p.default]
        found[axis.id] = chosen if axis.many else [*chosen, *(p.id for p in spare)][0]
    return found


def spelled(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """What rules go by, as the catalogue spells it; what cannot be read stays for others to refuse."""
    found = {}
    for key in keys.pipeline(catalogue):
        if key.name in entry and key.kind in ("one", "many", "rules", "column"):
            with suppress(UsageError):
                found[key.name] = values.parse(key, entry[key.name], catalogue)
    return found


def sample(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The shipped sample's answers, for a pipeline that says nothing about data of its own."""
    if any(key in entry for key in keys.FILES) or not catalogue.samples:
        return {}
    name, shipped = next(iter(catalogue.samples.items()))
    return {"name": name, "path": f"data/{name}/*.{shipped['format']}", **shipped}


def folder(draft: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Where a project goes that was given no place: beside the others, under its own name."""
    first, *_ = draft.get("pipelines") or [{}]
    named = draft.get("package") or draft.get("project_name") or fill(first, catalogue)["name"]
    return names.slug(str(named)) or "pipelines"


def on_runtime(draft: Mapping[str, Any], catalogue: Catalogue) -> Catalogue:
    """The catalogue as the runtime of a draft sees it; one that cannot be read stays for others to refuse."""
    with suppress(UsageError):
        return catalogue.on(values.parse(keys.RUNTIME, draft.get("runtime") or "", catalogue))
    return catalogue


def runtime(catalogue: Catalogue) -> str:
    return next(runtime.id for runtime in catalogue.runtimes if runtime.default)


def package(project_name: str, catalogue: Catalogue) -> str:
    language = catalogue.runtime.language
    return names.free(project_name, catalogue.reserved, language) or "pipelines"


def title(name: str) -> str:
    """`my-orders` is the folder of the project "My orders"."""
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


_ABSENT = object()


def _raw(key: Key, raw: Mapping[str, Any]) -> Any:
    """What was given for a key, or its default; columns have none, and only CSV has a dialect."""
    if key.name in raw:
        return raw[key.name]
    if key.name == "name":
        return "pipeline"
    if key.name == "path":
        return f"data/{raw.get('name', 'pipeline')}/*.{raw.get('format', 'csv')}"
    if key is keys.BECAUSE:
        return _ABSENT
    other = key.name in keys.CSV and raw.get("format", "csv") != "csv"
    return _ABSENT if other or key.name == "columns" else key.default
