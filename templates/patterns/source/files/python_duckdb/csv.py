"""CSV files: read as text, by the names in each file's header."""

import atexit
import csv
import logging
import shutil
import tempfile
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import IO

from ..core.contract import Column
from ..core.dialect import by_name
from ..core.errors import PipelineError
from ..core.units import literal
from .file_listing import cut_off, opened, stamp, whole

log = logging.getLogger(__name__)

LONGEST = 16 * 1024 * 1024  # letters of a cell
csv.field_size_limit(LONGEST)


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
        headers: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
        for path in paths:
            mark = stamp(path)
            ends = whole(path, mark)
            names = self._header(path, columns)
            if not ends and cut(self, path, mark, len(names)):
                raise cut_off(path)
            file, alone = even(path, mark, self.quote)
            headers[names, path if alone else ""].append(file)
        reads = (self._read(names, files, columns) for (names, _), files in headers.items())
        return f"SELECT *, row_number() OVER () AS _row FROM ({' UNION ALL '.join(reads)})"

    def zoned(self, paths: Sequence[str], column: Column) -> str:
        """Texts tell by themselves."""
        return "false"

    def rejects(self) -> str:
        """The lines that the last read could not split."""
        return (
            f"SELECT {original('file_path')} AS _file, line AS _row, min(csv_line) AS _line, "
            "'not a CSV line: ' || lower(min(CAST(error_type AS STRING))) AS _problem "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) GROUP BY ALL"
        )

    def _header(self, path: str, columns: Sequence[Column]) -> tuple[str, ...]:
        """Refuse a file without an expected column, report one with more."""
        expected = [column.source for column in columns]
        if not self.header:
            return tuple(expected)
        with self.text(path) as file:
            names = tuple(next(self.cells(file), ()))
        if missing := [name for name in expected if name not in names]:
            if not whole(path, stamp(path)):
                raise cut_off(path)
            raise PipelineError(
                f"{path} lacks {', '.join(missing)}: renamed or removed at the source"
            )
        if added := [name for name in names if name.strip() and name not in expected]:
            log.warning("%s has new columns: %s", path, ", ".join(added))
        return names

    def text(self, path: str) -> IO[str]:
        """A file to be read as it is written."""
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        return opened(path)(path, "rt", encoding=encoding, errors="replace", newline="")

    def cells(self, file: IO[str], *more: str) -> Iterator[list[str]]:
        """The cells of each line, and of `more` lines."""
        every = chain(file, more)
        lines = csv.reader(every, delimiter=self.delimiter, quotechar=self.quote or None)
        try:
            yield from lines
        except csv.Error:
            raise PipelineError(
                f"{file.name}: a cell that goes on in line {lines.line_num} has no end: its quote is "
                "never closed. Close it there, or move the file away"
            ) from None

    def _read(self, names: Sequence[str], paths: Sequence[str], columns: Sequence[Column]) -> str:
        """By position, as the header has it. Of columns with one name the first counts."""
        cells = {name: f"c{n}" for n, name in reversed(list(enumerate(names)))}
        nulls = ", ".join(map(literal, ("", *self.nulls)))
        known = {column.source: column.name for column in columns}
        fields = [
            f"CASE WHEN trim({cells[source]}) NOT IN ({nulls}) THEN {cells[source]} END AS {name}"
            for source, name in known.items()
        ]
        added = [f"{literal(n)}: {cell}" for n, cell in cells.items() if n not in known]
        line = "to_json({" + ", ".join(added) + "})" if added and self.keep_new_columns else "NULL"
        every = [f"c{n}" for n in range(len(names))]
        types = "{" + ", ".join(f"{cell}: 'STRING'" for cell in every) + "}"
        quote = literal(self.quote)
        # Always true; but a line is refused for a cell that is no text only if that is looked at.
        looked = f"coalesce({', '.join(every)}, '') IS NOT NULL"
        return (
            f"SELECT {', '.join(fields)}, {original('filename')} AS _file, "
            f"CAST(NULL AS STRING) AS _problem, CAST({line} AS STRING) AS _line "
            f"FROM read_csv({by_name(paths)}, "
            f"columns = {types}, header = {self.header}, delim = {literal(self.delimiter)}, "
            f"quote = {quote}, escape = {quote}, encoding = {literal(self.encoding)}, "
            f"filename = true, store_rejects = true, auto_detect = false) WHERE {looked}"
        )


@lru_cache(maxsize=10_000)
def cut(form: CSV, path: str, stamp: str, cells: int) -> bool:
    """Whether the last line has fewer cells than it should, or one whose quote is open.

    Once for each `stamp`, as `even`.
    """
    with form.text(path) as file:
        *before, end = deque(form.cells(file, "end"), maxlen=2)
    if end != ["end"]:
        return True
    last = [cell for line in before for cell in line]
    return any(cell.strip() for cell in last) and len(last) < cells


@lru_cache(maxsize=10_000)
def even(path: str, stamp: str, quote: str) -> tuple[str, bool]:
    """The file, or a copy of it whose lines all end alike: DuckDB refuses a mixture.

    And whether it has to be read alone: of many files at once, DuckDB drops what follows a quote
    that is never closed, and does not tell.
    """
    returns = feeds = quotes = 0
    with opened(path)(path, "rb") as file:
        while part := file.read(1 << 20):
            returns, feeds = returns + part.count(b"\r"), feeds + part.count(b"\n")
            quotes += part.count(quote.encode())
    alone = bool(quote) and quotes % 2 > 0
    if not 0 < feeds != returns > 0:
        return path, alone
    copy = copies() + path
    Path(copy).parent.mkdir(parents=True, exist_ok=True)
    mixed = opened(path)(path, "rt", encoding="latin-1")  # each byte is a letter, and comes back
    with mixed, opened(copy)(copy, "wt", encoding="latin-1", newline="\n") as file:
        shutil.copyfileobj(mixed, file)
    return copy, alone


@cache
def copies() -> str:
    """What the paths of copies begin with. They go when the process does."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return f"{folder.name}/original:"


def original(column: str) -> str:
    """SQL for the path of a file that was read, or of what it is a copy of."""
    return f"replace({column}, {literal(copies())}, '')"
