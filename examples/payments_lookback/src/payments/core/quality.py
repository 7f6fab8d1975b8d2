"""The quality gate: rows that keep the contract pass, typed; the others go to quarantine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .contract import Column, Contract, Table
from .dialect import as_json
from .event_time import moment
from .units import literal

YEAR_1, YEAR_9999 = "TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'"


@dataclass(frozen=True, slots=True)
class Gate:
    """Both sides of the gate as SQL, made from the contract. `relation` is named `raw` there."""

    contract: Contract
    raw: Table
    event_time: str | None

    def passing(self, relation: str, where: str) -> str:
        """Rows that keep every rule, with the contract's types and event time in UTC."""
        traces = ", ".join(name for name in self.raw.names if name.startswith("_"))
        keeps = f"{where} AND NOT coalesce({self._broken()}, false)"  # unknown is not broken
        return f"SELECT {self._typed()}, {traces} FROM {relation} WHERE {keeps}"

    def failing(self, relation: str, where: str) -> str:
        """Rows that break a rule: every reason in one text, the row as it came in JSON."""
        whys = ", ".join(
            f"CASE WHEN {rule} THEN {literal(why)} END" for rule, why in self._rules() if why
        )
        row = as_json({column.name: f"raw.{column.name}" for column in self.contract.source})
        return (
            f"SELECT _unit, _file, concat_ws('; ', _problem, {whys}) AS reason, "
            f"coalesce(_line, {row}) AS content "
            f"FROM {relation} WHERE {where} AND coalesce({self._broken()}, false)"
        )

    @property
    def quarantine(self) -> Table:
        """Where the failing rows go."""
        traces = tuple(c for c in self.raw.columns if c.name in ("_unit", "_file"))
        said = tuple(Column(name=name, type="STRING") for name in ("reason", "content"))
        return Table(name="quarantine", columns=traces + said)

    def value(self, column: Column) -> str:
        """The typed value of a raw column."""
        if column.name == self.event_time:
            return f"CAST(raw._event_time AS {column.type})"
        value = f"TRY_CAST(raw.{column.name} AS {column.type})"
        if column.type == "TIMESTAMP" and self._types[column.name] == "STRING":
            return moment(f"trim(raw.{column.name})", value)
        return value

    @property
    def _types(self) -> Mapping[str, str]:
        return {column.name: column.type for column in self.raw.columns}

    def _typed(self) -> str:
        return ", ".join(f"{self.value(one)} AS {one.name}" for one in self.contract.source)

    def _broken(self) -> str:
        return " OR ".join(f"({condition})" for condition, _ in self._rules())

    def _rules(self) -> Iterator[tuple[str, str]]:
        """Conditions that are true for a bad row, with the reason to give."""
        yield "_problem IS NOT NULL", ""
        for column in self.contract.source:
            value, why = self.value(column), f"{column.name}: no {column.type}"
            if column.required or column.name == self.event_time:
                yield f"{value} IS NULL", why
            elif self._types[column.name] != column.type:
                yield f"raw.{column.name} IS NOT NULL AND {value} IS NULL", why
            if column.type in ("DATE", "TIMESTAMP"):
                yield f"{value} NOT BETWEEN {YEAR_1} AND {YEAR_9999}", why
            if self._types[column.name] == "STRING" and column.type.startswith(("BIGINT", "DEC")):
                lost = f"TRY_CAST(raw.{column.name} AS DOUBLE) <> CAST({value} AS DOUBLE)"
                yield lost, f"{column.name}: {column.type} would round it"
        for rule in self.contract.tables["source"].rules:
            yield f"NOT coalesce((SELECT {rule.query} FROM (SELECT {self._typed()})), false)", rule.name
