"""A table as a feed: each row once, also one that is committed late, and the newest of each key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .engine import engine
from .killing import at_every_step, heals, mixtures
from .postgres_server import connected, execute, name_of
from .support import PipelineError, Request, Row, World, having, ordered, redone, stamp
from .test_streaming import follows, gold_is_right

Make = Callable[[str], World]
streams = having(extraction="Streaming", source="PostgresSource")
each = pytest.mark.parametrize("name", streams)
one = pytest.mark.parametrize("name", streams[:1])
lasting = [n for n in streams if World(n, Path()).when not in World(n, Path()).key]
NOW = datetime(2030, 1, 1)
MINUTE, MINUTES = timedelta(minutes=1), timedelta(minutes=10)


@dataclass
class Table(World):
    """A world whose table is changed by hand, and does not follow from files."""

    def load(self) -> None:
        """What is there stays there."""

    def do(self, *statements: str) -> None:
        """What somebody else does."""
        execute(*statements, database=name_of(self.folder))

    @property
    def place(self) -> str:
        source: Any = self.pipeline.source
        return ".".join(f'"{one}"' for one in source.table.split("."))

    def same(self, number: int) -> str:
        """The condition for the rows of a key."""
        row = self.then(number, number)
        return " AND ".join(f"{self.column(one)} = {spelled(row[one])}" for one in self.key)

    def column(self, name: str | None) -> str:
        return next(f'"{one.source}"' for one in self.columns if one.name == name)

    def insert(self, rows: Sequence[Row]) -> str:
        """Rows as a statement."""
        names = ", ".join(self.column(one.name) for one in self.columns)
        each = (", ".join(map(spelled, row.values())) for row in rows)
        return f"INSERT INTO {self.place} ({names}) VALUES {', '.join(f'({one})' for one in each)}"

    def at(self, *minutes: int) -> list[Row]:
        """Rows whose keys are the minutes after the first moment, when they were changed."""
        return [self.then(one, one) for one in minutes]

    def then(self, number: int, minute: int, version: int = 0) -> Row:
        """A row as it was after so many minutes."""
        return self.row(number, self.begin + timedelta(minutes=minute), version)

    def items(self, known: Sequence[Any] = ()) -> list[Any]:
        """What the feed has, if these are known."""
        extraction: Any = self.pipeline.extraction
        return list(extraction.feed.items({(one.file, one.stamp): one.content for one in known}))

    def read(self, *files: str) -> list[tuple[Any, ...]]:
        """The time, the first column of the key and the range of the rows of some ranges."""
        columns = f"_event_time, CAST({self.key[0]} AS STRING), _file"
        con, request = engine(), Request("CAST(1 AS BIGINT)", paths=files)
        self.pipeline.source.read(con, request, self.pipeline.contract)()
        return con.execute(f"SELECT {columns} FROM batch ORDER BY ALL").fetchall()


@dataclass
class Broken:
    """A source that cannot be read."""

    source: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def read(self, con: Any, request: Any, contract: Any) -> Any:
        raise PipelineError("made to fail")


def by(here: World, most: int = 100, overlap: timedelta = MINUTES, **fields: Any) -> Any:
    """The same world, whose ranges are so small, and are looked at again for so long (and an hour,
    if clocks are set back).
    """
    extraction: Any = here.pipeline.extraction
    feed = replace(extraction.feed, most=most, overlap=overlap, **fields)
    return here.having("extraction", feed=feed)


def table(here: World, *minutes: int) -> Table:
    """A world with these rows in its table."""
    here.write("a", [])  # the table is made
    made = Table(here.name, here.folder, here.settings)
    if minutes:
        made.do(made.insert(made.at(*minutes)))
    return by(made)  # type: ignore[no-any-return]


def spelled(value: Any) -> str:
    text = str(value).replace("'", "''")
    return "NULL" if value is None else f"'{text}'"


# Ranges


@one
def test_ranges_follow_one_another_in_the_order_of_time_and_key(name: str, world: Make) -> None:
    here = by(table(world(name), 5, 1, 3), most=2)
    here.do(here.insert([here.then(20, 3), here.then(100, 3)]))
    first = here.items()
    ranges = [here.read(one.file) for one in first]
    times = [[time - here.begin for time, *_ in rows] for rows in ranges]
    assert times == [[m * MINUTE for m in some] for some in ([1, 3], [3, 3], [5])]
    every = [row for rows in ranges for row in rows]
    assert len({key for _, key, _ in every}) == 5
    assert sorted(here.read(*(one.file for one in first))) == sorted(every)
    assert {file for *_, file in every} == {one.file for one in first}
    here.do(here.insert(here.at(6, 7, 8)))
    later = here.items(first)
    assert later[:3] == first
    assert [len(here.read(one.file)) for one in later[3:]] == [2, 1]
    assert [one.file for one in later] == sorted(one.file for one in later)


@one
def test_what_another_table_or_order_had_is_not_counted(name: str, world: Make) -> None:
    here = table(world(name), 1, 2)
    first = here.items()
    other = by(here, table="public.other")
    feed = other.pipeline.extraction.feed
    for error in ("there is no table public.other", "is no range of public.other"):
        with pytest.raises(PipelineError, match=error):
            feed.items({}) if "there" in error else feed.path_of(first[0].file)
    turned = by(here, order=feed.order[:1])
    assert len(turned.items(first)) == 1
    assert turned.items(first)[0].file != first[0].file


@one
def test_places_are_data(name: str, world: Make) -> None:
    here, odd = table(world(name)), "a \"key'; --"
    order = ("At", odd)
    doubled = odd.replace('"', '""')
    here.do(f'CREATE TABLE odd ("At" timestamptz, "{doubled}" varchar(20), "one" text)')
    keys = ("a'b", '"', "\\", "é\n", "), (", "]")
    times = (f"timestamptz '2025-01-01 02:00+02' + interval '{n // 2} s'" for n in range(6))
    rows = (f"({time}, {spelled(key)}, 'x')" for time, key in zip(times, keys, strict=True))
    here.do(f"INSERT INTO odd VALUES {', '.join(rows)}")
    here = by(here, most=1, table="odd", order=order)
    first = here.items()
    assert len(first) == 6
    assert [one.content.split(":")[1] for one in first] == ["1"] * 6
    assert here.items(first) == first
    here.do(f'UPDATE odd SET "one" = null WHERE "{doubled}" = ' + spelled(keys[3]))
    assert [a == b for a, b in zip(first, here.items(first), strict=True)].count(False) == 1


@one
def test_a_table_that_has_no_time_to_follow_is_refused(name: str, world: Make) -> None:
    here = table(world(name))
    here.do("CREATE TABLE days (at date, id int)")
    days = by(here, table="days", order=("at", "id"))
    with pytest.raises(PipelineError, match="is date: to be followed") as error:
        days.items()
    assert error.value.exit_code == 2
    with pytest.raises(PipelineError, match="lacks since: renamed or removed"):
        by(here, table="days", order=("since", "id")).items()


@one
def test_a_zone_that_sets_its_clocks_back_is_looked_at_for_an_hour_more(
    name: str, world: Make
) -> None:
    here = table(world(name))
    here.do("CREATE TABLE local (at timestamp, id int)")
    for zone in ("Europe/London", "UTC"):
        there = by(here, most=1, table="local", order=("at", "id"), zone=zone)
        at = ("2025-10-26 01:05", "2025-10-26 01:59")
        here.do("DELETE FROM local", f"INSERT INTO local VALUES ('{at[0]}', 1), ('{at[1]}', 2)")
        first = there.items()
        here.do("INSERT INTO local VALUES ('2025-10-26 01:01', 3)")  # two minutes later in London
        assert (there.items(first) != first) == (zone != "UTC")


# Late and changed rows


@each
def test_a_row_is_taken_once(name: str, world: Make) -> None:
    here = table(world(name), 0, 300, 600)
    assert here.plan(NOW) == {"0-1": "new"}
    assert here.run(NOW).facts["rows"] == 3
    before = here.content()
    assert here.plan(NOW) == {}
    assert here.run(NOW).facts["done"] == 0
    assert here.content() == before
    here.do(here.insert(here.at(601, 900)))
    assert here.status(NOW)["due"] == {"new": 1}
    assert here.run(NOW).facts["rows"] == 2
    assert here.silver() == ordered(here.at(0, 300, 600, 601, 900))
    assert gold_is_right(here)


@each
def test_a_row_that_is_committed_behind_what_was_read_is_taken(name: str, world: Make) -> None:
    here = table(world(name), 0, 600)
    with connected(name_of(here.folder)) as slow, slow.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(here.insert(here.at(602)))  # that is its time, and it is not there yet
        here.do(here.insert(here.at(610)))
        assert here.run(NOW).exit == 0
        assert here.silver() == ordered(here.at(0, 600, 610))
        cursor.execute("COMMIT")
    here.do(here.insert(here.at(3000)))  # long after: what is known counts, not what is there
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered(here.at(0, 600, 602, 610, 3000))
    assert here.plan(NOW) == {}
    assert here.table("quarantine") == []
    assert gold_is_right(here)


@pytest.mark.parametrize("name", lasting)  # where the time is a part of the key, it is another row
def test_a_row_that_is_changed_takes_the_place_of_its_older_version(name: str, world: Make) -> None:
    here = by(table(world(name), 0, 1, 300, 3000), most=2)
    assert here.run(NOW).exit == 0
    for number, minute in ((1, 9000), (300, 9001), (1, 9002)):
        here.do(f"DELETE FROM {here.place} WHERE {here.same(number)}")
        here.do(here.insert([here.then(number, minute, version=1)]))
        assert here.run(NOW).exit == 0
    changed = [here.then(1, 9002, version=1), here.then(300, 9001, version=1)]
    assert here.silver() == ordered([*here.at(0, 3000), *changed])
    assert here.table("quarantine") == []
    assert gold_is_right(here)
    if name in redone():  # what is no longer in a range does not come back
        assert here.backfill(here.begin, here.end(30)).exit == 0
        assert here.silver() == ordered([*here.at(0, 3000), *changed])


@each
def test_a_row_that_is_changed_or_deleted_within_the_overlap_is_seen_there(
    name: str, world: Make
) -> None:
    here = table(world(name), 0, 600, 601, 602)
    assert here.run(NOW).exit == 0
    here.do(f"DELETE FROM {here.place} WHERE {here.same(602)}")
    here.do(here.insert([here.then(602, 602, version=1)]))
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered([*here.at(0, 600, 601), here.then(602, 602, version=1)])
    here.do(f"DELETE FROM {here.place} WHERE {here.same(601)}")
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered([*here.at(0, 600), here.then(602, 602, version=1)])
    assert gold_is_right(here)


@each
def test_nothing_is_looked_at_again_beyond_the_overlap(name: str, world: Make) -> None:
    here = by(table(world(name), 0, 300, 600), most=1)
    assert here.run(NOW).exit == 0
    before = here.content()
    here.do(f"DELETE FROM {here.place} WHERE {here.same(0)} OR {here.same(300)}")
    assert here.plan(NOW) == {}
    here.do(here.insert(here.at(900)))
    assert here.run(NOW).exit == 0
    here.do(f"DELETE FROM {here.place} WHERE {here.same(600)}")
    assert here.plan(NOW) == {}
    after = here.content()
    assert all(row in after["silver"] for row in before["silver"])
    assert here.silver() == ordered(here.at(0, 300, 600, 900))


@each
def test_a_time_to_come_does_not_pass_over_what_comes_before_it(name: str, world: Make) -> None:
    here = table(world(name), 0)
    far = here.row(7, datetime(2999, 1, 1))
    here.do(here.insert([far, *here.at(8)]))
    ancient = f"{here.column(here.when)} = '0044-03-15 BC'"
    here.do(f"UPDATE {here.place} SET {ancient} WHERE {here.same(8)}")
    result = here.run(NOW)
    assert "2 rows wait: no time, or one to come" in result.log
    here.do(here.insert(here.at(600)))
    assert here.run(NOW).exit == 0
    assert here.silver() == ordered(here.at(0, 600))


@each
def test_a_batch_that_failed_goes_on_without_a_range_that_changed(name: str, world: Make) -> None:
    here = by(table(world(name), 0, 600), most=1)
    assert here.but(source=Broken(here.pipeline.source)).run(NOW).exit == 1
    here.do(here.insert(here.at(599, 900)))
    assert here.run(NOW).exit == 0
    heals = "SelfHealing" in repr(here.pipeline.behaviour)
    assert here.silver() == ordered(here.at(*([0] if heals else []), 599, 600, 900))
    assert here.plan(NOW) == {}
    assert gold_is_right(here)


# Kills


@each
def test_a_table_whose_run_is_killed_loses_and_doubles_nothing(
    name: str, world: Make, tmp_path: Path
) -> None:
    here = by(table(world(name), 0, 600, 601, 605), most=2)
    assert here.run(NOW).exit == 0
    before = here.content()
    here.do(f"DELETE FROM {here.place} WHERE {here.same(0)} OR {here.same(601)}")
    here.do(here.insert([here.then(0, 900, version=1), *here.at(603, 901, 902)]))
    command = ("run", name, "--as-of", stamp(NOW))
    never_killed = here.copy(tmp_path / "never")
    assert never_killed.command(*command).exit == 0
    after = never_killed.content()
    assert never_killed.silver() == ordered(
        [here.then(0, 900, version=1), *here.at(600, 603, 605, 901, 902)]
    )
    for step, killed in at_every_step(here, command, tmp_path):
        if name not in having(sink="Parquet"):  # it replaces file by file
            assert mixtures(killed.content(), before, after) == [], f"killed before step {step}"
        heals(killed, command, (before, after), f"killed before step {step}")


@each
def test_a_run_that_follows_takes_what_comes_and_ends_cleanly_when_told(
    name: str, world: Make
) -> None:
    follows(world(name))
