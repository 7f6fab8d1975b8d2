"""clicks: the one file that knows all parts of this pipeline."""

from datetime import timedelta
from pathlib import Path

from ...core.contract import load
from ...core.event_time import EventTime
from ...core.pipeline import Pipeline
from ...core.settings import Settings
from ...patterns.dedupe_key import DedupeKey
from ...patterns.idempotent import Idempotent
from ...patterns.multi_hop import MultiHop
from ...patterns.self_healing import SelfHealing
from ...patterns.streaming import Streaming
from ...sinks.append_log import AppendLog
from ...sources.feed import FileFeed
from ...sources.files import Files
from ...sources.jsonl import JSONLines

HERE = Path(__file__).parent


def pipeline(settings: Settings) -> Pipeline:
    """Put the chosen parts together."""
    return Pipeline(
        name="clicks",
        contract=load(HERE / "contract.yml"),
        source=Files(
            path=settings.pipelines["clicks"].path,
            format=JSONLines(),
            when=EventTime(
                column="clicked_at",
            ),
        ),
        extraction=Streaming(
            feed=FileFeed(settings.pipelines["clicks"].path),
            most=100,
            watermark=timedelta(days=1),
        ),
        writing=Idempotent(),
        behaviour=SelfHealing(max_catch_up=30, retries=3),
        structure=(MultiHop(silver=HERE / "silver.sql", gold=HERE / "gold.sql"),),
        sink=DedupeKey(AppendLog(settings.warehouse, settings.memory_limit)),
        chunk=settings.chunk,
    )
