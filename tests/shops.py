"""A project of one pipeline, for tests of what happens to it: its commands are processes of their own, and its tables are read
as somebody does who has never heard of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from scaffold import source
from tests.combinations import PYSPARK, PYTHON, TABLE, Choice, answers, every, made
from tests.inherited import inherited
from tests.jvm import LIGHT
from tests.mutations import DEFAULT
from tests.services import Database

BEGIN = datetime.fromisoformat(TABLE["since"])
DAYS, ROWS = 8, 20
OVER = (BEGIN + timedelta(days=DAYS)).isoformat()
RUN = ("run", "p000", "--as-of", OVER)
REDO = ("backfill", "p000", BEGIN.isoformat(), OVER)
TABLES = ("bronze", "silver", "gold", "quarantine")
PROGRAM = ("-m", "shop")
SMALL = {
    "spark.master": "local[1]",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": " ".join(LIGHT),
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.databricks.delta.snapshotPartitions": "1",
}
SPARK = {"PIPELINE_SPARK": json.dumps(SMALL)}
"""For the commands of a project: a Spark that is ready soon."""
FORMATS = {"csv": "FORMAT csv, HEADER", "jsonl": "FORMAT json", "parquet": "FORMAT parquet"}


@dataclass(frozen=True)
class Shop:
    """A project, and where it writes to. `through` are programs that its commands are started by, `program` is what
    Python runs."""

    folder: Path
    sink: str
    warehouse: Path
    form: str = "csv"
    database: Database | None = None
    through: tuple[str, ...] = ()
    program: tuple[str, ...] = PROGRAM
    env: Mapping[str, str] = field(default_factory=dict)

    def twin(self, folder: Path) -> Shop:
        """The same project, whose tables are elsewhere."""
        folder.mkdir()
        return replace(self, warehouse=folder / self.warehouse.name)

    # Commands

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command of the project, which does one unit after another."""
        env = {**self.env, "PIPELINE_WAREHOUSE": str(self.warehouse), "PIPELINE_CHUNK": "1"}
        if self.database:
            env["PIPELINE_POSTGRES__URL"] = self.database.url
        return started(self.folder, (*words, "--json"), env, self.program, self.through)

    def call(self, *words: str, code: int = 0) -> tuple[dict[str, Any], str]:
        """The facts and the log of a command that ends so."""
        return ended(self.start(*words), code)

    def stopped(self, *words: str) -> subprocess.Popen[str]:
        """A command that has done its first unit, and waits for SIGCONT before it does another."""
        running = self.start(*words)
        at_work(running)
        running.send_signal(signal.SIGSTOP)
        return running

    # Data

    def path(self) -> Path:
        return self.folder / "data" / "p000" / f"orders.{self.form}"

    def write(self, version: int, days: int = DAYS) -> Path:
        """Rows for each day, all of one version, in a file that appears at once."""
        path, aside = self.path(), self.path().with_name("_aside")
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = f"""SELECT n AS "Order ID",
            TIMESTAMP '{BEGIN}' + to_days((n // {ROWS})::INT) + to_minutes(n % {ROWS}) AS "ordered at",
            'v{version}' AS customer, CAST({version} + (n % 100) / 100 AS DECIMAL(18, 2)) AS amount,
            CAST(1.5 AS DOUBLE) AS weight, true AS paid, DATE '2025-01-01' AS due_on
            FROM range({days * ROWS}) AS numbers(n) ORDER BY n"""
        with duckdb.connect() as con:
            con.execute(f"COPY ({rows}) TO '{aside}' ({FORMATS[self.form]})")
        return aside.replace(path)

    # What is published

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What a query gives to somebody who reads; nothing where there are no tables yet."""
        if self.database:
            return self.database.ask(query)
        if not self.warehouse.exists():
            return []
        try:
            with self._reader() as con:
                return con.execute(query).fetchall()
        except duckdb.CatalogException:
            return []

    def torn(self) -> list[tuple[Any, ...]]:
        """Days of which a reader sees two versions, not all rows, or numbers that are not those of the rows.

        Plain folders are replaced file by file, tables of Delta one by one: there each of these is of one version.
        """
        silver = (
            "SELECT CAST(ordered_at AS date) AS day, count(*) AS n, sum(amount) AS total, "
            "count(DISTINCT customer) AS versions FROM p000.silver GROUP BY 1"
        )
        if self.sink in ("parquet", "delta"):
            some = self.ask(f"SELECT * FROM ({silver}) WHERE (n, versions) <> ({ROWS}, 1)")
            return some + self.ask(f'SELECT * FROM p000.gold WHERE "rows" <> {ROWS}')
        return self.ask(
            f"SELECT day, n, versions FROM ({silver}) AS s FULL JOIN p000.gold AS g USING (day) "
            f'WHERE (s.n, s.total, s.versions, s.n) IS DISTINCT FROM (g."rows", g.total_amount, 1, {ROWS})'
        )

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables; and how each unit ended last, without the times of runs."""
        found = {name: sorted(self.ask(f"SELECT * FROM p000.{name}"), key=repr) for name in TABLES}
        last = {entry["unit"]: entry["status"] for entry in self._entries()}
        return found | {"units": sorted(last.items())}

    def _entries(self) -> list[dict[str, Any]]:
        """The ledger, oldest first."""
        if self.sink in ("duckdb", "postgres"):
            order = "rowid" if self.sink == "duckdb" else "id"
            rows = self.ask(f"SELECT CAST(entry AS text) FROM ledger ORDER BY {order}")
            return [json.loads(entry) for (entry,) in rows]
        files = sorted((self.warehouse / "ledger" / "p000").glob("*.json"))
        return [one for file in files for one in json.loads(file.read_bytes())["entries"]]

    @contextmanager
    def _reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The tables as p000.silver and so on."""
        if self.sink == "duckdb":
            with duckdb.connect(self.warehouse, read_only=True) as con:
                yield con
            return
        folder = self.warehouse / "p000"
        with duckdb.connect() as con:
            con.execute("CREATE SCHEMA p000")
            if (folder / "views.sql").exists():
                con.execute((folder / "views.sql").read_text(encoding="utf-8"))
            else:
                for table in {file.parent for file in folder.glob("*/*.parquet")}:
                    if files := self._files(table):
                        rows = f"read_parquet({files}, union_by_name = true)"
                        con.execute(f"CREATE VIEW p000.{table.name} AS SELECT * FROM {rows}")
            yield con

    def _files(self, table: Path) -> list[str]:
        """Those that have the rows of a table in a folder. One of Delta keeps older files as well."""
        return DeltaTable(table).file_uris() if self.sink == "delta" else [f"{table}/*.parquet"]


def started(
    folder: Path,
    words: tuple[str, ...],
    env: Mapping[str, str],
    program: tuple[str, ...] = PROGRAM,
    through: tuple[str, ...] = (),
) -> subprocess.Popen[str]:
    """A command of the project in a folder, with these variables as well."""
    return subprocess.Popen(
        (*through, sys.executable, *program, *words),
        cwd=folder,
        env={**inherited(), "PYTHONPATH": "src", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_work(running: subprocess.Popen[str]) -> None:
    """Wait until a command has done its first unit."""
    assert running.stderr
    while " 1 of " not in (line := running.stderr.readline()):
        assert line, "it ended"


def ended(running: subprocess.Popen[str], code: int) -> tuple[dict[str, Any], str]:
    """The facts and the log of a command that ends so; none ever shows a traceback."""
    out, log = running.communicate(timeout=300)
    assert "Traceback" not in log, log
    assert running.returncode == code, log
    return json.loads(out.splitlines()[-1]) if out else {}, log


def open_shop(
    folder: Path, templates: source.Templates, database: Database | None = None, **choice: Any
) -> Shop:
    """A project of the usual choice, but for this."""
    wanted: Choice = DEFAULT | {"format": "csv", "time_zone": "UTC", "retries": 0} | choice
    sink = str(wanted["sink"])
    runtime = PYSPARK if sink == "delta" else PYTHON
    assert any(one["sink"] == sink for one in every(runtime))
    made(folder / "shop", templates, answers([wanted], runtime=runtime))
    return Shop(
        folder / "shop",
        sink,
        folder / ("warehouse.duckdb" if sink == "duckdb" else "warehouse"),
        str(wanted["format"]),
        database,
        env=SPARK if runtime == PYSPARK else {},
    )
