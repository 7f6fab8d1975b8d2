"""A recommendation in words, for people and for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from scaffold import flowing, recommend
from scaffold.catalogue import Catalogue
from scaffold.chart import UNKNOWN
from scaffold.recommend import Reason, Recommendation


def text(found: Recommendation, catalogue: Catalogue, seen: Mapping[str, str]) -> Iterator[str]:
    """What was said, what is recommended and why, what is not and why not. `seen` are findings, by question."""
    yield "You said:"
    for question in (q for q in catalogue.chart.questions if recommend.asked(q, catalogue)):
        answer = recommend.options(question, catalogue)[found.said.get(question.id, UNKNOWN)]
        where = f" ({seen[question.id]})" if question.id in seen else ""
        yield f"  {question.question}"
        yield from _wrapped(f"{answer}{where}", 4)
    yield from ("", "Recommended:")
    for one in found.taken:
        yield from _reason(one, catalogue, "because ")
    for finding in found.verdict.added:
        part = catalogue.patterns[f"compensation/{finding.need.compensation}"]
        yield from _wrapped(f"Compensation: {part.title}", 2)
        yield from _wrapped(f"{part.summary} {finding.by.title}: {finding.need.reason}.", 6)
    for key, value in found.settings.items():
        yield f"  Setting: {key} {value}"
    yield from ("", "Not recommended:")
    for one in found.rejected:
        yield from _reason(one, catalogue, "")
    notes = notes_of(found)
    if notes:
        yield from ("", "Worth knowing:")
        for note in notes:
            yield from _wrapped(note, 4, first="  - ")


def notes_of(found: Recommendation) -> tuple[str, ...]:
    return (*found.verdict.notes, *found.limits)


def plain(found: Recommendation, catalogue: Catalogue, seen: Mapping[str, str]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "said": [
            {
                "question": question.id,
                "text": question.question,
                "answer": found.said.get(question.id, UNKNOWN),
                "found": seen.get(question.id, ""),
            }
            for question in catalogue.chart.questions
        ],
        "recommended": [_plain(one) for one in found.taken],
        "rejected": [_plain(one) for one in found.rejected],
        "compensations": [
            {
                "id": f.need.compensation,
                "by": f.by.ref,
                "rule": f.need.rule,
                "reason": f.need.reason,
            }
            for f in found.verdict.added
        ],
        "settings": dict(found.settings),
        "notes": list(notes_of(found)),
        "answers": found.answers(),
    }


def _reason(one: Reason, catalogue: Catalogue, word: str) -> Iterator[str]:
    axis = catalogue.axis(one.pattern.axis).title
    yield f"  {axis}: {one.pattern.title}"
    yield from _wrapped(f"{word}{one.text}.", 6)


def _wrapped(line: str, indent: int, first: str = "") -> list[str]:
    blank = " " * indent
    return textwrap.wrap(
        line, flowing.width(), initial_indent=first or blank, subsequent_indent=blank
    )


def _plain(one: Reason) -> dict[str, str]:
    pattern = one.pattern
    return {
        "axis": pattern.axis,
        "id": pattern.id,
        "title": pattern.title,
        "summary": pattern.summary,
        "reason": one.text,
    }
