"""From answers to the questions of the chart to patterns, with the reason for each, and what was rejected.

The chart only says what is preferred. What is recommended is the first preference, axis by axis, that the rules allow
as a whole and without the user's word, so that it cannot be an invalid combination.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import ceil
from typing import Any

from scaffold import chart as charts
from scaffold import defaults, rules
from scaffold.catalogue import Axis, Catalogue
from scaffold.chart import UNKNOWN, Question, fits
from scaffold.errors import UsageError
from scaffold.pattern import Pattern
from scaffold.rules import Verdict

Said = Mapping[str, str]
Entry = Mapping[str, Any]
_MINUTES = {"m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class Reason:
    pattern: Pattern
    text: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    said: Said
    choice: Mapping[str, Any]
    """One answer for each axis, as a pipeline has them."""
    taken: tuple[Reason, ...]
    rejected: tuple[Reason, ...]
    settings: Mapping[str, Any]
    verdict: Verdict
    limits: tuple[str, ...]
    because: tuple[str, ...]
    """The answers as they are recorded: without "I don't know", and without patterns, which have their own place."""

    def answers(self) -> dict[str, Any]:
        """What a pipeline records of it."""
        own = {"because": list(self.because)} if self.because else {}
        return dict(self.choice) | dict(self.settings) | own


def answers(question: Question, catalogue: Catalogue) -> tuple[str, ...]:
    """What can be said to a question in any runtime."""
    patterns = catalogue.of(question.axis) if question.axis else ()
    return (*question.answers, *(pattern.id for pattern in patterns), UNKNOWN)


def options(question: Question, catalogue: Catalogue) -> dict[str, str]:
    """The answers of a question and their texts, "I don't know" last."""
    patterns = catalogue.of(question.axis, made=True) if question.axis else ()
    own = {pattern.id: f"{pattern.title}: {pattern.summary}" for pattern in patterns}
    return {**question.answers, **own, UNKNOWN: "I don't know"}


def asked(question: Question, catalogue: Catalogue) -> bool:
    """Whether there is something to choose: an axis may have one pattern only."""
    return len(options(question, catalogue)) > 2  # noqa: PLR2004 - with "I don't know"


def recommend(said: Said, entry: Entry, catalogue: Catalogue) -> Recommendation:
    """What to choose after these answers. `entry` is what is known of the data, as a pipeline's answers have it."""
    known = {key: answer for key, answer in said.items() if answer != UNKNOWN}
    facts = _facts(known, entry, catalogue)
    choice = _first_allowed(known, facts, catalogue)
    whole = facts | choice
    verdict = rules.judge(whole, catalogue)
    taken = rules.chosen(choice, catalogue)
    refs = {part.ref for part in verdict.parts}
    every = (pattern for axis in catalogue.asked for pattern in catalogue.of(axis.id))
    return Recommendation(
        said=known,
        choice=choice,
        taken=tuple(Reason(one, _why(one, known, catalogue)) for one in taken),
        rejected=tuple(
            Reason(one, _why_not(one, known, whole, catalogue)) for one in every if one not in taken
        ),
        settings=_settings(taken, known, entry, catalogue),
        verdict=verdict,
        limits=tuple(
            limit.text
            for limit in catalogue.chart.limits
            if fits(limit.when, known) and limit.where <= refs and not limit.without & refs
        ),
        because=tuple(f"{q.id}={known[q.id]}" for q in catalogue.chart.recorded if q.id in known),
    )


def _facts(said: Said, entry: Entry, catalogue: Catalogue) -> dict[str, Any]:
    """What rules go by. Where nothing is known of the data, it is taken to have an event time and a key.

    Nobody said that each change of a row sets that time: it counts as a date, so that no table is followed by it.
    """
    unknown = {"event_time": "unknown", "key": ["unknown"]}
    known = unknown | defaults.sample(entry, catalogue) | dict(entry)
    timed = known["event_time"] if said.get("late") != "untimed" else None
    columns = [{"name": timed, "type": "DATE"}]
    return {"event_time": timed, "key": known["key"], "columns": columns, "accept": []}


