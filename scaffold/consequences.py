"""What other patterns mean for the data that a pipeline has already written.

A sink's ledger knows units. It goes on being true as long as sink and units stay the same; other units are refused by
the generated project, and another sink has no ledger yet. What is said here is what the project's next `plan` shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from scaffold.answers import Pipeline
from scaffold.catalogue import Catalogue

UNITS = {"windows": "windows of event time", "offsets": "offsets", "snapshots": "snapshots"}
"""The capabilities of extractions that say what the ledger's units are."""
LENGTHS = {"m": "minutes", "h": "hours", "d": "days"}
REREAD = ("path", "format", "columns", "key", "event_time", "event_time_formats", "time_zone")
"""Answers about the data: rows that were read by other ones may be other rows."""


@dataclass(frozen=True, slots=True)
class Consequence:
    pipeline: str
    ledger: Literal["kept", "foreign", "empty"]
    """Whether the next run finds what was done, refuses what it finds, or finds nothing."""
    lines: tuple[str, ...]


def of_switch(old: Pipeline, new: Pipeline, catalogue: Catalogue) -> Consequence:
    """For one pipeline of which both are versions."""
    ledger = _ledger(old, new, catalogue)
    return Consequence(new.name, ledger, tuple(_lines(old, new, ledger, catalogue)))


def of_addition(new: Pipeline) -> Consequence:
    line = f"{new.name}: nothing is written yet. The next run does everything{_since(new)}."
    return Consequence(new.name, "empty", (line,))


def of_removal(old: Pipeline) -> Consequence:
    line = f"{old.name}: what it wrote stays in the sink {old.answers['sink']}; nothing reads or deletes it."
    return Consequence(old.name, "kept", (line,))


def _ledger(
    old: Pipeline, new: Pipeline, catalogue: Catalogue
) -> Literal["kept", "foreign", "empty"]:
    if old.answers["sink"] != new.answers["sink"]:
        return "empty"
    units = _units(new, catalogue)
    same = units == _units(old, catalogue)
    if same and units == "windows":
        same = _places(old) == _places(new)
    return "kept" if same else "foreign"


def _lines(old: Pipeline, new: Pipeline, ledger: str, catalogue: Catalogue) -> Iterator[str]:
    name, was, now = new.name, old.answers, new.answers
    if ledger == "empty":
        yield f"{name}: the sink {now['sink']} is empty. The next run does everything{_since(new)}; what {was['sink']} has stays there."
        return
    if ledger == "foreign":
        units = UNITS[_units(new, catalogue)]
        yield (
            f"{name}: the ledger has other units than these {units}, so plan and run refuse it. Begin with an empty"
            f" sink (warehouse in conf/): the next run then does everything{_since(new)}."
        )
        return
    yield f"{name}: the ledger is kept, and what is done stays done{_again(new)}."
    if any(was.get(key) != now.get(key) for key in REREAD):
        yield f"{name}: rows that were read before are as they were. To read them again: {_backfill(new)}"
    gained = set(now["structure"]) - set(was["structure"])
    if gained or was["extraction"] != now["extraction"] or was.get("measure") != now.get("measure"):
        yield f"{name}: tables and columns that are new are empty for what is done. To fill them: {_backfill(new)}"


def _units(pipeline: Pipeline, catalogue: Catalogue) -> str:
    provided = catalogue.patterns[f"extraction/{pipeline.answers['extraction']}"].provides
    return next(kind for kind in UNITS if kind in provided)


def _places(pipeline: Pipeline) -> tuple[timedelta, timedelta]:
    """How long windows are, and where they begin."""
    length = str(pipeline.answers["every"])
    every = timedelta(**{LENGTHS[length[-1]]: int(length[:-1])})
    since = datetime.fromisoformat(str(pipeline.answers["since"])).replace(tzinfo=None)
    return every, (since - datetime.min) % every  # noqa: DTZ901 - a difference, no time of a clock


def _again(pipeline: Pipeline) -> str:
    windows = pipeline.answers.get("windows")
    return f"; each run reads the last {windows} windows again" if windows else ""


def _since(pipeline: Pipeline) -> str:
    since = pipeline.answers.get("since")
    return f" from {since} on" if since else " that the source has"


def _backfill(pipeline: Pipeline) -> str:
    found: Mapping[str, Any] = pipeline.answers
    if found["extraction"] == "full_snapshot":
        return "run"
    return f"backfill {pipeline.name} {found.get('since') or 'START'} {found.get('until') or 'END'}"
