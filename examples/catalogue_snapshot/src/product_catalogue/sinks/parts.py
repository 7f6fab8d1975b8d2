"""A part is the piece of a table that is one file.

It is small enough to be written again whenever some of its rows change, and large enough that
a table is not thousands of tiny files. What a part is called doesn't matter to what is read.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from ..core.contract import Table
from ..core.errors import UsageError
from .file_ledger import Part


class Layout(Protocol):
    """Which files of a table count, and how an attempt's files come to count."""

    replaces: bool

    def ready(self, write: bool) -> None:
        """Called when the folder is open."""

    def files(self, table: str) -> Mapping[str, Path]:
        """The file of each part."""

    def name(self, part: str, number: int) -> str:
        """The name of the file that attempt `number` writes for a part."""

    def place(self, part: Part) -> None:
        """Put a prepared file in place, in one step."""


def require(parts: Iterable[Part], ours: Callable[[Part], bool]) -> None:
    """Refuse a folder that another layout has written to: each would publish what the other has."""
    if other := next((part for part in parts if not ours(part)), None):
        raise UsageError(
            f"{other.table}/{other.file} was written by another kind of sink: begin with an empty "
            "one (`warehouse` in conf/), or set the sink back as it was"
        )


def part_of(table: Table, event_time: str | None, whole: bool) -> str:
    """SQL for the part of a row: its unit, or else its day; the month of a daily aggregate.

    What is always replaced as a whole is one part, so that it is replaced in one step.
    """
    kinds = {column.name: column.type for column in table.columns}
    if whole:
        return "'all'"
    if "_unit" in kinds:
        return "coalesce(translate(CAST(_unit AS STRING), ' :.', '---'), 'none')"
    if event_time in kinds:
        return f"coalesce(CAST(CAST({event_time} AS DATE) AS STRING), 'none')"
    daily = kinds.get("day") == "DATE"
    return "coalesce(left(CAST(day AS STRING), 7), 'none')" if daily else "'all'"


def order_of(table: Table) -> str:
    """The same rows are written in the same order: by key, by place in the source, or by all."""
    names = [column.name for column in table.columns]
    place = [name for name in ("_file", "_row") if "_row" in names]
    return ", ".join(table.key or place or names)
