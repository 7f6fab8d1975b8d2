"""Multi-hop: bronze keeps the rows as they came, each later hop is rebuilt from the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from ..core.pipeline import Step
from ..core.quality import Gate


@dataclass(frozen=True, slots=True)
class MultiHop:
    """bronze (a whole batch) → quality gate → silver → gold. The last two are SQL over `input`."""

    silver: Path
    gold: Path

    def steps(self, gate: Gate) -> Sequence[Step]:
        silver, gold = gate.contract.tables["silver"], gate.contract.tables["gold"]
        raw, rows, aggregate = map(attrgetter, ("raw", "rows", "aggregate"))
        return (
            Step(gate.raw, "batch", "SELECT * FROM input", raw, input="SELECT * FROM {}".format),
            Step(gate.quarantine, gate.raw.name, "SELECT * FROM input", raw, input=gate.failing),
            Step(silver, gate.raw.name, self.silver.read_text("utf-8"), rows, input=gate.passing),
            Step(gold, "silver", self.gold.read_text("utf-8"), aggregate),
        )
