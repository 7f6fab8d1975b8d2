"""Deduplicating key: rows are replaced on storage that only adds, as new versions of their part.

An attempt writes a part that it touches once more, whole, and the newest version counts. So each
row is there once, although older versions stay for ever. `views.sql` tells consumers how to read.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from zlib import crc32

from ..core.contract import Table
from ..core.pipeline import Pipeline
from ..core.units import literal
from ..sinks.append_log import AppendLog, Log
from ..sinks.file_ledger import Attempt, FileLedger
from ..sinks.part_files import PartStore, open_parts

COLUMNS = """{parts: 'STRUCT("table" STRING, part STRING, file STRING)[]'}"""
VIEW = """\
CREATE OR REPLACE VIEW {pipeline}.{table} AS
WITH ledger AS (
  SELECT filename AS attempt, unnest(parts) AS part
  FROM read_json({ledger}, columns = {what}, filename = true)
), newest AS (
  SELECT {folder} || arg_max(part.file, attempt) AS file
  FROM ledger WHERE part."table" = {name} GROUP BY part.part
)
SELECT {columns}
FROM newest JOIN read_parquet({files}, filename = '_path', union_by_name = true)
  ON _path = file;
"""


@dataclass(frozen=True, slots=True)
class DedupeKey:
    """Makes an append-only sink overwritable."""

    sink: AppendLog

    @contextmanager
    def open(self, pipeline: Pipeline, write: bool) -> Iterator[PartStore]:
        """Open the sink, with views for consumers when it is opened for the first time."""
        ledger, options = FileLedger(self.sink.path, pipeline.name), self.sink.options
        with open_parts(ledger, Newest(ledger), options, pipeline, write) as store:
            if write:
                publish_views(store, [step.table for step in pipeline.steps])
            yield store


class Newest(Log):
    """The newest file of each part counts; a part that was left without rows has none."""

    replaces = True

    def files(self, table: str) -> Mapping[str, Path]:
        newest = {part.part: part for part in self.parts if part.table == table}
        return {name: self.ledger.placed(part) for name, part in newest.items() if part.rows}


def publish_views(store: PartStore, tables: Sequence[Table]) -> None:
    """Write `views.sql`. A view takes files when it is asked, so it is true for ever.

    It lists the ledger before the tables, so that it finds every file that the ledger names.
    """
    ledger, aside = store.ledger, store.ledger.prepare()
    if not ledger.attempts():  # so that there is something to list, as below
        ledger.publish(Attempt(number=0), store.layout.place)
    text = f"CREATE SCHEMA IF NOT EXISTS {ledger.name};\n"
    for table in tables:
        folder = ledger.table(table.name).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        empty = folder / f"0-{crc32(table.ddl.encode()):08x}.parquet"  # its columns are these
        if not empty.exists():
            rows = f"SELECT * FROM {store.relation(table.name)} LIMIT 0"
            store.con.execute(f"COPY ({rows}) TO {literal(str(aside / 'empty'))} (FORMAT parquet)")
            (aside / "empty").replace(empty)
        text += VIEW.format(
            pipeline=ledger.name,
            table=table.name,
            ledger=literal(f"{escape(str(ledger.folder.absolute()))}/*.json"),
            what=COLUMNS,
            folder=literal(f"{folder}/"),
            name=literal(table.name),
            columns=", ".join(column.name for column in table.columns),
            files=literal(f"{escape(str(folder))}/*.parquet"),
        )
    views = ledger.root / ledger.name / "views.sql"
    if not views.exists() or views.read_text(encoding="utf-8") != text:
        (aside / "views").write_text(text, encoding="utf-8")
        (aside / "views").replace(views)
