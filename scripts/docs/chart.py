"""The decision chart as pictures: which pattern follows from which answers, drawn from what `scaffold recommend` asks.

The chart of the catalogue is a list: the first line that fits decides. Here it is unrolled into a tree, in the order of
questions that makes it smallest, without those that change nothing, and for data that allows everything: what the rules refuse
is said by the rules.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scaffold.catalogue import Axis, Catalogue

CHART = "templates/catalogue/chart.yml"
INTRO = """\
# Which patterns?

`scaffold recommend` asks these questions, and so does `scaffold new` ("help me choose"). Each can be answered by "I don't know";
with `--sample` the program finds out what it can by itself. The pictures show what follows where the data allows everything. What
a source or a sink cannot do is left to [the rules](../templates/patterns/index.md#rules), and the next pattern that fits is taken.
"""


@dataclass(frozen=True, slots=True)
class Branch:
    """A question, and where each of its answers leads; a leaf is the name of a pattern."""

    question: str
    ways: tuple[tuple[tuple[str, ...], Branch | str], ...]


def page(root: Path, catalogue: Catalogue) -> str:
    """The questions, a picture for each axis with one choice, and what else is added when."""
    chart = yaml.safe_load((root / CHART).read_text(encoding="utf-8"))
    asked = {one["id"]: one for one in chart["questions"]}
    lines = [INTRO, *_questions(chart["questions"])]
    for axis in catalogue.asked:
        chosen = [one for one in chart["choose"] if one["pattern"].startswith(f"{axis.id}/")]
        if chosen and axis.many:
            lines += ["", f"## {axis.title}", "", *_added(chosen, catalogue)]
        elif chosen:
            lines += ["", f"## {axis.title}", "", axis.question, ""]
            lines += _picture(axis, smallest(chosen, asked), asked)
    return "\n".join(lines) + "\n"


def smallest(lines: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> Branch | str:
    """The tree with the fewest questions in it."""
    read = sorted({key for one in lines for key in one.get("when", {}) if "answers" in asked[key]})
    orders = ({key: asked[key]["answers"] for key in keys} for keys in itertools.permutations(read))
    return min((grow(lines, order) for order in orders), key=lambda tree: len(set(branches(tree))))


def branches(tree: Branch | str) -> Iterator[Branch]:
    if isinstance(tree, Branch):
        yield tree
        for _, end in tree.ways:
            yield from branches(end)


def grow(
    lines: Sequence[Mapping[str, Any]],
    questions: Mapping[str, Any],
    said: Mapping[str, str] | None = None,
) -> Branch | str:
    """The tree for the questions that are still open."""
    said = said or {}
    open_ = [one for one in questions if one not in said]
    ends = {
        decide(lines, dict(said) | dict(zip(open_, answers, strict=True)))
        for answers in itertools.product(*(questions[one] for one in open_))
    }
    if len(ends) == 1:
        return ends.pop()
    question, *_ = open_
    grown = {a: grow(lines, questions, dict(said) | {question: a}) for a in questions[question]}
    merged: dict[Branch | str, tuple[str, ...]] = {}
    for answer, end in grown.items():
        merged[end] = (*merged.get(end, ()), answer)
    if len(merged) == 1:
        return next(iter(merged))
    return Branch(question, tuple((answers, end) for end, answers in merged.items()))


def decide(lines: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> str:
    """The pattern of the first line that fits; none where no line does."""
    fitting = (one["pattern"] for one in lines if fits(one.get("when", {}), said))
    return str(next(fitting, "none"))


def fits(when: Mapping[str, Any], said: Mapping[str, str]) -> bool:
    return all(
        said.get(key) in ([value] if isinstance(value, str) else value)
        for key, value in when.items()
    )


def _questions(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for number, one in enumerate(found, 1):
        answers = [f"`{key}`: {text}" for key, text in one.get("answers", {}).items()]
        yield f"{number}. **{one['question']}** {'; '.join(answers) or 'One of the sources'}."


def _picture(axis: Axis, tree: Branch | str, asked: Mapping[str, Any]) -> Iterator[str]:
    drawn: list[str] = []
    numbers = itertools.count(1)

    def draw(node: Branch | str) -> str:
        name = f"n{next(numbers)}"
        if isinstance(node, str):
            drawn.append(f'    {name}["{node.partition("/")[2] or node}"]')
            return name
        drawn.append(f'    {name}(["{_wrapped(asked[node.question]["question"])}"])')
        for answers, end in node.ways:
            drawn.append(f"    {name} -->|{'<br>'.join(answers)}| {draw(end)}")
        return name

    draw(tree)
    yield "```mermaid"
    yield f"accTitle: Which {axis.title.lower()} follows from which answers"
    yield "flowchart LR"
    yield from drawn
    yield "```"


def _wrapped(text: str, width: int = 22) -> str:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        lines[-1:] = [joined] if len(joined) <= width else [lines[-1], word]
    return "<br>".join(line for line in lines if line)


def _added(lines: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> Iterator[str]:
    yield "| pattern | when | because |"
    yield "|---|---|---|"
    for one in lines:
        pattern = catalogue.patterns[one["pattern"]]
        when = ", ".join(f"{key}: {_either(value)}" for key, value in one.get("when", {}).items())
        link = f"[{pattern.title}](../templates/patterns/{pattern.ref}/page.md)"
        yield f"| {link} | {when or 'always'} | {one['reason']} |"


def _either(value: Any) -> str:
    return value if isinstance(value, str) else " or ".join(value)
