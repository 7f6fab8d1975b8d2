"""How a CSV file itself spells its columns.

DuckDB's reader renames what is unnamed or repeated; a generated pipeline finds its columns by the
text of the header, so a column that has none, or shares it, cannot be asked for.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from scaffold.errors import UsageError
from scaffold.sampling.files import head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scaffold.sampling.dialect import Dialect
    from scaffold.sampling.reading import Raw

LIMIT = 4_000_000  # letters of a header; Python's own limit for one field is 131,072


def named(raw: Raw, file: Path, dialect: Dialect) -> Raw:
    """Without the columns that the generated pipeline could not ask for by name."""
    header = spelled(file, dialect, raw.first)
    lost = [name for name in raw.first if name not in header]
    kept = {name: given for name, given in raw.types.items() if name not in lost}
    if not kept:
        raise UsageError(f"The sample {file} has no column with a name of its own.")
    said = f"Left out, as their names are empty or repeated: {', '.join(lost)}."
    notes = (*raw.notes, said) if lost else raw.notes
    return replace(raw, types=kept, spelled=header, notes=notes)


def spelled(file: Path, dialect: Dialect, names: Sequence[str]) -> dict[str, str]:
    """The header's own text for each of DuckDB's names, without the columns that have none."""
    if not dialect.header:
        return {name: name for name in names}
    text = head(file, LIMIT).decode(dialect.encoding, errors="replace").removeprefix("\ufeff")
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote
    )
    cells = next(lines, [])
    once = {cell for cell in cells if cell.strip() and cells.count(cell) == 1}
    return {name: cell for name, cell in zip(names, cells, strict=False) if cell in once}
