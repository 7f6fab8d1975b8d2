"""Parquet as a sink: a folder of files for each table, for any consumer's `*.parquet`.

A file is replaced in one step, so that a consumer never sees two versions of a part. The ledger
follows the tables; a run that was killed in between is finished by the next one.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ..core.engine import Options
from ..core.pipeline import Pipeline
from .file_ledger import FileLedger, Part
from .part_files import PartStore, open_parts
from .parts import require


@dataclass(frozen=True, slots=True)
class Parquet:
    """`<path>/<pipeline>/<table>/*.parquet`, with the ledger in `<path>/ledger/<pipeline>/`.

    One run of a pipeline writes at a time; readers are never locked out. DuckDB opens a file
    twice in a query: one that runs in the very instant of a replacement may have to be repeated.
    """

    path: Path
    options: Options

    def open(self, pipeline: Pipeline, write: bool) -> AbstractContextManager[PartStore]:
        """Open the folder; nothing is made before the first commit but the ledger's lock."""
        ledger = FileLedger(self.path, pipeline.name)
        promised = frozenset(pipeline.contract.tables)
        return open_parts(ledger, InPlace(ledger, promised), self.options, pipeline, write)


@dataclass(frozen=True, slots=True)
class InPlace:
    """One file for each part, under one name."""

    ledger: FileLedger
    promised: frozenset[str]
    replaces = True

    def ready(self, write: bool) -> None:
        """Remove emptied files where consumers have no promise: one may be about to open them."""
        parts = self.ledger.parts()
        require(parts, lambda part: part.file == self.name(part.part, 0))
        if not write:
            return
        newest = {self.ledger.placed(part): part for part in parts}
        for file, part in newest.items():
            if part.rows == 0 and part.table not in self.promised:
                file.unlink(missing_ok=True)

    def files(self, table: str) -> Mapping[str, Path]:
        return {file.stem: file for file in sorted(self.ledger.table(table).glob("*.parquet"))}

    def name(self, part: str, number: int) -> str:
        return f"{part}.parquet"

    def place(self, part: Part) -> None:
        placed = self.ledger.placed(part)
        if part.rows or placed.exists():  # an emptied part stays, as a file without rows
            self.ledger.prepared(part).replace(placed)
