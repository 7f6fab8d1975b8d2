"""Full snapshot: everything is read on each run, and replaces what was published before.

Bronze keeps the last versions, so that one can see what the source said then; silver and gold
show the newest one. What the source deleted is gone from them, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.engine import Connection
from ..core.errors import PipelineError, UsageError
from ..core.ledger import Entry, History
from ..core.pipeline import Pipeline, Store
from ..core.units import Due, Request, Slice, Slices, Unit, literal


class Version(Unit):
    """The source as it is when it is read, by the time of the run; `start` and `end` are that."""

    @property
    def key(self) -> str:
        return str(self.start.isoformat())


@dataclass(frozen=True, slots=True)
class FullSnapshot:
    """Bronze keeps `retain` versions. One with fewer rows than `min_ratio` of the last is refused.

    Such a snapshot is more often an export that was cut off than the truth.
    """

    retain: int = 7
    min_ratio: float = 0.5
    allow_small: bool = False
    unit_type = "TIMESTAMP"
    parallel = False

    def owns(self, unit: str) -> bool:
        """Versions, by the time of their read."""
        try:
            return bool(datetime.fromisoformat(unit))
        except ValueError:
            return False

    def reaches(self, unit: str) -> bool:
        """All of them."""
        return True

    def plan(self, as_of: datetime, history: History) -> Sequence[Due]:
        """One version; earlier ones that failed are over, since the source has moved on."""
        newest = max(history.done, default="")  # keys sort by time
        current = Version(as_of, as_of)
        if current.key < newest:
            raise UsageError(
                f"the snapshot of {newest} is newer, and an old one can't be read now. If a clock went "
                "wrong, set it right; if it was ahead then, run with --as-of after that"
            )
        failed = [key for key in history.latest if key != current.key and key not in history.done]
        why = {None: "new", "done": "again"}.get(history.status(current.key), "retry")
        return [Due(Version(as_of, as_of, {"supersedes": failed}), why)]  # type: ignore[arg-type]

    def again(
        self, start: datetime, end: datetime, as_of: datetime, history: History
    ) -> Sequence[Due]:
        raise UsageError(
            "a snapshot shows the source as it is now: what it was can't be read again, so there "
            "is nothing to fill back. `run` takes the current one; bronze has the last ones."
        )

    def request(self, units: Sequence[Version]) -> Request:
        """Everything that is there."""
        return Request(literal(units[0].start), ranges=((units[0].start, units[0].end),))

    def slices(self, units: Sequence[Version], pipeline: Pipeline, store: Store) -> Slices:
        """Raw rows by version, the oldest ones leave; all else is replaced as a whole."""
        (version,) = units
        older = sorted(key for key in store.history().done if key < version.key)
        this = f"_unit = {literal(version.start)}"
        leaving = older[: max(len(older) + 1 - self.retain, 0)][-1:]
        old = [f" OR _unit <= {literal(datetime.fromisoformat(key))}" for key in leaving]
        return Slices(
            raw=Slice(this, this + "".join(old)),
            rows=Slice(this, "true"),
            aggregate=Slice("true", "true"),
        )

    def check(self, entries: Sequence[Entry], history: History) -> None:
        """Refuse a version that is much smaller than the last one."""
        last = history.done[max(history.done)].rows if history.done else 0
        for entry in entries:
            if entry.rows < last * self.min_ratio and not self.allow_small:
                raise PipelineError(
                    f"the snapshot has {entry.rows} rows, and the last one had {last}: less than "
                    f"{self.min_ratio:.0%} looks like an export that was cut off. If it is right, "
                    f"run once with PIPELINE_PIPELINES__{entry.pipeline.upper()}__ALLOW_SMALL=true"
                )

    def published(self, history: History) -> Sequence[tuple[datetime, Entry]]:
        """The newest version alone, by the time of its read: it replaced all others."""
        newest = sorted(history.done)[-1:]  # keys sort by time
        return [(datetime.fromisoformat(key), history.done[key]) for key in newest]

    def unread(self, pipeline: Pipeline, con: Connection, history: History) -> dict[str, Any]:
        """Each run reads everything."""
        return {}
