"""One Protocol for each decision, and the Pipeline that holds one answer to each.

A pattern is a class that fulfils its Protocol; `runner.py` never asks which one it has.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from .contract import Column, Contract, Table, lineage
from .engine import Connection
from .ledger import Entry, History, Status
from .quality import Gate
from .units import Due, Request, Slice, Slices, Unit


@dataclass(frozen=True, slots=True)
class Step:
    """One table and how it follows from the one before: `sql` reads the relation `input`.

    `before` may prepare what else the SQL reads for a unit; `after` may tell the ledger more
    about the units, by their starts.
    """

    table: Table
    reads: str
    sql: str
    part: Callable[[Slices], Slice]
    parallel: bool = True  # whether units that are done at the same time write different rows
    input: Callable[[str, str], str] = "SELECT * FROM {} WHERE {}".format
    before: Callable[["Store", Unit], Any] = lambda _store, _unit: None
    after: Callable[["Store", Slice, Unit], Mapping[Any, Any]] = lambda _store, _part, _unit: {}


class Source(Protocol):
    """Where rows come from."""

    @property
    def event_time(self) -> str | None:
        """The column of event time, in UTC behind the quality gate."""

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Raise if there is no use in reading it now."""

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        """The columns with their raw types."""

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        """The requested rows as SQL; raises if the source drifted from the contract."""

    def unsplit(self, con: Connection) -> int:
        """How many lines the rows selected last lack, since they could not be split into cells."""

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        """Make the relation `batch`; the answer, called later, raises if the source changed."""


class Extraction(Protocol):
    """Which units are due, and what each reads and replaces. It has no clock of its own."""

    @property
    def unit_type(self) -> str:
        """The SQL type of the lineage column `_unit`, which has the start of a row's unit."""

    @property
    def parallel(self) -> bool:
        """Whether its units build on one another, or may be done at the same time."""

    def owns(self, unit: str) -> bool:
        """Whether a unit of the ledger is one of its own: rows of others would be owned twice."""

    def reaches(self, unit: str) -> bool:
        """Whether a run or a backfill may still do a unit of its own."""

    def plan(self, as_of: datetime, history: History) -> Sequence[Due]: ...
    def again(
        self, start: datetime, end: datetime, as_of: datetime, history: History
    ) -> Sequence[Due]: ...
    def request(self, units: Sequence[Any]) -> Request: ...
    def slices(self, units: Sequence[Any], pipeline: "Pipeline", store: "Store") -> Slices:
        """Called when `batch` is there and nothing is written yet."""

    def check(self, entries: Sequence[Entry], history: History) -> None:
        """Refuse a unit that read suspiciously few rows."""

    def published(self, history: History) -> Sequence[tuple[datetime, Entry]]:
        """What counts of all that was done, each with the time of its read."""

    def unread(self, pipeline: "Pipeline", con: Connection, history: History) -> dict[str, Any]:
        """Rows that no unit read or will read, counted for `status`."""


class Writing(Protocol):
    """How a unit is written, and whether one that is done may be written again."""

    def admit(self, due: Sequence[Due], history: History) -> Sequence[Due]: ...
    def write(self, store: "Store", table: Table, part: Slice, rows: str) -> None: ...


class Behaviour(Protocol):
    """What happens around the units: which of them now, how often, and when to stop."""

    def choose(self, due: Sequence[Due]) -> Sequence[Due]: ...
    def attempt(self, work: Callable[[], list[Entry]]) -> list[Entry]: ...
    def failed(self, attempt: int) -> Status: ...
    def carry_on(self, ended: Sequence[Entry]) -> bool: ...


class Structure(Protocol):
    """The tables between source and sink, in the order in which they are written."""

    def steps(self, gate: Gate) -> Sequence[Step]: ...


class Store(Protocol):
    """An open sink; what is written between `begin` and `commit` appears with its entries."""

    @property
    def con(self) -> Connection: ...
    def history(self) -> History: ...
    def relation(self, table: str, where: str = "true") -> str:
        """A table for a query that looks at no other rows than these."""

    def begin(self) -> "AbstractContextManager[Store]": ...
    def remove(self, table: Table, where: str) -> None: ...
    def append(self, table: Table, rows: str) -> None: ...
    def commit(self, entries: Sequence[Entry]) -> None: ...


class Sink(Protocol):
    """Where tables and ledger live."""

    def open(self, pipeline: "Pipeline", write: bool) -> AbstractContextManager[Store]: ...


@dataclass(frozen=True)
class Pipeline:
    """One dataset's way from a source to a sink."""

    name: str
    contract: Contract
    source: Source
    extraction: Extraction
    writing: Writing
    behaviour: Behaviour
    structure: tuple[Structure, ...]
    sink: Sink
    chunk: int  # contiguous units in one pass: more is faster, and takes more memory

    @cached_property
    def steps(self) -> list[Step]:
        """All steps of all structures, in order."""
        return [step for part in self.structure for step in part.steps(self.gate)]

    @property
    def parallel(self) -> bool:
        """Whether chunks of a backfill may be done at the same time."""
        return self.extraction.parallel and all(step.parallel for step in self.steps)

    @property
    def kept(self) -> str:
        """The relation that has the rows as they came: a table, or the batch itself."""
        return next(step.reads for step in self.steps if step.table.name == "quarantine")

    @property
    def gate(self) -> Gate:
        """The quality gate, for rows as they came with where they came from."""
        traces = {"file": "STRING", "row": "BIGINT", "event_time": "TIMESTAMP"}
        added = lineage(**traces, problem="STRING", line="STRING", unit=self.extraction.unit_type)
        raw = Table(name="bronze", columns=self.source.columns(self.contract) + added)
        return Gate(self.contract, raw, self.source.event_time)
