"""CSV files: read as text, by the names in each file's header."""

import csv
import gzip
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.contract import Column
from ..core.errors import PipelineError
from ..core.units import literal

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
        headers: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for path in paths:
            headers[self._header(path, columns)].append(path)
        reads = (self._read(names, files, columns) for names, files in headers.items())
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
        opened = gzip.open if path.endswith(".gz") else open
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        with opened(path, "rt", encoding=encoding, errors="replace", newline="") as file:
            lines = csv.reader(file, delimiter=self.delimiter, quotechar=self.quote)
            names = tuple(next(lines, ()))
        if missing := [name for name in expected if name not in names]:
            raise PipelineError(
                f"{path} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        if added := [name for name in names if name not in expected]:
            log.warning("%s has new columns: %s", path, ", ".join(added))
        return names

    def _read(self, names: Sequence[str], paths: Sequence[str], columns: Sequence[Column]) -> str:
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
        fields += ["filename AS _file", "CAST(NULL AS STRING) AS _problem", f"{kept} AS _line"]
        types = ", ".join(f"c{n}: 'STRING'" for n in range(len(names)))
        return (
            f"SELECT {', '.join(fields)} FROM read_csv([{', '.join(map(literal, paths))}], "
            "columns = {" + types + "}, "
            f"header = {self.header}, delim = {literal(self.delimiter)}, "
            f"quote = {literal(self.quote)}, escape = {literal(self.quote)}, "
            f"encoding = {literal(self.encoding)}, "
            "filename = true, store_rejects = true, auto_detect = false)"
        )
