"""What a person on call wants to know of a pipeline."""

from collections import Counter
from datetime import datetime
from typing import Any

import duckdb

from .errors import PipelineError
from .pipeline import Pipeline, Store


def status_of(pipeline: Pipeline, store: Store, as_of: datetime) -> dict[str, Any]:
    """Facts about one pipeline. Freshness is the age of the newest row when it is, or was, due."""
    history = store.history()
    done = history.done.values()
    at = min(as_of, getattr(pipeline.extraction, "until", None) or as_of)
    newest = max((e.last_event for e in done if e.last_event), default=None)
    facts: dict[str, Any] = {
        "last_success": max((e.finished for e in done), default=None),
        "newest_row": newest,
        "fresh": newest is not None and at - newest <= pipeline.contract.freshness,
        "rows": sum(e.rows for e in done),
        "quarantined": sum(e.rejected for e in done),
        "failed": history.units("failed"),
        "parked": history.units("parked"),
    }
    try:
        pipeline.source.ready(as_of, pipeline.contract)
        due = pipeline.extraction.plan(as_of, history)
        facts["due"] = dict(Counter(one.why for one in due))
        return facts | pipeline.extraction.unread(pipeline, store.con, history)
    except (duckdb.Error, PipelineError) as error:
        return facts | {"source": str(error)}
