"""Disconnected: the dataset is published with its contract, and consumers know nothing else of it.

The table `published` has the text of contract.yml. It commits together with the data that it
speaks of, so a consumer never sees the one without the other. Consumers run when they like: the
source Published tells them whether the data is ready.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.contract import PUBLISHED
from ..core.pipeline import Step
from ..core.quality import Gate
from ..core.units import Slice, literal


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Beside the tables, publish `promise`: the file of the contract."""

    promise: Path

    def steps(self, gate: Gate) -> Sequence[Step]:
        sql = f"SELECT {literal(self.promise.read_text('utf-8'))} AS contract"
        return (Step(PUBLISHED, "silver", sql, lambda _: Slice("true", "true"), parallel=False),)
