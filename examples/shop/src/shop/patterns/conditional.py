"""Conditional: rules decide at run time which table a row goes to.

The rules are routes.sql. It reads silver's rows (`input`) and one row of settings (`settings`),
and adds the column `_route` by a CASE: the first rule that is true wins. A route is declared by
its table in contract.yml, `silver_<route>`. What no rule took, or one that is not declared, goes
to the remainder, so that no row is lost. The ledger keeps how many rows each route took.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..core.contract import Contract, Table
from ..core.pipeline import Step
from ..core.quality import Gate
from ..core.units import literal

PREFIX = "silver_"


@dataclass(frozen=True, slots=True)
class Conditional:
    """silver → one table for each route. `routes` is SQL."""

    routes: str
    remainder: str = "rest"

    def steps(self, contract: Contract, raw: Table, gate: Gate) -> Sequence[Step]:
        """One step for each route; the last one takes what is left."""
        return tuple(self._steps(contract))

    def _steps(self, contract: Contract) -> Iterator[Step]:
        rest = contract.tables[PREFIX + self.remainder]
        chosen = [t for t in contract.tables.values() if t.name.startswith(PREFIX) and t != rest]
        names = [literal(table.name.removeprefix(PREFIX)) for table in chosen]
        for table, name in zip(chosen, names, strict=True):
            yield self._step(table, f"_route = {name}")
        yield self._step(rest, f"NOT coalesce(_route IN ({', '.join(names) or 'NULL'}), false)")

    def _step(self, table: Table, where: str) -> Step:
        columns = ", ".join(column.name for column in table.columns)
        sql = f"SELECT {columns} FROM (\n{self.routes}\n) AS routed WHERE {where}"
        return Step(table, "silver", sql, "routed")
