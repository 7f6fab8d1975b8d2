"""How one thing is asked for, until the answer is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scaffold import defaults, local, names, offers, render, values
from scaffold.errors import ScaffoldError
from scaffold.keys import Key
from scaffold.talk import Entry, Talk

FEW = 8
"""Columns that are shown of a sample, so that one sees that the right file was read."""
TIMES = ("event_time", "time_zone")


def ask_folder(talk: Talk) -> None:
    default = talk.folder or defaults.folder(talk.values, talk.catalogue)
    while True:
        word = talk.asker.text("In which folder?", default)
        try:
            render.check(names.destination(word, talk.request.here), force=talk.request.force)
        except ScaffoldError as error:
            talk.asker.say(str(error))
        else:
            talk.folder = word
            return


def ask_project(talk: Talk, key: Key) -> None:
    """A key of the project; the default follows from what is known."""
    name = str(talk.project.get("project_name") or defaults.title(Path(talk.folder or "").name))
    default = {
        "project_name": name,
        "package": defaults.package(name, talk.catalogue),
        "runtime": talk.catalogue.runtime.id,
    }[key.name]
    talk.project[key.name] = _asked(talk, key, talk.project.get(key.name, default), {})
    talk.catalogue = defaults.on_runtime(talk.project, talk.catalogue)


def ask_entry(talk: Talk, entry: Entry, key: Key, open_: Sequence[str] = ()) -> None:
    """A key of a pipeline. Axes in `open_` are still to be asked, so they may yet mend a refusal."""
    filled = defaults.fill(entry.known, talk.catalogue)
    while True:
        value = _asked(talk, key, filled.get(key.name), filled, open_)
        problem = offers.problem(key, filled | {key.name: value}, open_, talk.catalogue)
        if problem is None:
            entry.say(key.name, value, talk.catalogue)
            if entry.sample and key.name in TIMES and value != filled.get(key.name):
                _look_again(talk, entry, {name: filled[name] for name in TIMES}, key.name)
            return
        talk.asker.say(str(problem))


def ask_sample(talk: Talk, entry: Entry) -> None:
    """The user's own data; what it says becomes the defaults of what follows."""
    question = "Where is your data? A file or folder (empty: a sample of flights)"
    while True:
        word = talk.asker.text(question, entry.sample).strip()
        if not word:
            entry.inferred, entry.sample, entry.place, entry.notes = {}, "", "", ()
            entry.signs = None
            return
        path = talk.request.here / Path(word).expanduser()
        try:
            found, notes, signs = local.describe(path, {}, talk.request.today, talk.catalogue)
            entry.place = local.place(path)
        except ScaffoldError as error:
            talk.asker.say(str(error))
        else:
            entry.inferred, entry.notes, entry.sample = found, notes, str(path.resolve())
            entry.signs = signs
            talk.asker.say(_seen(found["columns"]))
            talk.asker.say("\n".join(f"- {note}" for note in notes))
            return


def _look_again(talk: Talk, entry: Entry, before: Mapping[str, Any], name: str) -> None:
    """Windows follow from the time of events and its zone: with another one they are others, where they are the sample's."""
    path, today = Path(entry.sample), talk.request.today
    was, _, _ = local.describe(path, before, today, talk.catalogue)
    after = {**before, name: entry.known[name]}
    now, entry.notes, _ = local.describe(path, after, today, talk.catalogue)
    for layer in (entry.inferred, entry.said):
        for key in ("columns", "event_time_formats", "every", "since", "until"):
            if key in layer and layer[key] == was[key]:
                layer[key] = now[key]


def _seen(columns: Sequence[Mapping[str, str]]) -> str:
    few = ", ".join(f"{column['name']} {column['type']}" for column in columns[:FEW])
    return f"{len(columns)} columns: {few}{', …' if len(columns) > FEW else ''}"


def _asked(
    talk: Talk, key: Key, current: Any, filled: Mapping[str, Any], open_: Sequence[str] = ()
) -> Any:
    """One value, asked for in the way that its kind has."""
    question = f"{key.help}{'' if key.help.endswith('?') else ':'}"
    options = offers.options(key, filled, open_, talk.catalogue)
    while True:
        raw: Any
        if key.kind == "many":
            raw = talk.asker.pick(question, options, current or ())
        elif key.kind == "flag":
            raw = talk.asker.confirm(question, default=bool(current))
        elif options:
            raw = talk.asker.choose(question, options, str(current or "none"))
        else:
            raw = talk.asker.text(question, offers.shown(current))
        try:
            return values.parse(key, raw, talk.catalogue)
        except ScaffoldError as error:
            talk.asker.say(str(error))
