"""How a file itself spells its columns.

DuckDB's reader renames what is unnamed or repeated; a generated pipeline finds its columns by the
text of the header, so a column that has none, or shares it, cannot be asked for.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from scaffold import columns, names
from scaffold.errors import UsageError
from scaffold.sampling.files import head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scaffold.sampling.dialect import Dialect
    from scaffold.sampling.reading import Raw

LIMIT = 4_000_000  # letters of a header; Python's own limit for one field is 131,072


def named(raw: Raw, file: Path) -> Raw:
    """Without the columns that the generated pipeline could not ask for by name; raises for names that none can have."""
    lost = [name for name in raw.first if name not in raw.spelled]
    kept = {name: given for name, given in raw.types.items() if name not in lost}
    if not kept:
        raise UsageError(f"The sample {file} has no column with a name of its own.")
    for name in kept:
        _askable(raw.spelled[name], file)
    said = f"Left out, as their names are empty or repeated: {', '.join(lost)}."
    notes = (*raw.notes, said) if lost else raw.notes
    return replace(raw, types=kept, notes=notes)


def _askable(name: str, file: Path) -> None:
    """What no answer can spell is refused here, where it can be said of which file it is."""
    why = f"it contains {bad}" if (bad := names.unprintable(name)) else ""
    if len(name) > columns.SOURCE_LIMIT:
        why = f"it has more than {columns.SOURCE_LIMIT} letters"
    if why:
        what = f"The sample {file} has a column whose name no pipeline can ask for: {names.show(name)}."
        fix = "Give it a name of visible letters on one line: in the file, and where the file is made."
        raise UsageError(what, f"{why.capitalize()}.", fix)


def spelled(file: Path, dialect: Dialect | None, given: Sequence[str]) -> dict[str, str]:
    """The file's own text for each of DuckDB's names, without the columns that have none."""
    if dialect is None or not dialect.header:
        return {name: name for name in given if name.strip()}
    text = head(file, LIMIT).decode(dialect.encoding, errors="replace").removeprefix("\ufeff")
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote
    )
    cells = next(lines, [])
    once = {cell for cell in cells if cell.strip() and cells.count(cell) == 1}
    return {name: cell for name, cell in zip(given, cells, strict=False) if cell in once}
