"""What another pipeline published, as a source: nothing is known of it but its contract.

Before anything is read, it is Ready; Not ready (missing, or its newest row is older than the
contract allows: exit 4); or Broken (not as the contract says: exit 1). It is a feed as well: its
items are the producer's units, and their content is the run that wrote them. So what the
producer corrects or fills back comes here again, and replaces the rows of the older version.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..core.contract import Column, Contract
from ..core.dialect import numbered
from ..core.engine import Connection, hand_over
from ..core.errors import NotReady, Transient
from ..core.pipeline import Sink
from ..core.units import Request, literal
from .promise import Promise, opened

ALL = "silver"  # the only item of a producer whose rows don't tell their unit


@dataclass(frozen=True, slots=True)
class Found:
    """A unit of the producer, and the run that wrote it."""

    file: str
    content: str

    @property
    def stamp(self) -> str:
        return self.content


@dataclass(frozen=True, slots=True)
class Published:
    """What `producer` published in `sink`. `event_time` is a column of it, if it has one; rows are
    due `until` a time, if the producer's are, and do not grow old behind it.
    """

    producer: str
    sink: Sink
    event_time: str | None = None
    until: datetime | None = None
    ordered = False

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Raise if the data is not ready, or not as its contract says."""
        with opened(self.producer, self.sink) as promise:
            promise.refuse_other_columns(contract)
            promise.refuse_other_values()
            done, allowed = promise.store.history().done, promise.producer.contract.freshness
            newest = max((entry.finished for entry in done.values()), default=None)
            if self.event_time:
                query = f"SELECT max(CAST({self.event_time} AS TIMESTAMP)) FROM {promise.rows} AS r"
                ((newest,),) = promise.store.con.execute(query).fetchall()
        at = min(as_of, self.until or as_of)
        if newest is None or at - newest > allowed:
            raise NotReady(
                f"not ready: {self.producer} is stale: its newest row is of {newest}, and its "
                f"contract allows {allowed}"
            )

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        return contract.source

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        """The rows of the requested items, under the names of these."""
        self._take(con, "selected", request, contract)
        return "SELECT * FROM selected"

    def unsplit(self, con: Connection) -> int:
        return 0

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        before = self.items({})
        self._take(con, "batch", request, contract)

        def unchanged() -> None:
            if self.items({}) != before:
                raise Transient(f"{self.producer} wrote while it was read")

        return unchanged

    def items(self, known: Mapping[tuple[str, str], str]) -> Sequence[Found]:
        """The producer's units that are done, in order."""
        with opened(self.producer, self.sink) as promise:
            done, by_unit = promise.store.history().done, promise.producer.by_unit
        if by_unit or not done:
            return [Found(key, f"{entry.run} {key}") for key, entry in sorted(done.items())]
        latest = max(done.values(), key=lambda entry: entry.finished)
        return [Found(ALL, f"{latest.run} {latest.unit}")]

    def path_of(self, file: str) -> str:
        return file

    def stamp_of(self, file: str) -> str:
        return next((one.stamp for one in self.items({}) if one.file == file), "")

    def lane(self, file: str) -> str:
        return ""

    def _take(self, con: Connection, into: str, request: Request, contract: Contract) -> None:
        with opened(self.producer, self.sink) as promise:
            promise.refuse_other_columns(contract)
            hand_over(self._query(promise, request, contract), promise.store.con, into, con)

    def _query(self, promise: Promise, request: Request, contract: Contract) -> str:
        rows, by_unit = promise.rows, promise.producer.by_unit
        items = ["(CAST(NULL AS TIMESTAMP), '')"]
        for file in request.paths or ():
            start = literal(datetime.fromisoformat(file.split("/")[0])) if by_unit else "NULL"
            items.append(f"({start}, {literal(file)})")
        names = ", ".join(f"p.{column.source} AS {column.name}" for column in contract.source)
        when = f"p.{self.event_time}" if self.event_time else "NULL"
        empty = ", ".join(f"CAST(NULL AS STRING) AS {name}" for name in ("_problem", "_line"))
        mine = "p._unit = w._start" if by_unit else f"w._file = {literal(ALL)}"
        return (
            f"SELECT *, {request.unit} AS _unit FROM (SELECT {names}, w._file, {empty}, "
            f"{numbered()} AS _row, CAST({when} AS TIMESTAMP) AS _event_time "
            f"FROM {rows} AS p JOIN (VALUES {', '.join(items)}) AS w(_start, _file) ON {mine})"
        )
