"""Many projects, updated side by side, each by itself.

One that is broken is a result like any other and never stops the rest. Copier changes the folder of its process, so
what runs at the same time are processes; each opens the templates once for all of its projects.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scaffold import outcome
from scaffold import update as updates
from scaffold.errors import EnvironmentProblem, ScaffoldError
from scaffold.outcome import Ending, Outcome
from scaffold.source import open_templates
from scaffold.update import Request, Target

BATCH = 10
"""Projects that a process does at a time at most: few enough for progress to be seen."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with every project."""

    ending: Ending
    remote: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended for one project: an outcome, or what was wrong."""

    project: str
    outcome: Outcome | None = None
    problem: ScaffoldError | None = None

    @property
    def exit_code(self) -> int:
        if self.problem:
            return self.problem.exit_code
        return 1 if self.outcome and self.outcome.state == "conflicts" else 0


def update(projects: Sequence[str], order: Order, jobs: int) -> Iterator[Result]:
    """Each project's result as soon as it is there, in any order."""
    if jobs == 1:
        yield from _together(projects, order)
        return
    size = max(1, min(BATCH, len(projects) // (jobs * 2)))
    batches = [projects[n : n + size] for n in range(0, len(projects), size)]
    spawned = multiprocessing.get_context("spawn")  # what git and copier opened is not inherited
    with ProcessPoolExecutor(jobs, mp_context=spawned) as pool:
        with _deaf():
            running = {pool.submit(_batch, batch, order): batch for batch in batches}
        try:
            for done in as_completed(running):
                try:
                    yield from done.result()
                except BrokenProcessPool:
                    yield from (Result(one, problem=_killed()) for one in running[done])
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started here never hears Ctrl-C, which a terminal tells all: it ends the projects that it is at."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _batch(projects: Sequence[str], order: Order) -> list[Result]:
    return list(_together(projects, order))


def _together(projects: Sequence[str], order: Order) -> Iterator[Result]:
    with open_templates() as templates:
        target = updates.target(remote=order.remote, templates=templates)
        for project in projects:
            yield _one(project, target, order)


def _one(project: str, target: Target, order: Order) -> Result:
    """Waits for its turn where two projects are in one repository."""
    request = Request(Path(project).absolute(), target, touch=not order.dry_run, wait=True)
    try:
        with updates.planned(request) as plan:
            if order.dry_run:
                return Result(project, outcome.looked_at(plan))
            return Result(project, outcome.carry_out(plan, order.ending))
    except ScaffoldError as error:
        return Result(project, problem=error)
    except Exception as error:  # noqa: BLE001 - the others go on; this one is reported
        return Result(project, problem=EnvironmentProblem(f"{type(error).__name__}: {error}"))


def _killed() -> EnvironmentProblem:
    return EnvironmentProblem(
        "Its process was killed.", fix="Run it again: what was half done is put back first."
    )
