"""The command `new`, without its surface: from a request to a project on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold import answers, defaults, drafts, git, local, names, render, reproduce, stops
from scaffold.answers import Pipeline, Project
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.problems import Problems
from scaffold.source import Templates, open_templates

if TYPE_CHECKING:
    from scaffold.sampling.signs import Signs


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. The folder, the day and the terminal are given, never looked up."""

    folder: str | None
    layers: tuple[Mapping[str, Any], ...]
    here: Path
    today: date
    sample: str = ""
    answers_file: str = ""
    defaults: bool = False
    dry_run: bool = False
    force: bool = False
    git: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers so far: what was said, and where the user's own data lies."""

    folder: str | None
    values: Mapping[str, Any]
    elsewhere: Mapping[str, str]
    sample: str = ""
    notes: tuple[str, ...] = ()
    signs: Signs | None = None
    """What the data says about the questions of the decision chart."""


@dataclass(frozen=True, slots=True)
class Created:
    """What there is now, or with --dry-run would be."""

    project: Project
    folder: Path
    shown: str
    files: tuple[str, ...]
    notes: tuple[str, ...]
    command: tuple[str, ...]
    dry_run: bool
    committed: bool
    why_not_updatable: str
    steps: tuple[str, ...]
    """What its owner does first."""


def draft(request: Request, catalogue: Catalogue, problems: Problems) -> Draft:
    """What flags, files and the sample say, before anything is asked or filled in."""
    layers = list(request.layers)
    if request.answers_file:
        path = request.here / request.answers_file
        layers.insert(0, problems.guard(lambda: drafts.read(path), {}))
    values = drafts.merge(layers, catalogue, problems)
    found = Draft(request.folder, values, {})
    return sampled(found, request, catalogue, problems) if request.sample else found


def sampled(found: Draft, request: Request, catalogue: Catalogue, problems: Problems) -> Draft:
    """The user's data below what the user said; columns that were said are not looked for again."""
    entries = found.values.get("pipelines") or [{}]
    if len(entries) > 1:
        fix = "Put path and columns of each pipeline into the answers file."
        problems.found.append(UsageError("--sample describes one pipeline, not several.", fix=fix))
        return found
    path = request.here / Path(request.sample).expanduser()
    seen = defaults.on_runtime(found.values, catalogue)
    entry = problems.guard(lambda: local.describe(path, entries[0], request.today, seen))
    problems.check()  # without its columns, every other answer about the data would look wrong
    answered, notes, signs = entry
    elsewhere = {str(answered["name"]): local.place(path)}
    values = dict(found.values) | {"pipelines": [answered]}
    return Draft(found.folder, values, elsewhere, str(path.resolve()), notes, signs)


def create(
    request: Request, found: Draft, catalogue: Catalogue, problems: Problems | None = None
) -> Created:
    """The project on disk, or every problem with it and nothing on disk."""
    problems = problems or Problems()
    folder = problems.guard(lambda: _folder(request, found, catalogue))
    project = problems.guard(
        lambda: answers.complete(found.values, catalogue, folder.name if folder else "")
    )
    problems.check()
    if request.git and not request.dry_run:
        git.require()
    with open_templates() as templates:
        files, committed = _write(request, found, project, folder, templates)
    shown = found.folder or folder.name
    return Created(
        project=project,
        folder=folder,
        shown=shown,
        files=tuple(files),
        notes=(*told(found, project.pipelines, catalogue), *notes(project)),
        command=reproduce.arguments(project, shown, catalogue, found.sample),
        dry_run=request.dry_run,
        committed=committed,
        why_not_updatable=templates.why_not,
        steps=catalogue.on(project.runtime).runtime.first(project.package),
    )


def _folder(request: Request, found: Draft, catalogue: Catalogue) -> Path:
    name = found.folder
    if name is None:
        name = defaults.folder(found.values, catalogue)
    folder = names.destination(name, request.here)
    render.check(folder, force=request.force)
    return folder


def _write(
    request: Request, found: Draft, project: Project, folder: Path, templates: Templates
) -> tuple[list[str], bool]:
    """Everything is made aside, so that what becomes visible is whole."""
    with _workplace(request, folder) as work:
        render.render(project.answers(), templates, work)
        if elsewhere := local.of_files(found.elsewhere, project.pipelines):
            local.write(work, elsewhere)
        files = render.files(work)
        if request.dry_run:
            return files, False
        own = request.git and not (folder / ".git").exists() and git.outer(folder) is None
        if own:
            git.first_commit(work)
        stops.hold()  # it takes a moment, and then it is there
        render.place(work, folder)
        return files, own


@contextmanager
def _workplace(request: Request, folder: Path) -> Iterator[Path]:
    if request.dry_run:
        with tempfile.TemporaryDirectory(prefix="scaffold-") as work:
            yield Path(work)
    else:
        with render.aside(folder) as work:
            yield work


def told(found: Draft, pipelines: Sequence[Pipeline], catalogue: Catalogue) -> Iterator[str]:
    """What was unsure about the data, but for what would name a setting that no pipeline reads."""
    unread = set(catalogue.claimed).difference(*(pipeline.answers for pipeline in pipelines))
    flags = {f"--{key.replace('_', '-')}" for key in unread}
    yield from (note for note in found.notes if not flags & set(note.split()))


def notes(project: Project) -> Iterator[str]:
    """What rules did and what the catalogue says, once for each pipeline that it is about."""
    several = len(project.pipelines) > 1
    for pipeline in project.pipelines:
        prefix = f"{pipeline.name}: " if several else ""
        for finding in pipeline.verdict.added:
            need = finding.need
            yield f"{prefix}Added {need.compensation} for {finding.by.id}: {need.reason}."
        for finding in pipeline.verdict.accepted:
            yield f"{prefix}Accepted {finding.need.rule}: {finding.need.reason}."
        for note in pipeline.verdict.notes:
            yield f"{prefix}{note}"
