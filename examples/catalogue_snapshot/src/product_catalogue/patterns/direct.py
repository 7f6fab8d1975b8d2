"""Direct: from the source through the quality gate to silver and gold; nothing is kept raw.

What a rule refused, or a newer version replaced, is only in the source. Choose multi-hop to keep it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.contract import Contract, Table
from ..core.pipeline import Step
from ..core.quality import Gate


@dataclass(frozen=True, slots=True)
class Direct:
    """quality gate → silver → gold. `silver` and `gold` are SQL that reads `input`."""

    silver: str
    gold: str

    def steps(self, contract: Contract, raw: Table, gate: Gate) -> Sequence[Step]:
        silver, gold = contract.tables["silver"], contract.tables["gold"]
        return (
            Step(gate.quarantine, "batch", "SELECT * FROM input", "raw", gate.failing),
            Step(silver, "batch", self.silver, "rows", gate.passing),
            Step(gold, "silver", self.gold, "aggregate"),
        )
