"""The ledger of a file sink: one JSON file for each attempt, and how an attempt is published.

Everything that an attempt writes is prepared aside. From the moment at which its ledger file
lies there whole, as `pending`, the attempt will be published, by this run or by the next one.
Until then nothing of it is. So a run that is killed leaves no unit half done for ever.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import BaseModel

from ..core.errors import NotReady
from ..core.ledger import Entry, History


class Part(BaseModel, frozen=True):
    """The file that an attempt wrote for a part of a table. No row may be left in it."""

    table: str
    part: str
    file: str
    rows: int = 0


class Attempt(BaseModel, frozen=True):
    """What one ledger file holds."""

    number: int
    entries: tuple[Entry, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class FileLedger:
    """`<root>/ledger/<name>/00000001.json`, … beside the tables in `<root>/<name>/`."""

    root: Path
    name: str

    @property
    def folder(self) -> Path:
        return self.root / "ledger" / self.name

    @property
    def aside(self) -> Path:
        """Where an attempt is prepared."""
        return self.root / self.name / ".tmp" / "next"

    def prepared(self, part: Part) -> Path:
        """A file of an attempt, under a name that no consumer's `*.parquet` matches."""
        return self.aside / f"{part.table}.{part.file}.tmp"

    def placed(self, part: Part) -> Path:
        return self.table(part.table) / part.file

    def table(self, name: str) -> Path:
        return self.root / self.name / name

    def attempts(self) -> list[Attempt]:
        """All that were published, oldest first."""
        files = sorted(self.folder.glob("*.json"))
        return [Attempt.model_validate_json(file.read_bytes()) for file in files]

    def parts(self) -> list[Part]:
        """All files that attempts named, oldest first."""
        return [part for attempt in self.attempts() for part in attempt.parts]

    def numbers(self) -> Iterator[int]:
        """The numbers for the attempts of this run."""
        return count(max((int(file.stem) for file in self.folder.glob("*.json")), default=0) + 1)

    def history(self) -> History:
        return History(entry for attempt in self.attempts() for entry in attempt.entries)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of writers, which dies with its process. Readers know no lock."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise self._other_run() from None
            self._tidy()
            try:
                yield
            finally:
                self._tidy()

    @property
    def spill(self) -> Path:
        """Where an attempt that is larger than memory puts what it works on."""
        return self.aside.with_name("spill")

    def prepare(self) -> Path:
        """An empty folder for the files of the next attempt."""
        if self.aside.exists():
            shutil.rmtree(self.aside)
        self.aside.mkdir(parents=True)
        return self.aside

    def publish(self, attempt: Attempt, place: Callable[[Part], None]) -> None:
        """All that takes space is written by now, or here, before anything is put in place."""
        if self._file(attempt.number).exists():
            raise self._other_run()
        draft = self.aside / "draft"
        draft.write_text(attempt.model_dump_json(), encoding="utf-8")
        on_disk(*map(self.prepared, attempt.parts), draft)
        draft.replace(self._pending)
        self.finish(place)

    def finish(self, place: Callable[[Part], None]) -> None:
        """Put the files of a pending attempt in place, table by table, its ledger file last."""
        if not self._pending.exists():
            return
        attempt = Attempt.model_validate_json(self._pending.read_bytes())
        for part in attempt.parts:
            if self.prepared(part).exists():  # or else it is in place already
                self.table(part.table).mkdir(exist_ok=True)
                place(part)
        on_disk(*{self.table(part.table) for part in attempt.parts})
        try:
            self._file(attempt.number).hardlink_to(self._pending)
        except FileExistsError:
            if self._file(attempt.number).read_bytes() != self._pending.read_bytes():
                self._pending.unlink()
                raise self._other_run() from None
        on_disk(self.folder)
        self._pending.unlink()

    def _tidy(self) -> None:
        """Give back the space of an attempt that will never be published: the disk may be full."""
        if not self._pending.exists():
            shutil.rmtree(self.aside.parent, ignore_errors=True)

    @property
    def _pending(self) -> Path:
        return self.aside / "pending"

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:08}.json"

    def _other_run(self) -> NotReady:
        return NotReady(f"another run writes to {self.folder}; try again when it has ended")


def on_disk(*paths: Path) -> None:
    """Wait until files or folders have reached the disk; a folder holds the names of its files."""
    for path in paths:
        if path.exists():
            opened = os.open(path, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
