"""Which projects a command is for. Imports little, because `check` does."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from scaffold.record import ANSWERS


def search(places: Sequence[str]) -> list[str]:
    """The projects among these places; where a place is none, those below it. A place without any stays."""
    found: dict[str, None] = {}
    for place in places:
        below = [place] if (Path(place) / ANSWERS).exists() else sorted(_below(place))
        found.update(dict.fromkeys(below or [place]))
    return list(found)


def _below(place: str) -> Iterator[str]:
    """Nothing is looked for in hidden folders, nor inside of a project."""
    for folder, inner, files in os.walk(place):
        if ANSWERS in files:
            inner.clear()
            yield folder
        inner[:] = [name for name in inner if not name.startswith(".")]
