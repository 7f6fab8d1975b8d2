"""Runs that are killed at random instants leave, after all, what one leaves that never was."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scaffold import source
from tests.services import Database
from tests.shops import REDO, RUN, Shop, open_shop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
SINKS = ("duckdb", "parquet", "append_log", "postgres")
SEED = 20250301
"""Of the instants; whoever wants others sets another one, and a failure names it."""
some_or_fifty = pytest.mark.parametrize(
    "kills", [4, pytest.param(50, marks=pytest.mark.matrix, id="50")]
)


@some_or_fifty
@pytest.mark.parametrize("sink", SINKS)
def test_kills_at_any_instant_leave_what_a_run_that_was_never_killed_leaves(
    sink: str,
    kills: int,
    tmp_path: Path,
    templates: source.Templates,
    request: pytest.FixtureRequest,
) -> None:
    shop = open_shop(tmp_path, templates, sink=sink)
    never = replace(shop, warehouse=tmp_path / "never" / shop.warehouse.name)
    never.warehouse.parent.mkdir()
    if sink == "postgres":
        server: Database = request.getfixturevalue("postgres")
        shop, never = replace(shop, database=server.fresh()), replace(
            never, database=server.fresh()
        )
    killed(shop, kills)
    shop.call(*REDO)
    never.call(*RUN)
    assert shop.content() == never.content()


def killed(shop: Shop, kills: int) -> None:
    """Do all units again, with other rows each time, and kill that; look at what readers see then.

    Most kills are to meet a run that is at work, and not one that is about to start, or over.
    """
    shop.write(0)
    begun = time.monotonic()
    shop.call(*RUN)
    length, chance = time.monotonic() - begun, random.Random(SEED)
    begin, done, met, version = 0.0, 0, 0, 0
    while done < kills:
        version += 1
        shop.write(version)  # every row is another one now
        running, begun = shop.start(*REDO), time.monotonic()
        try:
            _, log = running.communicate(timeout=chance.uniform(begin, length))
            assert running.returncode == 0, log
            length = time.monotonic() - begun
        except subprocess.TimeoutExpired:
            running.kill()
            _, log = running.communicate()
            met += " of 8 units" in log
            begin = length / 3 if "units" not in log else begin / 2
            done += 1
        where = f"seed {SEED}, kill {done}"
        assert shop.torn() == [], where
        settled(shop)
        assert shop.torn() == [], where
    print(f"{shop.sink}: {kills} kills of seed {SEED}, {met} of them between two units")
    assert met >= kills // 10


def settled(shop: Shop) -> None:
    """Wait until a server has noticed that its client was killed."""
    if shop.database:
        others = f"datname = '{shop.database.name}' AND pid <> pg_backend_pid()"
        while shop.ask(f"SELECT 1 FROM pg_stat_activity WHERE {others}"):
            time.sleep(0.02)
