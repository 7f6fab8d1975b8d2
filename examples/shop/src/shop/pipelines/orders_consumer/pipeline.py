"""orders_consumer: the one file that knows all parts of this pipeline."""

from datetime import timedelta
from pathlib import Path

from ...core.contract import load
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.direct import Direct
from ...patterns.idempotent import Idempotent
from ...patterns.plain import Plain
from ...patterns.streaming import Streaming
from ...sinks.duckdb import DuckDB
from ...sources.published import Published

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    published = Published(
        producer="orders",
        sink=DuckDB(settings.warehouse, settings.memory_limit),
        event_time="ordered_at",
    )
    return Pipeline(
        name="orders_consumer",
        contract=load(HERE / "contract.yml"),
        source=published,
        extraction=Streaming(
            feed=published,
            most=100,
            watermark=timedelta(days=36500),
        ),
        writing=Idempotent(),
        behaviour=Plain(),
        structure=(Direct(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=DuckDB(settings.warehouse, settings.memory_limit),
        chunk=settings.chunk,
    )
