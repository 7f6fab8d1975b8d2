"""`new` on the line: its options. A wrong one is refused before anything else is imported."""

from __future__ import annotations

from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import flags

HELP = """Make a project in DEST.

Asks what flags, -d, --answers and --sample do not say. Without a terminal nothing is asked."""
REST = "This command"


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
    def option(*declared: str, **more: Any) -> click.Parameter:
        return flags.GroupedOption(declared, heading=REST, **more)

    return [
        option(
            "--sample",
            type=click.Path(),
            default="",
            metavar="PATH",
            help="Your data: its schema is looked up",
        ),
        option(
            "--answers",
            type=click.Path(),
            default="",
            metavar="FILE",
            help="Answers in YAML or JSON",
        ),
        option("-d", "--data", multiple=True, metavar="KEY=VALUE", help="One answer; repeat it"),
        option("--defaults", is_flag=True, help="Take the default of everything not said"),
        option("--dry-run", is_flag=True, help="List the files; write nothing"),
        option("--force", is_flag=True, help="Add to a folder that is not empty; changes no file"),
        option(
            "--git/--no-git", default=True, help="End in a repository with one commit (default)"
        ),
        option("--json", "as_json", is_flag=True, help="Say it as JSON"),
        option("--debug", is_flag=True, expose_value=False, help="Show tracebacks"),
    ]


def _new(**given: Any) -> None:
    from scaffold.commands.making import make  # noqa: PLC0415

    make(given.pop("dest"), **given)
