"""Real processes, killed by SIGKILL before each of their steps in turn.

A step is a statement to the engine or to a server, or a change to the file system. Killing a *first* run proves
nothing, since a second one overwrites what it left: the proofs kill a run that does units *again*,
when their rows have changed, and look at what readers see before anything heals.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import engine
from .support import Row, World, main

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])
NEVER = -1  # a process that is not killed
CHANGES = ("replace", "rename", "link", "unlink", "remove")  # of the module os


class Countdown:
    """Kills this process at the step that it is told."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        """Called before each step."""
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def killed(world: World, arguments: tuple[str, ...], steps: int) -> bool:
    """Run a command and kill it before step number `steps`; False if it ended before that."""
    process = PROCESSES.Process(target=_die, args=(replace(world), arguments, steps))
    process.start()
    process.join()
    world.settle()
    if process.exitcode not in (0, 1, -signal.SIGKILL):
        raise AssertionError(f"{arguments} ended with {process.exitcode}")
    return process.exitcode == -signal.SIGKILL


def at_every_step(
    world: World, arguments: tuple[str, ...], folder: Path, early: bool = True
) -> Iterator[tuple[int, World]]:
    """Worlds in which the command was killed, each before another of its steps, `early` ones and last."""
    steps = _steps(world.copy(folder / "counted"), arguments)
    assert steps > 5, f"{arguments} did nothing that could be killed"
    for step in engine.points(steps, early):
        other = world.copy(folder / str(step))
        assert killed(other, arguments, step), f"there was no step {step} of {steps}"
        yield step, other
        other.drop()


def _steps(world: World, arguments: tuple[str, ...]) -> int:
    """How many steps a command has."""
    counted = PROCESSES.Value("i", 0)
    process = PROCESSES.Process(target=_die, args=(replace(world), arguments, NEVER, counted))
    process.start()
    process.join()
    return int(counted.value)


@contextmanager
def holding(world: World) -> Iterator[None]:
    """Another process has the sink open to write."""
    opened, done = PROCESSES.Event(), PROCESSES.Event()
    process = PROCESSES.Process(target=_hold, args=(replace(world), opened, done))
    process.start()
    try:
        assert opened.wait(60)
        yield
    finally:
        done.set()
        process.join()


def mixtures(
    seen: dict[str, list[Row]], before: dict[str, list[Row]], after: dict[str, list[Row]]
) -> list[str]:
    """The tables of which a reader sees neither what was before nor what comes after."""
    return [name for name, rows in seen.items() if rows not in (before[name], after[name])]


def heals(
    world: World,
    command: tuple[str, ...],
    contents: tuple[dict[str, list[Row]], dict[str, list[Row]]],
    why: str,
) -> None:
    """Whoever opens it next to write finishes what was begun, or drops it; a run does the rest."""
    with world.pipeline.sink.open(world.pipeline, write=True):
        pass
    assert world.content() in contents, why
    assert world.command(*command).exit == 0
    assert world.content() == contents[1], why


def _hold(world: World, opened: Any, done: Any) -> None:
    with world.pipeline.sink.open(world.pipeline, write=True):
        opened.set()
        done.wait(60)


def _die(world: World, arguments: tuple[str, ...], steps: int, counted: Any = None) -> None:
    os.environ.update(world.env)
    countdown = Countdown(steps)
    engine.watch(countdown.step)
    world.watch(countdown.step)
    for name in CHANGES:
        setattr(os, name, _counted(getattr(os, name), countdown))
    try:
        with world.wired():
            main(list(arguments))
    finally:
        if counted is not None:
            counted.value = steps - countdown.left


def _counted(change: Callable[..., Any], countdown: Countdown) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        countdown.step()
        return change(*arguments, **options)

    return counted
