"""How late rows arrive: by a time of arrival, or by the order in which files and rows lie there."""

# ruff: noqa: S608  the columns of `typed` have names of ours

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scaffold.sampling.session import one

if TYPE_CHECKING:
    from scaffold.sampling.signs import Seen

LATE_SHARE = 0.2  # of the rows that may be late before order says nothing
HOURS = {"day": 24, "week": 168}
_ARRIVED = r"(^|_)(loaded|ingested|ingestion|received|inserted|imported|landed)(_|$)"
_REAL = "{0} > TIMESTAMP '1970-01-02'"  # a placeholder is not late


def read(here: Seen) -> None:
    """How long after it happened a row is there, by a time of arrival or by the order of files and rows."""
    if here.moment is None:
        here.say("late", "untimed", "no column looks like the time of an event", by_column=True)
        return
    arrived = next(
        (c for c in here.columns if c.type == "TIMESTAMP" and re.search(_ARRIVED, c.name)), None
    )
    at, files = here.moment.sql, len(here.raw.ends)
    if arrived and arrived != here.moment and arrived.filled >= (1 - LATE_SHARE) * here.raw.rows:
        _say_late(
            here, f"date_diff('second', {at}, {arrived.sql})", f"by {arrived.name}", share=1.0
        )
    elif "take" in here.settings:
        return  # what has everything says nothing about when a row came
    elif files > 1:
        earlier = (
            f"SELECT f + 1 AS f, max(max({at})) OVER (ORDER BY f) AS top FROM filed GROUP BY f"
        )
        source = f"(SELECT d.*, e.top FROM filed d LEFT JOIN ({earlier}) e USING (f))"
        late = f"date_diff('second', {at}, top)"
        how = f"in {files} files in the order of their names"
        _say_late(here, late, how, source=source, certain=here.raw.complete)
    else:
        source = (
            f"(SELECT *, max({at}) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS top FROM filed)"
        )
        late = f"date_diff('second', {at}, top)"
        _say_late(here, late, "in the order of rows", source=source, certain=False)


def _say_late(  # noqa: PLR0913 - the parts of one query
    here: Seen,
    late: str,
    how: str,
    *,
    source: str = "filed",
    share: float = LATE_SHARE,
    certain: bool = True,
) -> None:
    """Says it, unless so much is late that there is no order. Where one file may have been sorted, or some were not read,
    that nothing is late is no sign.
    """
    real = _REAL.format(here.moment.sql if here.moment else "")
    query = f"SELECT count(*), count(*) FILTER (s > 0), max(s) FROM (SELECT {late} AS s FROM {source} WHERE {real})"
    rows, behind, seconds = one(here.connection, query)
    if not rows:
        return
    if behind > share * rows:
        here.why["late"] = (
            f"{behind} of {rows} rows are older than one before them, {how}: there is no order"
        )
        return
    if not (behind or certain):
        here.why["late"] = (
            f"no row is older than one before it, {how}, but they may have been sorted"
        )
        return
    hours = (seconds or 0) / 3600
    of_rows = source == "filed"
    if not behind:
        told = f"no row is older than one before it, {how}"
        here.say("late", "never", told, by_column=of_rows)
        return
    answer = next((name for name, most in HOURS.items() if hours <= most), "any")
    length = f"{hours:.0f} hours" if hours <= 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004
    length = "less than an hour" if hours < 1 else length
    told = f"{behind} of {rows} rows are late, by up to {length}, {how}"
    here.say("late", answer, told, by_column=of_rows)
