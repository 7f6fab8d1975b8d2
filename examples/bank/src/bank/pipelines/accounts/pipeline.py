"""accounts: the one file that knows all parts of this pipeline."""

from datetime import datetime, timedelta
from pathlib import Path

from ...core.contract import load
from ...core.event_time import EventTime
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.direct import Direct
from ...patterns.idempotent import Idempotent
from ...patterns.self_healing import SelfHealing
from ...patterns.time_ranged import TimeRanged
from ...sinks.postgres import Postgres
from ...sources.postgres import PostgresSource

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="accounts",
        contract=load(HERE / "contract.yml"),
        source=PostgresSource(
            connection=settings.postgres,
            table=settings.pipelines["accounts"].table,
            when=EventTime(
                column="opened_at",
                zone="Europe/London",
            ),
        ),
        extraction=TimeRanged(
            every=timedelta(days=1),
            since=datetime(2025, 1, 1),
        ),
        writing=Idempotent(),
        behaviour=SelfHealing(max_catch_up=30, retries=3),
        structure=(Direct(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=Postgres(settings.postgres, settings.memory_limit),
        chunk=settings.chunk,
    )
