"""A conversation so far: what was said, about which pipelines, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from scaffold import defaults, keys
from scaffold.catalogue import Catalogue
from scaffold.new import Draft, Request
from scaffold.offers import Option

if TYPE_CHECKING:
    from scaffold.sampling.signs import Signs


class GoBack(Exception):
    """A wish, not an error: the user wants the question before this one."""


class Asker(Protocol):
    """A terminal, or a test. Each question raises GoBack when the user wants to."""

    def say(self, text: str) -> None: ...
    def text(self, question: str, default: str) -> str: ...
    def choose(self, question: str, options: Sequence[Option], default: str) -> str: ...
    def pick(
        self, question: str, options: Sequence[Option], default: Sequence[str]
    ) -> list[str]: ...
    def confirm(self, question: str, *, default: bool) -> bool: ...


@dataclass(slots=True)
class Entry:
    """One pipeline: what its data says, what the user said above that, and where the data lies."""

    said: dict[str, Any]
    given: frozenset[str] = frozenset()
    """What was said before the conversation, so that nobody is asked for it."""
    inferred: dict[str, Any] = field(default_factory=dict)
    sample: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()
    signs: Signs | None = None
    """What its data says about the questions of the decision chart."""
    helped: bool = False
    """The user wants help to choose the patterns."""
    heard: dict[str, str] = field(default_factory=dict)
    """What was answered to the decision chart, "I don't know" included."""
    advised: tuple[str, ...] = ()
    """The answers that a recommendation gave, to be taken back with it."""
    taken: bool = False
    """What was recommended is what the user wants."""

    @property
    def known(self) -> dict[str, Any]:
        return self.inferred | self.said

    def say(self, key: str, value: Any, catalogue: Catalogue) -> None:
        """The shipped sample stays what the data is like, also where one thing about it is changed."""
        if key in keys.FILES:
            self.inferred = self.inferred or defaults.sample(self.said, catalogue)
        self.said[key] = value


@dataclass(slots=True)
class Talk:
    """Everything that can still be changed until the project is made."""

    request: Request
    draft: Draft
    catalogue: Catalogue
    asker: Asker
    folder: str | None
    project: dict[str, Any]
    entries: list[Entry]

    @property
    def values(self) -> dict[str, Any]:
        return self.project | {"pipelines": [entry.known for entry in self.entries]}

    def result(self) -> Draft:
        sampled = [entry for entry in self.entries if entry.place]
        return replace(
            self.draft,
            folder=self.folder,
            values=self.values,
            elsewhere={str(entry.known["name"]): entry.place for entry in sampled},
            sample=sampled[0].sample if len(self.entries) == len(sampled) == 1 else "",
            notes=tuple(note for entry in self.entries for note in entry.notes),
        )


def begin(request: Request, draft: Draft, catalogue: Catalogue, asker: Asker) -> Talk:
    """A conversation that knows what flags and files said already."""
    given = [dict(entry) for entry in draft.values.get("pipelines") or [{}]]
    entries = [Entry(entry, frozenset(entry)) for entry in given]
    if draft.sample:
        first = entries[0]
        place = draft.elsewhere[str(first.said["name"])]
        sampled = replace(first, sample=draft.sample, place=place, notes=draft.notes)
        entries[0] = replace(sampled, signs=draft.signs)
    project = {key: value for key, value in draft.values.items() if key != "pipelines"}
    return Talk(request, draft, catalogue, asker, draft.folder, project, entries)
