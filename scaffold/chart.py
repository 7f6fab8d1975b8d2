"""The decision chart as the catalogue has it: questions, and what is chosen after which answers, and why.

It is data (templates/catalogue/chart.yml). Templates read the same lines for the decision record of a project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

UNKNOWN: Final = "unknown"
"""The answer "I don't know", to every question."""

When = Mapping[str, tuple[str, ...]]
"""Answers that a line asks for, by question; it fits where each question has one of them."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    question: str
    answers: Mapping[str, str] = field(default_factory=dict)
    axis: str = ""
    """The axis whose patterns are the answers, where it has one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chart: about a pattern (`axis/id`), after some answers, for a reason."""

    pattern: str
    reason: str
    when: When = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    cover: str = ""
    """The time that the setting with the role `again` has to cover."""

    @property
    def axis(self) -> str:
        return self.pattern.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Limit:
    """What to know about a choice, after some answers."""

    text: str
    when: When = field(default_factory=dict)
    where: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chart:
    questions: tuple[Question, ...]
    choose: tuple[Line, ...]
    reject: tuple[Line, ...]
    limits: tuple[Limit, ...]

    @property
    def recorded(self) -> tuple[Question, ...]:
        """The questions whose answers are not patterns, which are recorded anyway."""
        return tuple(question for question in self.questions if not question.axis)

    @property
    def items(self) -> tuple[str, ...]:
        """Everything that `because` can hold."""
        return tuple(f"{one.id}={answer}" for one in self.recorded for answer in one.answers)

    def about(self, axis: str) -> str:
        """The id of the question whose answers are the patterns of an axis, if there is one."""
        return next((question.id for question in self.questions if question.axis == axis), "")


def fits(when: When, said: Mapping[str, str]) -> bool:
    return all(said.get(question, UNKNOWN) in answers for question, answers in when.items())


def first(lines: tuple[Line, ...], pattern: str, said: Mapping[str, str]) -> Line | None:
    """The line that speaks about a pattern after these answers."""
    return next((one for one in lines if one.pattern == pattern and fits(one.when, said)), None)


def parse(raw: Mapping[str, Any]) -> Chart:
    """Typed values from plain data; a mistake in it is a bug of ours."""
    return Chart(
        questions=tuple(Question(**question) for question in raw["questions"]),
        choose=tuple(Line(**_when(line)) for line in raw["choose"]),
        reject=tuple(Line(**_when(line)) for line in raw["reject"]),
        limits=tuple(_limit(limit) for limit in raw["limits"]),
    )


def mistakes(chart: Chart, patterns: Mapping[str, Any]) -> Iterator[str]:
    """What of the chart leads nowhere. `patterns` are those of the catalogue, by axis and id.

    A line about a pattern that is not there is none: a pattern can go without its lines, as it comes without any.
    """
    known = {q.id: {*q.answers, UNKNOWN} for q in chart.recorded}
    lines = (*chart.choose, *chart.reject)
    axes = {question.id for question in chart.questions if question.axis}
    for when in (*(line.when for line in lines), *(limit.when for limit in chart.limits)):
        for name, answers in when.items():
            for answer in answers:
                if name not in axes and answer not in known.get(name, ()):
                    yield f"the chart asks for the unknown {name}={answer}"
    for line in chart.choose:
        if line.pattern in patterns:
            own = {setting.key for setting in patterns[line.pattern].settings}
            yield from (f"{line.pattern} has no {key}" for key in line.settings if key not in own)


def named(chart: Chart) -> frozenset[str]:
    """Every pattern that the chart speaks of."""
    lines = (line.pattern for line in (*chart.choose, *chart.reject))
    return frozenset(lines).union(*(limit.where | limit.without for limit in chart.limits))


def _when(raw: Mapping[str, Any]) -> dict[str, Any]:
    """One answer is written as a word, several as a list."""
    when = {
        question: (answers,) if isinstance(answers, str) else tuple(answers)
        for question, answers in raw.get("when", {}).items()
    }
    return dict(raw) | {"when": when}


def _limit(raw: Mapping[str, Any]) -> Limit:
    found = _when(raw)
    where, without = found.pop("with", ()), found.pop("without", ())
    return Limit(**found, where=frozenset(where), without=frozenset(without))
