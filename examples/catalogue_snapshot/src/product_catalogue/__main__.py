"""The commands: run, plan, backfill, status. core/errors.py explains the exit codes."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import click

from .core import log, runner
from .core.engine import FAILURES, explained
from .core.errors import PipelineError, UsageError
from .core.ledger import Entry
from .core.pipeline import Pipeline, Store
from .core.settings import load
from .core.status import status_of
from .pipelines import PIPELINES

Facts = dict[str, Any]
logger = logging.getLogger(__name__)
stop = threading.Event()
times = ("", "T%H:%M", "T%H:%MZ", "T%H:%M:%S", "T%H:%M:%SZ")
moment = click.DateTime([f"%Y-%m-%d{time}" for time in times])
one_or_all = click.argument("name", metavar="[PIPELINE]", required=False)
as_of = click.option(
    "--as-of", "now", metavar="TIME", type=moment, help="Stands in for the clock (UTC)."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run this project's pipelines. All times are UTC."""


@main.command()
@one_or_all
@as_of
@click.option("--follow", type=float, metavar="SECONDS", help="Run again and again, until SIGTERM.")
@as_json
def run(name: str | None, now: datetime | None, follow: float | None, as_json: bool) -> None:
    """Do everything that is due, the oldest gaps first."""

    def work(pipeline: Pipeline, store: Store) -> Facts:
        due, left = runner.plan(pipeline, now or _clock(), runner.known(pipeline, store))
        return _report(pipeline, store, runner.run(pipeline, store, due), len(due), left)

    if follow:
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    code = _each(name, work, as_json, write=True)
    while follow and not stop.wait(follow):
        code = _each(name, work, as_json, write=True)
    sys.exit(code)


@main.command()
@one_or_all
@as_of
@as_json
def plan(name: str | None, now: datetime | None, as_json: bool) -> None:
    """Show what `run` would do, and why; touches nothing."""

    def work(pipeline: Pipeline, store: Store) -> Facts:
        due, left = runner.plan(pipeline, now or _clock(), runner.known(pipeline, store))
        return {"due": {each.unit.key: each.why for each in due}, "left": left}

    sys.exit(_each(name, work, as_json))


@main.command()
@click.argument("name", metavar="PIPELINE")
@click.argument("start", metavar="START", type=moment)
@click.argument("end", metavar="END", type=moment)
@click.option("--jobs", type=click.IntRange(1), default=1, help="Chunks at the same time.")
@click.option("--rebuild", is_flag=True, help="From the raw rows that are kept, not the source.")
@as_of
@as_json
def backfill(
    name: str, start: datetime, end: datetime, now: datetime | None, as_json: bool, **how: Any
) -> None:
    """Do the units of [START, END) that are over again, whether done, failed or parked."""

    def work(pipeline: Pipeline, store: Store) -> Facts:
        history = runner.known(pipeline, store)
        due = pipeline.extraction.again(start, end, now or _clock(), history)
        due = runner.rebuildable(pipeline, due, history) if how["rebuild"] else due
        if not due:
            raise UsageError(f"there is no unit in [{start}, {end}), or it is not over yet")
        return _report(pipeline, store, runner.run(pipeline, store, due, **how), len(due))

    sys.exit(_each(name, work, as_json, write=True))


@main.command()
@one_or_all
@as_of
@as_json
def status(name: str | None, now: datetime | None, as_json: bool) -> None:
    """Show last success, failures, what is due, late and quarantined rows, and freshness."""

    def work(pipeline: Pipeline, store: Store) -> Facts:
        return status_of(pipeline, store, now or _clock())

    sys.exit(_each(name, work, as_json))


def _report(
    pipeline: Pipeline, store: Store, chunks: Iterator[list[Entry]], due: int, left: int = 0
) -> Facts:
    ended: list[Entry] = []
    for entries in chunks:
        ended += entries
        logger.info("%s: %d of %d units", pipeline.name, len(ended), due)
        if stop.is_set():
            break
    failed = [entry.unit for entry in ended if entry.error]
    parked = runner.known(pipeline, store).units("parked")
    return {
        "done": len(ended) - len(failed),
        "rows": sum(entry.rows for entry in ended),
        "rejected": sum(entry.rejected for entry in ended),
        "failed": failed,
        "parked": parked,
        "left": left + due - len(ended),
        "exit": 1 if failed or parked else 0,
    }


def _each(
    name: str | None, work: Callable[[Pipeline, Store], Facts], as_json: bool, write: bool = False
) -> int:
    """Do it for one pipeline or all, print the facts; one that fails does not stop the next."""
    codes = [0]
    try:
        settings = load()
        log.set_up(settings.log_format)
        if name and name not in PIPELINES:
            raise UsageError(f"no pipeline {name}: there are {', '.join(PIPELINES)}")
    except PipelineError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    for each in [name] if name else PIPELINES:
        try:
            pipeline = PIPELINES[each](settings)
            with pipeline.sink.open(pipeline, write) as store:
                facts = {"pipeline": each} | work(pipeline, store)
            codes.append(int(facts.pop("exit", 0)))
            lines = (f"{key:>12}  {value}" for key, value in facts.items())
            text = json.dumps(facts, default=datetime.isoformat) if as_json else "\n".join(lines)
            click.echo(text)
        except FAILURES as stopped:
            known = explained(stopped)
            logger.error("%s: %s", each, known)
            codes.append(known.exit_code)
    return max(codes)


def _clock() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


if __name__ == "__main__":
    main()
