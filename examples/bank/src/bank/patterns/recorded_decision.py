"""Recorded decision: a unit is decided by the settings that decided it first.

A rule that follows a setting would decide otherwise once the setting has changed, and a rerun
would leave other rows. So the ledger keeps a unit's settings, and a rerun takes them again; new
units take the current ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.ledger import History
from ..core.units import Due
from .conditional import Decided, decide


@dataclass(frozen=True, slots=True)
class RecordedDecision(Decided):
    """Replays the recorded settings of a unit that is done; a new setting has its current value."""

    def admit(self, due: Sequence[Due], history: History) -> Sequence[Due]:
        admitted = []
        for one in self.writing.admit(due, history):
            entry = history.done.get(one.unit.key)
            recorded = entry.detail.get("settings", {}) if entry else {}
            admitted.append(decide(one, {**self.values, **recorded}))
        return admitted
