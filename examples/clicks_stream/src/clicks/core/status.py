"""What a person on call wants to know of a pipeline."""

from collections import Counter
from datetime import datetime
from typing import Any

from .engine import FAILURES, explained
from .pipeline import Pipeline, Store
from .runner import known


def status_of(pipeline: Pipeline, store: Store, as_of: datetime) -> dict[str, Any]:
    """Facts about one pipeline. Freshness is the age of the newest row when it is, or was, due;
    without event time, of the newest read.
    """
    history = known(pipeline, store)
    published = pipeline.extraction.published(history)
    ends = (getattr(part, "until", None) for part in (pipeline.extraction, pipeline.source))
    at = min([as_of, *filter(None, ends)])
    newest = max((e.last_event for _, e in published if e.last_event), default=None)
    read = max((when for when, _ in published), default=None)
    seen = newest if pipeline.source.event_time else read
    facts: dict[str, Any] = {
        "last_success": max((e.finished for e in history.done.values()), default=None),
        "newest_row": newest,
        "fresh": seen is not None and at - seen <= pipeline.contract.freshness,
        "rows": sum(e.rows for _, e in published),
        "quarantined": sum(e.rejected for _, e in published),
        "failed": history.units("failed"),
        "parked": history.units("parked"),
    }
    try:
        pipeline.source.ready(as_of, pipeline.contract)
        due = pipeline.extraction.plan(as_of, history)
        facts["due"] = dict(Counter(one.why for one in due))
        return facts | pipeline.extraction.unread(pipeline, store.con, history)
    except FAILURES as error:
        return facts | {"source": str(explained(error))}
