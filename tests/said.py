"""Answers to the decision chart: all of them, and few that have each two of them together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from scaffold import recommend
from scaffold.catalogue import Catalogue

Said = Mapping[str, str]


def ways(catalogue: Catalogue) -> list[list[tuple[str, str]]]:
    """The answers of each question, "I don't know" among them."""
    return [
        [(q.id, one) for one in recommend.options(q, catalogue)] for q in catalogue.chart.questions
    ]


def every(catalogue: Catalogue) -> Iterator[dict[str, str]]:
    return (dict(said) for said in itertools.product(*ways(catalogue)))


def pairwise(catalogue: Catalogue) -> list[dict[str, str]]:
    """Few answers to all questions that have each pair of answers to two questions."""
    found: list[dict[str, str]] = []
    questions = ways(catalogue)
    missing = {
        frozenset(pair)
        for one, other in itertools.combinations(questions, 2)
        for pair in itertools.product(one, other)
    }
    while missing:
        said = dict(min(missing, key=sorted))
        for answers_ in sorted(questions, key=len, reverse=True):
            if answers_[0][0] not in said:
                best = max(answers_, key=lambda one: _covered(said, one, missing))
                said |= dict([best])
        missing -= set(map(frozenset, itertools.combinations(said.items(), 2)))
        found.append(said)
    return found


def _covered(said: Said, one: tuple[str, str], missing: set[frozenset[tuple[str, str]]]) -> int:
    return sum(frozenset({one, other}) in missing for other in said.items())
