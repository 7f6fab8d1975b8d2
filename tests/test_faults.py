"""What goes wrong in the middle of a run: nothing is lost, whoever is on call reads why, and the next run heals.

Each fault is a real one, met by the commands of a generated project. Proofs of a project have those that take a server away.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scaffold import source
from tests.combinations import TABLE
from tests.services import Database
from tests.shops import BEGIN, DAYS, OVER, REDO, ROWS, RUN, Shop, ended, open_shop, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
FILE_SINKS = ("duckdb", "parquet", "append_log")
DELTA = pytest.param("delta", marks=pytest.mark.matrix)  # by Spark, which takes its time
each_sink = pytest.mark.parametrize("sink", [*FILE_SINKS, DELTA], indirect=True)
LIMITED = (
    "import os, resource, sys; most = int(sys.argv[1]); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)); os.execvp(sys.argv[2], sys.argv[2:])"
)
NAMES = ", ".join(column["name"] for column in TABLE["columns"])
MEND = "and run again: what was not finished is not there, and is done then"
# Root may do everything: without these two of its powers it may do what modes say, as anybody else.
POWERLESS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")
ANYBODY = POWERLESS if os.geteuid() == 0 else ()
CLOCK = (
    "import sys; from datetime import timedelta; from shop import __main__ as commands; "
    "from shop.core import runner; now = runner._now; behind = timedelta(days=int(sys.argv.pop(1))); "
    "runner._now = commands._clock = lambda: now() - behind; commands.main()"
)


# A full disk


@contextmanager
def disk(folder: Path) -> Iterator[bool]:
    """A small file system of its own in a folder, if this user may mount one."""
    folder.mkdir()
    may = () if os.geteuid() == 0 else ("sudo", "-n")
    mount = (*may, "mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", str(folder))
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:  # there is no sudo
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run((*may, "umount", str(folder)), check=True)


def leave(folder: Path, free: int) -> Path:
    """Fill a file system, so that no more than this is free."""
    now = os.statvfs(folder)
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * max(now.f_bavail * now.f_bsize - free, 0))
    return ballast


def limited(shop: Shop, most: int) -> Shop:
    """The same, with commands whose files may not be larger."""
    return replace(shop, through=(sys.executable, "-c", LIMITED, str(most)))


def outcome(shop: Shop) -> str:
    """The log of a command that found no room; nothing if it found enough."""
    running = shop.start(*REDO)
    _, log = running.communicate(timeout=300)
    assert "Traceback" not in log, log
    assert running.returncode in (0, 3), log
    return log if running.returncode else ""


def filled(shop: Shop) -> Iterator[str]:
    """Logs of runs on a disk that has so many pages left, and more each time."""
    for pages in (0, 5, 21, 89, 377):
        ballast = leave(shop.warehouse.parent, 4096 * pages)
        log = outcome(shop)
        left = [one for one in (shop.warehouse / "p000").glob(".tmp/*/*") if one.is_file()]
        ballast.unlink()
        assert left == []  # what is of no use takes no space
        yield log


def cut(shop: Shop) -> Iterator[str]:
    """Logs of runs whose files may have so many bytes, and more each time."""
    for most in (512, 2048, 4096 * 89):
        yield outcome(limited(shop, most))


def assert_full(shop: Shop, never: Shop, runs: Iterator[str]) -> list[str]:
    """All units are done again and again, with other rows each time, until there is room enough."""
    version, logs = 1, list[str]()
    shop.write(0)
    shop.call(*RUN)
    shop.write(version)
    for log in runs:
        assert not log or f"Make room there, {MEND}" in log
        assert shop.torn() == []
        logs.append(log)
        version += 1
        shop.write(version)
    assert (bool(logs[0]), logs[-1]) == (True, "")
    assert shop.call("status", "p000", "--as-of", OVER)[0]["failed"] == []
    shop.call(*REDO)
    never.call(*RUN)
    assert shop.content() == never.content()
    return logs


@each_sink
def test_a_disk_that_is_full_costs_nothing_but_the_run(
    sink: str, tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, sink=sink)
    never = shop.twin(tmp_path / "never")
    with disk(tmp_path / "disk") as mounted:
        if not mounted:  # then no file may grow, which the system refuses as well
            assert_full(shop, never, cut(shop))
            return
        full = replace(shop, warehouse=tmp_path / "disk" / shop.warehouse.name)
        logs = assert_full(full, never, filled(full))
    assert [log for log in logs if " 1 of " in log], "it was never full in the middle"


@pytest.mark.parametrize("sink", FILE_SINKS)
@pytest.mark.matrix
def test_files_that_may_not_grow_cost_nothing_but_the_run(
    sink: str, tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, sink=sink)
    assert_full(shop, shop.twin(tmp_path / "never"), cut(shop))


# Permissions


def allow(folder: Path, mode: int) -> None:
    """Give or take permissions of all that is in a folder; a file needs none to be entered."""
    for path in sorted(folder.rglob("*"), reverse=mode < 0o600):
        path.chmod(mode if path.is_dir() else mode & 0o666)
    folder.chmod(mode)


@each_sink
def test_a_permission_that_is_lost_in_the_middle_is_said_and_the_next_run_heals(
    sink: str, tmp_path: Path, templates: source.Templates
) -> None:
    shop = replace(open_shop(tmp_path, templates, sink=sink), through=ANYBODY)
    place = tmp_path / "place"
    place.mkdir()
    shop = replace(shop, warehouse=place / shop.warehouse.name)
    shop.write(0)
    running = shop.stopped(*RUN)
    allow(place, 0o555)
    running.send_signal(signal.SIGCONT)
    if sink == "duckdb":  # it has its files open: they can be written until it ends
        assert ended(running, 0)[0]["done"] == DAYS
    else:
        assert f"Give this user the right to it, {MEND}" in ended(running, 3)[1]
    assert shop.torn() == []
    _, log = shop.call(*REDO, code=3)
    assert f"Give this user the right to it, {MEND}" in log
    assert "Permission denied" in log
    assert str(place) in log
    assert shop.call("status", "p000", "--as-of", OVER)[0]["failed"] == []  # it can be read
    allow(place, 0o755)
    shop.call(*RUN)
    never = shop.twin(tmp_path / "never")
    never.call(*RUN)
    assert shop.content() == never.content()


def test_what_may_not_be_read_is_an_error_and_not_an_empty_source(
    tmp_path: Path, templates: source.Templates
) -> None:
    shop = replace(open_shop(tmp_path, templates), through=ANYBODY)
    file = shop.write(0)
    for what, said in (
        (file, str(file.relative_to(shop.folder))),
        (file.parent, "cannot look into data/p000: this user has no right to it"),
        (shop.folder / "conf" / "defaults.toml", "cannot read the settings"),
    ):
        before = what.stat().st_mode
        what.chmod(0)
        assert said in shop.call(*RUN, code=3)[1]
        what.chmod(before)
    assert shop.call(*RUN)[0]["rows"] == DAYS * ROWS


# A slip in the file that is edited first


def test_a_slip_in_the_contract_is_said_with_its_place(
    tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates)
    contract = shop.folder / "src" / "shop" / "pipelines" / "p000" / "contract.yml"
    right = contract.read_text(encoding="utf-8")
    for text, slip, said in (
        ("schema:", "schema", ", line 11: this is no YAML: could not find expected ':'"),
        ("schema:", "schemas:", ": schema: Field required"),
        ("physicalType:", "kind:", ": schema.0.properties.0.physicalType: Field required"),
        ("- name: silver", "- name: sliver", ": schema has no table silver"),
        ("property: freshness", "property: fresh", ": slaProperties has no freshness"),
    ):
        contract.write_text(right.replace(text, slip), encoding="utf-8")
        _, log = shop.call("plan", "p000", code=2)
        assert f"{contract}{said}" in log


# Half a file


@pytest.mark.parametrize(
    ("form", "extraction"),
    [
        ("csv", "time_ranged"),
        ("csv", "full_snapshot"),
        ("csv", "streaming"),
        ("jsonl", "streaming"),
        ("parquet", "lookback"),
        ("parquet", "streaming"),
    ],
)
def test_half_a_file_is_never_taken_for_a_whole_one_and_the_next_run_heals(
    form: str, extraction: str, tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, format=form, extraction=extraction)
    run = ("run", "p000", "--as-of", (BEGIN + timedelta(days=2)).isoformat())
    file = shop.write(0, days=2)
    whole = file.read_bytes()
    half = len(whole) * 3 // 4
    file.write_bytes(whole[: half if form == "parquet" else whole.rindex(b"\n", 0, half) + 12])
    facts, log = shop.call(*run, code=1)
    assert (facts["done"], facts["rows"]) == (0, 0)
    name = file.relative_to(shop.folder)
    assert f"{name} ends in the middle: it is being written, or was cut off. Complete it" in log
    assert shop.call("status", *run[1:])[0]["failed"] == facts["failed"]
    assert shop.ask("SELECT * FROM p000.silver") == []
    file.write_bytes(whole)
    shop.call("run", "p000", "--as-of", (BEGIN + timedelta(days=2, hours=1)).isoformat())
    never = shop.twin(tmp_path / "never")
    never.call("run", "p000", "--as-of", (BEGIN + timedelta(days=2, hours=1)).isoformat())
    for query in (f"SELECT {NAMES} FROM p000.silver", "SELECT * FROM p000.gold"):
        assert sorted(shop.ask(query)) == sorted(never.ask(query)) != []
    assert len(shop.ask("SELECT * FROM p000.silver")) == 2 * ROWS


def test_a_line_that_will_never_be_complete_is_given_up_by_a_line_break(
    tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, extraction="streaming")
    file = shop.write(0, days=2)
    file.write_bytes(file.read_bytes()[:-30] + b"\n")
    facts, _ = shop.call(*RUN)
    assert (facts["rows"], facts["rejected"]) == (2 * ROWS, 1)


# Clocks


@each_sink
def test_a_clock_that_goes_back_changes_no_row_and_hides_none(
    sink: str, tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, sink=sink)

    def behind(days: int, *words: str, code: int = 0) -> dict[str, Any]:
        return replace(shop, program=("-c", CLOCK, str(days))).call(*words, code=code)[0]

    file = shop.write(0)
    file.write_bytes(file.read_bytes()[:-30])
    assert behind(0, *RUN, code=1)["failed"]
    shop.write(0)
    assert behind(3, *RUN)["done"] == DAYS
    assert behind(2, "status", "p000", "--as-of", OVER)["failed"] == []  # what came last counts
    assert behind(2, "plan", "p000", "--as-of", OVER)["due"] == {}
    shop.write(1)
    assert behind(4, *REDO)["done"] == DAYS  # the last word, whatever its time
    earlier = ("run", "p000", "--as-of", (BEGIN + timedelta(days=3)).isoformat())
    assert behind(4, *earlier)["done"] == 0
    assert shop.torn() == []
    assert {row[0] for row in shop.ask("SELECT customer FROM p000.silver")} == {"v1"}
    assert shop.call("status", "p000", "--as-of", OVER)[0]["rows"] == DAYS * ROWS
    never = shop.twin(tmp_path / "never")
    never.call(*RUN)
    assert shop.content() == never.content()


def test_a_snapshot_of_a_clock_that_went_back_is_refused_and_says_what_to_do(
    tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, extraction="full_snapshot")
    shop.write(0)
    shop.call(*RUN)
    before = shop.content()
    shop.write(1)
    _, log = shop.call("run", "p000", "--as-of", BEGIN.isoformat(), code=2)
    assert "If a clock went wrong, set it right" in log
    assert shop.content() == before
    shop.call("run", "p000")
    assert {row[0] for row in shop.ask("SELECT customer FROM p000.silver")} == {"v1"}


# Two runs at once


def assert_alone(shop: Shop, never: Shop) -> None:
    """A run that comes while another is at work stops and says so; the first one ends as if it were alone."""
    shop.write(0)
    running = shop.stopped(*RUN)
    for words in (RUN, REDO):
        assert "another run" in shop.call(*words, code=4)[1]
    running.send_signal(signal.SIGCONT)
    ended(running, 0)
    assert shop.call(*RUN)[0]["done"] == 0
    never.call(*RUN)
    assert shop.content() == never.content()


@each_sink
def test_of_two_runs_at_once_the_second_stops_and_the_first_does_not_notice(
    sink: str, tmp_path: Path, templates: source.Templates
) -> None:
    shop = open_shop(tmp_path, templates, sink=sink)
    assert_alone(shop, shop.twin(tmp_path / "never"))


def test_of_two_runs_at_once_for_a_database_the_second_stops(
    tmp_path: Path, templates: source.Templates, postgres: Database
) -> None:
    shop = open_shop(tmp_path, templates, postgres.fresh(), sink="postgres")
    assert_alone(shop, replace(shop, database=postgres.fresh()))


# An address for a folder


def test_a_warehouse_that_is_an_address_is_refused_and_nothing_is_made_of_it(
    tmp_path: Path, templates: source.Templates
) -> None:
    """A folder of the name `s3:` would be made else, and nobody would look for the data there."""
    shop = open_shop(tmp_path, templates)
    shop.write(0)
    env = {"PIPELINE_WAREHOUSE": "s3://bucket/warehouse"}
    said = ended(started(shop.folder, (*RUN, "--json"), env), 2)[1]
    assert "warehouse is a place in a file system" in said
    assert not (shop.folder / "s3:").exists()
