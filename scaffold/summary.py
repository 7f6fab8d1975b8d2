"""The last question: everything at a glance, to be confirmed or changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from scaffold import answers, columns, defaults, keys, new, offers, values
from scaffold.errors import ScaffoldError
from scaffold.keys import Key
from scaffold.offers import Option
from scaffold.questions import ask_entry, ask_folder, ask_project
from scaffold.talk import Entry, GoBack, Talk

FEW = 6


def confirm(talk: Talk) -> bool | None:
    """True: make it. False: leave. None: go back to the last question."""
    while True:
        problem, notes = _judged(talk)
        talk.asker.say(_summary(talk))
        talk.asker.say(problem or notes)
        options = [
            Option("make", "Yes, make it", "an answer has to be changed first" if problem else ""),
            Option("change", "Change an answer"),
            Option("leave", "No, leave: nothing is written"),
        ]
        try:
            word = talk.asker.choose("Make this project?", options, "make")
        except GoBack:
            return None
        if word != "change":
            return word == "make"
        with suppress(GoBack):
            _change_one(talk)


def _change_one(talk: Talk) -> None:
    """Any answer, of any pipeline."""
    options: list[Option] = []
    changes: list[Callable[[], None]] = []

    def offer(name: str, value: Any, change: Callable[[], None]) -> None:
        options.append(Option(str(len(changes)), f"{name} ({_short(value)})"))
        changes.append(change)

    offer("folder", talk.folder, partial(ask_folder, talk))
    for key in keys.PROJECT:
        if key.name in talk.project:
            offer(key.name, talk.project[key.name], partial(ask_project, talk, key))
    for entry in talk.entries:
        filled = defaults.fill(entry.known, talk.catalogue)
        for key in (key for key in keys.pipeline(talk.catalogue) if key.name in filled):
            label = key.name if len(talk.entries) == 1 else f"{filled['name']}: {key.name}"
            change = _change_column if key.kind == "columns" else ask_entry
            offer(label, filled[key.name], partial(change, talk, entry, key))
    changes[int(talk.asker.choose("Which answer?", options, "0"))]()


def _change_column(talk: Talk, entry: Entry, key: Key) -> None:
    """The type of one column: nobody wants to type the whole list again."""
    found = defaults.fill(entry.known, talk.catalogue)["columns"]
    shown = [Option(column["name"], f"{column['name']}: {column['type']}") for column in found]
    name = talk.asker.choose("Which column?", shown, found[0]["name"])
    current = next(column["type"] for column in found if column["name"] == name)
    while True:
        type_ = talk.asker.text(f"Which type? {columns.TYPES}", current)
        changed = [c | {"type": type_} if c["name"] == name else c for c in found]
        try:
            parsed = values.parse(key, changed, talk.catalogue)
        except ScaffoldError as error:
            talk.asker.say(str(error))
        else:
            entry.say("columns", parsed, talk.catalogue)
            return


def _judged(talk: Talk) -> tuple[str, str]:
    """What is wrong, or else what is worth knowing before it is made."""
    try:
        project = answers.complete(talk.values, talk.catalogue, talk.folder or "")
    except ScaffoldError as error:
        problems = getattr(error, "problems", ()) or (error,)
        return "\n".join(["", *(str(problem) for problem in problems)]), ""
    return "", "\n".join(["", *(f"- {note}" for note in new.notes(project))])


def _summary(talk: Talk) -> str:
    named = ((key.name, talk.project.get(key.name)) for key in keys.PROJECT)
    lines = ["", *_lines("folder", talk.folder)]
    for name, value in named:
        lines += _lines(name, value) if value else []
    for entry in talk.entries:
        filled = defaults.fill(entry.known, talk.catalogue)
        lines.append("")
        for key in keys.pipeline(talk.catalogue):
            lines += _lines(key.name, filled[key.name]) if key.name in filled else []
    return "\n".join(lines)


def _lines(name: str, value: Any) -> list[str]:
    return [f"  {name:<19}{_short(value)}"]


def _short(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        names = ", ".join(column["name"] for column in value[:FEW])
        return f"{len(value)}: {names}{', …' if len(value) > FEW else ''}"
    return offers.shown(value) or "none"
