"""A tree of questions as a drawing that stands in the page itself: its words can be found, and its ends are links.

Tools for diagrams lead arrows around boxes, which is hard to follow in a tree. Here each end has a row of its own, and each
question stands in the middle of what follows from it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

ROW, LINE, PAD = 38, 16, 8
BOX, GAP, SIDE = 126, 106, 2
LETTERS = 16
"""Of a question, in one line of its box."""
Asked = Mapping[str, Sequence[str]]
"""The lines of each question."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a way ends in: words, and where each leads."""

    ends: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A question, and where each of its answers leads."""

    question: str
    ways: tuple[tuple[tuple[str, ...], Branch | Leaf], ...]


def draw(tree: Branch | Leaf, questions: Mapping[str, str], title: str) -> str:
    """An SVG in one line, as Markdown wants it of HTML."""
    asked = {id_: textwrap.wrap(question, LETTERS) for id_, question in questions.items()}
    width, height = SIDE * 2 + _depth(tree) * (BOX + GAP) + BOX, _rows(tree, asked) * ROW
    parts = "".join(_node(tree, asked, SIDE, 0))
    return (
        f'<div class="chart"><svg viewBox="0 0 {width} {height}" width="{width}" role="group" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{parts}</svg></div>'
    )


def branches(tree: Branch | Leaf) -> Iterator[Branch]:
    if isinstance(tree, Branch):
        yield tree
        for _, end in tree.ways:
            yield from branches(end)


def _depth(tree: Branch | Leaf) -> int:
    return 1 + max(_depth(end) for _, end in tree.ways) if isinstance(tree, Branch) else 0


def _rows(tree: Branch | Leaf, asked: Asked) -> int:
    """How many rows a question and all that follows from it take."""
    if isinstance(tree, Leaf):
        return 1
    return max(
        sum(_rows(end, asked) for _, end in tree.ways), 1 + _height(asked[tree.question]) // ROW
    )


def _height(lines: Sequence[str]) -> int:
    return len(lines) * LINE + PAD * 2


def _node(tree: Branch | Leaf, asked: Asked, x: int, row: int) -> Iterator[str]:
    """A question or an end, its middle in the middle of its rows, and all that follows to the right of it."""
    middle = row * ROW + _rows(tree, asked) * ROW // 2
    if isinstance(tree, Leaf):
        for number, (word, to) in enumerate(tree.ends):
            y = middle + 5 + LINE * number - LINE * (len(tree.ends) - 1) // 2
            yield f'<a href="{escape(to)}"><text x="{x + PAD // 2}" y="{y}">{escape(word)}</text></a>'
        return
    lines = asked[tree.question]
    top = middle - _height(lines) // 2
    yield f'<rect x="{x}" y="{top}" width="{BOX}" height="{_height(lines)}" rx="8"/>'
    for number, line in enumerate(lines):
        y = top + PAD + LINE * number + 12
        yield f'<text class="asked" x="{x + BOX // 2}" y="{y}">{escape(line)}</text>'
    following = row
    for answers, end in tree.ways:
        there = following * ROW + _rows(end, asked) * ROW // 2
        yield f'<path d="M{x + BOX} {middle} h10 V{there} H{x + BOX + GAP}"/>'
        label = escape(", ".join(answers))
        yield f'<text class="said" x="{x + BOX + 14}" y="{there - 4}">{label}</text>'
        yield from _node(end, asked, x + BOX + GAP, following)
        following += _rows(end, asked)
