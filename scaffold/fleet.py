"""Many projects, updated side by side, each by itself.

One that is broken is a result like any other and never stops the rest. Copier changes the folder of its process, so
what runs at the same time are processes; each opens the templates once for all of its projects.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from scaffold import outcome, stops
from scaffold import update as updates
from scaffold.errors import EnvironmentProblem, ScaffoldError
from scaffold.outcome import Ending, Outcome
from scaffold.source import open_templates
from scaffold.update import Request, Target

BATCH = 10
"""Projects that a process does at a time at most: few enough for progress to be seen."""
PAUSE = 0.5
"""Seconds until somebody looks whether a stop came."""


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
        for result in _together(projects, order):
            stops.hold()
            yield result
            stops.release()
        return
    size = max(1, min(BATCH, len(projects) // (jobs * 2)))
    batches = [projects[n : n + size] for n in range(0, len(projects), size)]
    spawned = multiprocessing.get_context("spawn")  # what git and copier opened is not inherited
    pool = ProcessPoolExecutor(jobs, mp_context=spawned, initializer=_apart)
    stops.hold()
    try:
        with stops.deaf([signal.SIGINT]):  # they end the projects that they are at
            running = {pool.submit(_batch, batch, order): batch for batch in batches}
        while running:
            done, _ = wait(running, PAUSE, FIRST_COMPLETED)
            for one in done:
                yield from _results(one, running.pop(one))
            if stops.is_waiting():
                running = {one: batch for one, batch in running.items() if not one.cancel()}
    finally:
        pool.shutdown(cancel_futures=True)
    stops.release()


def _apart() -> None:
    """A stop is for whoever asked for the work, also where the whole group hears it: Ctrl-C, `timeout`. When that
    process is gone, this one goes too.
    """
    os.setsid()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _results(done: Future[list[Result]], batch: Sequence[str]) -> list[Result]:
    try:
        return done.result()
    except BrokenProcessPool:
        return [Result(one, problem=_killed()) for one in batch]


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
