"""CSV files: read as text, by the names in each file's header."""

import csv
import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import chain, islice
from typing import IO, Any

from pyspark.sql import DataFrame
from pyspark.sql.functions import expr

from ..core.contract import Column
from ..core.dialect import as_json
from ..core.engine import Connection, location
from ..core.errors import PipelineError
from ..core.units import literal
from .file_listing import cut_off, opened, stamp, whole
from .files import TRACES

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

    def scan(self, con: Connection, paths: Sequence[str], columns: Sequence[Column]) -> DataFrame:
        """One read for each distinct header, so that files may order their columns differently."""
        headers: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
        for path in paths:
            mark = stamp(path)
            ends = whole(path, mark)
            names = self._header(path, columns)
            if not ends and cut(self, path, mark, len(names)):
                raise cut_off(path)
            if line := swallowing(self, path, mark, len(names)):
                raise taken(path, line)
            headers[names, self._ends(path)].append(path)
        reads = [self._read(con, *form, files, columns) for form, files in headers.items()]
        return reduce(DataFrame.union, reads)

    def zoned(self, con: Connection, paths: Sequence[str], column: Column) -> str:
        """Texts tell by themselves."""
        return "false"

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

    def _ends(self, path: str) -> str:
        """What ends a line. Spark would take the end of the first one for that of all."""
        with self.text(path) as file:
            return "\r" if file.readline().endswith("\r") else "\n"

    def text(self, path: str) -> IO[str]:
        """A file to be read as it is written."""
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        return opened(path)(path, "rt", encoding=encoding, errors="replace", newline="")

    def split(self, lines: Iterable[str], strict: bool = False) -> Any:
        """A reader of lines."""
        quote = self.quote or None
        return csv.reader(lines, delimiter=self.delimiter, quotechar=quote, strict=strict)

    def cells(self, file: IO[str], *more: str) -> Iterator[list[str]]:
        """The cells of each line, and of `more` lines."""
        lines = self.split(chain(file, more))
        try:
            yield from lines
        except csv.Error:
            raise PipelineError(
                f"{file.name}: a cell that goes on in line {lines.line_num} has no end: its quote is "
                "never closed. Close it there, or move the file away"
            ) from None

    def _read(
        self,
        con: Connection,
        names: Sequence[str],
        ends: str,
        paths: Sequence[str],
        columns: Sequence[Column],
    ) -> DataFrame:
        """By position, as the header has it. Of columns with one name the first counts."""
        every = [f"c{n}" for n in range(len(names))]
        cells = {name: f"c{n}" for n, name in reversed(list(enumerate(names)))}
        nulls = ", ".join(map(literal, ("", *self.nulls)))
        known = {column.source: column.name for column in columns}
        fields = [
            f"CASE WHEN trim({cells[source]}) NOT IN ({nulls}) THEN {cells[source]} END AS {name}"
            for source, name in known.items()
        ]
        added = {name: cell for name, cell in cells.items() if name not in known}
        more = as_json(added) if added and self.keep_new_columns else "CAST(NULL AS STRING)"
        schema = ", ".join(f"{cell} STRING" for cell in every)
        rows = con.spark.read.csv(
            list(map(location, paths)),
            schema=f"{schema}, _corrupt STRING",
            header=self.header,
            sep=self.delimiter,
            quote=self.quote,
            escape=self.quote,
            encoding=self.encoding,
            multiLine=True,  # a quoted cell may have line ends in it
            lineSep=ends,
            columnNameOfCorruptRecord="_corrupt",
        )
        # A line may end in "\r\n" all the same: the last cell has the one, and a blank line is no row.
        blank = f"c0 <=> chr(13) AND coalesce({', '.join(['NULL', *every[1:]])}) IS NULL"
        whole = f"nullif(trim(TRAILING chr(13) FROM {every[-1]}), '')"
        rows = rows.where(f"NOT ({blank})").withColumn(every[-1], expr(whole))
        problem = (
            "CASE WHEN _corrupt IS NOT NULL THEN 'not a CSV line' "
            f"WHEN concat_ws('', {', '.join(every)}) LIKE '%\ufffd%' THEN 'not a line of text' "
            "END AS _problem"
        )
        return rows.selectExpr(*fields, *TRACES, problem, f"coalesce(_corrupt, {more}) AS _line")


@lru_cache(maxsize=10_000)
def cut(form: CSV, path: str, stamp: str, cells: int) -> bool:
    """Whether the last line has fewer cells than it should, or one whose quote is open."""
    with form.text(path) as file:
        *before, end = deque(form.cells(file, "end"), maxlen=2)
    if end != ["end"]:
        return True
    last = [cell for line in before for cell in line]
    return any(cell.strip() for cell in last) and len(last) < cells


@lru_cache(maxsize=10_000)
def swallowing(form: CSV, path: str, stamp: str, cells: int) -> int:
    """The line of a cell that goes on below it because its quote is not closed; 0 if none does.

    Spark takes what follows for a part of that cell. If the record has all of its cells nevertheless,
    it does not tell.
    """
    if not form.quote:
        return 0
    with form.text(path) as file:
        if not any(line.count(form.quote) % 2 for line in file):
            return 0
    with form.text(path) as file, form.text(path) as again:
        records, done = form.split(file), 0
        try:
            for record in records:
                text = "".join(islice(again, records.line_num - done)).rstrip()
                if records.line_num > done + 1 and len(record) == cells:
                    deque(form.split([text], strict=True), maxlen=0)
                done = records.line_num
        except csv.Error:
            return done + 1
    return 0


def taken(path: str, line: int) -> PipelineError:
    """That lines of a file would be lost in a cell of another one."""
    return PipelineError(
        f"{path}: a cell of line {line} takes in the lines below it: its quote is never closed. "
        "Close it there, or move the file away"
    )
