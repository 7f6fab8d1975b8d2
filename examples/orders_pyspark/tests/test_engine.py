"""The engine gives the same on every machine, and reads no more than it is asked for."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .engine import engine
from .support import History, World, having, windowed

Make = Callable[[str], World]
CAST = "SELECT CAST(timestamp_seconds(1735779600) AS DATE)"  # 2025-01-02 01:00 UTC
files = [name for name in having(source="Files") if name in windowed()]
sources: dict[str, Any] = {name: World(name, Path()).pipeline.source for name in files}
lazy = [name for name in files if sources[name].format.lazy]


def test_a_cast_in_the_owner_s_sql_does_not_follow_the_machine_s_zone() -> None:
    """A time with a zone is cast in the zone of the session."""
    code = f"from {engine.__module__} import engine; print(engine().execute('{CAST}').fetchall())"
    env = {**os.environ, "TZ": "America/New_York", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run((sys.executable, "-c", code), env=env, capture_output=True, check=True)
    assert b"datetime.date(2025, 1, 2)" in done.stdout


def test_executors_of_a_cluster_are_in_utc_as_the_driver_is() -> None:
    """A driver of JDBC reads times in the zone of its JVM, which may skip an hour."""
    conf = engine().spark.sparkContext.getConf()
    assert "-Duser.timezone=UTC" in conf.get("spark.executor.defaultJavaOptions", "")


@pytest.mark.parametrize("name", lazy)
def test_a_window_is_read_by_a_filter_that_reaches_into_the_files(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3) + here.rows(3, window=5))
    window = next(iter(here.pipeline.extraction.plan(here.over(1), History()))).unit
    request = here.pipeline.extraction.request([window])
    con = engine()
    rows = here.pipeline.source.select(con, request, here.pipeline.contract)
    plan = con.execute(f"EXPLAIN {rows}").fetchall()[0][-1]
    assert "PushedFilters: [GreaterThanOrEqual" in plan
