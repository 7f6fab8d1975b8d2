"""The columns that all files of a sample have: a pipeline refuses a file that lacks one, or has it in a type that does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scaffold.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COLUMNS = 2_000
FLOATS, LARGE = {"FLOAT", "DOUBLE"}, {"BIGINT", "UBIGINT"}
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", *LARGE}
DIGITS, MOST_DIGITS = 19, 38  # of an integer, of a DECIMAL


@dataclass(frozen=True, slots=True)
class Opened:
    """One file as a table function that DuckDB accepts, and the columns it gives."""

    file: Path
    source: str
    types: dict[str, str]
    spelled: dict[str, str] = field(default_factory=dict)  # as the file has it, where that differs
    others: int = 0  # lines that give no row

    def called(self, name: str) -> str:
        return self.spelled.get(name, name)


def overlap(opened: Sequence[Opened], anything: str = "") -> tuple[dict[str, str], list[str]]:
    """The columns that every file has, with a type that holds for each; and what is left out.

    `anything` is the type that a format has for values of several types.
    """
    for one in opened:
        if len(one.types) > COLUMNS:
            why = f"At most {COLUMNS:,} columns can be confirmed."
            raise UsageError(f"The sample {one.file} has {len(one.types):,} columns.", why)
    first, *others = opened
    kept = [
        name
        for name in first.types
        if all(name in one.types and one.called(name) == first.called(name) for one in others)
    ]
    widest = {name: _widest(one.types[name] for one in opened) or anything for name in kept}
    fitting = {name: wide for name, wide in widest.items() if wide}
    if not fitting:
        what = f"The files of the sample {first.file.parent} have no column in common."
        raise UsageError(what, fix="Point at the files of one table.")
    known = {first.called(name) for name in kept}
    every = dict.fromkeys(one.called(name) for one in opened for name in one.types)
    notes = []
    if lost := [name for name in every if name not in known]:
        notes.append(f"Left out, as not every file has it: {', '.join(lost)}.")
    if torn := [first.called(name) for name in kept if name not in fitting]:
        notes.append(f"Left out, as its type is another one in some files: {', '.join(torn)}.")
    return fitting, notes


def _widest(types: Iterable[str]) -> str:
    first, *others = types
    for other in others:
        first = _wider(first, other)
    return first


def _wider(one: str, other: str) -> str:
    """A type that the values of both are of; empty where there is none."""
    pair = {one, other}
    if len(pair) == 1:
        return one
    if "NULL" in pair:
        return max(pair - {"NULL"})
    if pair <= {*INTEGERS, *FLOATS}:
        if pair & FLOATS:  # which does not hold each value of the large ones
            return "" if pair & LARGE else "DOUBLE"
        return "UBIGINT" if "UBIGINT" in pair else "BIGINT"
    if all(kind in INTEGERS or kind.startswith("DECIMAL") for kind in pair):
        return _decimal(pair)
    if all(re.fullmatch(r"DATE|TIMESTAMP[ A-Z_]*", kind) for kind in pair):
        zoned = any("ZONE" in kind for kind in pair)
        return "TIMESTAMP WITH TIME ZONE" if zoned else "TIMESTAMP"
    return ""


def _decimal(pair: Iterable[str]) -> str:
    sizes = [re.findall(r"\d+", kind) or (DIGITS, 0) for kind in pair]
    scale = max(int(scale) for _, scale in sizes)
    whole = max(int(digits) - int(points) for digits, points in sizes)
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= MOST_DIGITS else ""
