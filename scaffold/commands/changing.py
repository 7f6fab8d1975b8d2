"""`add`, `switch` and `remove` from their words to what they say at the end."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import (
    consequences,
    decisions,
    fit,
    keys,
    local,
    new,
    outcome,
    pipelines,
    record,
    reproduce,
    values,
)
from scaffold import update as updates
from scaffold.catalogue import Catalogue
from scaffold.commands import making
from scaffold.commands.steps import Step, plain, text
from scaffold.errors import UsageError
from scaffold.new import Draft
from scaffold.outcome import Ending, Outcome
from scaffold.problems import Problems
from scaffold.record import Record
from scaffold.source import Templates, open_templates

Given = Mapping[str, Any]


Make = Callable[[Record], Step]
"""From what a project records, read when nobody else can change it, to the step."""


def switch(name: str | None, given: Given) -> int:
    """Other patterns for one pipeline, or another runtime for all."""
    if (runtime := given.get("key__runtime")) or not name:
        return _move(name, runtime, given)
    catalogue, problems = catalogues.load(), Problems()
    said = _said(given, catalogue, problems)
    if not said and not problems.found:
        fix = "Say what, as in --extraction lookback; scaffold switch --help has all of it."
        problems.found.append(UsageError("Nothing is said that should be switched.", fix=fix))
    problems.check()

    def step(found: Record) -> Step:
        seen = _catalogue(found)
        change = pipelines.switched(found, name, said, seen)
        old, new = next(pair for pair in change.kept if pair[0].name == name)
        vain = Problems([*fit.unread(set(said), new.answers, seen)])
        vain.check()
        news = (consequences.of_switch(old, new, seen),)
        return Step(f"Switch {name}", change, news, making.words("switch"), {})

    return _carry_out(step, given)


def _move(name: str | None, runtime: str | None, given: Given) -> int:
    """Another runtime of the same language; what else is said holds for each pipeline."""
    if name or not runtime:
        raise UsageError(
            (
                "A runtime is the whole project's."
                if name
                else "Say which pipeline, or which runtime."
            ),
            fix="scaffold switch PIPELINE ..., or scaffold switch --runtime RUNTIME ...",
        )
    catalogue, problems = catalogues.load(), Problems()
    named = str(values.parse(keys.RUNTIME, runtime, catalogue))
    catalogue = catalogue.on(named)
    said = _said({**given, "key__runtime": None}, catalogue, problems)
    problems.check()

    def step(found: Record) -> Step:
        before = _catalogue(found)
        if before.runtime.language != catalogue.runtime.language:
            raise _other_language(before, catalogue)
        change = pipelines.moved(found, named, said, catalogue)
        for one in change.after.pipelines:
            Problems([*fit.unread(set(said), one.answers, catalogue)]).check()
        news = tuple(consequences.of_switch(old, new, catalogue) for old, new in change.kept)
        carry = tuple(consequences.carrying(change, catalogue))
        title = f"Switch to {catalogue.runtime.title}"
        return Step(title, change, news, making.words("switch"), {}, carry)

    return _carry_out(step, given)


def _said(given: Given, catalogue: Catalogue, problems: Problems) -> Mapping[str, Any]:
    """What is said of a pipeline that is there."""
    request = making.request(None, _as_new(given), problems, defaults=False)
    problems.found += pipelines.misplaced(key for layer in request.layers for key in layer)
    (said,) = new.draft(request, catalogue, problems).values.get("pipelines") or [{}]
    return said  # type: ignore[no-any-return]


def _other_language(before: Catalogue, after: Catalogue) -> UsageError:
    return UsageError(
        f"Cannot switch from {before.runtime.title} to {after.runtime.title}: that is another language.",
        "Its code could not be merged with yours.",
        f"Make a project beside this one: scaffold new NAME --runtime {after.runtime.id} --answers {record.ANSWERS}",
    )


def add(name: str, given: Given) -> int:
    """One more pipeline."""
    before, problems = record.read(_project(given)), Problems()
    catalogue = _catalogue(before)
    draft = _described(name, given, before, catalogue, problems)

    def step(found: Record) -> Step:
        change = pipelines.added(found, draft.values["pipelines"], catalogue)
        news = tuple(consequences.of_addition(one, catalogue) for one in change.added)
        words = [reproduce.pipeline(one, catalogue, draft.sample) for one in change.added]
        command = ("add", name, *(word for some in words for word in _nameless(tuple(some))))
        title = f"Add {', '.join(one.name for one in change.added)}"
        elsewhere = local.of_files(draft.elsewhere, change.added)
        notes = tuple(new.told(draft, change.added, catalogue))
        return Step(title, change, news, command, elsewhere, notes=notes)

    return _carry_out(step, given)


def remove(name: str, given: Given) -> int:
    """One pipeline less."""

    def step(found: Record) -> Step:
        catalogue = _catalogue(found)
        change = pipelines.removed(found, name, catalogue)
        gone = next(one for one in change.before.pipelines if one.name == name)
        news = (consequences.of_removal(gone, catalogue),)
        return Step(f"Remove {name}", change, news, making.words("remove"), {})

    return _carry_out(step, given)


def _described(
    name: str, given: Given, found: Record, catalogue: Catalogue, problems: Problems
) -> Draft:
    """The new pipeline by flags, files and the sample; then by --defaults or by questions."""
    request = making.request(".", _as_new(given), problems, defaults=given["defaults"])
    problems.found += pipelines.misplaced(key for layer in request.layers for key in layer)
    request = replace(request, layers=(*request.layers, {"pipeline": name}))
    draft = new.draft(request, catalogue, problems)
    own = {k: v for k, v in found.answers.items() if k in ("project_name", "package", "runtime")}
    draft = replace(draft, values=own | dict(draft.values))
    if request.defaults:
        draft = decisions.decided(draft, catalogue)
    problems.found += decisions.unread(request, draft, catalogue)
    if decisions.undecided(draft, catalogue):
        if not given["as_json"] and making.at_terminal():
            from scaffold import prompts  # noqa: PLC0415 - a sixth of a second

            problems.check()
            asked = prompts.ask(request, draft, catalogue)
            if asked is None:
                raise click.Abort
            return asked
        decisions.refuse_undecided(draft, making.words("add"), catalogue, problems)
    problems.check()
    return draft


def _catalogue(found: Record) -> Catalogue:
    """As the project's runtime sees it."""
    return catalogues.load().on(found.answers.get("runtime"))


