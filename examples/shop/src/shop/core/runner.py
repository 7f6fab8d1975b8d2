"""The loop: what is due, chunk by chunk, rows and ledger together. It knows no pattern by name."""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from .contract import refuse_missing
from .counts import count, refuse_many
from .engine import FAILURES, explained
from .errors import Transient, UsageError
from .ledger import Entry, History
from .pipeline import Pipeline, Store
from .units import Due, Unit, chunks

log = logging.getLogger(__name__)


def known(pipeline: Pipeline, store: Store) -> History:
    """What the ledger knows, if its units are those of this pipeline's extraction.

    A unit that nobody asks for any more can't be done, so its failure is no news.
    """
    history = store.history()
    if foreign := [unit for unit in history.latest if not pipeline.extraction.owns(unit)]:
        raise UsageError(
            f"the ledger has the unit {foreign[0]}, which is none of this extraction: its rows "
            "would be owned twice. Set the extraction back as it was, or begin with an empty sink "
            "(`warehouse` in conf/)."
        )
    for unit in history.units("failed") + history.units("parked"):
        if not pipeline.extraction.reaches(unit):
            del history.latest[unit]
    return history


def plan(pipeline: Pipeline, as_of: datetime, history: History) -> tuple[Sequence[Due], int]:
    """The units that `run` would do now, and how many it would leave for later."""
    pipeline.source.ready(as_of, pipeline.contract)
    due = pipeline.extraction.plan(as_of, history)
    chosen = pipeline.behaviour.choose(due)
    return chosen, len(due) - len(chosen)


def rebuildable(pipeline: Pipeline, due: Sequence[Due], history: History) -> Sequence[Due]:
    """The units whose raw rows are kept: one that was never read would be done without rows."""
    if pipeline.kept == "batch":
        raise UsageError("no raw rows are kept to rebuild from: that takes the structure multi_hop")
    done = [one for one in due if one.unit.key in history.done]
    if due and not done:
        raise UsageError(
            "none of these units was ever done, so no raw rows of them are kept: leave out --rebuild"
        )
    return done


def run(
    pipeline: Pipeline, store: Store, due: Sequence[Due], jobs: int = 1, rebuild: bool = False
) -> Iterator[list[Entry]]:
    """Do the due units, `jobs` chunks at a time; yields the entries that a chunk recorded.

    To rebuild is to do them from the raw rows that the sink keeps, without the source.
    """
    if jobs > 1 and not pipeline.parallel:
        raise UsageError("these units write the same rows in part: do them with --jobs 1")
    work = _Work(pipeline, store, store.history(), uuid.uuid4().hex[:12], rebuild)
    waiting = chunks(pipeline.writing.admit(due, work.history), pipeline.chunk)
    ended: list[Entry] = []
    with ThreadPoolExecutor(jobs) as pool:
        while waiting and pipeline.behaviour.carry_on(ended):
            now, waiting = waiting[:jobs], waiting[jobs:]
            for entries in pool.map(work.do, now):
                ended += entries
                yield entries


@dataclass(frozen=True, slots=True)
class _Work:
    """One run of one pipeline."""

    pipeline: Pipeline
    store: Store
    history: History
    run_id: str
    rebuild: bool

    def do(self, chunk: Sequence[Due]) -> list[Entry]:
        """Write a chunk, or record that it failed; a chunk is split before a unit fails."""
        started = _now()
        try:
            return self.pipeline.behaviour.attempt(lambda: self._write(chunk, started))
        except FAILURES as error:
            failure = explained(error)
            if failure.exit_code > 1:
                raise failure from error
            if len(chunk) > 1 and not isinstance(failure, Transient):
                return [entry for one in chunk for entry in self.do([one])]
            failed = [self._entry(one.unit, started, {"error": str(failure)}) for one in chunk]
            with self.store.begin() as store:
                store.commit(failed)
            for entry in failed:
                log.error("%s %s %s: %s", entry.pipeline, entry.unit, entry.status, entry.error)
            return failed

    def _write(self, chunk: Sequence[Due], started: datetime) -> list[Entry]:
        """Source to sink in one transaction: every step replaces its slice of one table."""
        pipeline, units = self.pipeline, [one.unit for one in chunk]
        details: dict[Any, Any] = {}
        with self.store.begin() as store:
            unchanged = self._read(store, units)
            slices = pipeline.extraction.slices(units, pipeline, store)
            for step in pipeline.steps:
                if self.rebuild and step.reads == "batch":
                    continue
                part = step.part(slices)
                step.before(store, units[-1])
                rows = step.input(f"{store.relation(step.reads, part.reads)} AS raw", part.reads)
                store.con.execute(f"CREATE OR REPLACE TEMP VIEW input AS {rows}")
                made = f"SELECT * FROM (\n{step.sql}\n) AS made WHERE {part.writes}"
                found = store.con.execute(f"SELECT * FROM ({made}) LIMIT 0").description or ()
                refuse_missing(step.table, [name for name, *_ in found])
                pipeline.writing.write(store, step.table, part, made)
                details |= step.after(store, part, units[-1])
            counted = count(store, pipeline.kept, slices.raw)
            done = []
            for unit in units:
                detail = {"detail": unit.detail | details.get(unit.start, {})}
                done.append(self._entry(unit, started, counted.get(unit.start, {}) | detail))
            refuse_many(store, slices, done)
            pipeline.extraction.check(done, self.history)
            unchanged()
            store.commit(done)
        return done

    def _read(self, store: Store, units: Sequence[Unit]) -> Callable[[], None]:
        kept = self.pipeline.kept
        if self.rebuild:
            query = f"CREATE OR REPLACE TEMP VIEW batch AS SELECT * FROM {store.relation(kept)}"
            store.con.execute(query)
            return lambda: None
        request = replace(self.pipeline.extraction.request(units), once=kept != "batch")
        return self.pipeline.source.read(store.con, request, self.pipeline.contract)

    def _entry(self, unit: Unit, started: datetime, facts: dict[str, Any]) -> Entry:
        attempt = self.history.failures(unit.key) + 1
        return Entry(
            pipeline=self.pipeline.name,
            unit=unit.key,
            status=self.pipeline.behaviour.failed(attempt) if "error" in facts else "done",
            attempt=attempt,
            run=self.run_id,
            started=started,
            finished=_now(),
            **{"detail": unit.detail} | facts,
        )


def _now() -> datetime:
    """The wall clock, for the ledger only: no row and no plan depends on it."""
    return datetime.now(UTC).replace(tzinfo=None)
