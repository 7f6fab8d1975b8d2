"""The last question: everything at a glance, to be confirmed or changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from scaffold import answers, keys, offers, values
from scaffold.errors import ScaffoldError
from scaffold.offers import Option

if TYPE_CHECKING:
    from scaffold.interview import Entry, Interview


def confirm(talk: Interview) -> bool | None:
    """True: make it. False: go back to the last question. None: leave."""
    from scaffold.interview import GoBack  # noqa: PLC0415 - that module needs this one

    while True:
        problem = _problem(talk)
        talk.asker.say(_summary(talk))
        talk.asker.say(problem)
        blocked = "an answer has to be changed first" if problem else ""
        options = [
            Option("make", "Yes, make it", blocked),
            Option("change", "Change an answer"),
            Option("leave", "No, leave: nothing is written"),
        ]
        try:
            word = talk.asker.choose("Make this project?", options, "make")
        except GoBack:
            return False
        if word != "change":
            return True if word == "make" else None
        with suppress(GoBack):
            _change_one(talk)


def _change_one(talk: Interview) -> None:
    """Any answer, of any pipeline."""
    options: list[Option] = []
    changes: list[Callable[[], None]] = []

    def offer(name: str, value: Any, change: Callable[[], None]) -> None:
        options.append(Option(str(len(changes)), f"{name} ({_short(value)})"))
        changes.append(change)

    offer("folder", talk.folder, talk.ask_folder)
    for key in keys.PROJECT:
        if key.name in talk.project:
            offer(key.name, talk.project[key.name], partial(talk.ask_project, key))
    for entry in talk.entries:
        filled = answers.fill(entry.known, talk.catalogue)
        for key in (key for key in keys.pipeline(talk.catalogue) if key.name in filled):
            label = key.name if len(talk.entries) == 1 else f"{filled['name']}: {key.name}"
            offer(label, filled[key.name], _change(talk, entry, key))
    changes[int(talk.asker.choose("Which answer?", options, "0"))]()


def _change(talk: Interview, entry: Entry, key: keys.Key) -> Callable[[], None]:
    if key.kind == "columns":
        return lambda: _change_column(talk, entry, key)
    return lambda: talk.ask_entry(entry, key)


def _change_column(talk: Interview, entry: Entry, key: keys.Key) -> None:
    """The type of one column: nobody wants to type the whole list again."""
    columns = answers.fill(entry.known, talk.catalogue)["columns"]
    shown = [Option(c["name"], f"{c['name']}: {c['type']}") for c in columns]
    name = talk.asker.choose("Which column?", shown, columns[0]["name"])
    current = next(c["type"] for c in columns if c["name"] == name)
    while True:
        type_ = talk.asker.text(f"Which type? {values.TYPES}", current)
        changed = [c | {"type": type_} if c["name"] == name else c for c in columns]
        try:
            parsed = values.parse(key, changed, talk.catalogue)
        except ScaffoldError as error:
            talk.asker.say(str(error))
        else:
            entry.say("columns", parsed, talk.catalogue)
            return


def _problem(talk: Interview) -> str:
    try:
        answers.complete(talk.result().values, talk.catalogue, talk.folder or "")
    except ScaffoldError as error:
        problems = getattr(error, "problems", ()) or (error,)
        return "\n".join(str(problem) for problem in problems)
    return ""


def _summary(talk: Interview) -> str:
    lines = [f"\n{talk.project.get('project_name', '')} in {talk.folder}"]
    for entry in talk.entries:
        filled = answers.fill(entry.known, talk.catalogue)
        lines.append(f"  {filled['name']}")
        for key in keys.pipeline(talk.catalogue):
            if key.name in filled and key.name != "name":
                lines.append(f"    {key.name:<19}{_short(filled[key.name])}")
    return "\n".join(lines)


def _short(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{len(value)}: {', '.join(column['name'] for column in value[:6])}, …"
    return offers.shown(value) or "none"
