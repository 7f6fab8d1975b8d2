"""A topic of Kafka as a source: one JSON object in each message, its values read as text.

Streaming reads ranges of offsets, windows all that is kept. A message that is no object is kept as
it is, for quarantine; one that has no value (a tombstone) is none, too.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..core.contract import Column, Contract
from ..core.engine import Connection
from ..core.event_time import EventTime
from ..core.kafka_connection import KafkaConnection
from ..core.units import Request, literal
from .kafka_messages import wanted

MESSAGES = """SELECT one.line, one._row, CASE WHEN json_valid(one.line) AND
    json_type(one.line) = 'OBJECT' THEN one.line END AS object FROM (SELECT
    unnest(from_json($messages, '[{"line": "VARCHAR", "_row": "BIGINT"}]')) AS one)"""


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """The topic has this name at the broker. Times without an offset are in the zone of `when`."""

    connection: KafkaConnection
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
        self._take(con, "selected", request, contract)
        return "SELECT * FROM selected"

    def unsplit(self, con: Connection) -> int:
        return 0

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        self._take(con, "batch", request, contract)
        return lambda: None  # what is at an offset never changes

    def _take(self, con: Connection, into: str, request: Request, contract: Contract) -> None:
        rows = self._rows(request, contract)
        nothing = {"messages": "[]", "place": ""}
        con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {rows}", nothing)
        with self.connection.session() as session:
            for place, one in wanted(self.topic, request, session.offsets):
                for some in session.messages(self.topic, one.partition, one.start, one.end):
                    said = json.dumps([{"line": line, "_row": row} for row, line in some])
                    con.execute(f"INSERT INTO {into} {rows}", {"messages": said, "place": place})

    def _rows(self, request: Request, contract: Contract) -> str:
        """SQL for the rows of some messages, with where they came from and when they happened."""
        pointers = ", ".join(literal(pointer(one.source)) for one in contract.source)
        cells = [f"cells[{n}] AS {one.name}" for n, one in enumerate(contract.source, 1)]
        when, where = "CAST(NULL AS TIMESTAMP)", "true"
        if self.when:
            kinds = {one.name: one.type for one in contract.source}
            raw = next(one for one in self.columns(contract) if one.name == self.event_time)
            when = self.when.utc(raw, kinds[raw.name])
        if request.between:
            start, end = map(literal, request.between)
            where = f"_event_time >= {start} AND _event_time < {end}"
        found = f"SELECT *, json_extract_string(object, [{pointers}]) AS cells FROM ({MESSAGES})"
        traced = (
            f"SELECT {', '.join(cells)}, CAST($place AS STRING) AS _file, _row, "
            "CASE WHEN object IS NULL THEN 'not a JSON object' END AS _problem, "
            f"CASE WHEN object IS NULL THEN line END AS _line FROM ({found})"
        )
        timed = f"SELECT *, {when} AS _event_time FROM ({traced})"
        return f"SELECT *, {request.unit} AS _unit FROM ({timed}) WHERE {where}"


def pointer(name: str) -> str:
    """A key as a JSON pointer, which can spell any."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
