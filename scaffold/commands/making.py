"""`new` from its words to what it says at the end. Imported only once the words are good."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import decisions, drafts, flags, new, reproduce
from scaffold.catalogue import Catalogue
from scaffold.defaults import on_runtime
from scaffold.new import Created, Draft, Request
from scaffold.problems import Problems


def make(dest: str | None, *, as_json: bool, defaults: bool, **given: Any) -> None:
    """The whole command."""
    catalogue, problems = catalogues.load(), Problems()
    asked = request(dest, given, problems, defaults=defaults)
    found = new.draft(asked, catalogue, problems)
    created = _create(asked, found, catalogue, problems, asking=not as_json and at_terminal())
    if created is None:
        raise click.Abort
    click.echo(json.dumps(_plain(created), indent=2) if as_json else _text(created))


def request(
    dest: str | None, given: dict[str, Any], problems: Problems, *, defaults: bool
) -> Request:
    """What the line says, with what only the surface may look up: the folder and the day."""
    pairs = [problems.guard(partial(drafts.assignment, text)) for text in given["data"]]
    return Request(
        folder=dest,
        layers=(dict(pair for pair in pairs if pair), flags.layer(given)),
        here=Path.cwd(),
        today=datetime.now(UTC).date(),
        sample=given["sample"],
        answers_file=given["answers"],
        defaults=defaults,
        dry_run=given["dry_run"],
        force=given["force"],
        git=given["git"],
    )


def _create(
    request: Request, found: Draft, catalogue: Catalogue, problems: Problems, *, asking: bool
) -> Created | None:
    """With --defaults or complete answers at once, else after the questions, else not at all."""
    catalogue = on_runtime(found.values, catalogue)
    if request.defaults:
        found = decisions.decided(found, catalogue)
    problems.found += decisions.unread(request, found, catalogue)
    undecided = decisions.undecided(found, catalogue)
    if undecided and asking:
        from scaffold import prompts  # noqa: PLC0415 - a sixth of a second

        problems.check()
        asked = prompts.ask(request, found, catalogue)
        if asked is None:
            return None
        found = asked
    elif undecided:
        decisions.refuse_undecided(found, words("new"), catalogue, problems)
    return new.create(request, found, catalogue, problems)


def words(command: str) -> tuple[str, ...]:
    """What the user typed, from the command's name on."""
    typed = sys.argv[1:]
    return tuple(typed[typed.index(command) :] if command in typed else [command])


def at_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _text(created: Created) -> str:
    names = ", ".join(pipeline.name for pipeline in created.project.pipelines)
    count = f"{len(created.files)} files"
    if created.dry_run:
        lines = [*created.files, "", f"{count} would be written to {created.shown}; none was."]
    else:
        lines = [f"Made {created.project.project_name} ({names}): {count} in {created.shown}"]
    if created.notes:
        lines += ["", "Worth knowing:", *(f"  - {note}" for note in created.notes)]
    if created.why_not_updatable:
        lines += ["", f"This project cannot be updated later: {created.why_not_updatable}."]
    if not created.dry_run:
        lines += ["", "Next steps:", *(f"  {step}" for step in _steps(created))]
    return "\n".join(
        [*lines, "", "The same project again:", f"  {reproduce.line(created.command)}"]
    )


def _steps(created: Created) -> list[str]:
    first = [] if created.shown in (".", "") else [f"cd {shlex.quote(created.shown)}"]
    return [*first, *created.steps]


def _plain(created: Created) -> dict[str, Any]:
    return {
        "folder": str(created.folder),
        "written": not created.dry_run,
        "files": list(created.files),
        "answers": created.project.answers(),
        "notes": list(created.notes),
        "committed": created.committed,
        "updatable": not created.why_not_updatable,
        "why_not_updatable": created.why_not_updatable,
        "next_steps": _steps(created),
        "command": ["scaffold", *created.command],
    }
