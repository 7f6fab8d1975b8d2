"""orders: the one file that knows all parts of this pipeline."""

from datetime import datetime, timedelta
from pathlib import Path

from ...core.contract import load
from ...core.event_time import EventTime
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.direct import Direct
from ...patterns.idempotent import Idempotent
from ...patterns.raw_capture import RawCapture
from ...patterns.self_healing import SelfHealing
from ...patterns.time_ranged import TimeRanged
from ...sinks.parquet import Parquet
from ...sources.paging import Cursor
from ...sources.rest_api import RestApi

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    api = RestApi(
        url=settings.pipelines["orders"].url,
        paging=Cursor(
            field="meta.next",
        ),
        token=settings.pipelines["orders"].token,
        header=settings.pipelines["orders"].header,
    )
    return Pipeline(
        name="orders",
        contract=load(HERE / "contract.yml"),
        source=RawCapture(
            api=api,
            folder=Path(settings.pipelines["orders"].path),
            when=EventTime(
                column="ordered_at",
            ),
            refetch=settings.pipelines["orders"].refetch,
        ),
        extraction=TimeRanged(
            every=timedelta(days=1),
            since=datetime(2025, 1, 1),
        ),
        writing=Idempotent(),
        behaviour=SelfHealing(max_catch_up=30, retries=3),
        structure=(Direct(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=Parquet(settings.warehouse, settings.memory_limit),
        chunk=settings.chunk,
    )
