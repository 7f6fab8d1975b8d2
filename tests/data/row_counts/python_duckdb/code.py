"""Row counts: a table says how many clean rows each window has."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from ..core.contract import Column, Table
from ..core.pipeline import Step
from ..core.quality import Gate

COUNTS = Table(
    name="row_counts",
    columns=(Column(name="_unit", type="TIMESTAMP"), Column(name="rows", type="BIGINT")),
)
QUERY = "SELECT _unit, count(*) AS rows FROM input GROUP BY _unit"


@dataclass(frozen=True, slots=True)
class RowCounts:
    """silver → row_counts. `_unit` is the start of a window, in UTC."""

    def steps(self, gate: Gate) -> Sequence[Step]:
        return [Step(COUNTS, "silver", QUERY, attrgetter("rows"))]
