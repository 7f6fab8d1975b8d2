"""A page in lines that fit a terminal. It is written in lines that fit a repository."""

from __future__ import annotations

import re
import shutil
import textwrap

WIDEST = 100
"""Longer lines are hard to read, however wide the terminal is."""


def width() -> int:
    """That of the terminal, as far as lines can be read."""
    return min(shutil.get_terminal_size().columns, WIDEST)


def flowed(text: str, width: int) -> str:
    """Paragraphs and items in lines of this width; a diagram stays as it was drawn."""
    return "\n\n".join(_block(block, width) for block in text.split("\n\n"))


def _block(block: str, width: int) -> str:
    """One block of Markdown; a line that begins an item begins a line."""
    if block.startswith(("#", "    ", "```")):
        return block
    parts = re.split(r"\n(?=- )", block)
    return "\n".join(_flow(part, width) for part in parts)


def _flow(part: str, width: int) -> str:
    hanging = "  " if part.startswith("- ") else ""
    return textwrap.fill(
        " ".join(part.split()),
        width,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
