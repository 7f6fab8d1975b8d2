"""Tables as folders of Parquet files, one for each part: what the file sinks have in common."""

import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.contract import Table, nothing
from ..core.engine import Connection, Options, connect, location
from ..core.errors import UsageError
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline
from ..core.units import literal
from .aside import Aside
from .file_ledger import Attempt, FileLedger, Part
from .parts import Layout, order_of, part_of


@contextmanager
def open_parts(
    ledger: FileLedger, layout: Layout, options: Options, pipeline: Pipeline, write: bool
) -> Iterator["PartStore"]:
    """Open the folder. To write is to be alone, and begins with what a killed run left."""
    with ledger.alone() if write else nullcontext():
        if write:
            ledger.finish(layout.place)
        layout.ready(write)
        con, numbers = connect(options), ledger.numbers()
        yield PartStore(Aside(con), ledger, layout, pipeline, numbers, write)


@dataclass(frozen=True, slots=True)
class PartStore:
    """The open folder; between `begin` and `commit` it is one transaction, made aside by Spark.

    There is one at a time: Spark lists files before it reads them, and another one replaces them.
    """

    aside: Aside
    ledger: FileLedger
    layout: Layout
    pipeline: Pipeline
    numbers: Iterator[int]
    write: bool
    writer: threading.Lock = field(default_factory=threading.Lock)

    @property
    def con(self) -> Connection:
        """Spark, with the views of this store."""
        return self.aside.con

    def history(self) -> History:
        return self.ledger.history()

    @contextmanager
    def begin(self) -> Iterator["PartStore"]:
        with self.writer:
            yield replace(self, aside=Aside(self.con.cursor()))

    def relation(self, table: str, where: str = "true") -> str:
        if table == "batch":
            return table
        found = next(step.table for step in self.pipeline.steps if step.table.name == table)
        if self.aside.replaces(found, where):
            return f"({self.aside.new(found)})"
        staying = self._staying(found, self.layout.files(table).values())
        new = f" UNION ALL {self.aside.new(found)}" if table in self.aside.removed else ""
        return f"(SELECT * EXCEPT (_path) FROM ({staying}){new})"

    def remove(self, table: Table, where: str) -> None:
        if not self.layout.replaces:
            raise UsageError(f"{table.name}: this sink only adds rows, and they must be replaced")
        self.aside.remove(table, where)

    def append(self, table: Table, rows: str) -> None:
        self.aside.append(table, rows)

    def commit(self, entries: Sequence[Entry]) -> None:
        """Publish what is made aside."""
        self.ledger.finish(self.layout.place)
        self.ledger.prepare()
        number, tables = next(self.numbers), [step.table for step in self.pipeline.steps]
        changed = [table for table in tables if table.name in self.aside.removed]
        parts = [part for table in changed for part in self._prepare(table, number)]
        attempt = Attempt(number=number, entries=tuple(entries), parts=tuple(parts))
        self.ledger.publish(attempt, self.layout.place)

    def _prepare(self, table: Table, number: int) -> list[Part]:
        """Write a new file for each part that loses or gets rows."""
        files, whole = self.layout.files(table.name), "true" in self.aside.removed[table.name]
        part_of_file = {file.name: part for part, file in files.items()}
        key = part_of(table, self.pipeline.source.event_time, whole)
        coming = f"(SELECT *, nullif({key}, '') AS _part FROM ({self.aside.new(table)}))"
        gone = f"{self._published(table, files.values())} WHERE {self.aside.gone(table)}"
        found = self.con.execute(
            f"SELECT DISTINCT '' AS _part, _path FROM {gone} "
            f"UNION ALL SELECT DISTINCT _part, '' AS _path FROM {coming}"
        ).fetchall()
        touched = sorted({part or part_of_file[name] for part, name in found})
        if not touched:
            return []
        before = {files[part].name: part for part in touched if part in files}
        names = ", ".join(f"{literal(text)}" for pair in before.items() for text in pair)
        known = f"element_at(map({names}), _path)" if before else "''"
        staying = self._staying(table, [files[part] for part in before.values()])
        rows = f"SELECT {', '.join(table.names)}, {known} AS _part FROM ({staying})"
        # Any column may be empty for Spark: files differ in that else, if there were rows before.
        cells = (f"CASE WHEN _part IS NOT NULL THEN {name} END AS {name}" for name in table.names)
        added = f"SELECT {', '.join(cells)}, _part FROM {coming}"
        written = self._write(table, f"{rows} UNION ALL {added}")
        made = [
            Part(table=table.name, part=part, file=self.layout.name(part, number))
            for part in touched
        ]
        for part in made:
            file = next(written.glob(f"_part={part.part}/*.parquet"), None)
            (file or self.empty(table)).replace(self.ledger.prepared(part))
        shutil.rmtree(written)
        rows_in = self._counted(table, made)
        return [part.model_copy(update={"rows": rows_in.get(part, 0)}) for part in made]

    def _write(self, table: Table, rows: str) -> Path:
        """Rows in a file for each `_part`, in an order that does not depend on the run."""
        folder = self.ledger.aside / "rows"
        order = ("_part", *order_of(table).split(", "))
        frame = self.con.execute(rows).frame.repartition("_part").sortWithinPartitions(*order)
        frame.write.option("maxRecordsPerFile", 0).partitionBy("_part").parquet(str(folder))
        return folder

    def empty(self, table: Table) -> Path:
        """A file without rows that has the columns of a table."""
        folder = self.ledger.aside / "no rows"
        frame = self.con.execute(nothing(table.columns)).frame
        frame.coalesce(1).write.mode("overwrite").parquet(str(folder))
        return next(folder.glob("*.parquet"))

    def _counted(self, table: Table, parts: Sequence[Part]) -> Mapping[Part, int]:
        files = {self.ledger.prepared(part).name: part for part in parts}
        read = self._published(table, map(self.ledger.prepared, parts))
        found = self.con.execute(f"SELECT _path, count(*) FROM {read} GROUP BY _path").fetchall()
        return {files[name]: count for name, count in found}

    def _staying(self, table: Table, files: Iterable[Path]) -> str:
        return f"SELECT * FROM {self._published(table, files)} WHERE NOT {self.aside.gone(table)}"

    def _published(self, table: Table, files: Iterable[Path]) -> str:
        """Rows of files, with the name of each, named like their table as conditions may want it.

        To write is to have all columns of the table, also those that no file has yet: empty.
        """
        view, paths = f"_files_{table.name}", [location(str(file)) for file in files]
        if not paths:
            return f"(SELECT *, '' AS _path FROM ({nothing(table.columns)})) AS {table.name}"
        read = self.con.spark.read.option("mergeSchema", True)
        if self.write:
            read = read.schema(self.con.execute(nothing(table.columns)).frame.schema)
        rows = read.parquet(*paths)
        rows.selectExpr("*", "_metadata.file_name AS _path").createOrReplaceTempView(view)
        return f"{view} AS {table.name}"
