"""What one would type by hand for the same tables: DuckDB, plain SQL, one transaction a chunk.

    python raw.py EVENTS WAREHOUSE days FIRST END CHUNK    windows of a day, CHUNK of them in one pass
    python raw.py EVENTS WAREHOUSE snapshot VERSION

It can be run again (rows are removed before they are added), its DDL is explicit, its duplicates are
broken by file and row. It has no quality gate, no quarantine, no ledger, no retries and no settings,
and bronze keeps only the lineage that its own silver needs.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta

import duckdb

COLUMNS = """
    event_id BIGINT, happened_at TIMESTAMP, user_id BIGINT, kind VARCHAR, country VARCHAR,
    amount DECIMAL(12,2), score DOUBLE, session VARCHAR
"""
NAMES = "event_id, happened_at, user_id, kind, country, amount, score, session"

DDL = f"""
CREATE SCHEMA IF NOT EXISTS events;
CREATE TABLE IF NOT EXISTS events.bronze ({COLUMNS}, _file VARCHAR, _row BIGINT, _unit TIMESTAMP);
CREATE TABLE IF NOT EXISTS events.gold (day DATE, rows BIGINT, total_amount DECIMAL(38,2));
"""

DAYS = f"""
CREATE TABLE IF NOT EXISTS events.silver ({COLUMNS}, _unit TIMESTAMP, _file VARCHAR);
BEGIN;

DELETE FROM events.bronze WHERE _unit >= TIMESTAMP '{{first}}' AND _unit < TIMESTAMP '{{end}}';
INSERT INTO events.bronze
SELECT {NAMES}, parse_filename(filename), file_row_number, date_trunc('day', happened_at)
FROM read_parquet('{{files}}', filename = true, file_row_number = true)
WHERE happened_at >= TIMESTAMP '{{first}}' AND happened_at < TIMESTAMP '{{end}}';

DELETE FROM events.silver WHERE _unit >= TIMESTAMP '{{first}}' AND _unit < TIMESTAMP '{{end}}';
INSERT INTO events.silver
SELECT {NAMES}, _unit, _file
FROM (
    SELECT *, row_number() OVER (PARTITION BY _unit, event_id ORDER BY _file DESC, _row DESC) AS place
    FROM events.bronze
    WHERE _unit >= TIMESTAMP '{{first}}' AND _unit < TIMESTAMP '{{end}}'
)
WHERE place = 1;

DELETE FROM events.gold WHERE day >= DATE '{{first}}' AND day < DATE '{{end}}';
INSERT INTO events.gold
SELECT CAST(happened_at AS DATE), count(*), sum(amount)
FROM events.silver
WHERE happened_at >= TIMESTAMP '{{first}}' AND happened_at < TIMESTAMP '{{end}}'
GROUP BY 1 ORDER BY 1;

COMMIT;
"""

SNAPSHOT = f"""
CREATE TABLE IF NOT EXISTS events.silver ({COLUMNS}, _file VARCHAR);
BEGIN;

DELETE FROM events.bronze WHERE _unit = TIMESTAMP '{{version}}';
INSERT INTO events.bronze
SELECT {NAMES}, parse_filename(filename), file_row_number, TIMESTAMP '{{version}}'
FROM read_parquet('{{files}}', filename = true, file_row_number = true);

DELETE FROM events.silver;
INSERT INTO events.silver
SELECT {NAMES}, _file
FROM (
    SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY _file DESC, _row DESC) AS place
    FROM events.bronze
    WHERE _unit = TIMESTAMP '{{version}}'
)
WHERE place = 1;

DELETE FROM events.gold;
INSERT INTO events.gold
SELECT CAST(happened_at AS DATE), count(*), sum(amount) FROM events.silver GROUP BY 1 ORDER BY 1;

COMMIT;
"""


def main(folder: str, warehouse: str, kind: str, *rest: str) -> None:
    files = f"{folder}/*.parquet"
    with duckdb.connect(warehouse) as con:
        con.execute("SET memory_limit = '2GB'")  # as the generated project sets it
        con.execute(DDL)
        if kind == "snapshot":
            con.execute(SNAPSHOT.format(files=files, version=rest[0]))
            return
        first, end, chunk = date.fromisoformat(rest[0]), date.fromisoformat(rest[1]), int(rest[2])
        while first < end:
            until = min(first + timedelta(days=chunk), end)
            con.execute(DAYS.format(files=files, first=first, end=until))
            first = until


if __name__ == "__main__":
    main(*sys.argv[1:])
