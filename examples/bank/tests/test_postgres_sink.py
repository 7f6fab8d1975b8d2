"""Postgres: rows and their entry are there together or not at all, whatever goes wrong."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from .engine import ON_SCHEMA, spelled
from .killing import at_every_step, holding
from .postgres_server import ask, execute, name_of, url_of
from .support import Column, PipelineError, Table, World, having, ordered, redone, stamp, windowed

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(sink="Postgres", source="Files"))
one = pytest.mark.parametrize("name", having(sink="Postgres", source="Files")[:1])
UNSEEN = "s3cret/@ü"


def seen(here: World, query: str) -> list[tuple[Any, ...]]:
    """What somebody else sees in the database."""
    return ask(query, name_of(here.folder))


def change(here: World, *statements: str) -> None:
    """What somebody else does in the database."""
    execute(*statements, database=name_of(here.folder))


def entries(here: World) -> list[tuple[Any, ...]]:
    return seen(here, f"SELECT entry::text FROM ledger WHERE pipeline = '{here.name}' ORDER BY id")


def staged(here: World) -> list[tuple[Any, ...]]:
    return seen(here, "SELECT relname FROM pg_class WHERE relname LIKE '\\_staging%'")


@contextmanager
def user(here: World, password: str = "") -> Iterator[World]:
    """The same world for a user who may write to what is there, and nothing else."""
    role = f"writer_of_{name_of(here.folder)}"
    execute(f"CREATE ROLE {role} LOGIN")
    may = f"SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA {here.name}, public TO {role}"
    change(here, f"GRANT {ON_SCHEMA} ON SCHEMA {here.name} TO {role}", f"GRANT {may}")
    access = f"{role}:{password}@" if password else f"{role}@"
    url = url_of(name_of(here.folder)).replace("postgres@", access, 1)
    try:
        yield World(here.name, here.folder, {"PIPELINE_POSTGRES__URL": url})
    finally:
        here.settle()
        change(here, f"DROP OWNED BY {role}")
        execute(f"DROP ROLE {role}")


def trigger(here: World, body: str) -> None:
    """Let something happen in the last transaction of each unit, half-way."""
    change(
        here,
        "CREATE OR REPLACE FUNCTION public.upset() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$",
        f"CREATE TRIGGER upset AFTER INSERT ON {here.name}.gold EXECUTE FUNCTION public.upset()",
    )


def written(here: World) -> dict[str, Any]:
    """A window that is done, and one that comes next; gives what everybody sees by now."""
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    here.write("b", here.rows(3, window=1))
    return {**here.content(), "ledger": entries(here)}


@one
def test_the_lock_of_writers_goes_back_before_the_connection_does(name: str, world: Make) -> None:
    """The server takes a moment to see that a connection is closed, and the next run may not wait."""
    here = world(name)
    reader: Any = here.pipeline.sink.open(here.pipeline, write=False)
    with reader as store:
        with store.place.alone():
            pass
        with here.pipeline.sink.open(here.pipeline, write=True):
            pass


@each
def test_of_two_runs_at_once_the_second_stops_and_readers_never_wait(
    name: str, world: Make
) -> None:
    here = world(name)
    before = written(here)
    with holding(here):
        result = here.run(here.over(2))
        assert (result.exit, "another run writes" in result.log) == (4, True)
        assert here.command("status", name).exit == 0
        assert here.command("plan", name).exit == 0
        assert {**here.content(), "ledger": entries(here)} == before
    here.settle()
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(3, window=1))


@each
def test_plan_and_status_make_nothing(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    assert here.command("plan", name).exit == 0
    assert here.command("status", name).exit == 0
    assert seen(here, f"SELECT 1 FROM pg_namespace WHERE nspname = '{name}'") == []
    assert seen(here, "SELECT 1 WHERE to_regclass('public.ledger') IS NOT NULL") == []


@each
def test_a_server_that_goes_in_the_middle_leaves_everything_as_it_was(
    name: str, world: Make
) -> None:
    here = world(name)
    before = written(here)
    trigger(here, "PERFORM pg_terminate_backend(pg_backend_pid());")
    result = here.run(here.over(2))
    assert (result.exit, "terminating connection" in result.log) == (3, True)
    assert {**here.content(), "ledger": entries(here)} == before
    change(here, "DROP FUNCTION public.upset CASCADE")
    assert here.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(3, window=1))


@each
def test_a_redo_that_is_killed_leaves_rows_and_their_entry_together(
    name: str, world: Make, tmp_path: Path
) -> None:
    if name not in redone() or name not in windowed():
        return  # what is done is not done again, or comes as something new
    here = world(name)
    before = written(here)
    here.write("a", here.rows(5, version=1)[2:])
    redo = ("backfill", name, stamp(here.begin), stamp(here.end(1)))
    for step, killed in at_every_step(here, redo, tmp_path, early=False):
        same = {**killed.content(), "ledger": before["ledger"]} == before
        assert same == (entries(killed) == before["ledger"]), f"killed before step {step}"
        assert killed.command(*redo).exit == 0
        assert staged(killed) == []


@each
def test_who_may_only_write_needs_no_more_and_a_permission_that_is_lost_is_named(
    name: str, world: Make
) -> None:
    here = world(name)
    before = written(here)
    with user(here) as writer:
        role = f"writer_of_{name_of(here.folder)}"
        change(here, f"REVOKE INSERT ON {name}.gold FROM {role}")
        result = writer.run(here.over(2))
        assert (result.exit, "permission denied for table gold" in result.log) == (3, True)
        assert {**here.content(), "ledger": entries(here)} == before
        change(here, f"GRANT INSERT ON {name}.gold TO {role}")
        assert writer.run(here.over(2)).exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(3, window=1))


@each
def test_rows_that_the_database_refuses_fail_their_unit_alone(name: str, world: Make) -> None:
    here = world(name)
    before = written(here)
    trigger(here, "RAISE EXCEPTION 'no more gold';")
    result = here.run(here.over(2))
    assert (result.exit, "no more gold" in result.log) == (1, True)
    assert here.content() == {k: v for k, v in before.items() if k != "ledger"}
    assert len(entries(here)) > len(before["ledger"])
    change(here, "DROP FUNCTION public.upset CASCADE")
    assert here.run(here.over(2)).exit == 0
    if name in having(
        behaviour="Plain"
    ):  # what failed waits for its owner, or for the next snapshot
        snapshot = name in having(extraction="FullSnapshot")
        mend = here.run(here.over(3)) if snapshot else here.backfill(here.end(1), here.end(2))
        assert mend.exit == 0
    assert here.silver() == ordered(here.rows(5) + here.rows(3, window=1))


@each
def test_no_secret_is_ever_shown_or_kept(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    variable, away = "PIPELINE_POSTGRES__URL", "127.0.0.1:1/hidden_place"
    shown = []
    for url, code in [
        (url_of(name_of(here.folder)), 0),
        (f"postgresql://{away}", 3),
        (f"postgresql://me:{quote(UNSEEN, safe='')}@{away}", 3),
        (f"postgresql://me:{UNSEEN}@{away}", 3),  # the slash ends what is taken for host and port
        (f"me:{UNSEEN}@{away}", 2),
    ]:
        settings = {variable: url, "PIPELINE_POSTGRES__PASSWORD": UNSEEN}
        other = World(name, here.folder, settings)
        result = other.run(here.over(1))
        assert (result.exit, variable in result.log) == (code, code > 0), result.log
        shown += [result.log, str(result.facts), repr(other.pipeline)]
    shown += [str(entries(here)), str(here.content())]
    assert [text for text in shown if "s3cret" in text or "hidden_place" in text] == []


@one
def test_a_file_that_says_where_it_is_is_refused_and_not_quoted(
    name: str, world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(name)
    here.status(here.over(1))  # from now on it knows its settings
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/defaults.toml").write_text(Path("conf/defaults.toml").read_text("utf-8"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf/local.toml").write_text(f'postgres.password = "{UNSEEN}"\n', "utf-8")
    result = here.command("plan", name)
    assert (result.exit, "conf/local.toml says where postgres is" in result.log) == (2, True)
    assert "s3cret" not in result.log


# Any tables and any names


def dataset(name: str, *columns: tuple[str, str]) -> Any:
    """As much of a pipeline as a sink looks at: one table of these columns."""
    table = Table(name="silver", columns=tuple(Column(name=n, type=t) for n, t in columns))
    return SimpleNamespace(name=name, steps=[SimpleNamespace(table=table)])


@one
def test_values_come_back_as_they_were_whatever_is_in_them(name: str, world: Make) -> None:
    here = world(name)
    gap = datetime(2025, 3, 30, 1, 30, 0, 123456)  # skipped in London
    texts = ["tab\tline\nreturn\r\\N \\", "\\N", "", None, "'\"`é漢😀"]
    numbers = [0.1, float("inf"), float("-inf"), 1e300, -0.0]
    types = ("BIGINT", "STRING", "DOUBLE", "DECIMAL(38,0)", "DECIMAL(10,2)", "DATE", "TIMESTAMP")
    columns = [*((f"c{n}", kind) for n, kind in enumerate(types)), ("ok", "BOOLEAN")]
    data = dataset("odd", *columns)
    rows = [
        (2**63 - 1, text, number, Decimal(10**37), Decimal("-12.30"), date(1, 1, 1), gap, None)
        for text, number in zip(texts, numbers, strict=True)
    ]
    made = " UNION ALL ".join(f"SELECT {', '.join(map(cell, row, columns))}" for row in rows)
    never = "TRY_CAST('infinity' AS DATE), TRY_CAST('-infinity' AS TIMESTAMP)"  # or null
    zero = f"SELECT 1, 'a' || chr(0), c2, c3, c4, {never}, true FROM made WHERE c2 = 1e300"
    with here.pipeline.sink.open(data, write=True) as store, store.begin() as into:
        into.con.execute(f"CREATE TEMP VIEW made AS {made}")
        into.append(data.steps[0].table, f"SELECT * FROM made UNION ALL {zero}")
        into.commit([])
    with here.pipeline.sink.open(data, write=False) as store:
        found = store.con.execute(f"SELECT * FROM {store.relation('silver')}").fetchall()
    assert sorted(repr(row) for row in found if row[0] != 1) == sorted(map(repr, rows))
    (last,) = [row for row in found if row[0] == 1]
    assert (*last[:2], *last[-3:]) == (1, "a\ufffd", None, None, True)


def cell(value: Any, column: tuple[str, str]) -> str:
    """A value in SQL."""
    name, kind = column
    return f"CAST({'NULL' if value is None else spelled(str(value))} AS {kind}) AS {name}"


@one
def test_names_and_texts_are_data(name: str, world: Make) -> None:
    here = world(name)
    hostile = 'it\'s "here"; DROP TABLE ledger; --'
    data = dataset(hostile, ("user", "STRING"), ("date", "DATE"), ("_file", "STRING"))
    (step,) = data.steps
    text = f"{hostile} FROM touched user"
    literal = spelled(text)
    with here.pipeline.sink.open(data, write=True) as store:
        with store.begin() as into:
            values = f"{literal} AS user, DATE '2025-01-01' AS date"
            into.append(step.table, f"SELECT {values}, {literal} AS _file")
            into.append(step.table, "SELECT 'postgres' AS user, NULL AS date, 'b' AS _file")
            into.commit([])
        assert seen(here, f'SELECT count(*) FROM "{hostile.replace(chr(34), chr(34) * 2)}".silver')
        for condition, left in [
            (f"_file IN ({literal}) AND date = DATE '2025-01-01'", ["postgres"]),
            ("(user) IN (SELECT user FROM touched)", [text]),
            ("false", sorted([text, "postgres"])),
        ]:
            with store.begin() as into:  # what is not committed is rolled back
                into.con.execute("CREATE TEMP VIEW touched AS SELECT 'postgres' AS user")
                into.remove(step.table, condition)
                query = f"SELECT user FROM {into.relation('silver')} AS raw ORDER BY ALL"
                assert [u for (u,) in into.con.execute(query).fetchall()] == left
                wanted = f"SELECT count(*) FROM {into.relation('silver', condition)} AS raw"
                assert into.con.execute(wanted).fetchall() == [(0,)]
        with store.begin() as into:
            into.con.execute("CREATE TEMP VIEW touched AS SELECT 'postgres' AS user")
            into.remove(step.table, "(user) IN (SELECT user FROM touched)")
            into.commit([])
    with here.pipeline.sink.open(data, write=False) as store:
        query = f"SELECT user FROM {store.relation('silver')}"
        assert store.con.execute(query).fetchall() == [(text,)]


@one
def test_what_is_written_is_read_in_the_attempt_and_by_others_only_with_its_entry(
    name: str, world: Make
) -> None:
    here = world(name)
    data = dataset("proof", ("n", "BIGINT"), ("_unit", "BIGINT"))
    (step,) = data.steps

    def numbers(store: Any) -> list[int]:
        found = store.con.execute(f"SELECT n FROM {store.relation('silver')} ORDER BY n")
        return [n for (n,) in found.fetchall()]

    with here.pipeline.sink.open(data, write=True) as store:
        with store.begin() as into:
            into.append(step.table, "SELECT n, n AS _unit FROM range(3) AS made(n)")
            into.commit([])
        with store.begin() as into:
            into.remove(step.table, "_unit >= 1")
            into.append(step.table, "SELECT 7 AS n, 1 AS _unit")
            assert (numbers(into), numbers(store)) == ([0, 7], [0, 1, 2])
            into.remove(step.table, "_unit = 1")
            into.append(step.table, "SELECT 8 AS n, 1 AS _unit")
            assert (numbers(into), numbers(store)) == ([0, 8], [0, 1, 2])
        assert numbers(store) == [0, 1, 2]
        with store.begin() as into:
            into.remove(step.table, "_unit >= 1")
            into.commit([])
        assert numbers(store) == [0]
        assert staged(here) == []


@one
def test_a_column_that_is_new_is_empty_in_old_rows(name: str, world: Make) -> None:
    here = world(name)
    old, new = dataset("proof", ("n", "BIGINT")), dataset("proof", ("n", "BIGINT"), ("m", "STRING"))
    with here.pipeline.sink.open(old, write=True) as store, store.begin() as into:
        into.append(old.steps[0].table, "SELECT 1 AS n")
        into.commit([])
    with here.pipeline.sink.open(new, write=True) as store:
        found = store.con.execute(f"SELECT n, m FROM {store.relation('silver')}").fetchall()
    assert found == [(1, None)]


@one
def test_a_column_of_another_type_is_refused_until_it_is_what_is_said(
    name: str, world: Make
) -> None:
    here = world(name)
    old, new = (dataset("odd", ("n", kind)) for kind in ("STRING", "DECIMAL(9,4)"))
    with here.pipeline.sink.open(old, write=True) as store, store.begin() as into:
        into.append(old.steps[0].table, "SELECT '1.23' AS n")
        into.commit([])
    with (
        pytest.raises(PipelineError, match=r"odd\.silver\.n is text") as error,
        here.pipeline.sink.open(new, write=True),
    ):
        pass
    assert error.value.exit_code == 2
    change(here, *re.findall(r"\((ALTER .*)\) and backfill", str(error.value)))
    with here.pipeline.sink.open(new, write=True) as store:
        with store.begin() as into:
            into.append(new.steps[0].table, "SELECT CAST(1.2345 AS DECIMAL(9,4)) AS n")
            into.commit([])
        found = store.con.execute(f"SELECT n FROM {store.relation('silver')} ORDER BY n").fetchall()
    assert found == [(Decimal("1.23"),), (Decimal("1.2345"),)]
