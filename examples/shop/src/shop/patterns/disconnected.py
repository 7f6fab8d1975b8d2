"""Disconnected: the dataset is published with its contract, and consumers know nothing else of it.

The table `published` has the text of contract.yml. It commits together with the data that it
speaks of, so a consumer never sees the one without the other. Consumers run when they like: the
source Published tells them whether the data is ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.contract import PUBLISHED, Contract, Table
from ..core.pipeline import Step
from ..core.quality import Gate
from ..core.units import literal


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Beside the tables, publish `promise`: the text of the contract."""

    promise: str

    def steps(self, contract: Contract, raw: Table, gate: Gate) -> Sequence[Step]:
        sql = f"SELECT {literal(self.promise)} AS contract"
        return (Step(PUBLISHED, "silver", sql, "whole"),)
