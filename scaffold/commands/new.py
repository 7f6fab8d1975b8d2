"""`new` on the line: its options. A wrong one is refused before anything else is imported."""

from __future__ import annotations

from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import flags

HELP = """Make a project in DEST.

Asks what flags, -d, --answers and --sample do not say. Without a terminal nothing is asked."""


def command() -> click.Command:
    return flags.GroupedCommand(
        "new",
        params=[
            click.Argument(["dest"], required=False),
            *_params(),
            *flags.options(catalogues.load()),
        ],
        callback=_new,
        help=HELP,
    )


def _params() -> list[click.Parameter]:
    return [
        flags.sample(),
        flags.answers(),
        flags.data(),
        flags.own("--defaults", is_flag=True, help="Take the default of everything not said"),
        flags.own("--dry-run", is_flag=True, help="List the files; write nothing"),
        flags.own(
            "--force", is_flag=True, help="Add to a folder that is not empty; changes no file"
        ),
        flags.own(
            "--git/--no-git", default=True, help="End in a repository with one commit (default)"
        ),
        *flags.json_and_debug(),
    ]


def _new(**given: Any) -> None:
    from scaffold.commands.making import make  # noqa: PLC0415

    make(given.pop("dest"), **given)
