"""Postgres as a source: one moment, right times, and names that are nothing but names."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from .engine import engine
from .postgres_server import ask, connected, execute, name_of
from .support import (
    Column,
    EventTime,
    PipelineError,
    Request,
    Table,
    World,
    having,
    ordered,
    stamp,
)

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(source="PostgresSource"))
one = pytest.mark.parametrize("name", having(source="PostgresSource")[:1])
NOON = datetime(2025, 3, 30, 12)  # the day on which summer time begins in London
HOUR = timedelta(hours=1)
COLUMNS = (
    Column(name="id", type="BIGINT", source="Id", required=True),
    Column(name="happened", type="TIMESTAMP", source="at"),
    Column(name="price", type="DECIMAL(10,2)", source="price"),
    Column(name="label", type="STRING", source="label"),
)
HOURS = (
    "1, '2025-03-30 11:59:59.999999+00', 1.5, 'before'",
    "2, '2025-03-30 12:00:00+00', 2.125, NULL",
    "3, '2025-03-30 14:59:59.999999+02', 3, 'in'",
    "4, '2025-03-30 13:00:00+00', 4, 'after'",
    "5, NULL, 5, 'never'",
)


class Orders:
    """A table of four columns in the database of a world, and the source that reads it."""

    def __init__(self, here: World, kind: str = "timestamptz", rows: tuple[str, ...] = HOURS):
        self.database = name_of(here.folder)
        made: Any = here.pipeline.source
        self.source: Any = replace(
            made, table="public.orders", when=EventTime("happened", "Europe/London")
        )
        self.contract = here.pipeline.contract.model_copy(
            update={"tables": {"source": Table(name="source", columns=COLUMNS)}}
        )
        self.do(f'CREATE TABLE orders ("Id" int, at {kind}, price numeric, label varchar(9))')
        self.do(*(f"INSERT INTO orders VALUES ({row})" for row in rows))

    def do(self, *statements: str) -> None:
        """What somebody else does."""
        execute(*statements, database=self.database)

    def read(
        self, start: datetime | None = None, end: datetime | None = None
    ) -> list[dict[str, Any]]:
        """The rows of a range, or all, by their numbers."""
        between = (start, end) if start and end else None
        con, request = engine(), Request("CAST(NULL AS TIMESTAMP)", between=between)
        self.source.read(con, request, self.contract)()
        found = con.execute("SELECT * FROM batch ORDER BY 1")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def ids(self, start: datetime | None = None, end: datetime | None = None) -> list[int]:
        return [row["id"] for row in self.read(start, end)]


@one
def test_a_window_is_half_open_and_in_utc_whatever_zone_a_time_says(name: str, world: Make) -> None:
    orders = Orders(world(name))
    assert orders.ids(NOON, NOON + HOUR) == [2, 3]
    assert orders.ids() == [1, 2, 3, 4, 5]


@one
def test_a_time_without_a_zone_is_in_that_of_the_source(name: str, world: Make) -> None:
    rows = ("1, '2025-03-30 00:30', 1, ''", "2, '2025-03-30 02:00', 1, ''")
    orders = Orders(world(name), "timestamp", rows)  # 01:00 to 02:00 is skipped
    at = NOON.replace(hour=1)
    assert orders.ids(at, at + timedelta(minutes=1)) == [2]
    assert orders.ids(at - HOUR / 2, at) == [1]


@one
def test_a_read_sees_one_moment_whatever_is_committed_meanwhile(name: str, world: Make) -> None:
    orders = Orders(world(name))
    waiting = "SELECT 1 FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted"
    with (
        ThreadPoolExecutor(1) as pool,
        connected(orders.database) as writer,
        writer.cursor() as cursor,
    ):
        for statement in ("BEGIN", "LOCK TABLE orders", "UPDATE orders SET label = 'late'"):
            cursor.execute(statement)
        reading = pool.submit(orders.read)
        while not ask(waiting, orders.database) and not reading.done():
            time.sleep(0.05)
        cursor.execute("COMMIT")
        assert "late" not in [row["label"] for row in reading.result()]
    assert {row["label"] for row in orders.read()} == {"late"}


@one
def test_values_come_as_they_are_and_what_is_no_value_goes_to_quarantine(
    name: str, world: Make
) -> None:
    orders = Orders(world(name))
    orders.do(
        "ALTER TABLE orders ALTER label TYPE text",
        "INSERT INTO orders VALUES (6, 'infinity', 'NaN', E'a\\tb\\n\"c\"'), "
        "(7, '0044-03-15 00:00:00 BC', -0.00000000001, '')",
    )
    second, odd, old = (orders.read()[n] for n in (1, 5, 6))
    assert (second["happened"], second["_event_time"], second["price"]) == (NOON, NOON, "2.125")
    assert (second["label"], second["_file"], second["_problem"]) == (None, "public.orders", None)
    assert (odd["happened"], odd["price"], odd["label"]) == (None, "NaN", 'a\tb\n"c"')
    assert odd["_problem"] == "happened: infinite"
    assert (old["price"], old["label"], old["_problem"]) == ("-0.00000000001", "", None)
    assert len({row["_row"] for row in orders.read()}) == 7
    assert orders.read() == orders.read()


@one
def test_names_are_data(name: str, world: Make) -> None:
    orders = Orders(world(name))
    odd, order = 'the "id"; DROP TABLE orders; --', "order"
    doubled = odd.replace('"', '""')
    orders.do(
        f'ALTER TABLE orders RENAME "Id" TO "{doubled}"',
        f'ALTER TABLE orders RENAME label TO "{order}"',
        "CREATE SCHEMA odd",
        'CREATE VIEW odd."Or ""ders""; DROP TABLE orders" AS SELECT * FROM orders',
    )
    columns = [
        one.model_copy(update={"source": {"Id": odd, "label": order}.get(one.source, one.source)})
        for one in COLUMNS
    ]
    table = Table(name="source", columns=tuple(columns))
    orders.contract = orders.contract.model_copy(update={"tables": {"source": table}})
    assert orders.ids() == [1, 2, 3, 4, 5]
    orders.source = replace(orders.source, table='odd.Or "ders"; DROP TABLE orders')
    assert orders.ids(NOON, NOON + HOUR) == [2, 3]
    for hostile in ("orders; DROP TABLE orders", "orders' OR true --", "nothing"):
        orders.source = replace(orders.source, table=hostile)
        with pytest.raises(PipelineError):
            orders.read()
    assert ask("SELECT count(*) FROM orders", orders.database) == [(5,)]


@one
def test_a_column_that_is_gone_or_of_another_type_stops_the_unit_and_a_new_one_does_not(
    name: str, world: Make
) -> None:
    orders = Orders(world(name))
    orders.do("ALTER TABLE orders ADD COLUMN more int")
    assert len(orders.ids()) == 5
    orders.do('ALTER TABLE orders ALTER "Id" TYPE text')
    with pytest.raises(PipelineError, match="Id is text, not BIGINT: retyped at the source"):
        orders.read()
    orders.do("ALTER TABLE orders DROP COLUMN label")
    with pytest.raises(PipelineError, match="lacks label: renamed or removed at the source"):
        orders.read()
    orders.do("DROP TABLE orders")
    with pytest.raises(PipelineError, match="there is no table") as error:
        orders.source.ready(NOON, orders.contract)
    assert error.value.exit_code == 4


@each
def test_a_server_that_goes_while_it_is_read_leaves_everything_as_it_was(
    name: str, world: Make
) -> None:
    here = world(name)
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    before = here.content()
    here.write("b", here.rows(3, window=1))
    broken = here.having("source", table="public.broken")
    columns = ", ".join(f'"{column.source}"' for column in here.columns[1:])
    first = here.columns[0].source
    names: list[str] = here.pipeline.source.table.split(".")  # type: ignore[attr-defined]
    table = ".".join(f'"{one}"' for one in names)
    view = f"""SELECT CASE WHEN pg_terminate_backend(pg_backend_pid()) THEN "{first}" END
        AS "{first}", {columns} FROM {table}"""
    execute(f"CREATE VIEW public.broken AS {view}", database=name_of(here.folder))
    result = broken.command("run", name, "--as-of", stamp(here.over(2)))
    assert (result.exit, "the database of PIPELINE_POSTGRES__URL" in result.log) == (
        3,
        True,
    ), result.log
    assert here.content() == before
    execute("DROP VIEW public.broken", database=name_of(here.folder))
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(3, window=1))


@each
def test_a_server_that_is_not_there_is_said_without_the_password(name: str, world: Make) -> None:
    here = world(name)
    away = {
        "PIPELINE_POSTGRES__URL": "postgresql://hidden_place:1/none",
        "PIPELINE_POSTGRES__PASSWORD": "s3cret",
    }
    assert here.run(here.over(1)).exit in (0, 4)
    result = World(name, here.folder, away).command("status", name)
    said = result.log + str(result.facts)  # rows that were not read are a fact that is not known
    assert "cannot connect to the database of" in said
    assert not re.search("s3cret|hidden_place", said)
