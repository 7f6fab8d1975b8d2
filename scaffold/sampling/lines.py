"""JSON lines as a generated pipeline reads them: an object on each line, its values as text, by keys as they are spelled.

DuckDB's own reader would rename keys that differ only in case, and does not read a file that begins with a byte order mark.
"""

# ruff: noqa: S608  every name and value that reaches SQL is quoted by `session`

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scaffold.errors import UsageError
from scaffold.sampling.files import broken, escape
from scaffold.sampling.overlap import Opened
from scaffold.sampling.session import one, quoted, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

LONGEST = 8_000_000  # bytes of a line
LOOKED_AT = 20_000  # lines for the keys of a file and their types


def opened(connection: DuckDBPyConnection, files: Sequence[Path]) -> list[Opened]:
    """Each file that has objects, with one name for a key in all of them."""
    found = [(file, *_types(connection, file)) for file in files]
    names: dict[str, str] = {}
    for _, types, _ in found:
        names = _named(types, names)
    return [_opened(*one, names) for one in found if one[1]]


def _opened(file: Path, types: Mapping[str, str], others: int, names: Mapping[str, str]) -> Opened:
    known = {key: names[key] for key in types}
    spelled = {name: key for key, name in known.items() if key.strip()}
    kinds = {names[key]: kind for key, kind in types.items()}
    return Opened(file, _values(file, known), kinds, spelled, others)


def _types(connection: DuckDBPyConnection, file: Path) -> tuple[dict[str, str], int]:
    """The keys of the objects of a file with DuckDB's type of their values, and how many lines are no objects."""
    import duckdb  # noqa: PLC0415

    structure = "json_group_structure(coalesce(object, '{}')::JSON)"
    some = f"(FROM {_objects(file)} LIMIT {LOOKED_AT})"
    query = f"SELECT count(*), count(object), {structure} FROM {some}"
    try:
        lines, objects, structure = one(connection, query)
    except duckdb.Error as error:
        raise broken(file, error) from error
    if 2 * objects < lines:
        fix = "Write one object on each line: jq -c . FILE > FILE.jsonl"
        raise UsageError(f"The sample {file} is not JSON lines.", fix=fix)
    found = json.loads(structure or "{}")
    known = found.items() if isinstance(found, dict) else ()  # a text: no object has a key
    numbers = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE")  # which are told apart by their digits
    plain = {key: "JSON" if isinstance(kind, dict | list) else kind for key, kind in known}
    plain |= {key: "DOUBLE" for key, kind in plain.items() if kind in numbers}
    return plain, lines - objects


def _named(keys: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """A name in SQL, which ignores case, for each key; those that have one keep it."""
    found = dict(names)
    taken = {name.casefold() for name in found.values()}
    for key in keys:
        name, number = key, 1
        while key not in found and name.casefold() in taken:
            name, number = f"{key}_{number}", number + 1
        found.setdefault(key, name)
        taken.add(name.casefold())
    return found


def _values(file: Path, names: Mapping[str, str]) -> str:
    """The rows of a file as a table that DuckDB accepts, with the names for its keys."""
    pointers = ", ".join(text(f"/{key.replace('~', '~0').replace('/', '~1')}") for key in names)
    cells = [f"cells[{n}] AS {quoted(name)}" for n, name in enumerate(names.values(), start=1)]
    rows = f"SELECT json_extract_string(object, [{pointers}]) AS cells FROM {_objects(file)}"
    return f"(SELECT {', '.join(cells)} FROM ({rows} WHERE object IS NOT NULL))"


def _objects(file: Path) -> str:
    """The lines of a file but for empty ones; those that are no object are null."""
    return (
        "(SELECT CASE WHEN json_type(TRY_CAST(line AS JSON)) = 'OBJECT' THEN line END "
        f"AS object FROM read_csv({text(escape(str(file)))}, columns = {{line: 'VARCHAR'}}, "
        "header = false, delim = chr(1), quote = '', escape = '', auto_detect = false, "
        f"strict_mode = false, max_line_size = {LONGEST}) WHERE trim(line) <> '')"
    )
