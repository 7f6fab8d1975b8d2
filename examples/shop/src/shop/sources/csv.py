"""CSV files: read as text, by the names in each file's header."""

import csv
import gzip
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any

from ..core.contract import Column
from ..core.errors import PipelineError
from ..core.units import literal
from .files import stamp

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CSV:
    """How the files are written. A line that cannot be split is kept as it is, for quarantine."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    nulls: tuple[str, ...] = ()  # beside the empty cell
    keep_new_columns: bool = False
    lazy = False

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        return tuple(column.model_copy(update={"type": "STRING"}) for column in columns)

    def scan(self, paths: Sequence[str], columns: Sequence[Column]) -> str:
        """One read for each distinct header, so that files may order their columns differently."""
        headers: dict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
        for path in paths:
            headers[self._header(path, columns), mixed(path, stamp(path))].append(path)
        reads = (self._read(*header, files, columns) for header, files in headers.items())
        return f"SELECT *, row_number() OVER () AS _row FROM ({' UNION ALL '.join(reads)})"

    def rejects(self) -> str:
        """The lines that the last read could not split."""
        return (
            "SELECT file_path AS _file, line AS _row, min(csv_line) AS _line, "
            "'not a CSV line: ' || lower(min(CAST(error_type AS STRING))) AS _problem "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY ALL"
        )

    def _header(self, path: str, columns: Sequence[Column]) -> tuple[str, ...]:
        """Refuse a file without an expected column, report one with more."""
        expected = [column.source for column in columns]
        if not self.header:
            return tuple(expected)
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        with opened(path)(path, "rt", encoding=encoding, errors="replace", newline="") as file:
            lines = csv.reader(file, delimiter=self.delimiter, quotechar=self.quote)
            names = tuple(next(lines, ()))
        if missing := [name for name in expected if name not in names]:
            raise PipelineError(
                f"{path} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        if added := [name for name in names if name.strip() and name not in expected]:
            log.warning("%s has new columns: %s", path, ", ".join(added))
        return names

    def _read(
        self, names: Sequence[str], ragged: bool, paths: Sequence[str], columns: Sequence[Column]
    ) -> str:
        """Strictly, if the files' line ends allow it. Else each cell is looked at here.

        DuckDB would cut what is too much and fill up what lacks, so one column more is read: it has to
        be missing, and no other.
        """
        cells = {name: f"c{n}" for n, name in reversed(list(enumerate(names)))}
        nulls = ", ".join(map(literal, ("", *self.nulls)))
        known = {column.source: column.name for column in columns}
        fields = [
            f"CASE WHEN trim({cells[source]}) NOT IN ({nulls}) THEN {cells[source]} END AS {name}"
            for source, name in known.items()
        ]
        added = [f"{literal(n)}: {cell}" for n, cell in cells.items() if n not in known]
        line = "CAST(to_json({" + ", ".join(added) + "}) AS STRING)"
        kept = line if added and self.keep_new_columns else "CAST(NULL AS STRING)"
        count, problem, options = len(names), "CAST(NULL AS STRING)", ""
        if ragged:
            bad = f"c{count - 1} IS NULL OR c{count} IS NOT NULL"
            problem = f"CASE WHEN {bad} THEN 'not a CSV line: not {count} cells' END"
            line = ", ".join(f"c{n}" for n in range(count + 1))
            kept = (
                f"CASE WHEN {bad} THEN concat_ws({literal(self.delimiter)}, {line}) ELSE {kept} END"
            )
            options = (
                "strict_mode = false, null_padding = true, nullstr = chr(1), parallel = false, "
            )
        fields += ["filename AS _file", f"{problem} AS _problem", f"{kept} AS _line"]
        types = ", ".join(f"c{n}: 'STRING'" for n in range(count + ragged))
        return (
            f"SELECT {', '.join(fields)} FROM read_csv([{', '.join(map(literal, paths))}], "
            "columns = {" + types + "}, "
            f"header = {self.header}, delim = {literal(self.delimiter)}, "
            f"quote = {literal(self.quote)}, escape = {literal(self.quote)}, "
            f"encoding = {literal(self.encoding)}, {options}"
            "filename = true, store_rejects = true, auto_detect = false)"
        )


def opened(path: str) -> Callable[..., IO[Any]]:
    return gzip.open if path.endswith(".gz") else open


@lru_cache(maxsize=10_000)
def mixed(path: str, stamp: str) -> bool:
    """Whether lines end in more than one way, which DuckDB refuses to read strictly. Once for each `stamp`."""
    returns = feeds = 0
    with opened(path)(path, "rb") as file:
        while part := file.read(1 << 20):
            returns, feeds = returns + part.count(b"\r"), feeds + part.count(b"\n")
    return 0 < feeds != returns > 0
