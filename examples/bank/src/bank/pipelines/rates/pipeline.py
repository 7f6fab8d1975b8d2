"""rates: the one file that knows all parts of this pipeline."""

from pathlib import Path

from ...core.contract import load
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.conditional import Conditional
from ...patterns.direct import Direct
from ...patterns.full_snapshot import FullSnapshot
from ...patterns.idempotent import Idempotent
from ...patterns.plain import Plain
from ...patterns.recorded_decision import RecordedDecision
from ...sinks.postgres import Postgres
from ...sources.postgres import PostgresSource

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="rates",
        contract=load(HERE / "contract.yml"),
        source=PostgresSource(
            connection=settings.postgres,
            table=settings.pipelines["rates"].table,
            when=None,
        ),
        extraction=FullSnapshot(
            retain=7,
            min_ratio=0.5,
            allow_small=settings.pipelines["rates"].allow_small,
        ),
        writing=RecordedDecision(
            Idempotent(),
            settings.pipelines["rates"].routing,
        ),
        behaviour=Plain(),
        structure=(
            Direct(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),
            Conditional(routes=HERE / "routes.sql", remainder="rest"),
        ),
        sink=Postgres(settings.postgres, settings.memory_limit),
        chunk=settings.chunk,
    )
