"""The promise of a producer: its published contract, and whether its tables keep it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..core.contract import PUBLISHED, Contract, Table, nothing, parse
from ..core.engine import MISSING
from ..core.errors import NotReady, PipelineError
from ..core.pipeline import Sink, Step, Store


@dataclass(slots=True)
class Producer:
    """As much of a pipeline as a sink needs in order to read its tables."""

    name: str
    contract: Contract = field(default_factory=lambda: Contract(tables={}, freshness=timedelta(0)))

    @property
    def steps(self) -> list[Step]:
        tables = (PUBLISHED, *self.contract.tables.values())
        return [Step(table, "", "", lambda slices: slices.rows) for table in tables]

    @property
    def silver(self) -> Table:
        return self.contract.tables["silver"]

    @property
    def by_unit(self) -> bool:
        """Whether the rows tell which unit they came with."""
        return any(column.name == "_unit" for column in self.silver.columns)


@dataclass(frozen=True, slots=True)
class Promise:
    """The open tables of a producer."""

    store: Store
    producer: Producer
    rows: str  # the relation of the clean rows

    def refuse_other_columns(self, expected: Contract) -> None:
        """Raise if columns or types are not as they are expected, or not as they are promised."""
        name, silver = self.producer.name, self.producer.silver
        promised = {column.name: column.type.replace(" ", "") for column in silver.columns}
        for column in expected.source:
            found = promised.get(column.source, "nothing")
            if found != column.type.replace(" ", ""):
                raise PipelineError(
                    f"broken: {column.source} should be {column.type}, and {name} promises "
                    f"{found}. Change contract.yml here if that is right."
                )
        wanted = self._types(nothing(silver.columns))
        try:
            there = self._types(f"SELECT * FROM {self.rows} AS r")
        except MISSING as error:
            raise PipelineError(f"broken: {name}.silver: {error}") from error
        if wrong := [f"{name} {kind}" for name, kind in wanted.items() if there.get(name) != kind]:
            raise PipelineError(f"broken: {name}.silver has no {', '.join(wrong)}")

    def refuse_other_values(self) -> None:
        """Raise if a required value is missing, or a key is there twice."""
        silver = self.producer.silver
        for column in silver.columns:
            if column.required and self._any(f"WHERE {column.name} IS NULL"):
                raise PipelineError(f"broken: {self.producer.name}.silver: {column.name} is empty")
        # rows that tell their unit are versions of a key, one for each unit
        key = [*silver.key, "_unit"] if self.producer.by_unit else silver.key
        if silver.key and self._any(f"GROUP BY {', '.join(key)} HAVING count(*) > 1"):
            raise PipelineError(
                f"broken: {self.producer.name}.silver: a key ({', '.join(key)}) is there twice"
            )

    def _any(self, rest: str) -> bool:
        found = self.store.con.execute(f"SELECT 1 FROM {self.rows} AS r {rest} LIMIT 1")
        return bool(found.fetchall())

    def _types(self, query: str) -> dict[str, str]:
        found = self.store.con.execute(f"DESCRIBE {query}").fetchall()
        return {name: kind for name, kind, *_ in found}


@contextmanager
def opened(name: str, sink: Sink) -> Iterator[Promise]:
    """What a producer published, open to read; the contract first, since it tells the tables."""
    producer = Producer(name)
    asked: Any = producer  # a Pipeline, as far as a sink looks at it to read
    with sink.open(asked, write=False) as store:
        try:
            query = f"SELECT contract FROM {store.relation(PUBLISHED.name)} AS p"
            ((text,),) = store.con.execute(query).fetchall()
        except (*MISSING, ValueError) as error:
            raise NotReady(f"not ready: {name} has published nothing yet") from error
        producer.contract = parse(text)
        yield Promise(store, producer, store.relation("silver"))
