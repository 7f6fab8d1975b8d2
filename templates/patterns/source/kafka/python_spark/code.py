"""A topic of Kafka as a source: one JSON object in each message, its values read as text.

Streaming reads ranges of offsets, windows all that is kept. A message that is no object is kept as
it is, for quarantine; one that has no value (a tombstone) is none, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame

from ..core.contract import Column, Contract
from ..core.dialect import with_cells
from ..core.engine import Connection
from ..core.event_time import EventTime
from ..core.kafka_connection import KafkaBroker
from ..core.units import Request, literal
from .kafka_messages import wanted

NOTHING = "SELECT CAST(NULL AS STRING) AS line, '' AS _file, CAST(0 AS BIGINT) AS _row LIMIT 0"


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """The topic has this name at the broker. Times without an offset are in the zone of `when`."""

    connection: KafkaBroker
    topic: str
    when: EventTime | None = None

    @property
    def event_time(self) -> str | None:
        return self.when.column if self.when else None

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Raise if there is no such topic."""
        self.connection.offsets(self.topic)

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        return tuple(one.model_copy(update={"type": "STRING"}) for one in contract.source)

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        self._rows(con, request, contract).createOrReplaceTempView("selected")
        return "SELECT * FROM selected"

    def unsplit(self, con: Connection) -> int:
        return 0

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        with self.connection.reading(self.topic):
            rows = self._rows(con, request, contract).localCheckpoint()
        rows.createOrReplaceTempView("batch")
        return lambda: None  # what is at an offset never changes

    def _rows(self, con: Connection, request: Request, contract: Contract) -> DataFrame:
        """The rows of some messages, with where they came from and when they happened."""
        when, where = "CAST(NULL AS TIMESTAMP)", "true"
        if self.when:
            kinds = {one.name: one.type for one in contract.source}
            raw = next(one for one in self.columns(contract) if one.name == self.event_time)
            when = self.when.utc(raw, kinds[raw.name])
        if request.between:
            start, end = map(literal, request.between)
            where = f"_event_time >= {start} AND _event_time < {end}"
        cells = [f"cells[{literal(one.source)}] AS {one.name}" for one in contract.source]
        problem = "CASE WHEN cells IS NULL THEN 'not a JSON object' END AS _problem"
        line = "CASE WHEN cells IS NULL THEN line END AS _line"
        found = with_cells(self._messages(con, request))
        timed = found.selectExpr(*cells, "_file", "_row", problem, line).selectExpr(
            "*", f"{when} AS _event_time"
        )
        return timed.selectExpr("*", f"{request.unit} AS _unit").where(where)

    def _messages(self, con: Connection, request: Request) -> DataFrame:
        read = con.execute(NOTHING).frame
        for place, one in wanted(self.topic, request, self.connection.offsets):
            some = self.connection.messages(con, one.topic, one.partition, one.start, one.end)
            line = "make_valid_utf8(CAST(value AS STRING)) AS line"
            read = read.union(some.selectExpr(line, f"{literal(place)} AS _file", "offset AS _row"))
        return read
