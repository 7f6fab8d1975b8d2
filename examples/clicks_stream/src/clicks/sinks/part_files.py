"""Tables as folders of Parquet files, one for each part: what the file sinks have in common."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from ..core.contract import Table, nothing
from ..core.dialect import by_name
from ..core.engine import Options, connect
from ..core.errors import UsageError
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline
from ..core.units import literal
from .file_ledger import Attempt, FileLedger, Part
from .parts import Layout, order_of, part_of


@contextmanager
def open_parts(
    ledger: FileLedger, layout: Layout, options: Options, pipeline: Pipeline, write: bool
) -> Iterator["PartStore"]:
    """Open the folder. To write is to be alone, and begins with what a killed run left."""
    lock = ledger.alone() if write else nullcontext()
    with lock, closing(connect(None, options)) as con:
        con.execute("SET GLOBAL enable_external_file_cache = false")  # names are used again
        if write:
            ledger.finish(layout.place)
            con.execute(f"SET GLOBAL temp_directory = {literal(str(ledger.spill))}")
        layout.ready(write)
        yield PartStore(con, ledger, layout, pipeline, ledger.numbers(), write)


@dataclass(frozen=True, slots=True)
class PartStore:
    """The open folder; between `begin` and `commit` it is one transaction, staged in memory."""

    con: duckdb.DuckDBPyConnection
    ledger: FileLedger
    layout: Layout
    pipeline: Pipeline
    numbers: Iterator[int]
    write: bool
    writer: threading.Lock = field(default_factory=threading.Lock)
    removed: dict[str, list[str]] = field(default_factory=dict)  # conditions, by staged table

    def history(self) -> History:
        return self.ledger.history()

    @contextmanager
    def begin(self) -> Iterator["PartStore"]:
        with closing(self.con.cursor()) as con:
            yield replace(self, con=con, removed={})

    def relation(self, table: str, where: str = "true") -> str:
        if table == "batch":
            return table
        found = next(step.table for step in self.pipeline.steps if step.table.name == table)
        staying = self._staying(found, self.layout.files(table).values())
        new = f" UNION ALL SELECT * FROM _new_{table}" if table in self.removed else ""
        return f"({staying}{new})"

    def remove(self, table: Table, where: str) -> None:
        if not self.layout.replaces:
            raise UsageError(f"{table.name}: this sink only adds rows, and they must be replaced")
        self._stage(table).append(where)
        self.con.execute(f"DELETE FROM _new_{table.name} WHERE {where}")

    def append(self, table: Table, rows: str) -> None:
        self._stage(table)
        self.con.execute(f"INSERT INTO _new_{table.name} BY NAME {rows}")

    def commit(self, entries: Sequence[Entry]) -> None:
        """Publish what is staged. It is applied to the files as they are now, one commit at a time."""
        with self.writer:
            self.ledger.finish(self.layout.place)
            self.ledger.prepare()
            number, tables = next(self.numbers), [step.table for step in self.pipeline.steps]
            staged = [table for table in tables if table.name in self.removed]
            parts = [part for table in staged for part in self._prepare(table, number)]
            attempt = Attempt(number=number, entries=tuple(entries), parts=tuple(parts))
            self.ledger.publish(attempt, self.layout.place)

    def _stage(self, table: Table) -> list[str]:
        if table.name not in self.removed:
            self.con.execute(f"CREATE TEMP TABLE _new_{table.name} ({table.ddl})")
        return self.removed.setdefault(table.name, [])

    def _prepare(self, table: Table, number: int) -> Iterator[Part]:
        """Write a new file for each part that loses or gets rows."""
        files, whole = self.layout.files(table.name), "true" in self.removed[table.name]
        key = part_of(table, self.pipeline.source.event_time, whole)
        found = f"{published(table, files.values(), self.write)} WHERE {self._gone(table)}"
        losing = self._distinct(f"SELECT DISTINCT _path FROM {found}")
        getting = self._distinct(f"SELECT DISTINCT {key} FROM _new_{table.name}")
        for part in sorted(getting.union(p for p, file in files.items() if str(file) in losing)):
            staying = self._staying(table, [files[part]] if part in files else [])
            new = f"SELECT * FROM _new_{table.name} WHERE {key} = {literal(part)}"
            made = Part(table=table.name, part=part, file=self.layout.name(part, number))
            rows = f"SELECT * FROM ({staying} UNION ALL {new}) ORDER BY {order_of(table)}"
            path = literal(str(self.ledger.prepared(made)))
            (count,) = self.con.execute(f"COPY ({rows}) TO {path} (FORMAT parquet)").fetchall()[0]
            yield made.model_copy(update={"rows": count})

    def _staying(self, table: Table, files: Iterable[Path]) -> str:
        names = ", ".join(column.name for column in table.columns)
        rows = published(table, files, self.write)
        return f"SELECT {names} FROM {rows} WHERE NOT {self._gone(table)}"

    def _gone(self, table: Table) -> str:
        conditions = [f"coalesce(({one}), false)" for one in self.removed.get(table.name, [])]
        return f"({' OR '.join(conditions) or 'false'})"

    def _distinct(self, query: str) -> set[str]:
        return {value for (value,) in self.con.execute(query).fetchall()}


def published(table: Table, files: Iterable[Path], extend: bool) -> str:
    """Rows of files, with the path of each, named like their table as conditions may want it.

    To `extend` them is to have all columns of the table, also those that no file has yet: empty.
    """
    none = f"SELECT *, '' AS _path FROM ({nothing(table.columns)})"
    paths = [str(file) for file in files]
    read = f"SELECT * FROM read_parquet({by_name(paths)}, filename = '_path', union_by_name = true)"
    rows = f"{none} UNION ALL BY NAME {read}" if extend else read
    return f"({rows if paths else none}) AS {table.name}"
