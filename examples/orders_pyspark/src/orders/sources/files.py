"""Files as a source: a glob, listed again for each unit."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from pyspark.sql import DataFrame

from ..core.contract import Column, Contract, lineage, nothing
from ..core.engine import Connection
from ..core.errors import NotReady, Transient
from ..core.event_time import EventTime
from ..core.units import Request, literal
from .file_listing import listed, root_of, stamp

DAY = timedelta(days=1)  # no zone is further from UTC
DECODED = "url_decode(replace(_metadata.file_path, '+', '%2B'))"  # Spark calls a file by its URI
FILE = f"regexp_replace({DECODED}, '^file:/+', '/') AS _file"
# Rows are counted in each part of a file that is read apart, from where it begins: in bytes.
ROW = "_metadata.file_block_start + (monotonically_increasing_id() & 8589934591) + 1 AS _row"
TRACES = (FILE, ROW)


class Format(Protocol):
    """How files are written: the rows of some files, with `_file`, `_row`, `_problem`, `_line`."""

    @property
    def lazy(self) -> bool:
        """Whether a batch that is read only once may be a view: filters reach into the files."""

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]: ...
    def scan(
        self, con: Connection, paths: Sequence[str], columns: Sequence[Column]
    ) -> DataFrame: ...
    def zoned(self, con: Connection, paths: Sequence[str], column: Column) -> str:
        """A condition for rows whose time in this column named its zone, and is in UTC."""


@dataclass(frozen=True, slots=True)
class Files:
    """All files that match `path`, but for `.*`, `_*` and `*.tmp`, which are being written.

    Where Spark has executors on other machines, they read the same folder under the same path.
    """

    path: str
    format: Format
    when: EventTime | None = None
    take: Literal["all_matching", "newest"] = "all_matching"

    @property
    def event_time(self) -> str | None:
        return self.when.column if self.when else None

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Files are read as they are: what is missing shows when they are listed."""

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        return self.format.raw(contract.source)

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        rows = self._rows(con, self._paths(request), request, contract)
        rows.createOrReplaceTempView("selected")
        return "SELECT * FROM selected"

    def unsplit(self, con: Connection) -> int:
        """Lines that could not be split are rows here, with a problem."""
        return 0

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        paths = self._paths(request)
        before = [stamp(path) for path in paths]
        rows = self._rows(con, paths, request, contract)
        lazy = self.format.lazy and request.once and request.paths is None
        (rows if lazy else rows.localCheckpoint()).createOrReplaceTempView("batch")

        def unchanged() -> None:
            if [stamp(path) for path in paths] != before:
                raise Transient(f"a file of {self.path} changed while it was read")

        return unchanged

    def _rows(
        self, con: Connection, paths: Sequence[str], request: Request, contract: Contract
    ) -> DataFrame:
        rows, when, where = self._scan(con, paths, contract), "CAST(NULL AS TIMESTAMP)", "true"
        if self.when:
            kinds = {column.name: column.type for column in contract.source}
            raw = next(c for c in self.columns(contract) if c.name == self.event_time)
            zoned = "false" if self.when.zone == "UTC" else self.format.zoned(con, paths, raw)
            when = self.when.utc(raw, kinds[raw.name], zoned)
            if request.between:
                start, end = request.between
                where = f"_event_time >= {literal(start)} AND _event_time < {literal(end)}"
                if raw.type != "STRING":  # filters on converted columns reach no file: narrow it
                    where += f" AND {raw.name} >= CAST({literal(start - DAY)} AS {raw.type})"
                    where += f" AND {raw.name} < CAST({literal(end + DAY)} AS {raw.type})"
        base = os.path.abspath(self._folder).rstrip("/") + "/"  # noqa: PTH100  # not resolved
        file = f"substr(_file, {len(base) + 1}) AS _file"
        named = [file if name == "_file" else name for name in rows.columns]
        timed = rows.selectExpr(*named, f"{when} AS _event_time")
        return timed.selectExpr("*", f"{request.unit} AS _unit").where(where)

    def _scan(self, con: Connection, paths: Sequence[str], contract: Contract) -> DataFrame:
        if paths:
            return self.format.scan(con, paths, contract.source)
        traces = lineage(file="STRING", row="BIGINT", problem="STRING", line="STRING")
        columns = self.columns(contract) + traces
        return con.execute(nothing(columns)).frame

    @property
    def _folder(self) -> str:
        """What `_file` is a place in."""
        return root_of(self.path)

    def _paths(self, request: Request) -> Sequence[str]:
        if request.paths is not None:
            return request.paths
        if not (found := listed(self.path)):
            raise NotReady(f"no file matches {self.path}")
        if self.take == "newest":
            return [max(found, key=lambda name: (Path(name).stat().st_mtime_ns, name))]
        return found


def quoted(name: str) -> str:
    """A name as SQL spells any."""
    return f"`{name.replace('`', '``')}`"
