"""The decision chart as a conversation: its questions, then what follows, to be taken or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from scaffold import advice, recommend
from scaffold.chart import UNKNOWN, Question
from scaffold.offers import Option
from scaffold.recommend import Recommendation
from scaffold.talk import Entry, Talk

HELP = 'Help me choose the patterns? (At most eight questions; "I don\'t know" answers each)'


def ask_help(talk: Talk, entry: Entry) -> None:
    entry.helped = talk.asker.confirm(HELP, default=entry.helped)
    if not entry.helped:
        _take_back(entry)


def questions(talk: Talk, entry: Entry) -> Iterator[Callable[[], None]]:
    """The questions where there is something to choose, that were not answered before."""
    for question in talk.catalogue.chart.questions:
        if recommend.asked(question, talk.catalogue) and question.id not in entry.given:
            yield partial(_ask, talk, entry, question)


def ask_taken(talk: Talk, entry: Entry) -> None:
    """What follows from the answers. If it is not taken, it is still what is offered first."""
    _take_back(entry)  # it follows from the data and the answers, not from the last recommendation
    found = recommended(talk, entry)
    talk.asker.say("\n".join(["", *advice.text(found, talk.catalogue, seen(entry)), ""]))
    entry.taken = talk.asker.confirm("Take these patterns?", default=True)
    entry.said |= found.answers()
    entry.advised = tuple(found.answers())


def recommended(talk: Talk, entry: Entry) -> Recommendation:
    return recommend.recommend(entry.heard, entry.known, talk.catalogue)


def seen(entry: Entry) -> dict[str, str]:
    """What was found in the data, of what was answered so."""
    if entry.signs is None:
        return {}
    source = entry.heard.get("source")
    found, told = entry.signs.of(source), entry.signs.told(source)
    return {
        question: why
        for question, why in told.items()
        if entry.heard.get(question, UNKNOWN) == found.get(question, UNKNOWN)
    }


def _take_back(entry: Entry) -> None:
    for key in entry.advised:
        entry.said.pop(key, None)
    entry.advised = ()


def _ask(talk: Talk, entry: Entry, question: Question) -> None:
    signs = entry.signs
    source = entry.heard.get("source")
    found = signs.of(source).get(question.id, UNKNOWN) if signs else UNKNOWN
    if signs and question.id in signs.told(source):
        talk.asker.say(f"Your data: {signs.told(source)[question.id]}.")
    texts = recommend.options(question, talk.catalogue)
    options = [Option(answer, text) for answer, text in texts.items()]
    default = entry.heard.get(question.id, found)
    entry.heard[question.id] = talk.asker.choose(question.question, options, default)
