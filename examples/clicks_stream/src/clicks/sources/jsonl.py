"""JSON lines: one object a line, its values read as text by their keys."""

import json
import logging
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from ..core.contract import Column
from ..core.dialect import by_name
from ..core.errors import PipelineError
from ..core.units import among, literal
from .file_listing import cut_off, opened, stamp, whole

log = logging.getLogger(__name__)

LONGEST = 16 * 1024 * 1024  # bytes of a line
# A number outside of strings, or the end, and all that stands between it and the number before.
NUMBER = r'((?:[^"0-9-]|"(?:[^"\\]|\\.)*")*)(-?[0-9][0-9.eE+-]*|$)'
QUOTED = r'\1"\2"'


@dataclass(frozen=True, slots=True)
class JSONLines:
    """A line that is no object is kept as it is, for quarantine. A nested value stays JSON.

    A column that no line of a file has was renamed or removed. The files of a folder may be `pages`
    of one answer: a row can leave out what it has not, and the last page can be one row.
    """

    keep_new_columns: bool = False
    pages: bool = False
    lazy = False

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        return tuple(column.model_copy(update={"type": "STRING"}) for column in columns)

    def scan(self, paths: Sequence[str], columns: Sequence[Column]) -> str:
        for path in paths:
            if not whole(path, mark := stamp(path)) and broken(path, mark):
                raise cut_off(path)
        self._refuse_missing(paths, columns)
        grown = [path for path in paths if has_more(path, columns)]
        pointers = ", ".join(literal(pointer(column.source)) for column in columns)
        fields = [f"{cell(n, column)} AS {column.name}" for n, column in enumerate(columns, 1)]
        kept = among("_file", grown if self.keep_new_columns else ())
        return (
            f"SELECT {', '.join(fields)}, _file, row_number() OVER () AS _row, "
            "CASE WHEN object IS NULL THEN 'not a JSON object' END AS _problem, "
            f"CASE WHEN object IS NULL OR {kept} THEN line END AS _line "
            f"FROM (SELECT *, json_extract_string(object, [{pointers}]) AS cells "
            f"FROM ({objects(paths)}))"
        )

    def zoned(self, paths: Sequence[str], column: Column) -> str:
        """Texts tell by themselves."""
        return "false"

    def rejects(self) -> str:
        """The lines that are no text."""
        return (
            "SELECT file_path AS _file, line AS _row, min(csv_line) AS _line, "
            "'not a line of text: ' || lower(min(CAST(error_type AS STRING))) AS _problem "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY ALL"
        )

    def _refuse_missing(self, paths: Sequence[str], columns: Sequence[Column]) -> None:
        """Refuse a file that has lines, but a column in none of them."""
        keys: dict[str, set[str | None]] = defaultdict(set)
        for path in paths:
            keys[str(Path(path).parent) if self.pages else path] |= keys_of(path, stamp(path))
        for place, found in keys.items():
            missing = [column.source for column in columns if column.source not in found]
            if found and missing:
                raise PipelineError(
                    f"{place} has no {', '.join(missing)} in any line: "
                    "renamed or removed at the source"
                )


def has_more(path: str, columns: Sequence[Column]) -> bool:
    """Report a file with more columns."""
    expected = [column.source for column in columns]
    keys = keys_of(path, stamp(path))
    if added := sorted(key for key in keys if key is not None and key not in expected):
        log.warning("%s has new columns: %s", path, ", ".join(added))
    return bool(added)


def cell(number: int, column: Column) -> str:
    """SQL for a value. Of a decimal number that may have more digits than a double, all of them:
    DuckDB reads a number as one, and spells it anew, but not a text.
    """
    came = f"cells[{number}]"
    if not column.type.startswith("DECIMAL"):
        return came
    exact = f"left(regexp_replace(object, {literal(NUMBER)}, {literal(QUOTED)}, 'g'), -2)"
    spelled = f"json_extract_string({exact}, {literal(pointer(column.source))})"
    return f"CASE WHEN length({came}) > 15 THEN {spelled} ELSE {came} END"


def objects(paths: Sequence[str]) -> str:
    """The lines of some files but for empty ones, and their object if they are one."""
    return (
        "SELECT line, filename AS _file, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' "
        f"THEN line END AS object FROM read_csv({by_name(paths)}, "
        "columns = {line: 'STRING'}, header = false, delim = chr(1), quote = '', escape = '', "
        f"max_line_size = {LONGEST}, strict_mode = false, filename = true, "
        "store_rejects = true, auto_detect = false) WHERE trim(line) <> ''"
    )


@lru_cache(maxsize=10_000)
def broken(path: str, stamp: str) -> bool:
    """Whether the last line is no JSON, nor blank: once for each `stamp`, not for each window."""
    with opened(path)(path, "rt", encoding="utf-8", errors="replace") as file:
        last = next(iter(deque(file, maxlen=1)), "{}")
    try:
        json.loads(last.strip() or "{}")
    except ValueError:
        return True
    return False


@lru_cache(maxsize=10_000)
def keys_of(path: str, stamp: str) -> frozenset[str | None]:
    """The keys that the objects of a file have, None for a line that is no object: once for each `stamp`, not for each window."""
    with duckdb.cursor() as con:  # to open a database would take longer
        cells = "CASE WHEN object IS NULL THEN [NULL] ELSE json_keys(object) END"
        keys = f"SELECT DISTINCT unnest({cells}) FROM ({objects([path])})"
        return frozenset(key for (key,) in con.execute(keys).fetchall())


def pointer(name: str) -> str:
    """A key as a JSON pointer, which can spell any."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
