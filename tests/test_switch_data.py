"""What `scaffold switch` says of the data that is there is what the project's next `plan` and `run` then do."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scaffold import catalogue
from tests.releases import Releases
from tests.services import Database

TAG = "v0.1.0"
USAGE = 2
ROWS, WINDOWS = 4668, 5
"""What the shipped sample has."""
WINDOWED = ("time_ranged", "lookback")
Choice = tuple[str, str]


def ids(axis: str) -> list[str]:
    return [pattern.id for pattern in catalogue.load().of(axis, made=True)]


@cache
def transitions() -> list[tuple[Choice, Choice]]:
    """From one extraction and sink to others, so that any two of the four decisions meet. Greedy, no chance."""
    choices = list(itertools.product(ids("extraction"), ids("sink")))
    pairs = [(one, other) for one, other in itertools.product(choices, repeat=2) if one != other]
    facts = {
        pair: set(itertools.combinations(enumerate((*pair[0], *pair[1])), 2)) for pair in pairs
    }
    missing, taken = set().union(*facts.values()), list[tuple[Choice, Choice]]()
    while missing:
        best = max(pairs, key=lambda pair: len(facts[pair] & missing))
        missing -= facts[best]
        taken.append(best)
    return taken


def flags(choice: Choice) -> list[str]:
    risky = ["--accept", "lookback_append_only"] if choice == ("lookback", "append_log") else []
    days = ["--since", "2013-03-08", "--until", "2013-03-13"] if choice[0] in WINDOWED else []
    return ["--extraction", choice[0], "--sink", choice[1], *days, *risky]


def scaffold(releases: Releases, folder: Path, *words: str) -> dict[str, Any]:
    done = releases.scaffold(TAG, *words, "--json", cwd=folder)
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def switch(releases: Releases, project: Path, *words: str) -> Mapping[str, Any]:
    """What is said."""
    found = scaffold(releases, project, "switch", "flights", *words, "--commit")
    assert found["committed"]
    (said,) = found["consequences"]
    assert isinstance(said, dict)
    return said


def made(releases: Releases, folder: Path, *words: str) -> Path:
    """A project that has run."""
    scaffold(releases, folder, "new", "made", "--defaults", "--name", "Made", *words)
    assert call(folder / "made", "run")["done"]
    return folder / "made"


def call(project: Path, *words: str, code: int = 0) -> dict[str, Any]:
    """A command of the project, and the facts that it prints."""
    done = subprocess.run(
        (sys.executable, "-m", "made", *words, "--json"),
        cwd=project,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout or "{}")
    assert isinstance(found, dict)
    return found


def plan(project: Path, code: int = 0) -> Counter[str]:
    """How many units are due, by the reason."""
    return Counter(call(project, "plan", code=code).get("due", {}).values())


def empty(project: Path, database: Database | None = None) -> None:
    """What is said of how to empty a sink."""
    if database and database.ask("SELECT 1 WHERE to_regclass('public.ledger') IS NOT NULL"):
        database.execute(
            "DROP SCHEMA IF EXISTS flights CASCADE", "DELETE FROM ledger WHERE pipeline = 'flights'"
        )
    if (project / "warehouse.duckdb").exists():
        with duckdb.connect(str(project / "warehouse.duckdb")) as con:
            con.execute("DROP SCHEMA flights CASCADE")
            con.execute("DELETE FROM ledger WHERE pipeline = 'flights'")
    for folder in ("warehouse/flights", "warehouse/ledger/flights"):
        shutil.rmtree(project / folder, ignore_errors=True)


def agrees(
    project: Path, said: Mapping[str, Any], extraction: str, database: Database | None = None
) -> None:
    """The next plan is what was said, and a run leaves everything there once."""
    windows = WINDOWS if extraction in WINDOWED else 1
    if said["ledger"] == "foreign":
        assert any("Begin with an empty sink" in line for line in said["lines"])
        empty(project, database)
    if said["ledger"] == "kept":
        again = min(said["again"], WINDOWS)
        assert plan(project) == Counter({"again": again} if again else {})
    else:
        assert plan(project) == Counter(new=windows)
    call(project, "run")
    assert call(project, "status")["rows"] == ROWS


def test_the_catalogue_has_what_there_is_to_say() -> None:
    """Units and places of all that can be chosen, and texts whose placeholders are known."""
    known = catalogue.load()
    assert all(pattern.units for pattern in known.of("extraction"))
    assert all(pattern.place and pattern.empty for pattern in known.of("sink"))
    words = {"pipeline": "", "backfill": "", "rebuild": ""} | {s.key: "" for s in known.settings}
    for pattern in known.patterns.values():
        changed = [setting.changed for setting in pattern.settings]
        for text in (pattern.empty, pattern.switched.joins, pattern.switched.leaves, *changed):
            text.format_map(words)


@pytest.fixture
def database(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """One of its own, for whatever writes to Postgres."""
    found = postgres.fresh()
    monkeypatch.setenv("PIPELINE_POSTGRES__URL", found.url)
    return found


@pytest.mark.matrix
@pytest.mark.parametrize(("before", "after"), transitions(), ids="-".join)
def test_what_is_said_of_each_switch_is_what_the_project_plans(
    before: Choice,
    after: Choice,
    releases: Releases,
    database: Database,
    tmp_path: Path,
) -> None:
    project = made(releases, tmp_path, *flags(before))
    said = switch(releases, project, *flags(after))
    if said["ledger"] == "foreign":
        assert "plan and run refuse it" in said["lines"][0]
        plan(project, code=USAGE)
    agrees(project, said, after[0], database)


@pytest.mark.parametrize(
    ("before", "after"), [("append_log", "parquet"), ("parquet", "append_log")]
)
def test_a_folder_of_another_sink_is_said_and_refused(
    before: str, after: str, releases: Releases, tmp_path: Path
) -> None:
    project = made(releases, tmp_path, "--sink", before)
    said = switch(releases, project, "--sink", after)
    assert said["ledger"] == "foreign"
    plan(project, code=USAGE)
    agrees(project, said, "time_ranged")


def test_raw_rows_that_come_in_other_types_are_said_and_refused(
    releases: Releases, tmp_path: Path
) -> None:
    project = made(releases, tmp_path)
    said = switch(releases, project, "--format", "parquet")
    assert any("made for other columns" in line for line in said["lines"])
    call(project, "run", code=USAGE)


def test_windows_of_another_length_are_said_and_refused(releases: Releases, tmp_path: Path) -> None:
    project = made(releases, tmp_path)
    said = switch(releases, project, "--every", "12h")
    assert said["ledger"] == "foreign"
    plan(project, code=USAGE)
    empty(project)
    assert plan(project) == Counter(new=2 * WINDOWS)


@pytest.mark.parametrize(
    ("since", "ledger"), [("2013-03-06", "kept"), ("2013-03-08T06:00", "foreign")]
)
def test_another_first_window_is_a_gap_or_other_windows(
    since: str, ledger: str, releases: Releases, tmp_path: Path
) -> None:
    project = made(releases, tmp_path)
    said = switch(releases, project, "--since", since)
    assert said["ledger"] == ledger
    if ledger == "foreign":
        plan(project, code=USAGE)
    else:
        assert (said["gap"], plan(project)) == ([since, "2013-03-08"], Counter(gap=2))
        for command in commands(said):
            call(project, *command)
        assert plan(project) == Counter()


def test_without_healing_a_gap_has_to_be_filled_by_the_command_that_is_said(
    releases: Releases, tmp_path: Path
) -> None:
    project = made(releases, tmp_path, "--behaviour", "idempotent")
    said = switch(releases, project, "--since", "2013-03-06")
    assert plan(project) == Counter()
    assert call(project, *commands(said)[0])["done"] == len(("06", "07"))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((), ("--structure", "multi_hop", "--structure", "conditional")),
        (("--no-structure",), ("--structure", "multi_hop")),
        ((), ("--extraction", "lookback", "--windows", "2")),
        (("--sink", "parquet"), ("--extraction", "lookback", "--windows", "2")),
        ((), ("--measure", "none")),
        (("--measure", "none"), ("--measure", "distance")),
    ],
    ids=lambda words: "-".join(word.strip("-") for word in words) or "default",
)
def test_the_commands_that_are_said_fill_what_is_new(
    first: Sequence[str], then: Sequence[str], releases: Releases, tmp_path: Path
) -> None:
    """Afterwards every table has what it would have had from the first."""
    project = made(releases, tmp_path, *first)
    said = switch(releases, project, *then)
    assert said["ledger"] == "kept"
    call(project, "run")
    for command in commands(said):
        call(project, *command)
    (tmp_path / "other").mkdir()
    other = made(releases, tmp_path / "other", *merged(first, then))
    assert tables(project) == tables(other)


def merged(first: Sequence[str], then: Sequence[str]) -> list[str]:
    """The flags of both; where both speak, the later ones."""
    said = {word.removeprefix("--no-").removeprefix("--") for word in then if word.startswith("--")}
    kept = []
    for place, word in enumerate(first):
        name = word if word.startswith("--") else first[place - 1]
        if name.removeprefix("--no-").removeprefix("--") not in said:
            kept.append(word)
    return [*kept, *then]


def tables(project: Path) -> dict[str, list[Any]]:
    """What is published, table by table."""
    database = project / "warehouse.duckdb"
    with duckdb.connect(str(database) if database.exists() else ":memory:") as con:
        if database.exists():
            names = con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'flights'"
            ).fetchall()
            found = {name: f"flights.{name}" for (name,) in names}
        else:
            folders = (
                f for f in (project / "warehouse/flights").iterdir() if any(f.glob("*.parquet"))
            )
            found = {
                f.name: f"read_parquet('{f}/*.parquet', union_by_name = true)" for f in folders
            }
        return {name: rows(con, relation) for name, relation in found.items()}


def rows(con: duckdb.DuckDBPyConnection, relation: str) -> list[Any]:
    """Each row by the names of its columns; one that nothing fills any more is no part of it."""
    cursor = con.execute(f"SELECT * FROM {relation}")
    names = [column[0] for column in cursor.description or []]
    dicts = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    plain = ({key: str(value) for key, value in row.items() if value is not None} for row in dicts)
    return sorted(plain, key=lambda row: sorted(row.items()))


def commands(said: Mapping[str, Any]) -> list[list[str]]:
    """The commands of the project among what is said."""
    return [shlex.split(text) for line in said["lines"] for text in re.findall("`(.+?)`", line)]


def test_data_without_healing_or_idempotence_is_said_to_need_a_new_sink(
    releases: Releases, tmp_path: Path
) -> None:
    project = made(releases, tmp_path, "--no-behaviour")
    said = switch(releases, project, "--structure", "multi_hop", "--structure", "conditional")
    assert any("A sink that is emptied and filled again" in line for line in said["lines"])
    assert plan(project) == Counter()
