"""Files as a source: a glob, listed again for each unit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from ..core.contract import Column, Contract, lineage, nothing
from ..core.engine import Connection
from ..core.errors import NotReady, Transient
from ..core.event_time import EventTime
from ..core.units import Request, literal
from .file_listing import listed, root_of, stamp

DAY = timedelta(days=1)  # no zone is further from UTC


class Format(Protocol):
    """How files are written: the rows of some files as SQL, with `_file`, `_row`, `_problem`."""

    @property
    def lazy(self) -> bool:
        """Whether a batch that is read only once may be a view: filters reach into the files."""

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]: ...
    def scan(self, paths: Sequence[str], columns: Sequence[Column]) -> str: ...
    def rejects(self) -> str: ...
    def zoned(self, paths: Sequence[str], column: Column) -> str:
        """A condition for rows whose time in this column named its zone, and is in UTC."""


@dataclass(frozen=True, slots=True)
class Files:
    """All files that match `path`, but for `.*`, `_*` and `*.tmp`, which are being written."""

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
        return self._rows(self._paths(request), request, contract)

    def unsplit(self, con: Connection) -> int:
        return len(con.execute(self.format.rejects()).fetchall())

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        paths = self._paths(request)
        before = [stamp(path) for path in paths]
        con.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        lazy = self.format.lazy and request.once and request.paths is None
        rows = self._rows(paths, request, contract)
        con.execute(f"CREATE OR REPLACE TEMP {'VIEW' if lazy else 'TABLE'} batch AS {rows}")
        if paths and not lazy and not request.between:  # such a line has no event time
            rejects = self._traced(self.format.rejects(), request)
            con.execute(f"INSERT INTO batch BY NAME {rejects}")

        def unchanged() -> None:
            if [stamp(path) for path in paths] != before:
                raise Transient(f"a file of {self.path} changed while it was read")

        return unchanged

    def _rows(self, paths: Sequence[str], request: Request, contract: Contract) -> str:
        rows, when, where = self._scan(paths, contract), "CAST(NULL AS TIMESTAMP)", "true"
        if self.when:
            kinds = {column.name: column.type for column in contract.source}
            raw = next(c for c in self.columns(contract) if c.name == self.event_time)
            zoned = "false" if self.when.zone == "UTC" else self.format.zoned(paths, raw)
            when = self.when.utc(raw, kinds[raw.name], zoned)
            if request.between:
                start, end = request.between
                where = f"_event_time >= {literal(start)} AND _event_time < {literal(end)}"
                if raw.type != "STRING":  # filters on converted columns reach no file: narrow it
                    where += f" AND {raw.name} >= CAST({literal(start - DAY)} AS {raw.type})"
                    where += f" AND {raw.name} < CAST({literal(end + DAY)} AS {raw.type})"
        timed = f"SELECT *, {when} AS _event_time FROM ({rows})"
        return f"{self._traced(timed, request)} WHERE {where}"

    def _traced(self, rows: str, request: Request) -> str:
        name = f"replace(_file, {literal(self._folder + '/')}, '')"
        return f"SELECT * REPLACE ({name} AS _file), {request.unit} AS _unit FROM ({rows})"

    def _scan(self, paths: Sequence[str], contract: Contract) -> str:
        if paths:
            return self.format.scan(paths, contract.source)
        traces = lineage(file="STRING", row="BIGINT", problem="STRING", line="STRING")
        columns = self.columns(contract) + traces
        return nothing(columns)

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
