"""JSON lines: one object a line, its values read as text by their keys."""

import json
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import duckdb

from ..core.contract import Column
from ..core.dialect import by_name
from ..core.errors import PipelineError
from ..core.units import among, literal
from .file_listing import cut_off, opened, stamp, whole

log = logging.getLogger(__name__)

LONGEST = 16 * 1024 * 1024  # bytes of a line


@dataclass(frozen=True, slots=True)
class JSONLines:
    """A line that is no object is kept as it is, for quarantine. A nested value stays JSON."""

    keep_new_columns: bool = False
    lazy = False

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        return tuple(column.model_copy(update={"type": "STRING"}) for column in columns)

    def scan(self, paths: Sequence[str], columns: Sequence[Column]) -> str:
        for path in paths:
            if not whole(path, mark := stamp(path)) and broken(path, mark):
                raise cut_off(path)
        grown = [path for path in paths if self._has_more(path, columns)]
        pointers = ", ".join(literal(pointer(column.source)) for column in columns)
        fields = [f"cells[{n}] AS {column.name}" for n, column in enumerate(columns, 1)]
        kept = among("_file", grown if self.keep_new_columns else ())
        kept = kept if grown else "false"
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

    def _has_more(self, path: str, columns: Sequence[Column]) -> bool:
        """Refuse a file that has lines, but a column in none of them; report one with more."""
        keys = keys_of(path, stamp(path))
        expected = [column.source for column in columns]
        if keys and (missing := [name for name in expected if name not in keys]):
            raise PipelineError(
                f"{path} has no {', '.join(missing)} in any line: renamed or removed at the source"
            )
        if added := sorted(key for key in keys if key is not None and key not in expected):
            log.warning("%s has new columns: %s", path, ", ".join(added))
        return bool(added)


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
