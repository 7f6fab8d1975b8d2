"""`update` and `diff` on the line: their options. What does the work is imported only once they are good."""

from __future__ import annotations

from typing import Any

import click

PROJECT = click.Argument(["project"], default=".", required=False)
REMOTE = click.Option(
    ["--remote"], is_flag=True, help="From the canonical URL, not this installation."
)
JSON = click.Option(["--json", "as_json"], is_flag=True, help="As JSON.")
DEBUG = click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks.")
PATCH = click.Option(["--patch"], is_flag=True, help="Show the whole patch.")

UPDATE = """Merge the newest templates into each PROJECT (default: here).

Everything is known before a file is touched. The result is staged and not committed; conflicts are left as git leaves
them (exit 1). A folder that is no project stands for all projects below it."""
DIFF = """What update would change in PROJECT (default: here), file by file. Touches nothing."""


def update_command() -> click.Command:
    options = [
        click.Option(["--dry-run"], is_flag=True, help="Say what would be done; do nothing."),
        click.Option(
            ["--commit"], is_flag=True, help="Commit the result, unless it has conflicts."
        ),
        click.Option(["--branch"], default="", metavar="NAME", help="Put it on a new branch."),
        click.Option(["--jobs"], type=click.IntRange(1), default=1, help="Projects at once."),
    ]
    params = [click.Argument(["projects"], nargs=-1), *options, REMOTE, JSON, DEBUG]
    return click.Command("update", params=params, callback=_update, help=UPDATE)


def diff_command() -> click.Command:
    return click.Command(
        "diff", params=[PROJECT, PATCH, REMOTE, JSON, DEBUG], callback=_diff, help=DIFF
    )


def _update(*, projects: tuple[str, ...], jobs: int, **given: Any) -> int:
    from scaffold import projects as places  # noqa: PLC0415
    from scaffold.commands import updating  # noqa: PLC0415

    # Below the folder where somebody happens to be is searched only if it is named.
    found = places.search(projects) if projects else ["."]
    if len(found) == 1:
        return updating.update(found[0], **given)
    return updating.update_many(found, jobs=jobs, **given)


def _diff(**given: Any) -> int:
    from scaffold.commands import updating  # noqa: PLC0415

    return updating.diff(**given)
