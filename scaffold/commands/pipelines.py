"""`add`, `switch` and `remove` on the line: their options. What does the work is imported once they are good."""

from __future__ import annotations

from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import flags
from scaffold.commands import completing
from scaffold.flags import GroupedCommand

ADD = """Add the pipeline NAME to a project, merged with every edit of its owner.

Asks what flags, -d, --answers and --sample do not say. Without a terminal nothing is asked."""
SWITCH = """Choose other patterns or settings for PIPELINE, or another --runtime for all, merged with every edit of its owner.

What is not said stays as it is."""
REMOVE = """Take the pipeline NAME out of a project. What you edited of it becomes a conflict, and is not lost."""


def add_command() -> click.Command:
    own = [
        flags.sample(),
        flags.answers(),
        flags.own("--defaults", is_flag=True, help="Take the default of everything not said"),
    ]
    params = [click.Argument(["name"]), *own, flags.data(), *_common(), *_answers()]
    return GroupedCommand("add", params=params, callback=_add, help=ADD)


def switch_command() -> click.Command:
    pipeline = click.Argument(["pipeline"], required=False, shell_complete=completing.pipelines)
    runtime = flags.runtime(catalogues.load())
    params = [pipeline, flags.data(), *_common(), *runtime, *_answers()]
    return GroupedCommand("switch", params=params, callback=_switch, help=SWITCH)


def remove_command() -> click.Command:
    name = click.Argument(["name"], shell_complete=completing.pipelines)
    params = [name, *_common()]
    return GroupedCommand("remove", params=params, callback=_remove, help=REMOVE)


def _answers() -> list[click.Parameter]:
    return flags.options(catalogues.load(), project=False)


def _common() -> list[click.Parameter]:
    return [
        flags.place("--project", "The project (default: here)", default="."),
        flags.own("--dry-run", is_flag=True, help="Say what would be done; do nothing"),
        flags.own("--commit", is_flag=True, help="Commit the result, unless it has conflicts"),
        flags.own("--branch", default="", metavar="NAME", help="Put it on a new branch"),
        *flags.json_and_debug(),
    ]


def _add(**given: Any) -> int:
    from scaffold.commands import changing  # noqa: PLC0415

    return changing.add(given.pop("name"), given)


def _switch(**given: Any) -> int:
    from scaffold.commands import changing  # noqa: PLC0415

    return changing.switch(given.pop("pipeline"), given)


def _remove(**given: Any) -> int:
    from scaffold.commands import changing  # noqa: PLC0415

    return changing.remove(given.pop("name"), given)
