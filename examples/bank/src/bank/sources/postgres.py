"""A table, or a view, of Postgres as a source.

A read sees one moment: the table's columns and its rows are asked for in one snapshot. `_row` is a
hash of the row, as rows of a table have no place; `_file` the table, or the range that was read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.contract import Column, Contract
from ..core.engine import Connection
from ..core.event_time import EventTime
from ..core.postgres_connection import constant, quoted, row_hash
from ..core.units import Request, literal
from .postgres_relation import Database, PostgresRelation, Rows

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PostgresSource:
    """`table` may have its schema before it. Times without a zone are in that of `when`."""

    connection: Database
    table: str
    when: EventTime | None = None

    @property
    def event_time(self) -> str | None:
        return self.when.column if self.when else None

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Raise if there is no such table."""
        with self.connection.session() as session:
            PostgresRelation.open(session, self.table)

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        """The contract's types; exact numbers as texts, so that the gate sees what it would round."""
        exact = {"type": "STRING"}
        columns = contract.source
        return tuple(
            c.model_copy(update=exact) if c.type.startswith("DECIMAL") else c for c in columns
        )

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        self._take(con, "selected", request, contract)
        return "SELECT * FROM selected"

    def unsplit(self, con: Connection) -> int:
        return 0

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        self._take(con, "batch", request, contract)
        return lambda: None  # what changes now was not seen

    def _take(self, con: Connection, into: str, request: Request, contract: Contract) -> None:
        with self.connection.session() as session:
            relation = PostgresRelation.open(session, self.table)
            relation.refuse_drift(contract)
            cells = [relation.cell(column) for column in self.columns(contract)]
            cells.append(f"{relation.problem(contract)} AS _problem")
            query = " UNION ALL ".join(
                f"SELECT {', '.join(cells)}, {constant(file)} AS _file FROM {relation.name} WHERE {rows}"
                for file, rows in self._wanted(relation, request, contract)
            )
            session.pull(con, query, into, self._traced(relation, request, contract))

    def _wanted(
        self, relation: PostgresRelation, request: Request, contract: Contract
    ) -> Sequence[tuple[str, str]]:
        """What `_file` says, and the rows that may be wanted. No zone is a day from UTC."""
        if request.paths is not None:
            ranges = [(name, relation.within(Rows.parse(name))) for name in request.paths]
            return ranges or [(self.table, "false")]
        if not request.between or not self.when:
            return [(self.table, "true")]
        time = next(c for c in contract.source if c.name == self.event_time)
        start, end = request.between
        if relation.zoned(time):
            bounds = (f"TIMESTAMPTZ '{start}+00'", f"TIMESTAMPTZ '{end}+00'")
        else:
            bounds = (constant(start - DAY), constant(end + DAY))
        name = quoted(time.source)
        return [(self.table, f"{name} >= {bounds[0]} AND {name} < {bounds[1]}")]

    def _traced(self, relation: PostgresRelation, request: Request, contract: Contract) -> str:
        """What is read, with where it came from and when it happened, in UTC."""
        names, when, where = [c.name for c in contract.source], "NULL", "true"
        if self.when:
            raw = next(c for c in contract.source if c.name == self.event_time)
            when = self.when.utc(raw, raw.type, str(relation.zoned(raw)))
        if request.between:
            start, end = map(literal, request.between)
            where = f"_event_time >= {start} AND _event_time < {end}"
        row = f"{row_hash(names)} AS _row"
        traces = f"{row}, CAST(NULL AS STRING) AS _line"
        timed = f"SELECT *, {traces}, CAST({when} AS TIMESTAMP) AS _event_time FROM pulled"
        return f"SELECT *, {request.unit} AS _unit FROM ({timed}) WHERE {where}"
