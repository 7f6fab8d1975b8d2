"""`add`, `switch` and `remove` on the line: their options. What does the work is imported once they are good."""

from __future__ import annotations

from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import flags
from scaffold.commands import completing
from scaffold.flags import GroupedCommand, GroupedOption

REST = "This command"
ADD = """Add the pipeline NAME to a project, merged with every edit of its owner.

Asks what flags, -d, --answers and --sample do not say. Without a terminal nothing is asked."""
SWITCH = """Choose other patterns or settings for PIPELINE, merged with every edit of its owner.

What is not said stays as it is."""
REMOVE = """Take the pipeline NAME out of a project. What you edited of it becomes a conflict, and is not lost."""


def add_command() -> click.Command:
    own = [
        _option(
            "--sample",
            type=click.Path(),
            default="",
            metavar="PATH",
            help="Your data: its schema is looked up",
        ),
        _option(
            "--answers",
            type=click.Path(),
            default="",
            metavar="FILE",
            help="Answers in YAML or JSON",
        ),
        _option("--defaults", is_flag=True, help="Take the default of everything not said"),
    ]
    params = [click.Argument(["name"]), *own, *_data(), *_common(), *_answers()]
    return GroupedCommand("add", params=params, callback=_add, help=ADD)


def switch_command() -> click.Command:
    pipeline = click.Argument(["pipeline"], shell_complete=completing.pipelines)
    params = [pipeline, *_data(), *_common(), *_answers()]
    return GroupedCommand("switch", params=params, callback=_switch, help=SWITCH)


def remove_command() -> click.Command:
    name = click.Argument(["name"], shell_complete=completing.pipelines)
    params = [name, *_common()]
    return GroupedCommand("remove", params=params, callback=_remove, help=REMOVE)


def _answers() -> list[click.Parameter]:
    return flags.options(catalogues.load(), project=False)


def _data() -> list[click.Parameter]:
    return [
        _option("-d", "--data", multiple=True, metavar="KEY=VALUE", help="One answer; repeat it")
    ]


def _common() -> list[click.Parameter]:
    return [
        _option(
            "--project",
            type=click.Path(),
            default=".",
            metavar="PATH",
            help="The project (default: here)",
        ),
        _option("--dry-run", is_flag=True, help="Say what would be done; do nothing"),
        _option("--commit", is_flag=True, help="Commit the result, unless it has conflicts"),
        _option("--branch", default="", metavar="NAME", help="Put it on a new branch"),
        _option("--json", "as_json", is_flag=True, help="Say it as JSON"),
        _option("--debug", is_flag=True, expose_value=False, help="Show tracebacks"),
    ]


def _option(*declared: str, **more: Any) -> click.Parameter:
    return GroupedOption(declared, heading=REST, **more)


def _add(**given: Any) -> int:
    from scaffold.commands import changing  # noqa: PLC0415

    return changing.add(given.pop("name"), given)


def _switch(**given: Any) -> int:
    from scaffold.commands import changing  # noqa: PLC0415

    return changing.switch(given.pop("pipeline"), given)


def _remove(**given: Any) -> int:
    from scaffold.commands import changing  # noqa: PLC0415

    return changing.remove(given.pop("name"), given)
