"""The answers: each key once. Flags, `-d`, files, prompts and the summary are derived from this list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.names import show

Group = Literal["project", "data", "patterns"]
Kind = Literal[
    "title",
    "package",
    "runtime",
    "pipeline",
    "one",
    "many",
    "rules",
    "heard",
    "glob",
    "format",
    "delimiter",
    "quote",
    "encoding",
    "flag",
    "texts",
    "columns",
    "names",
    "column",
    "formats",
    "zone",
    "duration",
    "date",
    "count",
    "ratio",
    "choice",
    "table",
    "topic",
    "objects",
    "endpoint",
    "field",
]
LISTS: frozenset[Kind] = frozenset(
    {"many", "rules", "heard", "texts", "columns", "names", "formats"}
)
FILES = ("path", "format", "delimiter", "quote", "encoding", "header", "nulls", "columns")
"""Keys that say that the data is the user's own, not the shipped sample."""
CSV = ("delimiter", "quote", "encoding", "header", "nulls")


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    kind: Kind
    group: Group
    help: str
    default: object = None
    flags: tuple[str, ...] = ()
    least: int = 1
    most: int = 1000
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def flag(self) -> str:
        return (self.flags or (f"--{self.name.replace('_', '-')}",))[0]

    @property
    def many(self) -> bool:
        return self.kind in LISTS


def bad(key: Key, raw: object, why: str, fix: str = "") -> UsageError:
    """What is wrong with a value of a key, in the words of its flag."""
    shown = show(raw if isinstance(raw, str) else json.dumps(raw, default=str))
    return UsageError(f"Cannot use {shown} for {key.flag}: {why}.", fix=fix)


RUNTIME = Key("runtime", "runtime", "project", "Language and engine")
PROJECT = (
    Key("project_name", "title", "project", "Name, for people", flags=("--name", "--project-name")),
    RUNTIME,
    Key("package", "package", "project", "Name of its package"),
)
NAME = Key("name", "pipeline", "data", "Name of the pipeline", flags=("--pipeline",))
DATA = (
    Key("path", "glob", "data", "Files inside the project, as a glob"),
    Key("format", "format", "data", "csv, jsonl or parquet", "csv"),
    Key("delimiter", "delimiter", "data", "What separates the columns", ","),
    Key("quote", "quote", "data", "What quotes a text that contains the delimiter", '"'),
    Key("encoding", "encoding", "data", "Encoding of the text", "utf-8"),
    Key("header", "flag", "data", "Whether the first line names the columns", default=True),
    Key("nulls", "texts", "data", "Texts that mean that there is no value", [""], ("--null",)),
    Key("columns", "columns", "data", "Columns as JSON: [{name, source, type}, ...]"),
    Key("key", "names", "data", "Columns that identify a row", []),
    Key("event_time", "column", "data", "Column that says when a row happened"),
    Key(
        "event_time_formats",
        "formats",
        "data",
        "How event times are spelled, as strptime does; none: ISO 8601",
        [],
        ("--event-time-format",),
    ),
    Key("time_zone", "zone", "data", "Zone of event times that name none", "UTC"),
    Key("measure", "column", "data", "Number that the daily totals add up"),
)
ACCEPT = Key("accept", "rules", "patterns", "Take a refused combination, by its rule", [])
BECAUSE = Key(
    "because", "heard", "patterns", "What was said to scaffold recommend, such as late=week", []
)
"""The reasons in a decision record follow from it. Nothing else reads it, so that it is recorded only if it says something."""


def axes(catalogue: Catalogue) -> tuple[Key, ...]:
    """One key for each axis that users are asked for."""
    return tuple(
        Key(axis.id, "many" if axis.many else "one", "patterns", axis.question)
        for axis in catalogue.asked
    )


def pipeline(catalogue: Catalogue) -> tuple[Key, ...]:
    """Every key of a pipeline's answers, in the order in which answers are written."""
    settings = (
        Key(s.key, s.type, "patterns", s.help, s.default, (), s.least, s.most, s.choices)  # type: ignore[arg-type]  # the catalogue's
        for s in catalogue.settings
    )
    return (NAME, *axes(catalogue), ACCEPT, BECAUSE, *DATA, *settings)
