"""Direct: from the source through the quality gate to silver and gold; nothing is kept raw.

What a rule refused, or a newer version replaced, is only in the source. Choose multi-hop to keep it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from ..core.pipeline import Step
from ..core.quality import Gate


@dataclass(frozen=True, slots=True)
class Direct:
    """quality gate → silver → gold. `silver` and `gold` are SQL that reads `input`."""

    silver: Path
    gold: Path

    def steps(self, gate: Gate) -> Sequence[Step]:
        silver, gold = gate.contract.tables["silver"], gate.contract.tables["gold"]
        raw, rows, aggregate = map(attrgetter, ("raw", "rows", "aggregate"))
        return (
            Step(gate.quarantine, "batch", "SELECT * FROM input", raw, input=gate.failing),
            Step(silver, "batch", self.silver.read_text("utf-8"), rows, input=gate.passing),
            Step(gold, "silver", self.gold.read_text("utf-8"), aggregate),
        )
