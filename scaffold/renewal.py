"""What newer templates make of the pipelines that a project recorded.

Copier compares questions, and all pipelines are the answer to one: a setting that is new, or a pattern that is gone,
shows nowhere but inside of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scaffold import catalogue as catalogues
from scaffold import defaults, keys
from scaffold.catalogue import Catalogue
from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.record import Record
from scaffold.source import Templates

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Renewal:
    """The answers that change, none if nothing is new, and what to say about them."""

    asked: Mapping[str, Any]
    notes: tuple[str, ...]


def renewed(found: Record, templates: Templates) -> Renewal:
    """Every recorded pipeline with the keys of these templates; those that are new have their defaults."""
    before = [dict(entry) for entry in found.answers.get("pipelines") or ()]
    catalogue = _catalogue(templates).on(found.answers.get("runtime"))
    gone = [problem for entry in before for problem in _gone(entry, catalogue)]
    if gone:
        raise UsageError(
            f"The templates {templates.commit} no longer have what this project uses.",
            "Another choice would have to be made for you. Nothing was changed.",
            mend(found),
            gone,
        )
    after = [defaults.fill(_heard(entry, catalogue), catalogue) for entry in before]
    notes = [note for pair in zip(before, after, strict=True) for note in _notes(*pair)]
    return Renewal({"pipelines": after} if notes else {}, tuple(notes))


def _heard(entry: Entry, catalogue: Catalogue) -> Entry:
    """Without what was said to questions that are no longer asked: it explained a choice, which stays."""
    known = catalogue.chart.items
    kept = [item for item in entry.get(keys.BECAUSE.name) or () if item in known]
    rest = {key: value for key, value in entry.items() if key != keys.BECAUSE.name}
    return {**rest, keys.BECAUSE.name: kept} if kept else rest


def mend(found: Record) -> str:
    """The way out for whoever has answers that newer templates do not take."""
    return f"Choose another with the scaffold of {found.commit}, by scaffold switch, and update then; or stay with it."


def _catalogue(templates: Templates) -> Catalogue:
    """That of the templates, which --remote takes from elsewhere."""
    try:
        return catalogues.of(templates.path)
    except (KeyError, TypeError, ValueError) as error:
        raise EnvironmentProblem(
            f"This scaffold cannot read the catalogue of the templates {templates.commit}.",
            " ".join(str(error).split()),
            "Upgrade scaffold.",
        ) from error


def _gone(entry: Entry, catalogue: Catalogue) -> Iterator[UsageError]:
    """What an entry names that there is no more: patterns, and choices of a setting."""
    for axis in catalogue.asked:
        known = [pattern.id for pattern in catalogue.of(axis.id)]
        said = entry.get(axis.id, [])
        for id_ in said if axis.many else [said] if said else []:
            if id_ not in known:
                yield _problem(entry, axis.id, id_, known)
    for setting in catalogue.settings:
        value = entry.get(setting.key)
        if setting.choices and value is not None and value not in setting.choices:
            yield _problem(entry, setting.key, value, list(setting.choices))


def _problem(entry: Entry, key: str, value: object, known: list[str]) -> UsageError:
    what = f'Pipeline {entry["name"]} has the {key} "{value}", which is gone.'
    return UsageError(what, fix=f"There are: {', '.join(known)}.")


def _notes(before: Entry, after: Entry) -> Iterator[str]:
    name = before["name"]
    for key in after:
        if key not in before:
            yield f"New setting {key} of pipeline {name}: its default was taken, {after[key]!r}."
    kept = after.get(keys.BECAUSE.name, ())
    for item in before.get(keys.BECAUSE.name) or ():
        if item not in kept:
            yield f"{item} of pipeline {name} is no longer asked: it is not a reason any more."
    for key in before:
        if key not in after and key != keys.BECAUSE.name:
            yield f"{key} of pipeline {name} is no longer asked; it was {before[key]!r}."
