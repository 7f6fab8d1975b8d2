"""Streaming: what is new in a feed, once, by its offset; `run --follow` waits for more.

A batch that failed is tried again with the very same items: files, or whatever the feed has. What
replaced one of them comes in a batch of its own, and the failed one goes on without it: nothing is
lost, nothing is stuck.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..core.counts import LATE
from ..core.engine import Connection, keep
from ..core.errors import NotReady, PipelineError
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline, Store
from ..core.units import Due, Request, Slices, among, literal
from .offsets import Feed, Line, Offsets
from .touched import Touched

log = logging.getLogger(__name__)

ROWS = "PARTITION BY _file ORDER BY _row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
EARLIER = f"max(_event_time) OVER ({ROWS})"


@dataclass(frozen=True, slots=True)
class Streaming:
    """At most `most` items in a batch. An event may be `watermark` older than the newest one of all
    items before its own (and, if they are ordered, of the rows before it); an older one is late,
    and goes to quarantine.
    """

    feed: Feed
    most: int = 100
    watermark: timedelta = timedelta(days=1)
    unit_type = "BIGINT"
    parallel = False

    def owns(self, unit: str) -> bool:
        """Ranges of offsets."""
        return re.fullmatch(r"\d+-\d+", unit) is not None

    def reaches(self, unit: str) -> bool:
        """All of them."""
        return True

    def plan(self, as_of: datetime, history: History) -> Sequence[Due]:
        """Failed batches, then what is new. A parked batch too, if a file of it was replaced."""
        line, due = Line(self.feed, history), list[Due]()
        new = line.new()
        if not line.found:
            raise NotReady("there is nothing in the feed: it is empty, or looks at the wrong place")
        for key, (entry, _) in line.units.items():
            if entry.status != "done":
                unit, lost = line.once_more(key, without_gone=key in history.done)
                if lost:
                    log.warning("%s goes on without %s: replaced", key, ", ".join(lost))
                if lost or entry.status == "failed":
                    due.append(Due(unit, "retry"))
        batches = (new[n : n + self.most] for n in range(0, len(new), self.most))
        return due + [Due(line.batch(items), "new") for items in batches]

    def again(
        self, start: datetime, end: datetime, as_of: datetime, history: History
    ) -> Sequence[Due]:
        """The batches that have events in `[start, end)`, and those of which none is known."""
        line, due = Line(self.feed, history), list[Due]()
        line.new()  # what replaced a file is for the next run
        for key, (entry, _) in line.units.items():
            seen = history.done.get(key, entry)
            if seen.last_event is None or seen.first_event is None:
                touches = True
            else:
                touches = seen.first_event < end and seen.last_event >= start
            if touches:
                due.append(Due(line.once_more(key, without_gone=True)[0], "again"))
        return due

    def request(self, units: Sequence[Offsets]) -> Request:
        """The files of one batch, if they are what was listed."""
        (unit,) = units
        stamps = {item["file"]: item["stamp"] for item in unit.items if "lost" not in item}
        if changed := [f for f in unit.files if self.feed.stamp_of(f) != stamps[f]]:
            raise PipelineError(
                f"{', '.join(changed)} changed, or went, after it was listed. What replaced it "
                "comes with the next run; `backfill` does this batch without what is gone."
            )
        paths = tuple(self.feed.path_of(file) for file in unit.files)
        return Request(f"CAST({unit.start} AS BIGINT)", paths=paths)

    def slices(self, units: Sequence[Offsets], pipeline: Pipeline, store: Store) -> Slices:
        """What the rows of these files touch, when the late ones among them are marked."""
        (unit,) = units
        kept = f"SELECT DISTINCT _file FROM batch WHERE {among('_file', unit.kept)}"
        rebuilt = [file for (file,) in store.con.execute(kept).fetchall()]  # from raw rows, if any
        files, line = [*unit.files, *rebuilt], unit.line
        newer = [
            item["file"]
            for item in line.newest.values()
            if item["at"] >= unit.end and item["at"] in line.published
        ]
        older = {item["file"] for item in line.items if item["at"] < unit.start}
        touched = Touched(pipeline, store, files, newer, first=older.isdisjoint(files))
        touched.arrive()
        if pipeline.source.event_time:
            self._quarantine_late(unit, files, pipeline, store.con)
        return touched.slices()

    def check(self, entries: Sequence[Entry], history: History) -> None:
        """Any number of rows can be right."""

    def published(self, history: History) -> Sequence[tuple[datetime, Entry]]:
        """All batches that are done."""
        return [(entry.finished, entry) for entry in history.done.values()]

    def unread(self, pipeline: Pipeline, con: Connection, history: History) -> dict[str, Any]:
        """The files that no run took yet."""
        return {"files_waiting": len(Line(self.feed, history).new())}

    def _quarantine_late(
        self, unit: Offsets, files: Sequence[str], pipeline: Pipeline, con: Connection
    ) -> None:
        newest = "SELECT _file, CAST(max(_event_time) AS STRING) FROM arrived GROUP BY 1"
        if not (items := [i for i in unit.items if i["file"] in files and "lost" not in i]):
            return
        unit.line.judge(items, dict(con.execute(newest).fetchall()))
        tops = ", ".join(f"({literal(i['file'])}, {literal(i['after'] or '')})" for i in items)
        before, place = (EARLIER, "place") if self.feed.ordered else ("NULL", "file")
        length = f"INTERVAL {self.watermark // timedelta(minutes=1)} MINUTES"
        late = (
            "SELECT _file, _row, "
            f"'{LATE}older than ' || _oldest || ', the watermark at its {place}' AS _why FROM ("
            f"SELECT *, greatest(TRY_CAST(_after AS TIMESTAMP), _before) - {length} AS _oldest "
            f"FROM batch JOIN (VALUES {tops}) AS top(_file, _after) USING (_file) "
            f"LEFT JOIN (SELECT _file, _row, {before} AS _before FROM arrived) USING (_file, _row)"
            ") WHERE _event_time < _oldest AND _problem IS NULL"
        )
        keep(con, "late", late)
        if con.execute("SELECT 1 FROM late LIMIT 1").fetchall():
            keep(con, "arrived", "SELECT * FROM arrived ANTI JOIN late USING (_file, _row)")
            names = [n for n in pipeline.gate.raw.names if n != "_problem"]  # raw rows have it, too
            keep(
                con,
                "batch",
                f"SELECT {', '.join(names)}, coalesce(_problem, _why) AS _problem "
                "FROM batch LEFT JOIN late USING (_file, _row)",
            )
