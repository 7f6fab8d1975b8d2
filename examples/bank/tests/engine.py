"""What the proofs know of the engine."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from bank.core.dialect import text
from bank.core.engine import Connection, connect

SETTINGS: dict[str, str] = {}  # the environment variables that it needs for proofs
KILLS = int(os.environ.get("KILLS", "20"))  # of one proof, at most
ON_SCHEMA = "USAGE"  # what a writer may do there


def engine() -> Connection:
    """A connection to the engine, with no data."""
    return connect(None, "1GB")


def spelled(value: str) -> str:
    """A text in SQL of the engine."""
    return text(value)


def points(steps: int, early: bool) -> Sequence[int]:
    """The steps to be killed before: the last ones, in which rows and ledger become visible, are all
    there; of those before them some, evenly spread. The environment variable KILLS says how many.
    """
    last = max(steps - KILLS // 2, 0)
    apart = max(last // max(KILLS // 2, 1), 1)
    return [*range(0, last if early else 0, apart), *range(last, steps)]


def watch(step: Callable[[], None]) -> None:
    """Call `step` before each statement that this process sends to the engine."""
    connect = duckdb.connect
    duckdb.connect = lambda *a, **k: Watched(connect(*a, **k), step)  # type: ignore[assignment]


class Watched:
    """A connection that calls `step` before its statements."""

    def __init__(self, con: Any, step: Callable[[], None]) -> None:
        self._con, self._step = con, step

    def execute(self, *arguments: Any) -> Any:
        """Call, then execute."""
        self._step()
        return self._con.execute(*arguments)

    def cursor(self) -> "Watched":
        """A cursor that calls as well."""
        return Watched(self._con.cursor(), self._step)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)
