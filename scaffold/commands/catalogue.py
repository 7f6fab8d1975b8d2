"""`list` and `show`: the catalogue, as text for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold.catalogue import Axis, Catalogue
from scaffold.errors import UsageError
from scaffold.pattern import Pattern

JSON = click.Option(["--json", "as_json"], is_flag=True, help="As JSON.")
DEBUG = click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks.")


def list_command() -> click.Command:
    return click.Command(
        "list",
        params=[JSON, DEBUG],
        callback=_list,
        help="The catalogue: every pattern in one line.",
    )


def show_command() -> click.Command:
    pattern = click.Argument(["pattern"])
    help_ = "The page of one pattern: what, when, when not, traps."
    return click.Command("show", params=[pattern, JSON, DEBUG], callback=_show, help=help_)


def _list(*, as_json: bool) -> None:
    found = catalogues.load()
    if as_json:
        click.echo(json.dumps({axis.id: _axis(axis, found) for axis in found.axes}, indent=2))
        return
    width = max(len(pattern.id) for pattern in found.patterns.values())
    click.echo("Runtime: In which language and engine does it run?")
    for runtime in found.runtimes:
        click.echo(_line(runtime.id, runtime.summary, width, default=runtime.default))
    for axis in found.axes:
        click.echo(f"\n{axis.title}: {axis.question}")
        for pattern in found.of(axis.id, hidden=not axis.asked):
            summary = f"{pattern.summary}{_only(pattern, found)}"
            click.echo(_line(pattern.id, summary, width, default=pattern.default))
    click.echo(
        "\n* is what --defaults takes, in a runtime that has it. Compensations are added by rules. "
        "More: scaffold show ID"
    )


def _line(id_: str, summary: str, width: int, *, default: bool) -> str:
    return f"  {'*' if default else ' '} {id_:<{width}}  {summary}"


def _only(pattern: Pattern, catalogue: Catalogue) -> str:
    """The runtimes that have it, where not all do."""
    titles = catalogue.titles(pattern)
    return "" if len(titles) == len(catalogue.runtimes) else f" [{', '.join(titles)}]"


def _show(*, pattern: str, as_json: bool) -> None:
    catalogue = catalogues.load()
    found = _find(pattern, catalogue)
    if as_json:
        click.echo(json.dumps([_plain(one) | {"page": one.page} for one in found], indent=2))
        return
    click.echo("\n\n".join(_page(one, catalogue) for one in found))


def _page(pattern: Pattern, catalogue: Catalogue) -> str:
    """The page as it was written, and the runtimes and settings as the catalogue has them."""
    text = pattern.page.strip() or f"# {pattern.title}\n\n{pattern.summary}"
    titles = catalogue.titles(pattern)
    text += f"\n\n## Runtimes\n\n{' or '.join(titles) or 'None yet'}."
    shown = {s.key: "none" if s.default is None else s.default for s in pattern.settings}
    lines = [f"- `{s.key}` ({shown[s.key]}): {s.help}." for s in pattern.settings]
    return "\n".join([text, "", "## Settings and their defaults", "", *lines]) if lines else text


def _find(word: str, catalogue: Catalogue) -> tuple[Pattern, ...]:
    name = word.strip().replace("-", "_")
    if name in catalogue.patterns:
        return (catalogue.patterns[name],)
    found = catalogue.find(name)
    if not found:
        from scaffold.scalars import nearest  # noqa: PLC0415 - only a wrong name needs it

        hint = nearest(name, [pattern.id for pattern in catalogue.patterns.values()])
        raise UsageError(f'There is no pattern "{word}".', fix=f"{hint}All of them: scaffold list")
    return found


def _axis(axis: Axis, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "title": axis.title,
        "question": axis.question,
        "many": axis.many,
        "asked": axis.asked,
        "patterns": [_plain(pattern) for pattern in catalogue.of(axis.id, hidden=True)],
    }


def _plain(pattern: Pattern) -> dict[str, Any]:
    return {
        "id": pattern.id,
        "axis": pattern.axis,
        "title": pattern.title,
        "summary": pattern.summary,
        "provides": sorted(pattern.provides),
        "needs": [
            {
                "capability": n.capability,
                "rule": n.rule,
                "reason": n.reason,
                "compensation": n.compensation,
            }
            for n in pattern.needs
        ],
        "settings": [dataclasses.asdict(s) | {"where": sorted(s.where)} for s in pattern.settings],
        "runtimes": list(pattern.runtimes),
        "default": pattern.default,
        "hidden": pattern.hidden,
    }
