"""The columns of a sample as answers, and what was unsure about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.sampling import keys, roles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

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
    parts: tuple[Sequence[Column], Column | None, Column | None],
    columns: Sequence[Column],
    rows: int,
    said: Collection[str],
) -> Iterator[str]:
    """What was unsure about the parts that columns play (key, measure, event time), but for those that were said."""
    key, number, moment = parts
    if "key" not in said:
        yield from _key(key, rows)
    if number is not None and not roles.worth_adding(number) and "measure" not in said:
        yield f"The measure {number.name} is a guess: no column is named like one."
    if moment is None and "event_time" not in said:
        yield "No column says when a row happened: only full_snapshot and streaming fit."
        if epochs := roles.counted(columns):
            yield f"{', '.join(epochs)}: numbers that count from 1970 are not read as times."


def _key(key: Sequence[Column], rows: int) -> Iterator[str]:
    if not key:
        yield "No column or combination of up to four is unique: the key is empty."
    elif not any(map(keys.is_named, key)):
        which = " and ".join(column.name for column in key)
        yield (
            f"The key {which} is a guess: no column of it is named like one, and {rows} rows can be "
            "unique by chance. Of rows that share it one is kept."
        )
    elif rows < FEW:
        yield f"The key is a guess: {rows} rows can be unique by chance."
    for column in key:
        if column.filled < rows:
            lost = f"{rows - column.filled} of {rows} rows have no {column.name}"
            yield f"{lost}: without a key they go to quarantine."
