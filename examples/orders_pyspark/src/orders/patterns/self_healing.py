"""Self-healing: gaps and failures in the ledger are done again, oldest first, within limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tenacity

from ..core.errors import Transient
from ..core.ledger import Entry, Status
from ..core.units import Due


@dataclass(frozen=True, slots=True)
class SelfHealing:
    """At most `max_catch_up` old units a run, so that new ones are not starved.

    A transient error is retried at once, `retries` times, with exponential backoff (seconds,
    doubling from `backoff`) and jitter. A unit that failed in `park_after` runs is parked: it is
    reported, and left until `backfill` asks for it. `stop_after` failures in a row end the run.
    """

    max_catch_up: int = 30
    retries: int = 3
    backoff: float = 1.0
    park_after: int = 3
    stop_after: int = 3

    def choose(self, due: Sequence[Due]) -> list[Due]:
        old = [one for one in due if one.why in ("gap", "retry")]
        return old[: self.max_catch_up] + [one for one in due if one.why in ("new", "again")]

    def attempt(self, work: Callable[[], list[Entry]]) -> list[Entry]:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            stop=tenacity.stop_after_attempt(self.retries + 1),
            wait=tenacity.wait_random_exponential(multiplier=self.backoff, max=60),
            reraise=True,
        )
        return retrying(work)

    def failed(self, attempt: int) -> Status:
        return "parked" if attempt >= self.park_after else "failed"

    def carry_on(self, ended: Sequence[Entry]) -> bool:
        latest = ended[-self.stop_after :]
        return len(latest) < self.stop_after or any(entry.status == "done" for entry in latest)
