"""Runs that are killed at random instants leave, after all, what one leaves that never was."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scaffold import source
from tests.services import Database
from tests.shops import REDO, RUN, Shop, at_work, ended, open_shop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
DELTA = pytest.param("delta", marks=pytest.mark.matrix)  # each kill is one of Spark
SINKS = ("duckdb", "parquet", "append_log", "postgres", DELTA)
SEED = 20250301
"""Of the instants; whoever wants others sets another one, and a failure names it."""
some_or_fifty = pytest.mark.parametrize(
    "kills", [4, pytest.param(50, marks=pytest.mark.matrix, id="50")]
)


@some_or_fifty
@pytest.mark.parametrize("sink", SINKS, indirect=True)
def test_kills_at_any_instant_leave_what_a_run_that_was_never_killed_leaves(
    sink: str,
    kills: int,
    tmp_path: Path,
    templates: source.Templates,
    request: pytest.FixtureRequest,
) -> None:
    shop = open_shop(tmp_path, templates, sink=sink)
    never = shop.twin(tmp_path / "never")
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

    Most kills meet a run between its first unit and its end, the others one that is about to begin.
    """
    shop.write(0)
    shop.call(*RUN)
    begun, running = time.monotonic(), shop.start(*REDO)
    at_work(running)
    first = time.monotonic() - begun
    ended(running, 0)
    rest = time.monotonic() - begun - first
    chance, done, met, version = random.Random(SEED), 0, 0, 0
    while done < kills:
        version += 1
        shop.write(version)  # every row is another one now
        running, early = shop.start(*REDO), chance.random() < 0.2
        if not early:
            at_work(running)
        time.sleep(chance.uniform(0, first if early else rest))
        running.kill()
        running.communicate()
        assert running.returncode in (0, -signal.SIGKILL)
        done += running.returncode < 0
        met += running.returncode < 0 and not early
        where = f"seed {SEED}, kill {done}"
        assert shop.torn() == [], where
        settled(shop)
        assert shop.torn() == [], where
    print(f"{shop.sink}: {kills} kills of seed {SEED}, {met} of them between the units of a run")
    assert met > kills // 3


def settled(shop: Shop) -> None:
    """Wait until a server has noticed that its client was killed."""
    if shop.database:
        others = f"datname = '{shop.database.name}' AND pid <> pg_backend_pid()"
        while shop.ask(f"SELECT 1 FROM pg_stat_activity WHERE {others}"):
            time.sleep(0.02)
