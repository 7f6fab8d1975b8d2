"""customers: the one file that knows all parts of this pipeline."""

from pathlib import Path

from ...core.contract import load
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.full_snapshot import FullSnapshot
from ...patterns.multi_hop import MultiHop
from ...patterns.once import Once
from ...patterns.plain import Plain
from ...sinks.duckdb import DuckDB
from ...sources.files import Files
from ...sources.parquet import ParquetFiles

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="customers",
        contract=load(HERE / "contract.yml"),
        source=Files(
            path=settings.pipelines["customers"].path,
            format=ParquetFiles(),
            when=None,
            take="all_matching",
        ),
        extraction=FullSnapshot(
            retain=7,
            min_ratio=0.5,
            allow_small=settings.pipelines["customers"].allow_small,
        ),
        writing=Once(),
        behaviour=Plain(),
        structure=(MultiHop(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=DuckDB(settings.warehouse, settings.memory_limit),
        chunk=settings.chunk,
    )
