"""orders: the one file that knows all parts of this pipeline."""

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
from ...sinks.delta import Delta
from ...sources.csv import CSV
from ...sources.files import Files

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="orders",
        contract=load(HERE / "contract.yml"),
        source=Files(
            path=settings.pipelines["orders"].path,
            format=CSV(),
            when=EventTime(
                column="ordered_at",
                zone="Europe/London",
            ),
        ),
        extraction=TimeRanged(
            every=timedelta(days=1),
            since=datetime(2025, 1, 1),
        ),
        writing=Idempotent(),
        behaviour=SelfHealing(max_catch_up=30, retries=3),
        structure=(MultiHop(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=Delta(settings.warehouse, settings.spark),
        chunk=settings.chunk,
    )
