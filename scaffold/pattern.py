"""A pattern as the catalogue has it: what it provides, needs and reads, and what it means for data that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANSWERED = frozenset({"event_time", "moment", "key"})
"""Capabilities that the answers provide, not a pattern. A moment is an event time that is more than a date."""


@dataclass(frozen=True, slots=True)
class Need:
    """One capability that something else of the pipeline has to provide."""

    capability: str
    rule: str
    reason: str
    compensation: str = ""
    explicit: bool = False
    overridable: bool = True
    fix: str = ""
    where: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    where: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Switched:
    """What it means for data that is already written, if a pattern is chosen that was not, or the other way.

    In these texts {backfill} and {rebuild} are the project's commands, and answers stand under their keys.
    """

    joins: str = ""
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of a pipeline's answers that only some patterns read."""

    key: str
    type: str
    help: str
    default: object = None
    required: bool = False
    ask: bool = False
    """Worth a question; all others are for flags, answers files and the summary."""
    least: int = 1
    most: int = 1000
    choices: Mapping[str, str] = field(default_factory=dict)
    """What each value means."""
    where: frozenset[str] = frozenset()
    """Other patterns without which nothing reads it; of those of one axis any will do."""
    role: str = ""
    """What it is to the units of the ledger: their `length`, the `start` of the first, how many come `again`."""
    changed: str = ""
    """What another value means for data that is already written."""


@dataclass(frozen=True, slots=True)
class Pattern:
    id: str
    axis: str
    title: str
    summary: str
    provides: frozenset[str]
    needs: tuple[Need, ...]
    runtimes: tuple[str, ...]
    dependencies: Mapping[str, tuple[str, ...]]
    default: bool
    hidden: bool
    instead_of: str
    brings: tuple[str, ...]
    settings: tuple[Setting, ...]
    notes: tuple[Note, ...]
    page: str
    units: str
    """What the ledger counts, of an extraction."""
    place: str
    """What a sink keeps its tables and its ledger in."""
    empty: str
    """How a sink is emptied of one pipeline."""
    connection: str
    """The settings of a machine that it connects by, of a source or a sink that is a server."""
    feed: str
    """What is brought where a source is read by offsets."""
    carries: str
    """The sink of another runtime whose tables and ledger it carries over, once a project has moved."""
    carry: str
    """The command that does it, of {package}."""
    reads: frozenset[str]
    """Answers about the data that only this source reads."""
    switched: Switched

    @property
    def ref(self) -> str:
        return f"{self.axis}/{self.id}"
