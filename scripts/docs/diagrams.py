"""Diagrams: Mermaid in the sources, where forges draw it, and SVG on the site, drawn while it is built.

Nothing is drawn in the browser: Mermaid's own script is larger than all pages together, and comes from elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import mmdr

from scripts.docs.excerpts import Broken

TITLE = re.compile(r"^\s*accTitle:\s*(.+)\n", re.MULTILINE)
QUOTED = re.compile(r'\|"([^"]*)"\|')
"""The label of an arrow: forges want quotes around brackets, and mmdr draws them."""
BACKGROUND = re.compile(r'<rect x="0" y="0" width="[\d.]+" height="[\d.]+" fill="#FFFFFF"/>')

RECT = re.compile(r"<rect [^>]*>")
SIDES = ("x", "y", "width", "height")
MARGIN = 8.0
Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def title(source: str) -> str:
    """What a diagram shows, for those who do not see it: each has to say so."""
    if found := TITLE.search(source):
        return found[1].strip()
    raise Broken(f"a diagram has no accTitle: {source.strip().splitlines()[0]}")


def draw(source: str) -> str:
    """The SVG of a diagram, on no ground of its own."""
    plain = QUOTED.sub(r"|\1|", TITLE.sub("", source))
    drawn = mmdr.render(plain, backend="mermaid-rs-renderer").svg()
    drawn = BACKGROUND.sub("", drawn, count=1)
    for problem in unreadable(drawn):
        raise Broken(f"{title(source)}: {problem}")
    return drawn


def unreadable(drawn: str) -> Iterator[str]:
    """What a reader would not see: mmdr lays boxes over the labels of arrows, and takes what it does not know for text."""
    if "--&gt;" in drawn:
        yield "an arrow was taken for text: begin a line for each arrow that has a label"
    drawn_after: list[Box] = []
    for rect in reversed(RECT.findall(drawn)):
        if "data-label-kind" not in rect:
            drawn_after.append(_box(rect))
        elif any(_over(_box(rect), box) for box in drawn_after):
            yield "a box lies over the label of an arrow: shorten it, or take another direction"


def _box(rect: str) -> Box:
    x, y, width, height = (float(re.findall(rf' {one}="([\d.-]+)"', rect)[0]) for one in SIDES)
    return x, y, x + width, y + height


def _over(label: Box, box: Box) -> bool:
    """A label has some room around its letters, which a box may touch."""
    left, top, right, bottom = label
    inside = (left + MARGIN < box[2], right - MARGIN > box[0])
    return all(inside) and top + MARGIN < box[3] and bottom - MARGIN > box[1]


def name(source: str) -> str:
    """A file name that is another one when the diagram is."""
    return f"{hashlib.sha256(source.encode()).hexdigest()[:12]}.svg"
