"""Projects that write to Postgres, by their own commands, on a server of another version than their proofs have."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold import source
from tests.combinations import TABLE, answers, every, made
from tests.mutations import DEFAULT
from tests.services import Database

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
CHOICE = DEFAULT | {"sink": "postgres", "format": "csv", "time_zone": "UTC"}
BEGIN = datetime.fromisoformat(TABLE["since"])
DAYS, ROWS, KILLS = 8, 20, 50
OVER = (BEGIN + timedelta(days=DAYS)).isoformat()
REDO = ("backfill", "p000", BEGIN.isoformat(), OVER)


def project(folder: Path, templates: source.Templates) -> Path:
    assert any(choice["sink"] == "postgres" for choice in every())
    return made(folder, templates, answers([CHOICE]))


def started(folder: Path, url: str, *words: str) -> subprocess.Popen[str]:
    """A command of the project, for a database."""
    return subprocess.Popen(
        (sys.executable, "-m", "shop", *words, "--json"),
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": "src", "PIPELINE_POSTGRES__URL": url, "PIPELINE_CHUNK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(folder: Path, url: str, *words: str) -> dict[str, Any]:
    """The facts of a command that succeeds."""
    running = started(folder, url, *words)
    out, log = running.communicate()
    assert running.returncode == 0, log
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def write(folder: Path, version: int) -> None:
    """Rows for each day, all of one version."""
    data = folder / "data" / "p000"
    data.mkdir(parents=True, exist_ok=True)
    lines = ["Order ID,ordered at,customer,amount,weight,paid,due_on"]
    for number in range(DAYS * ROWS):
        at = BEGIN + timedelta(days=number // ROWS, minutes=number % ROWS)
        rest = f"v{version},{version}.{number % 100:02},1.5,true,2025-01-01"
        lines.append(f"{number},{at.isoformat()},{rest}")
    (data / "_aside").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (data / "_aside").replace(data / "orders.csv")


def torn(database: Database) -> list[tuple[Any, ...]]:
    """Days of which a reader sees two versions, or numbers that are not those of the rows."""
    silver = (
        "SELECT CAST(ordered_at AS date) AS day, count(*) AS n, sum(amount) AS total, "
        "count(DISTINCT customer) AS versions FROM p000.silver GROUP BY 1"
    )
    return database.ask(
        f"SELECT day, n, versions FROM ({silver}) AS s FULL JOIN p000.gold AS g USING (day) "
        "WHERE (s.n, s.total, s.versions) IS DISTINCT FROM (g.rows, g.total_amount, 1)"
    )


def content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables; and which units are done, without the times of their runs."""
    names = ["bronze", "silver", "gold", "quarantine"]
    found = {name: sorted(database.ask(f"SELECT * FROM p000.{name}"), key=repr) for name in names}
    units = "SELECT DISTINCT entry ->> 'unit', entry ->> 'status' FROM public.ledger"
    return found | {"units": sorted(database.ask(units))}


def settled(database: Database) -> None:
    """Wait until the server has noticed that a client was killed."""
    mine = f"datname = '{database.name}' AND pid <> pg_backend_pid()"
    while database.ask(f"SELECT 1 FROM pg_stat_activity WHERE {mine}"):
        time.sleep(0.02)


def test_a_project_has_what_its_server_needs_and_no_word_of_where_it_is(
    templates: source.Templates, tmp_path: Path
) -> None:
    folder = project(tmp_path / "shop", templates)
    assert list(yaml.safe_load((folder / "compose.yaml").read_text())["services"]) == ["postgres"]
    assert "docker compose up" in (folder / "Makefile").read_text()
    assert "PIPELINE_POSTGRES__PASSWORD" in (folder / "README.md").read_text()
    packages = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert [one for one in packages["dependencies"] if "postgres" in one]
    assert [one for one in packages["optional-dependencies"]["dev"] if "postgres" in one]
    assert not [one for one in packages["dependencies"] if "embedded" in one]
    assert (
        tomllib.loads((folder / "conf/defaults.toml").read_text()).keys().isdisjoint({"postgres"})
    )
    assert not re.search("5432|password|user", (folder / ".copier-answers.yml").read_text())
    plain = made(tmp_path / "plain", templates, answers([CHOICE | {"sink": "duckdb"}]))
    said = (plain / "Makefile").read_text() + (plain / "README.md").read_text()
    assert "services" not in said.lower()
    assert not [one for one in plain.rglob("*") if re.search("postgres|compose", one.name)]


@pytest.mark.slow
def test_a_project_runs_on_a_server_as_it_is(
    templates: source.Templates, postgres: Database, tmp_path: Path
) -> None:
    folder, database = project(tmp_path / "shop", templates), postgres.fresh()
    write(folder, 1)
    assert call(folder, database.url, "run", "--as-of", OVER)["done"] == DAYS
    assert call(folder, database.url, "run", "--as-of", OVER)["done"] == 0
    assert torn(database) == []
    before = content(database)
    call(folder, database.url, *REDO)
    assert content(database) == before
    status = call(folder, database.url, "status", "--as-of", OVER)
    assert (status["rows"], status["failed"], status["due"]) == (DAYS * ROWS, [], {})


@pytest.mark.matrix
def test_fifty_kills_at_any_instant_leave_what_a_run_that_was_never_killed_leaves(
    templates: source.Templates, postgres: Database, tmp_path: Path
) -> None:
    folder, database, never = (
        project(tmp_path / "shop", templates),
        postgres.fresh(),
        postgres.fresh(),
    )
    write(folder, 0)
    call(folder, database.url, "run", "--as-of", OVER)
    chance, kills, version, length = random.Random(KILLS), 0, 0, 4.0
    while kills < KILLS:
        version += 1
        write(folder, version)  # every row is another one now
        begun, running = time.monotonic(), started(folder, database.url, *REDO)
        try:
            _, log = running.communicate(timeout=chance.uniform(0, length))
            assert running.returncode == 0, log
            length = time.monotonic() - begun
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
            kills += 1
        assert torn(database) == []
        settled(database)
        assert torn(database) == []
    call(folder, database.url, *REDO)
    call(folder, never.url, "run", "--as-of", OVER)
    assert content(database) == content(never)
