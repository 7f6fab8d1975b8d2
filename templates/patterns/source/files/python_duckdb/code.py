"""Files as a source: a glob, listed again for each unit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from glob import glob, has_magic
from pathlib import Path
from typing import Literal, Protocol

from ..core.contract import Column, Contract
from ..core.errors import NotReady, Transient
from ..core.event_time import EventTime
from ..core.pipeline import Connection
from ..core.units import Request, literal

DAY = timedelta(days=1)  # no zone is further from UTC


class Format(Protocol):
    """How files are written: the rows of some files as SQL, with `_file`, `_row`, `_problem`."""

    def raw(self, columns: Sequence[Column]) -> tuple[Column, ...]: ...
    def scan(self, paths: Sequence[str], columns: Sequence[Column]) -> str: ...
    def rejects(self) -> str: ...


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

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        return self.format.raw(contract.source)

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        return self._rows(self._paths(request), request, contract)

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        paths = self._paths(request)
        before = stamps(paths)
        con.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        con.execute(f"CREATE OR REPLACE TEMP TABLE batch AS {self._rows(paths, request, contract)}")
        if request.between is None:  # a line that cannot be split has no event time
            rejects = self._traced(self.format.rejects(), request)
            con.execute(f"INSERT INTO batch BY NAME {rejects}")

        def unchanged() -> None:
            if stamps(paths) != before:
                raise Transient(f"a file of {self.path} changed while it was read")

        return unchanged

    def _rows(self, paths: Sequence[str], request: Request, contract: Contract) -> str:
        rows, where = self.format.scan(paths, contract.source), "true"
        when = "CAST(NULL AS TIMESTAMP)"
        if self.when:
            kinds = {column.name: column.type for column in contract.source}
            raw = next(c for c in self.columns(contract) if c.name == self.event_time)
            when = self.when.utc(raw, kinds[raw.name])
            if request.between:
                start, end = request.between
                where = f"_event_time >= {literal(start)} AND _event_time < {literal(end)}"
                if (
                    raw.type != "STRING"
                ):  # a converted column is not pushed down: narrow the raw one
                    where += f" AND {raw.name} >= {literal(start - DAY)}"
                    where += f" AND {raw.name} < {literal(end + DAY)}"
        return f"{self._traced(f'SELECT *, {when} AS _event_time FROM ({rows})', request)} WHERE {where}"

    def _traced(self, rows: str, request: Request) -> str:
        name = f"replace(_file, {literal(self.root + '/')}, '')"
        return f"SELECT * REPLACE ({name} AS _file), {request.unit} AS _unit FROM ({rows})"

    def _paths(self, request: Request) -> list[str]:
        matching = glob(self.path, recursive=True)  # noqa: PTH207  # it may be absolute
        names = request.paths or sorted(matching)
        ready = [n for n in names if Path(n).name[0] not in "._" and not n.endswith(".tmp")]
        if not ready:
            raise NotReady(f"no file matches {self.path}")
        if self.take == "newest":
            return [max(ready, key=lambda name: (Path(name).stat().st_mtime_ns, name))]
        return ready

    @property
    def root(self) -> str:
        """The folder before the first wildcard; `_file` is relative to it."""
        parts = Path(self.path).parts
        fixed = next((n for n, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
        return str(Path(*parts[:fixed]))


def stamps(paths: Sequence[str]) -> list[str]:
    """Changes whenever a file's content does (`ctime` cannot be set back), and reads nothing."""
    stats = (Path(path).stat() for path in paths)
    return [f"{s.st_ino}:{s.st_size}:{s.st_mtime_ns}:{s.st_ctime_ns}" for s in stats]
