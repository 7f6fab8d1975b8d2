"""The columns of a sample as answers, and what was unsure about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.sampling import roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scaffold.sampling.kinds import Kind
    from scaffold.sampling.roles import Column

FEW = 100  # rows below which a key that nobody named is doubtful


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """`source` is how the data spells it, `name` how everything behind bronze does."""

    name: str
    source: str
    type: str


def finished(
    every_kind: Sequence[Kind],
    clean: Sequence[str],
    moment: Column | None,
    spelled: dict[str, str],
) -> tuple[SampleColumn, ...]:
    """Formats are an answer of the event time only: other dates of their own format stay text."""
    columns = []
    for place, (kind, name) in enumerate(zip(every_kind, clean, strict=True)):
        formatted = kind.fit is not None and bool(kind.fit.formats)
        told = moment is not None and moment.place == place
        type_ = "STRING" if formatted and not told else kind.type
        columns.append(SampleColumn(name, spelled.get(kind.source, kind.source), type_))
    return tuple(columns)


def unsure(
    every_kind: Sequence[Kind],
    final: Sequence[SampleColumn],
    nulls: tuple[str, ...],
) -> list[str]:
    """What was unsure about types."""
    notes = [
        f"{column.source} holds dates that are not ISO 8601: kept as text."
        for column, kind in zip(final, every_kind, strict=True)
        if kind.type != column.type
    ]
    if hollow := [kind.source for kind in every_kind if kind.empty]:
        notes.append(f"Empty in all rows, kept as text: {', '.join(hollow)}.")
    if tokens := [token for token in nulls if token]:
        notes.append(f"These texts count as null in every column: {', '.join(tokens)}.")
    return notes


def guessed(
    key: Sequence[Column], number: Column | None, moment: Column | None, rows: int
) -> list[str]:
    """What was unsure about the parts that columns play."""
    notes = []
    if key and rows < FEW:
        notes.append(f"The key is a guess: {rows} rows can be unique by chance.")
    if not key:
        notes.append("No column or combination of up to four is unique: the key is empty.")
    if number is not None and not roles.worth_adding(number):
        notes.append(f"The measure {number.name} is a guess: no column is named like one.")
    if moment is None:
        notes.append("No column says when a row happened: only full_snapshot and streaming fit.")
    return notes
