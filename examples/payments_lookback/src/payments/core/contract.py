"""The contract of a dataset: its tables, keys and rules, read from contract.yml.

The file is a subset of the Open Data Contract Standard 3 (https://bitol-io.github.io).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from .errors import PipelineError, UsageError

Types = Mapping[str, str]  # of columns, by their names


class Column(BaseModel, frozen=True, validate_by_name=True):
    """One column; `source` is how the data spells its name."""

    name: str
    type: str = Field(validation_alias="physicalType")
    source: str = Field(default="", validation_alias="physicalName")
    required: bool = False
    key: bool = Field(default=False, validation_alias="primaryKey")


class Rule(BaseModel, frozen=True):
    """A condition in SQL that every row must fulfil; unknown counts as broken."""

    name: str
    query: str


class Table(BaseModel, frozen=True, validate_by_name=True):
    """A table with all of its columns in order."""

    name: str
    columns: tuple[Column, ...] = Field(validation_alias="properties")
    rules: tuple[Rule, ...] = Field(default=(), validation_alias="quality")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def ddl(self) -> str:
        """Explicit column definitions: a table is never created from a query."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)


class Contract(BaseModel, frozen=True):
    """What a pipeline expects (the table `source`) and promises (`silver`, `gold`)."""

    tables: dict[str, Table]
    freshness: timedelta

    @property
    def source(self) -> tuple[Column, ...]:
        """The columns of the source."""
        return self.tables["source"].columns


class Promise(BaseModel, frozen=True):
    """What is promised beside the tables."""

    property: str
    value: Any = None


class Document(BaseModel, frozen=True):
    """As much of contract.yml as is looked at."""

    tables: tuple[Table, ...] = Field(validation_alias="schema")
    promises: tuple[Promise, ...] = Field(validation_alias="slaProperties")


def load(path: Path) -> Contract:
    """Read a contract. It is edited by hand, so what is wrong with it is said with its place."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{path}{line}: this is no YAML: {error.problem}") from None
    except ValidationError as error:
        why = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'all of it'}: {e['msg']}" for e in error.errors()
        )
        raise UsageError(f"{path}: {why}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path}: {' '.join(str(error).split())}") from None


def parse(text: str) -> Contract:
    """A contract from its text."""
    document = Document.model_validate(yaml.safe_load(text))
    tables = {table.name: table for table in document.tables}
    if lacking := [name for name in ("source", "silver", "gold") if name not in tables]:
        raise ValueError(f"schema has no table {', '.join(lacking)}")
    promises = {one.property: one.value for one in document.promises}
    try:
        return Contract(tables=tables, freshness=timedelta(hours=promises["freshness"]))
    except (KeyError, TypeError):
        raise ValueError("slaProperties has no freshness that is a number of hours") from None


PUBLISHED = Table(name="published", columns=(Column(name="contract", type="STRING"),))


def lineage(**columns: str) -> tuple[Column, ...]:
    """Columns that say where a row came from; their names begin with `_`."""
    return tuple(Column(name=f"_{name}", type=kind) for name, kind in columns.items())


def nothing(columns: Iterable[Column]) -> str:
    """SQL for no rows of these columns."""
    cells = ", ".join(f"CAST(NULL AS {one.type}) AS {one.name}" for one in columns)
    return f"SELECT {cells} WHERE false"


def refuse_missing(table: Table, made: Iterable[str]) -> None:
    """Raise if what is made for a table lacks columns of it: they would be empty."""
    there = {name.lower() for name in made}
    if missing := [name for name in table.names if name.lower() not in there]:
        raise PipelineError(
            f"{table.name} lacks {', '.join(missing)}: contract.yml has it, and the SQL of "
            f"{table.name} does not select it"
        )


def refuse_retyped(
    schema: str, tables: Iterable[tuple[str, Types, Types]], mend: Callable[[str, str, str], str]
) -> None:
    """Raise if a table has columns in other types than its contract: values would be cast to them.

    Each table comes with the types that it has, and those that it should have; `mend` is SQL that
    gives a column of a table such a type. Columns of lineage are not for the contract to say.
    """
    retyped = [
        (table, name, there[name], kind)
        for table, there, here in tables
        for name, kind in here.items()
        if there.get(name, kind) != kind and not name.startswith("_")
    ]
    if retyped:
        what = ", ".join(
            f"{schema}.{table}.{name} is {was} there and {kind} by contract.yml"
            for table, name, was, kind in retyped
        )
        how = "; ".join(mend(table, name, kind) for table, name, _, kind in retyped)
        raise UsageError(
            f"{what}: rows would be cast to what is there. Retype it ({how}) and backfill, or begin "
            "with an empty sink"
        )
