"""Raw capture: what a source answered is kept, unit by unit, and rows are read from there only.

`<folder>/<start>_<end>/<content>/` has the pages of one capture, as JSON lines, and a manifest. It
is put in place by one rename, when the last page came: a capture is whole, or it is not there.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ..core.contract import Column, Contract
from ..core.engine import Connection, keep
from ..core.event_time import EventTime
from ..core.units import Request
from ..sources.files import Files
from ..sources.jsonl import JSONLines

log = logging.getLogger(__name__)

Range = tuple[datetime, datetime]
HALF, MANIFEST = "_half", "manifest.json"
OWN = "_unit IS NULL OR _unit = CAST(split_part(_file, '_', 1) AS TIMESTAMP)"


class Answer(Protocol):
    """One page."""

    @property
    def lines(self) -> Iterable[str]:
        """Its rows, each as JSON on a line."""


class Api(Protocol):
    """A source that may answer only once: all of it, or a range of event time (UTC, half-open)."""

    def pages(self, between: Range | None) -> Iterator[Answer]: ...


@dataclass(frozen=True, slots=True)
class RawCapture:
    """A unit that was captured is not asked for again, but where the extraction looks for what came
    late, or `refetch` says so. The newest capture of a unit counts; older ones stay.
    """

    api: Api
    folder: Path
    when: EventTime | None = None
    refetch: bool = False
    format: JSONLines = field(default=JSONLines(pages=True))

    @property
    def kept(self) -> Files:
        """The pages that are there, as files."""
        return Files(str(self.folder / "*" / "*" / "*.jsonl"), self.format, self.when)

    @property
    def event_time(self) -> str | None:
        return self.kept.event_time

    def ready(self, as_of: datetime, contract: Contract) -> None:
        """Whether the source answers shows when it is asked."""

    def columns(self, contract: Contract) -> tuple[Column, ...]:
        return self.kept.columns(contract)

    def select(self, con: Connection, request: Request, contract: Contract) -> str:
        """Of what was captured: nothing is asked for to look at it."""
        newest = [self._newest(unit) for unit in sorted(self.folder.glob("*_*"))]
        paths = tuple(page for capture in newest if capture for page in pages_of(capture))
        rows = self.kept.select(con, replace(request, paths=paths), contract)
        return f"SELECT * FROM ({rows}) WHERE {OWN}"

    def unsplit(self, con: Connection) -> int:
        return self.kept.unsplit(con)

    def read(self, con: Connection, request: Request, contract: Contract) -> Callable[[], None]:
        """Capture what is not there yet. A source can give more than it was asked for."""
        anew = request.fresh or self.refetch
        captures = [self._capture(one, anew) for one in request.ranges]
        paths = tuple(page for capture in captures for page in pages_of(capture))
        unchanged = self.kept.read(con, replace(request, paths=paths), contract)
        keep(con, "batch", f"SELECT * FROM batch WHERE {OWN}")
        return unchanged

    def _capture(self, unit: Range, anew: bool) -> Path:
        start, end = unit
        folder = self.folder / f"{start.isoformat()}_{end.isoformat()}"
        last = self._newest(folder)
        return last if last and not anew else self._fetch(unit, folder, last)

    def _newest(self, unit: Path) -> Path | None:
        captures = [manifest.parent for manifest in unit.glob(f"[!_]*/{MANIFEST}")]
        return max(captures, key=number_of, default=None)

    def _fetch(self, unit: Range, folder: Path, last: Path | None) -> Path:
        half, pages, rows = folder / HALF, dict[str, str](), 0
        shutil.rmtree(half, ignore_errors=True)  # of a run that was killed
        half.mkdir(parents=True)
        start, end = unit
        for number, page in enumerate(self.api.pages(unit if start < end else None), 1):
            lines = [f"{line}\n" for line in page.lines]
            text = "".join(lines)
            pages[f"{number:06}.jsonl"] = hashlib.sha256(text.encode()).hexdigest()
            write(half / f"{number:06}.jsonl", text)
            rows += len(lines)
        whole = folder / hashlib.sha256(json.dumps(pages).encode()).hexdigest()[:16]
        facts = {"number": number_of(last) + 1 if last else 1, "rows": rows, "pages": pages}
        write(half / MANIFEST, json.dumps(facts, indent=1))
        if whole.exists():  # the same as once before: it is the newest again
            (half / MANIFEST).replace(whole / MANIFEST)
            shutil.rmtree(half)
        else:
            half.rename(whole)
        log.info("captured %s: %d rows on %d pages", folder.name, rows, len(pages))
        return whole


def pages_of(capture: Path) -> list[str]:
    """The pages of a capture, in their order."""
    return [str(path) for path in sorted(capture.glob("*.jsonl"))]


def number_of(capture: Path) -> int:
    """How many captures of its unit there were when this one was made or seen again."""
    return int(json.loads((capture / MANIFEST).read_text(encoding="utf-8"))["number"])


def write(path: Path, text: str) -> None:
    """A file that has reached the disk."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
