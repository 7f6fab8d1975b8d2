"""Conditional: rules decide at run time which table a row goes to.

The rules are routes.sql. It reads silver's rows (`input`) and one row of settings (`settings`),
and adds the column `_route` by a CASE: the first rule that is true wins. A route is declared by
its table in contract.yml, `silver_<route>`. What no rule took, or one that is not declared, goes
to the remainder, so that no row is lost. The ledger keeps the settings that decided a unit, and
how many of its rows each route took.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.contract import Table
from ..core.ledger import History
from ..core.pipeline import Step, Store, Writing
from ..core.quality import Gate
from ..core.units import Due, Slice, Slices, Unit, literal

log = logging.getLogger(__name__)
PREFIX = "silver_"


@dataclass(frozen=True, slots=True)
class Conditional:
    """silver → one table for each route. `routes` is SQL."""

    routes: Path
    remainder: str = "rest"

    def steps(self, gate: Gate) -> Sequence[Step]:
        """One step for each route; the last one takes what is left, and counts all."""
        tables = gate.contract.tables
        rest = tables[PREFIX + self.remainder]
        chosen = [t for t in tables.values() if t.name.startswith(PREFIX) and t != rest]
        names = [literal(table.name.removeprefix(PREFIX)) for table in chosen]
        taken = f"coalesce(_route IN ({', '.join(names) or 'NULL'}), false)"
        steps = [self._step(t, f"_route = {name}") for t, name in zip(chosen, names, strict=True)]
        count = RouteCount([table.name for table in (*chosen, rest)], by_unit="_unit" in rest.names)
        return [*steps, replace(self._step(rest, f"NOT {taken}"), after=count)]

    def _step(self, table: Table, where: str) -> Step:
        names, routes = ", ".join(table.names), self.routes.read_text("utf-8")
        sql = f"SELECT {names} FROM (\n{routes}\n) AS routed WHERE {where}"
        return Step(table, "silver", sql, replaced, before=show_settings)


@dataclass(frozen=True, slots=True)
class Decided:
    """A way of writing units that `values` decide: each remembers those that it was decided by."""

    writing: Writing
    values: Mapping[str, Any]

    def admit(self, due: Sequence[Due], history: History) -> Sequence[Due]:
        """The units with their settings: units of other settings are not done in one pass."""
        admitted = self.writing.admit(due, history)
        return [decide(one, self.values) for one in admitted]

    def write(self, store: Store, table: Table, part: Slice, rows: str) -> None:
        self.writing.write(store, table, part, rows)


def decide(due: Due, settings: Mapping[str, Any]) -> Due:
    """The same unit, with settings that decide it in its detail."""
    detail = due.unit.detail | {"settings": dict(settings)}
    return replace(due, unit=replace(due.unit, detail=detail))


def replaced(slices: Slices) -> Slice:
    """Typed rows that are sent on: those that the step before has just replaced."""
    return Slice(slices.rows.replaces, slices.rows.replaces)


def show_settings(store: Store, unit: Unit) -> None:
    """Make the relation `settings`: one row, with what decides the unit."""
    found = [f"{literal(value)} AS {key}" for key, value in unit.detail["settings"].items()]
    query = f"SELECT {', '.join(found) or 'true'}"
    store.con.execute(f"CREATE OR REPLACE TEMP VIEW settings AS {query}")


@dataclass(frozen=True, slots=True)
class RouteCount:
    """How many rows of each unit are in each of `tables`, logged and for the ledger.

    Tables without the column `_unit` are written by one unit at a time.
    """

    tables: Sequence[str]
    by_unit: bool

    def __call__(self, store: Store, part: Slice, unit: Unit) -> Mapping[Any, Any]:
        start = "_unit" if self.by_unit else literal(unit.start)
        routes: dict[Any, dict[str, int]] = {}
        for table in self.tables:
            mine = f"{store.relation(table, part.reads)} AS raw WHERE {part.reads}"
            rows = f"SELECT {start} AS _unit FROM {mine}"
            query = f"SELECT _unit, count(_unit) FROM ({rows}) GROUP BY 1"
            for found, number in store.con.execute(query).fetchall():
                routes.setdefault(found, dict.fromkeys(self.tables, 0))[table] = number
        for found, numbers in routes.items():
            log.info("%s: %s", found, numbers)
        return {found: {"routes": numbers} for found, numbers in routes.items()}
