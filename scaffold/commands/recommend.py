"""`recommend` on the line: an option for each question of the chart."""

from __future__ import annotations

from typing import Any

import click

from scaffold import catalogue as catalogues
from scaffold import flags, recommend
from scaffold.chart import UNKNOWN
from scaffold.commands import completing
from scaffold.flags import GroupedCommand, GroupedOption

HELP = """Which patterns fit, and why.

Asks at most eight questions about the data and the need. Each can be answered by "I don't know" (unknown); with
--sample, what your data says is found out. Ends with the command that makes the project."""
QUESTIONS = "The questions"


def command() -> click.Command:
    catalogue = catalogues.load()
    runtimes = completing.words(runtime.id for runtime in catalogue.runtimes)
    questions = [
        GroupedOption(
            [f"--{question.id}", f"ask__{question.id}"],
            heading=QUESTIONS,
            shell_complete=completing.words(recommend.answers(question, catalogue)),
            help=f"{question.question} {', '.join(recommend.answers(question, catalogue))}",
        )
        for question in catalogue.chart.questions
    ]
    return GroupedCommand(
        "recommend", params=[*_params(runtimes), *questions], callback=_run, help=HELP
    )


def _params(runtimes: completing.Complete) -> list[click.Parameter]:
    return [
        flags.sample("Your data: what it says is found out"),
        flags.own("--runtime", "key__runtime", shell_complete=runtimes, help="Language and engine"),
        flags.own(
            "--language", "key__language", help="The language, where the engine does not matter"
        ),
        flags.answers(),
        flags.data(),
        flags.own("--defaults", is_flag=True, help=f"Take {UNKNOWN} for everything not said"),
        *flags.json_and_debug(),
    ]


def _run(**given: Any) -> None:
    from scaffold.commands import recommending  # noqa: PLC0415

    recommending.run(given)
