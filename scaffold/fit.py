"""How the answers of one pipeline fit together: columns that exist, settings that its patterns need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from scaffold import names, rules, scalars
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError

COLUMN_TYPES = {"event_time": ("TIMESTAMP", "DATE"), "measure": ("BIGINT", "DECIMAL")}
"""What a column has to be, to be named for this."""
FEW = 12


def misfits(found: Mapping[str, Any], catalogue: Catalogue) -> Iterable[UsageError]:
    """Everything that does not fit."""
    types = {column["name"]: column["type"].partition("(")[0] for column in found["columns"]}
    for name in found["key"] or ():
        if name not in types:
            yield _no_column("--key", name, types)
    for key, allowed in COLUMN_TYPES.items():
        flag, name = f"--{key.replace('_', '-')}", found[key]
        if name is not None and name not in types:
            yield _no_column(flag, name, types)
        elif name is not None and types[name] not in allowed:
            why = f"its type is {types[name]}, and {' or '.join(allowed)} is needed"
            yield UsageError(f'Cannot use the column "{name}" for {flag}: {why}.')
    for part in rules.chosen(found, catalogue):
        for setting in part.settings:
            if setting.required and found.get(setting.key) is None and found["event_time"]:
                flag = f"--{setting.key.replace('_', '-')}"
                fix = f"{setting.help}: {flag} 2025-01-01"
                yield UsageError(f'"{part.id}" needs {flag}.', fix=fix)
    if found.get("since") and found.get("until") and found["until"] < found["since"]:
        yield UsageError("--until lies before --since.")


def unread(
    said: Collection[str], entry: Mapping[str, Any], catalogue: Catalogue
) -> Iterable[UsageError]:
    """Settings that were said in vain: no pattern that is chosen, or can still be, reads them."""
    read = rules.settings(entry, catalogue)
    for key in catalogue.claimed:
        if key in said and key not in read:
            owners = catalogue.owners(key)
            ids = " or ".join(owner.id for owner in owners)
            what = f"Cannot use --{key.replace('_', '-')}: only {ids} reads it."
            fix = f"Leave it out, or choose the {owners[0].axis} {ids}."
            yield UsageError(what, fix=fix)


def _no_column(flag: str, name: str, known: Iterable[str]) -> UsageError:
    few = list(known)[:FEW]
    hint = scalars.nearest(name, known)
    what = f"Cannot use {names.show(name)} for {flag}: there is no such column."
    more = ", …" if len(few) == FEW else ""
    return UsageError(what, fix=f"{hint}There are: {', '.join(few)}{more}.")
