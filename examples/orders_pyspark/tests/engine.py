"""What the proofs know of the engine: a small Spark, one for all proofs of a process."""

import json
import os
from collections.abc import Callable, Sequence

from orders.core.engine import Connection, Rows, connect

# What counts is how soon it is ready, not how fast it gets. Java's first compiler has room for 48 MB
# of code by itself: Spark's is thrown away and made again.
LIGHT = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
SMALL = {
    "spark.master": "local[1]",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": LIGHT,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.delta.log.cacheSize": "20",  # tables, for a MB or two each
}
SETTINGS = {"PIPELINE_SPARK": json.dumps(SMALL)}  # the environment variables for proofs
FROM_THE_END = (5, 10, 4, 3)
KILLS = int(os.environ.get("KILLS", len(FROM_THE_END)))  # of one proof, at most


def engine() -> Connection:
    """A connection to the engine, with no data."""
    return connect(SMALL)


def points(steps: int, early: bool) -> Sequence[int]:
    """The steps to be killed before. Each kill is a Spark of its own, so they are few: before the
    last table is replaced, long before that, before the ledger says so, and while it does. The
    environment variable KILLS says how many of them.
    """
    return sorted(steps - one for one in FROM_THE_END[:KILLS] if one <= steps)


def watch(step: Callable[[], None]) -> None:
    """Call `step` before each statement that this process sends to the engine."""
    execute = Connection.execute

    def watched(con: Connection, query: str) -> Rows:
        step()
        return execute(con, query)

    Connection.execute = watched  # type: ignore[assignment,method-assign]
