"""Delta as a sink: a Delta table for each table, and the ledger in files beside them.

What a unit writes is made and judged aside. Only then is each table replaced in one commit of
Delta, in order, and the ledger file follows. Before that the versions of all tables are noted:
what a run that failed, or was killed, had written is taken back by restoring them.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel

from ..core.contract import Table, nothing, refuse_retyped
from ..core.engine import Connection, connect, keep
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline
from .aside import Aside
from .file_ledger import Attempt, FileLedger, on_disk


class Begun(BaseModel, frozen=True):
    """An attempt that is about to replace tables, and the versions that these had before."""

    attempt: Attempt
    versions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Delta:
    """`<path>/<pipeline>/<table>/`, with the ledger in `<path>/ledger/<pipeline>/`.

    One run of a pipeline writes at a time; readers never wait.
    """

    path: Path
    spark: Mapping[str, str]

    @contextmanager
    def open(self, pipeline: Pipeline, write: bool) -> Iterator["DeltaStore"]:
        """Open the folder. To write is to be alone, and begins with what a killed run left."""
        ledger = FileLedger(self.path, pipeline.name)
        aside = Aside(connect(self.spark))
        with ledger.alone() if write else nullcontext():
            if write:
                DeltaStore(aside, ledger, pipeline, iter(())).settle()
            yield DeltaStore(aside, ledger, pipeline, ledger.numbers())


@dataclass(frozen=True, slots=True)
class DeltaStore:
    """The open folder; between `begin` and `commit` it is one transaction, made aside by Spark."""

    aside: Aside
    ledger: FileLedger
    pipeline: Pipeline
    numbers: Iterator[int]
    writer: threading.Lock = field(default_factory=threading.Lock)

    @property
    def con(self) -> Connection:
        """Spark, with the views of this store."""
        return self.aside.con

    def history(self) -> History:
        return self.ledger.history()

    @contextmanager
    def begin(self) -> Iterator["DeltaStore"]:
        store = replace(self, aside=Aside(self.con.cursor()))
        with self.writer:
            store.make([step.table for step in self.pipeline.steps])
        yield store

    def relation(self, table: str, where: str = "true") -> str:
        if table == "batch":
            return table
        found = next(step.table for step in self.pipeline.steps if step.table.name == table)
        if table not in self.aside.removed:
            return self._stored(found)
        if self.aside.replaces(found, where):
            return f"({self.aside.new(found)})"
        gone, new = self.aside.gone(found), self.aside.new(found)
        staying = f"SELECT * FROM {self._stored(found)} AS {table} WHERE NOT {gone}"
        return f"({staying} UNION ALL {new})"

    def remove(self, table: Table, where: str) -> None:
        self.aside.remove(table, where)

    def append(self, table: Table, rows: str) -> None:
        self.aside.append(table, rows)

    def commit(self, entries: Sequence[Entry]) -> None:
        """Replace what was made aside, table by table, and publish the ledger file."""
        with self.writer:
            self.settle()
            self.ledger.prepare()
            tables = [step.table for step in self.pipeline.steps]
            versions = {table.name: self._version(table.name) for table in tables}
            attempt = Attempt(number=next(self.numbers), entries=tuple(entries))
            self._note(Begun(attempt=attempt, versions=versions))
            try:
                for table in tables:
                    if table.name in self.aside.removed:
                        self._replace(table)
                self.ledger.publish(attempt, lambda _: None)
            finally:
                self._take_back()

    def settle(self) -> None:
        """Finish what an earlier attempt had as good as published, take back what it had not."""
        self.ledger.finish(lambda _: None)
        self._take_back()

    def _take_back(self) -> None:
        pending = (self.ledger.aside / "pending").exists()  # it is published, if not by this run
        if pending or not self._begun.exists():
            return
        begun = Begun.model_validate_json(self._begun.read_bytes())
        file = self.ledger.folder / f"{begun.attempt.number:08}.json"
        there = Attempt.model_validate_json(file.read_bytes()) if file.exists() else None
        if there != begun.attempt:
            for name, version in begun.versions.items():
                if self._version(name) > version:
                    self.con.execute(f"RESTORE TABLE {self._name(name)} TO VERSION AS OF {version}")
        self._begun.unlink()

    def make(self, tables: Sequence[Table]) -> None:
        """Tables as the contract has them. Columns that are new since then are empty in old rows."""
        made = [table for table in tables if self._version(table.name) >= 0]
        stored = {one.name: self._types(f"SELECT * FROM {self._name(one.name)}") for one in made}
        kinds = ((one.name, stored[one.name], self._types(nothing(one.columns))) for one in made)
        refuse_retyped(self.pipeline.name, kinds, self._retyping)
        for table in tables:
            name = self._name(table.name)
            if table not in made:
                self.con.execute(f"CREATE TABLE {name} ({table.ddl}) USING delta")
                continue
            for column in table.columns:
                if column.name not in stored[table.name]:
                    added = f"{column.name} {column.type}"
                    self.con.execute(f"ALTER TABLE {name} ADD COLUMNS ({added})")

    def _types(self, query: str) -> dict[str, str]:
        return dict(self.con.execute(query).frame.dtypes)

    def _retyping(self, table: str, column: str, kind: str) -> str:
        """Delta widens some types only: a table is made anew, as its next version."""
        name, cell = self._name(table), f"CAST({column} AS {kind}) AS {column}"
        rows = f"SELECT * EXCEPT ({column}), {cell} FROM {name}"
        return f"CREATE OR REPLACE TABLE {name} USING delta AS {rows}"

    def _replace(self, table: Table) -> None:
        """One commit for rows that leave and rows that come; none where there are neither."""
        name, new = self._name(table.name), self._fitting(table)
        conditions = self.aside.removed[table.name]
        leaving = f"{self._stored(table)} AS {table.name} WHERE {self.aside.gone(table)}"
        if not (self._version(table.name) and conditions and self._any(leaving)):
            if self._any(f"({new})"):  # most units are new: to add rows touches no other file
                self.con.execute(f"INSERT INTO {name} {new}")
        elif any("SELECT" in one for one in conditions):
            self._merge(table, f"SELECT * FROM {leaving}")
        else:
            where = " OR ".join(f"({one})" for one in conditions)
            self.con.execute(f"INSERT INTO {name} REPLACE WHERE {where} {new}")

    def _fitting(self, table: Table) -> str:
        """The new rows, in the order of the stored columns: one that came later is the last there."""
        stored = self.con.execute(f"SELECT * FROM {self._name(table.name)}").description
        cells = (name if name in table.names else f"NULL AS {name}" for (name,) in stored)
        return f"SELECT {', '.join(cells)} FROM ({self.aside.new(table)})"

    def _any(self, rows: str) -> bool:
        return bool(self.con.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchall())

    def _merge(self, table: Table, leaving: str) -> None:
        """For conditions that look at other relations. Rows that leave match nothing but themselves."""
        name, columns = self._name(table.name), ", ".join(table.names)
        keep(self.con, "_gone", leaving)
        same = " AND ".join(f"old.{one} <=> new.{one}" for one in table.names)
        self.con.execute(
            f"MERGE INTO {name} AS old USING (SELECT *, false AS _comes FROM _gone UNION ALL "
            f"SELECT *, true AS _comes FROM ({self.aside.new(table)})) AS new ON NOT _comes AND {same} "
            "WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND _comes THEN "
            f"INSERT ({columns}) VALUES ({', '.join(f'new.{one}' for one in table.names)})"
        )

    def _stored(self, table: Table) -> str:
        """What is published of it, in the order of its columns."""
        if self._version(table.name) < 0:
            return f"({nothing(table.columns)})"
        return f"(SELECT {', '.join(table.names)} FROM {self._name(table.name)})"

    def _note(self, begun: Begun) -> None:
        draft = self.ledger.aside / "begun"
        draft.write_text(begun.model_dump_json(), encoding="utf-8")
        on_disk(draft)
        draft.replace(self._begun)
        on_disk(self.ledger.folder)

    def _version(self, table: str) -> int:
        """The newest commit in a table's log; -1 before it is made."""
        log = self.ledger.table(table) / "_delta_log"
        return max((int(file.stem) for file in log.glob("*[0-9].json")), default=-1)

    def _name(self, table: str) -> str:
        path = str(self.ledger.table(table).absolute())
        return f"delta.`{path.replace('`', '``')}`"

    @property
    def _begun(self) -> Path:
        return self.ledger.folder / ".begun"
