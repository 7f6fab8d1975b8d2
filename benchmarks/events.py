"""The data of the benchmark: made once by DuckDB, the same on every machine.

One Parquet file for each day of arrival. 8 % of the events arrive one to three days late, and about
2 % arrive twice: the second time in the next file, with a corrected amount.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SINCE, DAYS = "2025-01-01", 100
COLUMNS = (
    ("event_id", "BIGINT"),
    ("happened_at", "TIMESTAMP"),
    ("user_id", "BIGINT"),
    ("kind", "STRING"),
    ("country", "STRING"),
    ("amount", "DECIMAL(12,2)"),
    ("score", "DOUBLE"),
    ("session", "STRING"),
)

EVENTS = """
SELECT
    id AS event_id,
    happened_at,
    pick(id, 1, 1000000) AS user_id,
    ['view', 'click', 'search', 'buy', 'leave'][1 + pick(id, 2, 5)] AS kind,
    ['DE', 'FR', 'GB', 'IT', 'NL', 'PL', 'US', 'BR'][1 + pick(id, 3, 8)] AS country,
    CAST((pick(id, 4, 1000000)) / 100 AS DECIMAL(12,2)) + again AS amount,
    (pick(id, 5, 1000000)) / 1000000 AS score,
    md5(CAST(pick(id, 6, 3000000) AS VARCHAR))[:16] AS session,
    day + again + CASE WHEN pick(id, 7, 100) < 8 THEN 1 + pick(id, 8, 3) ELSE 0 END AS arrived
FROM (
    SELECT
        id,
        CAST(id * {days} // {size} AS BIGINT) AS day,
        TIMESTAMP '{since}' + to_microseconds(CAST(id * {days} * 86400000000.0 // {size} AS BIGINT)) AS happened_at
    FROM range({size}) AS made(id)
), (SELECT unnest([0, 1]) AS again)
WHERE again = 0 OR pick(id, 9, 100) < 2
"""


def make(folder: Path, size: int) -> Path:
    """The folder with the files; made in a folder beside it, so that a broken one is never used."""
    done = folder / f"events-{size}"
    if done.is_dir():
        return done
    making = folder / f"making-{size}"
    making.mkdir(parents=True, exist_ok=True)
    rows = EVENTS.format(days=DAYS, size=size, since=SINCE)
    with duckdb.connect() as con:
        con.execute("CREATE MACRO pick(id, salt, n) AS CAST(hash(id, salt) % n AS BIGINT)")
        con.execute(f"CREATE TABLE events AS {rows}")
        for day in range(DAYS):
            # what would arrive after the last day arrives on it
            which = f"arrived = {day}" if day < DAYS - 1 else f"arrived >= {day}"
            con.execute(
                f"COPY (SELECT * EXCLUDE (arrived) FROM events WHERE {which} ORDER BY event_id) "
                f"TO '{making}/{day:03}.parquet'"
            )
    making.rename(done)
    return done
