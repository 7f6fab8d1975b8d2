"""What a shell can complete: pattern ids, pipeline names, and words that are known beforehand.

A completion never fails aloud: where nothing can be found out, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from scaffold.errors import ScaffoldError

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def words(known: Iterable[str]) -> Complete:
    """Of a fixed list."""
    every = list(known)

    def complete(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in every if word.startswith(begun)]

    return complete


def patterns(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """Every pattern that has a page, with its summary. Both `-` and `_` are understood."""
    from scaffold import catalogue as catalogues  # noqa: PLC0415 - not for a command that has none

    plain = begun.replace("-", "_")
    known = catalogues.load().patterns.values()
    found = {p.id: p.summary for p in known if p.page and p.id.startswith(plain)}
    return [CompletionItem(id_, help=summary) for id_, summary in found.items()]


def pipelines(ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The pipelines of the project that the command is about."""
    from scaffold import catalogue as catalogues  # noqa: PLC0415 - not for a command that has none
    from scaffold import pipelines as recorded  # noqa: PLC0415 - the same
    from scaffold import record  # noqa: PLC0415 - reads YAML

    names: list[str] = []
    with suppress(ScaffoldError, OSError, TypeError, ValueError):  # whatever the file holds
        folder = Path(str(ctx.params.get("project") or ".")).expanduser()
        text = (folder / record.ANSWERS).read_text(encoding="utf-8")
        found = recorded.entries(record.parse(text, folder / record.ANSWERS), catalogues.load())
        names = [str(entry["name"]) for entry in found if entry.get("name")]
    return [CompletionItem(name) for name in names if name.startswith(begun)]
