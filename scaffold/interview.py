"""The questions in their order: which comes next, and which before.

Three short groups (project, data, patterns) for one pipeline after another, then a summary in which every
answer can still be changed. Going back asks the question before again, with its answer as the default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from scaffold import answers, choosing, defaults, keys, summary
from scaffold.new import Draft
from scaffold.questions import ask_entry, ask_folder, ask_project, ask_sample
from scaffold.talk import Entry, GoBack, Talk

Step = tuple[str, Callable[[], None]]
"""The group that a question is shown under, and the question."""


def run(talk: Talk) -> Draft | None:
    """The answers, or None where the user leaves."""
    steps = partial(_steps, talk)
    _walk(talk, steps, start=0)
    while (decision := summary.confirm(talk)) is None:
        _walk(talk, steps, start=len(steps()) - 1)
    return talk.result() if decision else None


def choose(talk: Talk, entry: Entry) -> None:
    """The decision chart alone: where the data is, if nobody said, and its questions."""
    asks: list[Callable[[], None]] = []
    asks += [] if entry.sample else [partial(ask_sample, talk, entry)]
    asks += choosing.questions(talk, entry)
    _walk(talk, lambda: [("The data and the need", ask) for ask in asks], start=0)


def _walk(talk: Talk, steps: Callable[[], Sequence[Step]], start: int) -> None:
    """Every question once, and earlier ones again where the user goes back.

    The list is made anew after each answer: what is asked depends on earlier answers only.
    """
    place, group = start, ""
    while place < len(found := steps()):
        name, ask = found[place]
        if name != group:
            group = name
            talk.asker.say(f"\n{group}")
        try:
            ask()
        except GoBack:
            place = max(place - 1, 0)
        else:
            place += 1


def _steps(talk: Talk) -> list[Step]:
    """All questions that there are to ask, as far as one can see now."""
    found = [("The project", ask) for ask in _project(talk)]
    for number, entry in enumerate(talk.entries):
        title = f" of pipeline {number + 1}" if len(talk.entries) > 1 else ""
        found += [(f"Its data{title}", ask) for ask in _data(talk, entry)]
        found += [(f"Its patterns{title}", ask) for ask in _patterns(talk, entry)]
        found.append(("More", partial(_another, talk, number)))
    return found


def _project(talk: Talk) -> Iterator[Callable[[], None]]:
    if talk.draft.folder is None:
        yield partial(ask_folder, talk)
    for key in keys.PROJECT:
        is_choice = key.name != "runtime" or len(talk.catalogue.runtimes) > 1
        if is_choice and key.name not in talk.draft.values:
            yield partial(ask_project, talk, key)


def _data(talk: Talk, entry: Entry) -> Iterator[Callable[[], None]]:
    """Of the shipped sample everything is known; of the user's data, what was inferred is confirmed."""
    if not entry.given & set(keys.FILES):
        yield partial(ask_sample, talk, entry)
    wanted = ["name"]
    if entry.sample:
        wanted += ["event_time", "key"]
        wanted += ["time_zone"] if entry.known.get("event_time") else []
    yield from _keys(talk, entry, wanted, ())


def _patterns(talk: Talk, entry: Entry) -> Iterator[Callable[[], None]]:
    order = [key.name for key in answers.choices(talk.catalogue)]
    if not entry.given & {axis.id for axis in talk.catalogue.asked}:
        yield partial(choosing.ask_help, talk, entry)
        if entry.helped:
            yield from choosing.questions(talk, entry)
            yield partial(choosing.ask_taken, talk, entry)
    order = [] if entry.helped and entry.taken else order
    read = defaults.fill(entry.known, talk.catalogue) if entry.sample else {}
    settings = [s.key for s in talk.catalogue.settings if s.ask and s.key in read]
    yield from _keys(talk, entry, [*order, *settings], order)


def _keys(
    talk: Talk, entry: Entry, wanted: Sequence[str], order: Sequence[str]
) -> Iterator[Callable[[], None]]:
    known = {key.name: key for key in keys.pipeline(talk.catalogue)}
    open_ = [axis for axis in order if axis not in entry.given]
    for name in wanted:
        if name not in entry.given:
            later = open_[open_.index(name) + 1 :] if name in open_ else []
            yield partial(ask_entry, talk, entry, known[name], later)


def _another(talk: Talk, number: int) -> None:
    """One pipeline more; "no" also takes back the ones that followed."""
    last = number + 1 == len(talk.entries)
    more = talk.asker.confirm("Another pipeline?", default=not last)
    if more and last:
        talk.entries.append(Entry({}))
    elif not more:
        del talk.entries[number + 1 :]
