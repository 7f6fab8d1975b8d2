"""`update` and `diff` from their words to what they say at the end."""

from __future__ import annotations

import json
import shlex
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scaffold import changes, fleet, outcome
from scaffold import update as updates
from scaffold.changes import Change
from scaffold.fleet import Order, Result
from scaffold.outcome import Ending, Outcome
from scaffold.recovery import Recovery
from scaffold.source import open_templates
from scaffold.update import Request

INTERRUPTED = 130


def update(  # noqa: PLR0913 - click's options
    project: str, *, dry_run: bool, commit: bool, branch: str, remote: bool, as_json: bool
) -> int:
    """The whole command."""
    if dry_run:
        return diff(project, patch=False, remote=remote, as_json=as_json)
    with open_templates() as templates:
        target = updates.target(remote=remote, templates=templates)
        with updates.planned(Request(Path(project).absolute(), target)) as plan:
            ending = Ending(commit, branch, f"Update from the templates {plan.templates.commit}")
            found = outcome.carry_out(plan, ending)
    click.echo(json.dumps(plain(found), indent=2) if as_json else "\n".join(_text(found, project)))
    return 1 if found.conflicts else 0


def update_many(  # noqa: PLR0913 - click's options
    projects: list[str],
    *,
    jobs: int,
    dry_run: bool,
    commit: bool,
    branch: str,
    remote: bool,
    as_json: bool,
) -> int:
    """Each project by itself, and a line of each at the end, in the order in which they were given."""
    ending = Ending(commit, branch, "Update from the templates", run=uuid.uuid4().hex)
    order = Order(ending, remote, dry_run)
    found: dict[str, Result] = {}
    stopped = False
    try:
        with _progress(len(projects), shown=not as_json) as bar:
            for result in fleet.update(projects, order, min(jobs, len(projects))):
                found[result.project] = result
                bar.update(1, result)
    except KeyboardInterrupt:
        stopped = True
    results = [found[project] for project in projects if project in found]
    if as_json:
        click.echo(json.dumps([_plain_result(result) for result in results], indent=2))
    else:
        click.echo("\n".join(_line(result) for result in results))
    if stopped:
        left = len(projects) - len(results)
        click.echo(f"Stopped: {left} were not done." if left else "Stopped.", err=True)
        return INTERRUPTED
    return max(result.exit_code for result in results)


def diff(project: str, *, patch: bool, remote: bool, as_json: bool) -> int:
    """What would be changed. Conflicts are news here, not a failure."""
    with open_templates() as templates:
        target = updates.target(remote=remote, templates=templates)
        with updates.planned(Request(Path(project).absolute(), target, touch=False)) as plan:
            found = outcome.looked_at(plan)
            wanted = patch and plan.merge is not None
            text = changes.patch(plan.repository, plan.merge) if wanted and plan.merge else ""
    if as_json:
        more = {"patch": text} if patch else {}
        click.echo(json.dumps(plain(found) | more, indent=2))
    else:
        click.echo("\n".join(_text(found, project)))
        click.echo(f"\n{text}" if text else "", nl=False)
    return 0


def _progress(length: int, *, shown: bool) -> AbstractContextManager[Any]:
    """On stderr, and only for somebody who looks."""
    hidden = not (shown and sys.stderr.isatty())
    return click.progressbar(
        length=length,
        label="Updating",
        file=sys.stderr,
        hidden=hidden,
        item_show_func=lambda result: result.project if result else None,
    )


def _line(result: Result) -> str:
    found, problem = result.outcome, result.problem
    recovery = found.recovery if found else problem.recovery if problem else None
    told = [_done(found)] if found else []
    if problem:
        told += [problem.what, problem.why, *map(str, problem.problems), problem.fix]
    words = [*(recovery.lines if recovery else ()), *filter(None, told)]
    return f"{result.project}: {' '.join(words)}".replace("\n", " ")


def _done(found: Outcome) -> str:
    count = f"{len(found.changes)} files"
    return {
        "current": f"up to date: {found.after}",
        "planned": f"an update from {found.before} to {found.after} would change {count}"
        + (f", with {len(found.conflicts)} conflicts" if found.conflicts else ""),
        "updated": f"updated from {found.before} to {found.after}: {count}, "
        + ("committed" if found.committed else "staged"),
        "conflicts": f"{len(found.conflicts)} conflicts in {', '.join(c.path for c in found.conflicts)}",
    }[found.state]


def _plain_result(result: Result) -> dict[str, Any]:
    named = {"project": result.project, "exit_code": result.exit_code}
    if result.outcome:
        return plain(result.outcome) | named
    error = result.problem.plain() if result.problem else {}
    return {"state": "broken", "error": error} | named


def plain(found: Outcome) -> dict[str, Any]:
    """An outcome for programs."""
    conflicts = [asdict(change) for change in found.conflicts]
    return asdict(found) | {"conflicts": conflicts, "undo": " && ".join(found.undo)}


def _text(found: Outcome, project: str) -> Iterator[str]:
    yield from mended(found.recovery)
    if found.state == "current":
        yield f"{project} is up to date: {found.after}."
        return
    count = f"{len(found.changes)} files"
    step = f"from {found.before} to {found.after}"
    if found.state == "planned":
        yield f"An update {step} would change {count} of {project}; nothing was touched."
    elif found.committed:
        yield f"Updated {project} {step}: {count}, committed{_on(found)}."
    else:
        yield f"Updated {project} {step}: {count}, staged and not committed{_on(found)}."
    yield from ending(found, project)


def ending(found: Outcome, project: str) -> Iterator[str]:
    """What was or would be changed, file by file; then what to do about it, and how to undo it."""
    yield from ("", *(f"  {line}" for line in _table(found.changes)))
    if found.notes:
        yield from ("", "Worth knowing:", *(f"  - {note}" for note in found.notes))
    if found.state == "planned":
        return
    yield ""
    if found.conflicts:
        yield f"{len(found.conflicts)} conflicts are left, as git leaves them. Resolve them (git mergetool helps), then:"
        yield "  git add --all && git commit"
    elif not found.committed:
        yield "Look at it (git diff --cached), run the tests, then: git commit"
    yield f"Undo all of it: {_from(project, found.undo)}"


def _on(found: Outcome) -> str:
    return f" on the new branch {found.branch}" if found.branch else ""


def _table(found: tuple[Change, ...]) -> Iterator[str]:
    for change in found:
        was = f"{change.was} -> " if change.was else ""
        merged = "merged with your edits" if change.edited else ""
        why = change.reason or merged
        yield f"{change.kind:<12}  {was}{change.path}{f'  ({why})' if why else ''}"


def mended(found: Recovery | None) -> Iterator[str]:
    """What was found of a run that was killed."""
    if found:
        yield from (*found.lines, "")


def _from(project: str, steps: tuple[str, ...]) -> str:
    if Path(project).resolve() == Path.cwd().resolve():
        return " && ".join(steps)
    there = f"git -C {shlex.quote(project)} "
    return " && ".join(there + step.removeprefix("git ") for step in steps)