def _project(given: Given) -> Path:
    return Path(given["project"]).absolute()


def _as_new(given: Given) -> dict[str, Any]:
    """The words in the form in which `new` has them."""
    missing = {"sample": "", "answers": "", "data": (), "force": False, "git": False}
    return missing | dict(given)


def _nameless(words: tuple[str, ...]) -> tuple[str, ...]:
    """The flags of a pipeline without its name, which `add` takes as its argument."""
    place = words.index("--pipeline")
    return words[:place] + words[place + 2 :]


def _carry_out(make: Make, given: Given) -> int:
    with open_templates() as templates:
        found, step = _merged(make, given, templates)
    if given["as_json"]:
        click.echo(json.dumps(plain(found, step), indent=2))
    else:
        click.echo("\n".join(text(found, step, given["project"])))
    return 1 if found.conflicts else 0


def _merged(make: Make, given: Given, templates: Templates) -> tuple[Outcome, Step]:
    project, touch = _project(given), not given["dry_run"]

    def asked(found: Record) -> Mapping[str, Any]:
        _require_current(found, templates, given["project"])
        return make(found).change.asked

    target = updates.target(remote=False, templates=templates)
    with updates.planned(updates.Request(project, target, asked, touch)) as plan:
        step = make(plan.record)
        if not touch:
            return outcome.looked_at(plan), step
        ending = Ending(given["commit"], given["branch"], step.title)
        found = outcome.carry_out(plan, ending)
        notes = local.write(project, step.elsewhere, step.change.added)
        found = replace(found, notes=(*found.notes, *notes))
    return found, step


def _require_current(found: Record, templates: Templates, project: str) -> None:
    """One catalogue has the flags, the rules and the templates: docs/decisions/0005."""
    if found.commit != templates.commit:
        raise UsageError(
            f"{project} is of other templates than this scaffold: {found.commit}, and here are {templates.commit}.",
            "An update and other patterns in one merge could not be told from each other.",
            f"Update it first, and commit that: scaffold update {shlex.quote(project)} --commit",
        )
