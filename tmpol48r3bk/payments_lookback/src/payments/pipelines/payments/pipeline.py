"""payments: the one file that knows all parts of this pipeline."""

from datetime import datetime, timedelta
from pathlib import Path

from ...core.contract import load
from ...core.event_time import EventTime
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.idempotent import Idempotent
from ...patterns.lookback import Lookback
from ...patterns.multi_hop import MultiHop
from ...patterns.self_healing import SelfHealing
from ...sinks.duckdb import DuckDB
from ...sources.files import Files
from ...sources.jsonl import JSONLines

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="payments",
        contract=load(HERE / "contract.yml"),
        source=Files(
            path=settings.pipelines["payments"].path,
            format=JSONLines(),
            when=EventTime(
                column="paid_at",
                zone="Europe/London",
            ),
        ),
        extraction=Lookback(
            every=timedelta(days=1),
            since=datetime(2025, 1, 1),
            windows=7,
            trailing=7,
        ),
        writing=Idempotent(),
        behaviour=SelfHealing(max_catch_up=30, retries=3),
        structure=(MultiHop(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=DuckDB(settings.warehouse, settings.memory_limit),
        chunk=settings.chunk,
    )
