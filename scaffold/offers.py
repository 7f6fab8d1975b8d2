"""What a question offers: choices with one line each, and the reason where one cannot be taken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaffold import fit, rules
from scaffold.catalogue import Catalogue
from scaffold.errors import ScaffoldError
from scaffold.keys import Key
from scaffold.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    title: str
    obstacle: str = ""


def options(
    key: Key, filled: Mapping[str, Any], open_: Sequence[str], catalogue: Catalogue
) -> list[Option]:
    """The choices of a key; none where it takes a free text."""
    if key.kind in ("one", "many"):
        return [_pattern(p, filled, open_, catalogue) for p in catalogue.of(key.name)]
    if key.kind == "runtime":
        return [Option(r.id, f"{r.title}: {r.summary}") for r in catalogue.runtimes]
    if key.kind == "format":
        return [Option(format_, format_) for format_ in ("csv", "jsonl", "parquet")]
    if key.kind == "choice":
        return [Option(value, f"{value}: {text}") for value, text in key.choices.items()]
    if key.kind == "column":
        return [*_columns(key, filled), Option("none", "none")]
    return []


def problem(
    key: Key, trial: Mapping[str, Any], open_: Sequence[str], catalogue: Catalogue
) -> ScaffoldError | None:
    """What is wrong with an answer beside the others: an axis as a whole, or a column that is not there."""
    if key.kind == "many" and key.name in {axis.id for axis in catalogue.asked}:
        settled = {name: value for name, value in trial.items() if name not in open_}
        return next(iter(rules.refusals(settled, open_, catalogue)), None)
    if key.name in ("key", "event_time", "measure", "since", "until"):
        return next(iter(fit.misfits(trial, catalogue)), None)
    return None


def shown(value: Any) -> str:
    """A value as a prompt has it: what can be typed again."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        plain = all(re.fullmatch(r"\w+", str(item)) for item in value)
        return ", ".join(value) if plain else json.dumps(value, ensure_ascii=False)
    return str(value)


def _pattern(
    pattern: Pattern, filled: Mapping[str, Any], open_: Sequence[str], catalogue: Catalogue
) -> Option:
    settled = {name: value for name, value in filled.items() if name not in open_}
    refused = rules.obstacle(pattern, settled, open_, catalogue)
    why = f"{refused.what.partition(': ')[2]} {refused.fix}" if refused else ""
    return Option(pattern.id, f"{pattern.title}: {pattern.summary}", why)


def _columns(key: Key, filled: Mapping[str, Any]) -> list[Option]:
    allowed = fit.COLUMN_TYPES[key.name]
    return [
        Option(column["name"], f"{column['name']} ({column['type']})")
        for column in filled.get("columns") or ()
        if column["type"].partition("(")[0] in allowed
    ]
