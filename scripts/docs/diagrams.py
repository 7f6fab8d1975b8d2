"""Diagrams: Mermaid in the sources, where forges draw it, and SVG on the site, drawn while it is built.

Nothing is drawn in the browser: Mermaid's own script is larger than all pages together, and comes from elsewhere.
"""

from __future__ import annotations

import hashlib
import re

import mmdr

from scripts.docs.excerpts import Broken

TITLE = re.compile(r"^\s*accTitle:\s*(.+)\n", re.MULTILINE)
QUOTED = re.compile(r'\|"([^"]*)"\|')
"""The label of an arrow: forges want quotes around brackets, and mmdr draws them."""
BACKGROUND = re.compile(r'<rect x="0" y="0" width="[\d.]+" height="[\d.]+" fill="#FFFFFF"/>')


def title(source: str) -> str:
    """What a diagram shows, for those who do not see it: each has to say so."""
    if found := TITLE.search(source):
        return found[1].strip()
    raise Broken(f"a diagram has no accTitle: {source.strip().splitlines()[0]}")


def draw(source: str) -> str:
    """The SVG of a diagram, on no ground of its own."""
    plain = QUOTED.sub(r"|\1|", TITLE.sub("", source))
    drawn = mmdr.render(plain, backend="mermaid-rs-renderer").svg()
    return BACKGROUND.sub("", drawn, count=1)


def name(source: str) -> str:
    """A file name that is another one when the diagram is."""
    return f"{hashlib.sha256(source.encode()).hexdigest()[:12]}.svg"
