"""The decision chart as pictures: which pattern follows from which answers, drawn from what `scaffold recommend` asks.

The chart of the catalogue is a list: the first line that fits decides. Here it is unrolled into a tree, in the order of
questions that makes it smallest, without those that change nothing, and for data that allows everything: what the rules refuse
is said by the rules.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

from scaffold import chart as charts
from scaffold.catalogue import Axis, Catalogue
from scaffold.chart import UNKNOWN, Line, Question
from scripts.docs.tree import Branch, Leaf, branches, draw

Said = Mapping[str, str]
Answers = Mapping[str, Sequence[str]]
INTRO = """\
---
hide: [toc]
---

# Which patterns?

`scaffold recommend` asks these questions, and so does `scaffold new` ("help me choose"). Each can be answered by "I don't know";
with `--sample` the program finds out from your files what it can. It ends with the patterns, the reason for each, and the
command that makes the project.

## The questions

The word in front of an answer is what a flag takes (`--late week`), and what the pictures below say.
"""
PICTURES = """
Start on the left, and follow your answer to each question; what a way ends in is linked to its page. The pictures are for data
that allows everything: what a source or a sink cannot do is left to [the rules](../templates/patterns/index.md#rules), and
then the next pattern that fits is taken. A question that changes nothing is not in the picture. Where you don't know, let
`scaffold recommend` say which way it takes, and why.
"""


def page(catalogue: Catalogue) -> str:
    """The questions, a picture for each axis with one choice, and what else is added when."""
    chart = catalogue.chart
    lines = [INTRO, *_questions(catalogue), PICTURES]
    for axis in catalogue.asked:
        chosen = [one for one in chart.choose if one.axis == axis.id]
        if chosen and axis.many:
            lines += [f"\n## {axis.title}\n", f"{axis.question} Each that fits is taken.\n"]
            lines += _added(chosen, catalogue)
        elif chosen:
            lines += [f"\n## {axis.title}\n", f"{axis.question}\n"]
            asked = {one.id: one.question for one in chart.questions}
            title = f"Which {axis.title.lower()} follows from which answers"
            lines += [draw(tree(axis, catalogue), asked, title), *_by_source(chosen, catalogue)]
    return "\n".join(lines) + "\n"


def tree(axis: Axis, catalogue: Catalogue) -> Branch | Leaf:
    """What is chosen of an axis with one choice, for every runtime at once."""
    lines = [one for one in catalogue.chart.choose if one.axis == axis.id]
    read = {question for line in lines for question in line.when}
    answers = {one.id: tuple(one.answers) for one in catalogue.chart.recorded if one.id in read}

    def decide(said: Said) -> Leaf:
        fitting = [line.pattern for line in lines if charts.fits(line.when, said)]
        return _leaf(fitting, axis, catalogue)

    return smallest(answers, decide)


def smallest(answers: Answers, decide: Callable[[Said], Leaf]) -> Branch | Leaf:
    """The tree with the fewest questions in it that says what `decide` does."""
    orders = ({key: answers[key] for key in keys} for keys in itertools.permutations(answers))
    grown = (grow(order, decide, {}) for order in orders)
    return min(grown, key=lambda found: len(set(branches(found))))


def grow(answers: Answers, decide: Callable[[Said], Leaf], said: Said) -> Branch | Leaf:
    """The tree for the questions that are still open."""
    open_ = [one for one in answers if one not in said]
    every = itertools.product(*(answers[one] for one in open_))
    ends = {decide(dict(said) | dict(zip(open_, each, strict=True))) for each in every}
    if len(ends) == 1:
        return ends.pop()
    question, *_ = open_
    merged: dict[Branch | Leaf, tuple[str, ...]] = {}
    for answer in answers[question]:
        end = grow(answers, decide, dict(said) | {question: answer})
        merged[end] = (*merged.get(end, ()), answer)
    if len(merged) == 1:
        return next(iter(merged))
    return Branch(question, tuple((words, end) for end, words in merged.items()))


def _leaf(fitting: Sequence[str], axis: Axis, catalogue: Catalogue) -> Leaf:
    """The first pattern that fits in each runtime, or else its default one, with the runtime where they differ."""
    found: dict[str, list[str]] = {}
    for runtime in catalogue.runtimes:
        last = [one.ref for one in catalogue.of(axis.id) if one.default]
        made = (ref for ref in [*fitting, *last] if runtime.id in catalogue.patterns[ref].runtimes)
        found.setdefault(next(made), []).append(runtime.title.replace(" and ", "/"))
    only = len(found) > 1
    return Leaf(
        tuple(
            (
                catalogue.patterns[ref].title + (f" ({', '.join(words)})" if only else ""),
                f"../patterns/{ref}/",
            )
            for ref, words in found.items()
        )
    )


def _questions(catalogue: Catalogue) -> Iterator[str]:
    for number, one in enumerate(catalogue.chart.questions, 1):
        yield f"{number}. **{one.question}**"
        answers = one.answers or {p.id: p.summary for p in catalogue.of(one.axis)}
        yield from (f"    - `{answer}`: {text.rstrip('.')}" for answer, text in answers.items())


def _by_source(lines: Sequence[Line], catalogue: Catalogue) -> Iterator[str]:
    """What is different for a source of its own kind, which the picture does not ask for."""
    about = {q.id: q for q in catalogue.chart.questions if q.axis}
    for line in lines:
        if set(line.when) <= set(about) and line.when:
            yield f"\nFrom {_when(line, catalogue)} it is {_link(line.pattern, catalogue)}: {line.reason}."


def _added(lines: Sequence[Line], catalogue: Catalogue) -> Iterator[str]:
    """One row for each reason; the first that fits is the one that is said."""
    yield "| pattern | if you said | because |"
    yield "|---|---|---|"
    before = ""
    for one in lines:
        again = one.pattern == before
        when = _when(one, catalogue) or ("anything else" if again else "anything")
        name = "" if again else _link(one.pattern, catalogue)
        yield f"| {name} | {when} | {one.reason} |"
        before = one.pattern


def _when(line: Line, catalogue: Catalogue) -> str:
    asked = {one.id: one for one in catalogue.chart.questions}
    said = (_said(asked[id_], answers, catalogue) for id_, answers in line.when.items())
    return " and ".join(said)


def _said(question: Question, answers: Sequence[str], catalogue: Catalogue) -> str:
    """Answers as a reader finds them in the list of questions: `late` is `week` or `any`."""
    if question.axis:
        return " or ".join(_link(f"{question.axis}/{one}", catalogue) for one in answers)
    words = ("that you don't know" if one == UNKNOWN else f"`{one}`" for one in answers)
    number = catalogue.chart.questions.index(question) + 1
    return f"{' or '.join(words)} ({number})"


def _link(ref: str, catalogue: Catalogue) -> str:
    return f"[{catalogue.patterns[ref].title}](../templates/patterns/{ref}/page.md)"
