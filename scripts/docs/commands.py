"""The reference of the command line, from the objects that read it: what is there cannot be missing here."""

from __future__ import annotations

from collections.abc import Iterator

import click

from scaffold import cli

INTRO = (
    "Generated from the program. `scaffold COMMAND --help` says the same in a terminal. "
    "Exit codes and messages are on [their own page](errors.md)."
)


def page() -> str:
    """All commands, with every flag that `--help` shows."""
    lines = [
        "# Commands",
        "",
        INTRO,
        "",
        "| command | |",
        "|---|---|",
    ]
    lines += [f"| [`{name}`](#{name}) | {what} |" for name, what in cli.SUMMARIES.items()]
    for name, command in every():
        lines += ["", f"## {name} {{ #{name} }}", "", *_command(name, command)]
    lines += ["", "## scaffold itself { #itself }", "", *_table(cli.root.params)]
    return "\n".join(lines) + "\n"


def every() -> Iterator[tuple[str, click.Command]]:
    for name, make in cli.COMMANDS.items():
        yield name, make()


def flags(command: click.Command) -> list[str]:
    """Every spelling of every option that help shows."""
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    return [flag for one in options for flag in (*one.opts, *one.secondary_opts)]


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"scaffold {name}")
    yield "```text"
    yield from context.get_usage().removeprefix("Usage: ").splitlines()
    yield "```"
    yield ""
    yield from (command.help or "").strip().splitlines()
    groups: dict[str, list[click.Parameter]] = {}
    for one in command.params:
        groups.setdefault(getattr(one, "heading", ""), []).append(one)
    for heading, found in groups.items():
        if rows := _table(found):
            yield from ("", f"**{heading}**" if heading and len(groups) > 1 else "", "", *rows)


def _table(found: list[click.Parameter]) -> list[str]:
    rows = [row for one in found if (row := _row(one))]
    return ["| flag | what it does |", "|---|---|", *rows] if rows else []


def _row(one: click.Parameter) -> str:
    if not isinstance(one, click.Option) or one.hidden:
        return ""
    names = ", ".join(f"`{flag}`" for flag in (*one.opts, *one.secondary_opts))
    value = "" if one.is_flag else f" `{one.make_metavar(click.Context(click.Command('x')))}`"
    return f"| {names}{value} | {_cell(one.help or '')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
