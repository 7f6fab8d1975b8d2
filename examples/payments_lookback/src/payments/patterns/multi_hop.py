"""Multi-hop: bronze keeps the rows as they came, each later hop is rebuilt from the one before."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.contract import Contract, Table
from ..core.pipeline import Step
from ..core.quality import Gate


@dataclass(frozen=True, slots=True)
class MultiHop:
    """bronze (a whole batch) → quality gate → silver → gold. The last two are SQL over `input`."""

    silver: str
    gold: str

    def steps(self, contract: Contract, raw: Table, gate: Gate) -> Sequence[Step]:
        bronze, silver, gold = raw.name, contract.tables["silver"], contract.tables["gold"]
        return (
            Step(raw, "batch", "SELECT * FROM input", "raw", "SELECT * FROM {}".format),
            Step(gate.quarantine, bronze, "SELECT * FROM input", "raw", gate.failing),
            Step(silver, bronze, self.silver, "rows", gate.passing),
            Step(gold, "silver", self.gold, "aggregate"),
        )
