"""`list` and `show`: the catalogue, as text for people and as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import flags, flowing, pages
from scaffold.catalogue import Axis, Catalogue
from scaffold.commands import completing
from scaffold.errors import UsageError
from scaffold.names import show as shown
from scaffold.pattern import Pattern

JSON = click.Option(["--json", "as_json"], is_flag=True, help="As JSON.")
DEBUG = click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks.")

LIST = """The catalogue: every pattern in one line.

Filters can be combined. A capability is what one pattern provides and another needs."""
SHOW = """The page of one pattern: what, when, when not, how, traps, and what it goes with.

PATTERN is an id, such as lookback; where two axes have it, AXIS/ID is one of them."""


def list_command() -> click.Command:
    known = catalogues.load()
    params = [
        _option("--axis", [axis.id for axis in known.axes], "Of this axis."),
        *_runtimes(known, "That have code for this language and engine."),
        _option("--capability", known.capabilities, "That provide or need it."),
        JSON,
        DEBUG,
    ]
    return click.Command("list", params=params, callback=_list, help=LIST)


def show_command() -> click.Command:
    known = catalogues.load()
    params = [
        click.Argument(["pattern"], shell_complete=completing.patterns),
        click.Option(["--code"], is_flag=True, help="Its code, as projects have it; nothing else."),
        *_runtimes(known, "Of which language and engine --code is."),
        JSON,
        DEBUG,
    ]
    return click.Command("show", params=params, callback=_show, help=SHOW)


def _runtimes(known: Catalogue, help_: str) -> list[click.Parameter]:
    languages = dict.fromkeys(runtime.language for runtime in known.runtimes)
    return [
        _option("--runtime", [runtime.id for runtime in known.runtimes], help_),
        _option("--language", list(languages), "The same, where the engine does not matter."),
    ]


def _option(flag: str, known: Iterable[str], help_: str) -> click.Option:
    words = list(known)
    return click.Option(
        [flag], help=f"{help_} {', '.join(words)}", shell_complete=completing.words(words)
    )


def _list(
    *,
    axis: str | None,
    runtime: str | None,
    language: str | None,
    capability: str | None,
    as_json: bool,
) -> None:
    known = catalogues.load()
    axes = (
        [flags.choice("--axis", axis, [one.id for one in known.axes], "choice")] if axis else None
    )
    runtimes = _chosen(runtime, language, known)
    wanted = (
        flags.choice("--capability", capability, known.capabilities, "choice")
        if capability
        else None
    )

    def found(one: Axis, *, hidden: bool) -> list[Pattern]:
        return [
            pattern
            for pattern in known.of(one.id, hidden=hidden)
            if (not runtimes or set(pattern.runtimes) & set(runtimes))
            and (wanted is None or wanted in pages.capabilities(pattern, known))
        ]

    chosen = [one for one in known.axes if axes is None or one.id in axes]
    if as_json:
        plain = {one.id: _axis(one, found(one, hidden=True)) for one in chosen}
        click.echo(json.dumps(plain, indent=2))
        return
    filtered = bool(axis or runtimes or wanted)
    groups = [(one, found(one, hidden=not one.asked)) for one in chosen]
    groups = [(one, patterns) for one, patterns in groups if patterns or not filtered]
    click.echo("\n".join(_listed(groups, known, filtered=filtered)))


def _listed(
    groups: list[tuple[Axis, list[Pattern]]], known: Catalogue, *, filtered: bool
) -> Iterable[str]:
    width = max(len(pattern.id) for pattern in known.patterns.values())
    blocks = []
    if not filtered:
        lines = [_line(r.id, r.summary, width, default=r.default) for r in known.runtimes]
        blocks.append(["Runtime: In which language and engine does it run?", *lines])
    for axis, patterns in groups:
        lines = [
            _line(one.id, f"{one.summary}{_only(one, known)}", width, default=one.default)
            for one in patterns
        ]
        blocks.append([f"{axis.title}: {axis.question}", *lines])
    if not blocks:
        return ["No pattern is like that."]
    end = (
        "* is what --defaults takes, in a runtime that has it. Compensations are added by rules. "
        "More: scaffold show ID"
    )
    return ["\n\n".join("\n".join(block) for block in [*blocks, [end]])]


def _line(id_: str, summary: str, width: int, *, default: bool) -> str:
    return f"  {'*' if default else ' '} {id_:<{width}}  {summary}"


def _only(pattern: Pattern, catalogue: Catalogue) -> str:
    """The runtimes that have it, where not all do."""
    titles = catalogue.titles(pattern)
    return "" if len(titles) == len(catalogue.runtimes) else f" [{', '.join(titles)}]"


def _show(
    *, pattern: str, code: bool, runtime: str | None, language: str | None, as_json: bool
) -> None:
    known = catalogues.load()
    found = _find(pattern, known)
    runtimes = _chosen(runtime, language, known)
    if code:
        files = pages.code(found, runtimes, known)
        click.echo(json.dumps(files, indent=2) if as_json else pages.code_text(files), nl=as_json)
        return
    if as_json:
        plain = [pages.plain(one) | {"page": one.page} | pages.related(one, known) for one in found]
        click.echo(json.dumps(plain, indent=2))
        return
    text = "\n\n".join(pages.page(one, known) for one in found)
    if sys.stdout.isatty():
        text = flowing.flowed(text, flowing.width())
    click.echo(text)


def _chosen(runtime: str | None, language: str | None, known: Catalogue) -> list[str]:
    """The runtimes that were said, none if nothing was."""
    if runtime:
        return [flags.choice("--runtime", runtime, [one.id for one in known.runtimes], "choice")]
    if language:
        languages = {one.language for one in known.runtimes}
        said = flags.choice("--language", language, sorted(languages), "choice")
        return [one.id for one in known.runtimes if one.language == said]
    return []


def _find(word: str, catalogue: Catalogue) -> tuple[Pattern, ...]:
    name = word.strip().replace("-", "_")
    if name in catalogue.patterns:
        return (catalogue.patterns[name],)
    found = catalogue.find(name)
    if not found:
        from scaffold.scalars import nearest  # noqa: PLC0415 - only a wrong name needs it

        hint = nearest(name, [pattern.id for pattern in catalogue.patterns.values()])
        raise UsageError(
            f"There is no pattern {shown(word)}.", fix=f"{hint}All of them: scaffold list"
        )
    return found


def _axis(axis: Axis, patterns: Iterable[Pattern]) -> dict[str, Any]:
    return {
        "title": axis.title,
        "question": axis.question,
        "many": axis.many,
        "asked": axis.asked,
        "patterns": [pages.plain(pattern) for pattern in patterns],
    }
