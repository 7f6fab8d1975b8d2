"""`recommend` from its words to what it says at the end."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from scaffold import (
    advice,
    answers,
    choosing,
    defaults,
    drafts,
    flags,
    names,
    new,
    recommend,
    reproduce,
)
from scaffold import catalogue as catalogues
from scaffold.catalogue import Catalogue
from scaffold.chart import UNKNOWN, Question
from scaffold.commands import making
from scaffold.errors import UsageError
from scaffold.new import Draft, Request
from scaffold.problems import Problems
from scaffold.recommend import Recommendation
from scaffold.scalars import nearest
from scaffold.talk import Entry

_PROJECT = ("runtime", "language")


def run(given: dict[str, Any]) -> None:
    """The whole command."""
    problems, as_json = Problems(), given["as_json"]
    said, project = _said(given, problems)
    catalogue = catalogues.load()
    project = drafts.merge([project], catalogue, problems)
    catalogue = defaults.on_runtime(project, catalogue)
    heard = _heard(said, catalogue, problems)
    request = Request(None, (), Path.cwd(), datetime.now(UTC).date(), sample=given["sample"])
    draft = Draft(None, project, {})
    if given["sample"]:
        draft = new.sampled(draft, request, catalogue, problems)
    entry = _entry(draft, heard)
    if not given["defaults"]:
        if not as_json and making.at_terminal():
            problems.check()
            from scaffold import prompts  # noqa: PLC0415 - a sixth of a second

            prompts.recommend(request, draft, catalogue, entry)
        else:
            _refuse_unsaid(entry, said, catalogue, problems)
    problems.check()
    entry.heard = _found(entry) | entry.heard
    found = recommend.recommend(entry.heard, entry.known, catalogue)
    command = _command(found, entry, project, catalogue)
    seen = choosing.seen(entry)
    if as_json:
        plain = advice.plain(found, catalogue, seen) | {"command": ["scaffold", *command]}
        click.echo(json.dumps(plain, indent=2))
        return
    lines = [*advice.text(found, catalogue, seen), "", "Make it:", f"  {reproduce.line(command)}"]
    click.echo("\n".join(lines))


def _said(given: Mapping[str, Any], problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers to questions, and what is about the project: from a file, pairs and flags, the later ones first."""
    found: dict[str, Any] = {}
    if given["answers"]:
        path = Path.cwd() / given["answers"]
        found |= problems.guard(lambda: drafts.read(path), {})
    pairs = [problems.guard(partial(drafts.assignment, text)) for text in given["data"]]
    found |= dict(pair for pair in pairs if pair)
    found |= {
        name.removeprefix("ask__"): value
        for name, value in given.items()
        if name.startswith("ask__") and value is not None
    }
    found |= flags.layer(given)
    project = {key: value for key, value in found.items() if key in _PROJECT}
    return {key: value for key, value in found.items() if key not in _PROJECT}, project


def _heard(said: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> dict[str, str]:
    """Answers as the chart has them; each that it does not have is a problem."""
    questions = {question.id: question for question in catalogue.chart.questions}
    found: dict[str, str] = {}
    for id_, value in said.items():
        if id_ not in questions:
            hint = nearest(id_, questions)
            fix = f"{hint}There are: {', '.join(questions)}."
            problems.found.append(UsageError(f"There is no question {names.show(id_)}.", fix=fix))
            continue
        every = recommend.answers(questions[id_], catalogue)
        word = problems.guard(partial(flags.choice, f"--{id_}", str(value), every, "answer"))
        known = recommend.options(questions[id_], catalogue)
        if word and word not in known:
            problems.found.append(_elsewhere(questions[id_], word, known, catalogue))
        elif word:
            found[id_] = word
    return found


def _elsewhere(
    question: Question, word: str, known: Iterable[str], catalogue: Catalogue
) -> UsageError:
    """A pattern that another runtime has."""
    pattern = catalogue.patterns[f"{question.axis}/{word}"]
    others = [f"--runtime {runtime}" for runtime in pattern.runtimes]
    return UsageError(
        f"Cannot use {word} for --{question.id}: it is not for {catalogue.runtime.title}.",
        fix=f"Add {' or '.join(others)}, or say one of: {', '.join(known)}.",
    )


def _entry(draft: Draft, heard: Mapping[str, str]) -> Entry:
    (values,) = draft.values.get("pipelines") or [{}]
    place = draft.elsewhere.get(str(values.get("name")), "")
    return Entry(
        dict(values),
        frozenset(heard),
        sample=draft.sample,
        place=place,
        notes=draft.notes,
        signs=draft.signs,
        heard=dict(heard),
    )


def _found(entry: Entry) -> dict[str, str]:
    return dict(entry.signs.of(entry.heard.get("source"))) if entry.signs else {}


def _refuse_unsaid(
    entry: Entry, said: Collection[str], catalogue: Catalogue, problems: Problems
) -> None:
    """Without a terminal nothing is asked: each answer that neither words nor data give, and the command with all.

    What was said wrongly is a problem already; in the command a good answer follows it, and counts.
    """
    more: list[str] = []
    known = _found(entry) | entry.heard
    for question in catalogue.chart.questions:
        if question.id in known or not recommend.asked(question, catalogue):
            continue
        if question.id not in said:
            words = ", ".join(recommend.options(question, catalogue))
            what = f"--{question.id} is missing. {question.question}"
            problems.found.append(UsageError(what, fix=f"Say one of: {words}."))
        more += [f"--{question.id}", UNKNOWN]
    if more:
        command = reproduce.line((*making.words("recommend"), *more))
        problems.fix = f"Nothing is asked without a terminal. Add --defaults, which takes {UNKNOWN}, or say it all:\n  {command}"


def _command(
    found: Recommendation, entry: Entry, project: Mapping[str, Any], catalogue: Catalogue
) -> tuple[str, ...]:
    """The words that make the project. It is judged as `new` judges it, so that it is never one that is refused."""
    said = found.answers()
    values = dict(project) | {"pipelines": [entry.known | said]}
    folder = defaults.folder(values, catalogue)
    answers.complete(values, catalogue, folder)
    words = ["new", folder]
    if project.get("runtime") and project["runtime"] != defaults.runtime(catalogue):
        words += ["--runtime", str(project["runtime"])]
    words += ["--sample", entry.sample] if entry.sample else []
    return (*words, *reproduce.decisions(said, catalogue))
