"""flights: the one file that knows all parts of this pipeline."""

from datetime import datetime, timedelta
from pathlib import Path

from ...core.contract import load
from ...core.event_time import EventTime
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.idempotent import Idempotent
from ...patterns.multi_hop import MultiHop
from ...patterns.self_healing import SelfHealing
from ...patterns.time_ranged import TimeRanged
from ...sinks.duckdb import DuckDB
from ...sources.csv import CSV
from ...sources.files import Files

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="flights",
        contract=load(HERE / "contract.yml"),
        source=Files(
            path=settings.pipelines["flights"].path,
            format=CSV(
                nulls=("NA",),
            ),
            when=EventTime(
                column="time_hour",
            ),
        ),
        extraction=TimeRanged(
            every=timedelta(days=1),
            since=datetime(2013, 3, 8),
            until=datetime(2013, 3, 13),
        ),
        writing=Idempotent(),
        behaviour=SelfHealing(max_catch_up=30, retries=3),
        structure=(MultiHop(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=DuckDB(settings.warehouse, settings.memory_limit),
        chunk=settings.chunk,
    )