def _first_allowed(said: Said, facts: Entry, catalogue: Catalogue) -> dict[str, Any]:
    axes = catalogue.asked
    wishes = [list(_wishes(axis, said, catalogue)) for axis in axes]
    for ids in product(*wishes):
        choice = {axis.id: found for axis, found in zip(axes, ids, strict=True)}
        if not rules.judge(dict(facts) | choice, catalogue).refused:
            return choice
    raise UsageError(
        "Nothing can be recommended: whatever is chosen, a rule refuses it.",
        "The source lacks what every extraction needs, or the runtime lacks code.",
        "Choose another source or runtime, or accept a rule by name: scaffold new --accept RULE",
    )


def _wishes(axis: Axis, said: Said, catalogue: Catalogue) -> Iterator[Any]:
    """The choices of an axis, the preferred first."""
    asked = catalogue.chart.about(axis.id)
    if said.get(asked):
        yield said[asked]
        return
    lines = (line for line in catalogue.chart.choose if line.axis == axis.id)
    liked = dict.fromkeys(line.pattern for line in lines if fits(line.when, said))
    made = {pattern.ref: pattern for pattern in catalogue.of(axis.id, made=True)}
    wanted = [made[ref].id for ref in liked if ref in made]
    if axis.many:
        for number in range(len(wanted), -1, -1):
            yield from map(list, combinations(wanted, number))
        return
    usual = sorted(made.values(), key=lambda pattern: not pattern.default)
    yield from dict.fromkeys((*wanted, *(pattern.id for pattern in usual)))


def _why(pattern: Pattern, said: Said, catalogue: Catalogue) -> str:
    """The reason for a pattern: what was answered, the line of the chart, or that nothing speaks against it."""
    asked = catalogue.chart.about(pattern.axis)
    if asked:
        return "that is where your data is" if said.get(asked) else _UNSAID
    line = charts.first(catalogue.chart.choose, pattern.ref, said)
    return line.reason if line else "it is what the rules leave after the other choices"


_UNSAID = "you did not say where the data is, and files can be tried at once"


def _why_not(pattern: Pattern, said: Said, whole: Entry, catalogue: Catalogue) -> str:
    """What speaks against a pattern: the rules where it was wished for or cannot be, else the chart."""
    asked = catalogue.chart.about(pattern.axis)
    if asked and catalogue.made(pattern):
        elsewhere = said.get(asked)
        return "your data is not there" if elsewhere else "you did not say that your data is there"
    wished = charts.first(catalogue.chart.choose, pattern.ref, said) is not None
    many = catalogue.axis(pattern.axis).many
    trial = [*whole[pattern.axis], pattern.id] if many else pattern.id
    refused = rules.judge(dict(whole) | {pattern.axis: trial}, catalogue).refused
    line = charts.first(catalogue.chart.reject, pattern.ref, said)
    if refused and (wished or not catalogue.made(pattern) or line is None):
        return refused[0].need.reason
    return line.reason if line else "nothing that you said asks for it"


def _settings(
    taken: Sequence[Pattern], said: Said, entry: Entry, catalogue: Catalogue
) -> dict[str, Any]:
    """The settings that come with the choices."""
    found: dict[str, Any] = {}
    for pattern in taken:
        line = charts.first(catalogue.chart.choose, pattern.ref, said)
        if line is None:
            continue
        found |= line.settings
        if line.cover:
            again = next(s for s in pattern.settings if s.role == "again")
            length = next(s for s in pattern.settings if s.role == "length")
            every = found.get(length.key) or entry.get(length.key) or length.default
            number = ceil(_minutes(line.cover) / _minutes(str(every)))
            found[again.key] = min(max(number, again.least), again.most)
    return found


def _minutes(length: str) -> int:
    return int(length[:-1]) * _MINUTES[length[-1]]
