"""Which choices are made, which are still to be made, and what was said in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from scaffold import answers, defaults, fit, reproduce
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.keys import Key
from scaffold.new import Draft, Request
from scaffold.problems import Problems


def decided(found: Draft, catalogue: Catalogue) -> Draft:
    """What --defaults does: a pattern wherever nobody chose one."""
    entries = found.values.get("pipelines") or [{}]
    chosen = [_choices(entry, catalogue) | dict(entry) for entry in entries]
    return replace(found, values=dict(found.values) | {"pipelines": chosen})


def _choices(entry: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    suggested = defaults.suggested(entry, catalogue)
    return {key.name: suggested[key.name] for key in answers.choices(catalogue)}


def unread(request: Request, found: Draft, catalogue: Catalogue) -> Iterable[UsageError]:
    """What was said in vain. Answers files may say too much: those of older projects do."""
    first, *_ = found.values.get("pipelines") or [{}]
    said = {key for layer in request.layers for key in layer}
    return fit.unread(said, dict(first) | defaults.spelled(first, catalogue), catalogue)


def undecided(found: Draft, catalogue: Catalogue) -> tuple[Key, ...]:
    return answers.missing(found.values, catalogue)


def refuse_undecided(
    found: Draft, words: tuple[str, ...], catalogue: Catalogue, problems: Problems
) -> None:
    """Without a terminal nothing is asked: each missing answer, and the command that gives them all.

    `words` are those that the user typed, from the command's name on.
    """
    first, *_ = found.values.get("pipelines") or [{}]
    suggested = defaults.suggested(first, catalogue)
    more: list[str] = []
    for key in undecided(found, catalogue):
        known = ", ".join(pattern.id for pattern in catalogue.of(key.name, made=True))
        problems.found.append(UsageError(f"{key.flag} is missing: {known}."))
        value = suggested[key.name]
        for item in [value] if isinstance(value, str) else value:
            more += [key.flag, item]
    command = reproduce.line((*words, *more))
    problems.fix = (
        f"Nothing is asked without a terminal. Add --defaults, or say it all:\n  {command}"
    )
