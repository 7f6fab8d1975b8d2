"""JSON lines: one object a line, its values read as text by their keys."""

import json
import logging
import os
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pyspark.sql import DataFrame

from ..core.contract import Column
from ..core.dialect import with_cells
from ..core.engine import Connection, location
from ..core.errors import PipelineError
from ..core.units import among, literal
from .file_listing import cut_off, opened, stamp, whole
from .files import TRACES

log = logging.getLogger(__name__)
known: dict[tuple[str, str], frozenset[str | None]] = {}  # keys, by path and stamp


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

    def scan(self, con: Connection, paths: Sequence[str], columns: Sequence[Column]) -> DataFrame:
        for path in paths:
            if not whole(path, mark := stamp(path)) and broken(path, mark):
                raise cut_off(path)
        keys = keys_of(con, paths)
        self._refuse_missing(keys, columns)
        grown = [path for path in paths if has_more(path, keys[path], columns)]
        fields = [f"cells[{literal(column.source)}] AS {column.name}" for column in columns]
        files = [os.path.abspath(path) for path in grown]  # noqa: PTH100
        kept = among("_file", files if self.keep_new_columns else ())
        problem = (
            "CASE WHEN NOT is_valid_utf8(line) THEN 'not a line of text' "
            "WHEN cells IS NULL THEN 'not a JSON object' END AS _problem"
        )
        line = f"CASE WHEN cells IS NULL OR {kept} THEN make_valid_utf8(line) END AS _line"
        return objects(con, paths).selectExpr(*fields, "_file", "_row", problem, line)

    def zoned(self, con: Connection, paths: Sequence[str], column: Column) -> str:
        """Texts tell by themselves."""
        return "false"

    def _refuse_missing(
        self, keys: Mapping[str, frozenset[str | None]], columns: Sequence[Column]
    ) -> None:
        """Refuse a file that has lines, but a column in none of them."""
        had: dict[str, set[str | None]] = defaultdict(set)
        for path, mine in keys.items():
            had[str(Path(path).parent) if self.pages else path] |= mine
        for place, found in had.items():
            missing = [column.source for column in columns if column.source not in found]
            if found and missing:
                raise PipelineError(
                    f"{place} has no {', '.join(missing)} in any line: "
                    "renamed or removed at the source"
                )


def has_more(path: str, keys: frozenset[str | None], columns: Sequence[Column]) -> bool:
    """Report a file with more columns."""
    expected = [column.source for column in columns]
    if added := sorted(key for key in keys if key is not None and key not in expected):
        log.warning("%s has new columns: %s", path, ", ".join(added))
    return bool(added)


def objects(con: Connection, paths: Sequence[str]) -> DataFrame:
    """The lines of some files but for empty ones, with the `cells` of their object if they are one."""
    rows = con.spark.read.text(list(map(location, paths))).selectExpr("value AS line", *TRACES)
    return with_cells(rows.where("trim(line) <> ''"))


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


def keys_of(con: Connection, paths: Sequence[str]) -> Mapping[str, frozenset[str | None]]:
    """The keys that the objects of each file have, None for a line that is no object.

    Looked for once for each `stamp`, not for each window.
    """
    stamps = {path: (path, stamp(path)) for path in paths}
    if unknown := [path for path, key in stamps.items() if key not in known]:
        keys = "explode_outer(map_keys(cells)) AS key"
        found = objects(con, unknown).selectExpr("_file", keys).distinct().collect()
        for path in unknown:
            mine = (key for file, key in found if file == os.path.abspath(path))  # noqa: PTH100
            known[stamps[path]] = frozenset(mine)
    return {path: known[key] for path, key in stamps.items()}
