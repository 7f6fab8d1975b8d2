"""Recorded decision: a unit is decided by the settings that decided it first.

A rule that follows a setting would decide otherwise once the setting has changed, and a rerun
would leave other rows. So the ledger keeps a unit's settings, and a rerun takes them again; new
units take the current ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.ledger import History
from ..core.units import Unit


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """Replays the recorded settings of a unit that is done; a new setting has its current value."""

    values: Mapping[str, Any]

    def settings(self, unit: Unit, history: History) -> Mapping[str, Any]:
        recorded = (
            history.done[unit.key].detail.get("settings", {}) if unit.key in history.done else {}
        )
        return {**self.values, **recorded}
