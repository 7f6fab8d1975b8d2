"""The questions in their order, without a terminal: which comes next, what it offers, what it changes.

Three short groups (project, data, patterns) for one pipeline after another, then a summary in which every
answer can still be changed. Going back asks the question before again, with its answer as the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from scaffold import answers, keys, local, names, offers, values
from scaffold.catalogue import Catalogue
from scaffold.errors import ScaffoldError
from scaffold.keys import Key
from scaffold.new import Draft, Request
from scaffold.offers import Option


class GoBack(Exception):  # noqa: N818 - a wish, not an error
    """The user wants the question before this one."""


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
    inferred: dict[str, Any] = field(default_factory=dict)
    sample: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()

    @property
    def known(self) -> dict[str, Any]:
        return self.inferred | self.said

    def say(self, key: str, value: Any, catalogue: Catalogue) -> None:
        """The shipped sample stays what the data is like, also where one thing about it is changed."""
        if key in keys.FILES:
            self.inferred = self.inferred or answers.sample(self.said, catalogue)
        self.said[key] = value


@dataclass(frozen=True, slots=True)
class Step:
    group: str
    ask: Callable[[], None]


class Interview:
    """One conversation. It holds what was said so far, so that any of it can be said again."""

    def __init__(self, request: Request, draft: Draft, catalogue: Catalogue, asker: Asker) -> None:
        self.request, self.draft, self.catalogue, self.asker = request, draft, catalogue, asker
        self.folder = draft.folder
        self.project = {k: v for k, v in draft.values.items() if k != "pipelines"}
        self.entries = [Entry(dict(entry)) for entry in draft.values.get("pipelines") or [{}]]
        self.given = [frozenset(entry.said) for entry in self.entries]
        self.given_project = frozenset(self.project)
        if draft.sample:
            name = str(self.entries[0].said["name"])
            self.entries[0] = Entry(
                self.entries[0].said,
                sample=draft.sample,
                place=draft.elsewhere[name],
                notes=draft.notes,
            )

    def run(self) -> Draft | None:
        """The answers, or None where the user leaves."""
        from scaffold.summary import confirm  # noqa: PLC0415 - it needs this class

        self.walk()
        while (decision := confirm(self)) is not None:
            if decision:
                return self.result()
            self.walk(back=True)
        return None

    def walk(self, *, back: bool = False) -> None:
        """Every step once, and earlier ones again where the user goes back."""
        place, group = (len(self.steps()) - 1 if back else 0), ""
        while place < len(steps := self.steps()):
            if steps[place].group != group:
                group = steps[place].group
                self.asker.say(f"\n{group}")
            try:
                steps[place].ask()
            except GoBack:
                place = max(place - 1, 0)
            else:
                place += 1

    def steps(self) -> list[Step]:
        """All questions that there are to ask as far as one can see now."""
        found = [Step("The project", ask) for ask in self._project()]
        for number, entry in enumerate(self.entries):
            title = f" of pipeline {number + 1}" if len(self.entries) > 1 else ""
            found += [Step(f"Its data{title}", ask) for ask in self._data(number, entry)]
            found += [Step(f"Its patterns{title}", ask) for ask in self._patterns(number, entry)]
            found.append(Step("More", partial(self._another, number)))
        return found

    def result(self) -> Draft:
        pipelines = [entry.known for entry in self.entries]
        elsewhere = {str(entry.known["name"]): entry.place for entry in self.entries if entry.place}
        samples = [entry.sample for entry in self.entries if entry.sample]
        return replace(
            self.draft,
            folder=self.folder,
            values=self.project | {"pipelines": pipelines},
            elsewhere=elsewhere,
            sample=samples[0] if len(self.entries) == 1 and samples else "",
            notes=tuple(note for entry in self.entries for note in entry.notes),
        )

    def ask_folder(self) -> None:
        default = self.folder or answers.default_folder(self.values(), self.catalogue)
        while True:
            self.folder = self.asker.text("In which folder?", default)
            try:
                folder = names.destination(self.folder, self.request.here)
                from scaffold import render  # noqa: PLC0415 - it reads the disk

                render.check(folder, force=self.request.force)
            except ScaffoldError as error:
                self.asker.say(str(error))
            else:
                return

    def ask_project(self, key: Key) -> None:
        """A key of the project; the default follows from what is known."""
        folder = Path(self.folder or "").name
        name = str(self.project.get("project_name") or answers.title(folder))
        default = {
            "project_name": name,
            "package": answers.default_package(name, self.catalogue),
            "runtime": answers.default_runtime(self.catalogue),
        }[key.name]
        current = self.project.get(key.name, default)
        self.project[key.name] = self._asked(key, current, {})

    def ask_entry(self, entry: Entry, key: Key, open_: Sequence[str] = ()) -> None:
        """A key of a pipeline. Axes in `open_` are still to be asked, so they may yet mend a refusal."""
        filled = answers.fill(entry.known, self.catalogue)
        while True:
            value = self._asked(key, filled.get(key.name), filled, open_)
            trial = filled | {key.name: value}
            problem = offers.problem(key, trial, open_, self.catalogue)
            if problem is None:
                entry.say(key.name, value, self.catalogue)
                return
            self.asker.say(str(problem))

    def ask_sample(self, entry: Entry) -> None:
        """The user's own data; what it says becomes the defaults of what follows."""
        while True:
            path = self.asker.text(
                "Where is your data? A file or folder (empty: a sample of flights)", entry.sample
            )
            if not path.strip():
                entry.inferred, entry.sample, entry.place, entry.notes = {}, "", "", ()
                return
            place = self.request.here / Path(path.strip()).expanduser()
            try:
                found, notes = local.describe(place, {}, self.request.today)
                entry.inferred, entry.notes = found, notes
                entry.sample, entry.place = str(place.resolve()), local.place(place)
            except ScaffoldError as error:
                self.asker.say(str(error))
            else:
                columns = ", ".join(f"{c['name']} {c['type']}" for c in found["columns"][:8])
                more = ", …" if len(found["columns"]) > 8 else ""  # noqa: PLR2004
                self.asker.say(f"{len(found['columns'])} columns: {columns}{more}")
                self.asker.say("\n".join(f"- {note}" for note in notes))
                return

    def _project(self) -> list[Callable[[], None]]:
        steps: list[Callable[[], None]] = [] if self.draft.folder is not None else [self.ask_folder]
        for key in keys.PROJECT:
            choices = len(self.catalogue.runtimes) if key.name == "runtime" else 2
            if key.name not in self.given_project and choices > 1:
                steps.append(partial(self.ask_project, key))
        return steps

    def _data(self, number: int, entry: Entry) -> list[Callable[[], None]]:
        given = self.given[number]
        own = bool(entry.inferred) or bool(given & set(keys.FILES))
        steps: list[Callable[[], None]] = []
        if not given & set(keys.FILES):
            steps.append(lambda: self.ask_sample(entry))
        wanted = ["name", *(["event_time", "key"] if own and entry.inferred else [])]
        if own and entry.inferred and entry.known.get("event_time"):
            wanted += ["time_zone"]
        return steps + self._keys(number, entry, wanted)

    def _patterns(self, number: int, entry: Entry) -> list[Callable[[], None]]:
        order = [key.name for key in answers.choices(self.catalogue)]
        own = bool(entry.inferred)
        reads = {s.key for part in offers.parts(entry.known, self.catalogue) for s in part.settings}
        settings = [name for name in ("every", "since") if own and name in reads]
        return self._keys(number, entry, [*order, *settings], order)

    def _keys(
        self, number: int, entry: Entry, wanted: Sequence[str], order: Sequence[str] = ()
    ) -> list[Callable[[], None]]:
        known = {key.name: key for key in keys.pipeline(self.catalogue)}
        asked = [name for name in wanted if name not in self.given[number]]
        return [
            partial(
                self.ask_entry,
                entry,
                known[name],
                [axis for axis in order[_after(order, name) :] if axis not in self.given[number]],
            )
            for name in asked
        ]

    def _another(self, number: int) -> None:
        """One pipeline more; "no" also takes back the ones that followed."""
        more = self.asker.confirm("Another pipeline?", default=number + 1 < len(self.entries))
        if more and number + 1 == len(self.entries):
            self.entries.append(Entry({}))
            self.given.append(frozenset())
        elif not more:
            del self.entries[number + 1 :], self.given[number + 1 :]

    def _asked(
        self, key: Key, current: Any, filled: Mapping[str, Any], open_: Sequence[str] = ()
    ) -> Any:
        """One value, asked for in the way that its kind has, until it is good."""
        question = f"{key.help}{'' if key.help.endswith('?') else ':'}"
        options = offers.options(key, filled, open_, self.catalogue)
        while True:
            raw: Any
            if key.kind == "many":
                raw = self.asker.pick(question, options, current or ())
            elif key.kind == "flag":
                raw = self.asker.confirm(question, default=bool(current))
            elif options:
                raw = self.asker.choose(question, options, str(current or "none"))
            else:
                raw = self.asker.text(question, offers.shown(current))
            try:
                return values.parse(key, raw, self.catalogue)
            except ScaffoldError as error:
                self.asker.say(str(error))

    def values(self) -> dict[str, Any]:
        return self.project | {"pipelines": [entry.known for entry in self.entries]}


def _after(order: Sequence[str], name: str) -> int:
    return order.index(name) + 1 if name in order else len(order)
