"""A log of files as a sink: files are added, and none is ever changed or deleted.

A file counts once an attempt in the ledger names it. What an attempt that never got there left
is not seen.
"""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ..core.engine import Options
from ..core.pipeline import Pipeline
from .file_ledger import FileLedger, Part
from .part_files import PartStore, open_parts
from .parts import require


@dataclass(frozen=True, slots=True)
class AppendLog:
    """`<path>/<pipeline>/<table>/<attempt>-<part>.parquet`, ledger in `<path>/ledger/<pipeline>/`.

    One run of a pipeline writes at a time; readers are never locked out.
    """

    path: Path
    options: Options

    def open(self, pipeline: Pipeline, write: bool) -> AbstractContextManager[PartStore]:
        ledger = FileLedger(self.path, pipeline.name)
        return open_parts(ledger, Log(ledger), self.options, pipeline, write)


@dataclass(frozen=True, slots=True)
class Log:
    """Every file counts that the ledger names."""

    ledger: FileLedger
    parts: list[Part] = field(default_factory=list)
    replaces = False

    def ready(self, write: bool) -> None:
        self.parts[:] = self.ledger.parts()
        require(self.parts, lambda part: part.file != f"{part.part}.parquet")

    def files(self, table: str) -> Mapping[str, Path]:
        counting = [part for part in self.parts if part.table == table and part.rows]
        return {part.file: self.ledger.placed(part) for part in counting}

    def name(self, part: str, number: int) -> str:
        """A name that no attempt had before, nor one that failed."""
        return f"{number:08}_{uuid.uuid4().hex[:8]}-{part}.parquet"

    def place(self, part: Part) -> None:
        """An attempt that leaves a part without rows says so in the ledger alone."""
        if part.rows:
            self.ledger.prepared(part).replace(self.ledger.placed(part))
        self.parts.append(part)
