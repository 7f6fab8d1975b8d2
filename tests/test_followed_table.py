"""A table that is followed while others write to it, and while runs are killed, has lost nothing in the end."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path

import duckdb
import pytest

from scaffold import source
from tests.combinations import answers, made
from tests.mutations import DEFAULT
from tests.services import Database
from tests.shops import Shop, ended

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
CHOICE = DEFAULT | {"source": "postgres", "extraction": "streaming", "rows": 200}
SECONDS, OVERLAP, ROWS, WRITERS, SEED = 25, 12, 300, 4, 20250301
TABLE = """CREATE TABLE p000 ("Order ID" bigint PRIMARY KEY, "ordered at" timestamptz,
    customer text, amount numeric, weight float8, paid boolean, due_on date)"""
INDEX = 'CREATE INDEX ON p000 ("ordered at", "Order ID")'
WRITE = """INSERT INTO p000 VALUES ({}, now(), '{}', 1, 1, true, '2025-01-01')
    ON CONFLICT ("Order ID") DO UPDATE SET "ordered at" = now(), customer = excluded.customer"""


def test_transactions_that_overlap_runs_lose_nothing(
    tmp_path: Path, templates: source.Templates, postgres: Database
) -> None:
    database = postgres.fresh()
    database.execute(TABLE, INDEX)
    folder = made(tmp_path / "shop", templates, answers([CHOICE]))
    wiring = next(folder.glob("src/*/pipelines/p000/pipeline.py"))
    text = wiring.read_text(encoding="utf-8")
    assert text.count("overlap=timedelta(minutes=10)") == 1
    text = text.replace("overlap=timedelta(minutes=10)", f"overlap=timedelta(seconds={OVERLAP})")
    wiring.write_text(text, encoding="utf-8")
    shop = Shop(folder, "duckdb", folder / "warehouse.duckdb", database=database)
    assert followed(shop, database)
    assert silver(shop) == table(database)


def followed(shop: Shop, database: Database) -> int:
    """Write, and run, for some time; how many of the runs were killed."""
    done, chance, killed = threading.Event(), random.Random(SEED), 0
    writers = [
        threading.Thread(target=write, args=(database, done, number)) for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        running = shop.start("run", "p000")
        if chance.random() < 0.4:
            time.sleep(chance.uniform(0.2, 0.8))
            running.kill()
        running.communicate()
        assert running.returncode in (0, 4, -signal.SIGKILL)  # 4: nobody has written yet
        killed += running.returncode < 0
    done.set()
    for writer in writers:
        writer.join()
    ended(shop.start("run", "p000"), 0)
    return killed


def write(database: Database, done: threading.Event, number: int) -> None:
    """Transactions of some seconds, whose rows have the time at which they began."""
    chance = random.Random(SEED + number)
    with database._connected() as connection, connection.cursor() as cursor:
        while not done.is_set():
            cursor.execute("BEGIN")
            for key in chance.sample(range(number, ROWS, WRITERS), 3):  # nobody waits for others
                cursor.execute(WRITE.format(key, chance.random()))
            time.sleep(chance.choice((0, 0.2, 5)))
            cursor.execute("COMMIT")


def table(database: Database) -> list[tuple[object, ...]]:
    return sorted(database.ask('SELECT "Order ID", customer FROM p000'))


def silver(shop: Shop) -> list[tuple[object, ...]]:
    with duckdb.connect(str(shop.warehouse), read_only=True) as con:
        return sorted(con.execute("SELECT order_id, customer FROM p000.silver").fetchall())
