"""`check` on the line, for people and for CI."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from scaffold.check import Finding, check, known
from scaffold.projects import search

HELP = """Exit 1 if a PROJECT (default: here) is behind this scaffold, has conflicts or an interrupted update, or if its
answers were edited by hand. A folder that is no project stands for all projects below it."""
SAID = {
    "current": "up to date: {commit}",
    "behind": "behind: {commit}, the newest is {newest}; run scaffold update {project}",
    "newer": "newer than this scaffold: {commit} and {newest}; run pip install -U pipeline-scaffold",
    "conflicts": "conflicts are left in {files}; resolve and commit them",
    "interrupted": "an update was interrupted; run scaffold update {project}",
    "edited": "the answers were edited by hand; take that back, and use scaffold switch, add or remove",
    "broken": "{why}",
}


def command() -> click.Command:
    params: list[click.Parameter] = [
        click.Argument(["projects"], nargs=-1),
        click.Option(["--remote"], is_flag=True, help="Compare with the canonical URL."),
        click.Option(["--json", "as_json"], is_flag=True, help="As JSON."),
        click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks."),
    ]
    return click.Command("check", params=params, callback=_check, help=HELP)


def _check(*, projects: tuple[str, ...], remote: bool, as_json: bool) -> int:
    newest = known(remote=remote)
    found = [check(Path(project), newest) for project in search(projects or (".",))]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        click.echo("\n".join(f"{finding.project}: {_said(finding)}" for finding in found))
    return max(finding.exit_code for finding in found)


def _said(finding: Finding) -> str:
    return SAID[finding.state].format_map(asdict(finding) | {"files": ", ".join(finding.files)})
