"""`scaffold switch`, `add` and `remove`, as their users meet them: one command in a project that has edits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scaffold import catalogue, pipelines, record
from tests.releases import INHERITED, Done, Releases, commit, git, tree

TAG = "v0.1.0"
CONFLICTS, USAGE = 1, 2
PIPELINE = "src/made/pipelines/flights/pipeline.py"
LATER = "2013-03-20T00:00:00"


def call(releases: Releases, project: Path, *words: str) -> Done:
    return releases.scaffold(TAG, *words, cwd=project)


def facts(done: Done) -> dict[str, Any]:
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def refused(done: Done, *words: str) -> None:
    assert done.returncode == USAGE, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def fresh(releases: Releases, folder: Path, answers: Mapping[str, Any]) -> dict[str, bytes]:
    """What a new project with these answers is."""
    file = folder / "answers.json"
    file.write_text(json.dumps(answers))
    words = ("new", "fresh", "--answers", str(file), "--no-git")
    done = releases.scaffold(TAG, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return tree(folder / "fresh")


def edit(project: Path, name: str, old: str, new: str) -> None:
    file = project / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def run(project: Path, *words: str) -> Done:
    """A command of the project itself."""
    return subprocess.run(
        (sys.executable, "-m", "made", *words),
        cwd=project,
        env=INHERITED | {"PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


# --- switch


def test_a_switched_project_is_what_a_new_one_would_be(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    words = ("switch", "flights", "--extraction", "lookback", "--windows", "3", "--json")
    found = facts(call(releases, project, *words))
    assert tree(project) == fresh(releases, tmp_path, found["answers"])
    assert call(releases, project, "check").returncode == 0


def test_edits_of_the_owner_stay(releases: Releases, project: Path) -> None:
    edit(project, PIPELINE, "SelfHealing(max_catch_up=30", "SelfHealing(max_catch_up=99")
    (project / "notes.md").write_text("mine\n")
    commit(project)
    done = call(releases, project, "switch", "flights", "--extraction", "lookback")
    assert done.returncode == 0, done.stdout
    text = (project / PIPELINE).read_text()
    assert "max_catch_up=99" in text
    assert "Lookback(" in text
    assert (project / "notes.md").read_text() == "mine\n"


def test_it_ends_staged_and_says_how_to_undo_it(releases: Releases, project: Path) -> None:
    before = tree(project)
    done = call(releases, project, "switch", "flights", "--sink", "parquet")
    assert git(project, "diff", "--cached", "--name-only")
    assert git(project, "diff", "--name-only") == ""
    undo = done.stdout.split("Undo all of it: ")[1].split("\n")[0]
    git(project, *undo.split()[1:])
    assert tree(project) == before


def test_a_dry_run_touches_nothing(releases: Releases, project: Path) -> None:
    before = tree(project)
    found = facts(
        call(releases, project, "switch", "flights", "--sink", "parquet", "--dry-run", "--json")
    )
    assert found["state"] == "planned"
    assert "src/made/sinks/parquet.py" in [change["path"] for change in found["changes"]]
    assert tree(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_the_rules_are_asked_first(releases: Releases, project: Path) -> None:
    words = ("switch", "flights", "--sink", "append_log", "--extraction", "lookback")
    refused(call(releases, project, *words), "lookback_append_only", "--accept")
    assert git(project, "status", "--porcelain") == ""
    found = facts(call(releases, project, *words, "--accept", "lookback_append_only", "--json"))
    assert "src/made/patterns/dedupe_key.py" in [change["path"] for change in found["changes"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("flight", "--sink", "parquet"), 'Did you mean "flights"?'),
        (("flights",), "Nothing is said"),
        (("flights", "--watermark", "1d"), "only streaming reads it"),
        (("flights", "--sink", "oracle"), "--sink"),
        (("flights", "-d", "sinc=parquet"), "There is no answer"),
    ],
)
def test_what_cannot_be_switched_is_refused_and_changes_nothing(
    releases: Releases, project: Path, words: tuple[str, ...], said: str
) -> None:
    before = tree(project)
    refused(call(releases, project, "switch", *words), said)
    assert tree(project) == before


def test_a_project_that_is_behind_is_updated_first(releases: Releases, project: Path) -> None:
    done = releases.scaffold("v0.2.0", "switch", "flights", "--sink", "parquet", cwd=project)
    refused(done, "scaffold update . --commit")


def test_what_is_so_already_changes_nothing(releases: Releases, project: Path) -> None:
    done = call(releases, project, "switch", "flights", "--sink", "duckdb")
    assert (done.returncode, "so already" in done.stdout) == (0, True)
    assert git(project, "status", "--porcelain") == ""


# --- add and remove


def test_a_project_with_one_more_pipeline_is_what_a_new_one_would_be(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    found = facts(call(releases, project, "add", "orders", "--defaults", "--json"))
    assert [entry["name"] for entry in found["answers"]["pipelines"]] == ["flights", "orders"]
    assert tree(project) == fresh(releases, tmp_path, found["answers"])


def test_a_pipeline_of_the_user_s_own_data_reads_it_where_it_lies(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    data = tmp_path / "payments.csv"
    data.write_text("id,paid_at,amount\n1,2024-01-01 10:00,5\n2,2024-01-02 11:00,6\n")
    (project / "conf/local.toml").write_text('memory_limit = "1GB"\n')
    done = call(releases, project, "add", "payments", "--sample", str(data), "--defaults")
    assert done.returncode == 0, done.stderr
    local = (project / "conf/local.toml").read_text()
    assert local.startswith('memory_limit = "1GB"\n')
    assert f'[pipelines.payments]\npath = "{data}"' in local
    assert "conf/local.toml" not in git(project, "diff", "--cached", "--name-only")
    ran = run(project, "run", "payments", "--json")
    assert json.loads(ran.stdout)["rows"] == 2, ran.stderr


def test_without_a_terminal_everything_missing_is_said_at_once(
    releases: Releases, project: Path
) -> None:
    done = call(releases, project, "add", "orders")
    refused(
        done, "--sink is missing", "--structure is missing", "scaffold add orders --sink duckdb"
    )


def test_a_name_that_is_taken_is_refused(releases: Releases, project: Path) -> None:
    refused(call(releases, project, "add", "flights", "--defaults"), 'called "flights"')


def test_what_was_added_can_be_removed_without_a_trace(releases: Releases, project: Path) -> None:
    before = tree(project)
    facts(call(releases, project, "add", "orders", "--defaults", "--sink", "parquet", "--json"))
    commit(project)
    facts(call(releases, project, "remove", "orders", "--json"))
    assert tree(project) == before


def test_what_the_owner_edited_of_a_removed_pipeline_is_a_conflict(
    releases: Releases, project: Path
) -> None:
    facts(call(releases, project, "add", "orders", "--defaults", "--json"))
    edit(project, "src/made/pipelines/orders/silver.sql", "FROM input", "FROM input -- mine")
    commit(project)
    done = call(releases, project, "remove", "orders")
    assert done.returncode == CONFLICTS, done.stdout
    assert "src/made/pipelines/orders/silver.sql" in git(project, "ls-files", "-u")
    assert "-- mine" in (project / "src/made/pipelines/orders/silver.sql").read_text()


def test_the_last_pipeline_stays(releases: Releases, project: Path) -> None:
    refused(call(releases, project, "remove", "flights"), "only pipeline")


def test_a_consumer_is_changed_with_its_producer(releases: Releases, project: Path) -> None:
    facts(call(releases, project, "switch", "flights", "--structure", "disconnected", "--json"))
    commit(project)
    done = call(releases, project, "remove", "flights_consumer")
    refused(done, 'comes with "flights"', "scaffold switch flights")


def test_the_flat_answers_of_plain_copier_are_one_pipeline(project: Path) -> None:
    found = record.read(project)
    (entry,) = found.answers["pipelines"]
    flat = {"pipeline" if key == "name" else key: value for key, value in entry.items()}
    plain = replace(found, answers={**found.answers, **flat, "pipelines": []})
    known = catalogue.load()
    assert pipelines.entries(plain, known) == pipelines.entries(found, known)


# --- what it means for the data


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "ledger"),
    [
        (("--extraction", "lookback", "--windows", "2"), "kept"),
        (("--extraction", "streaming"), "foreign"),
        (("--extraction", "full_snapshot"), "foreign"),
        (("--every", "6h"), "foreign"),
        (("--since", "2013-03-09"), "kept"),
        (("--sink", "parquet"), "empty"),
        (("--structure", "multi_hop", "--structure", "conditional"), "kept"),
        (("--no-behaviour",), "kept"),
    ],
    ids=" ".join,
)
def test_what_is_said_of_the_data_is_what_plan_then_shows(
    releases: Releases, project: Path, words: tuple[str, ...], ledger: str
) -> None:
    assert run(project, "run", "--as-of", LATER).returncode == 0
    found = facts(call(releases, project, "switch", "flights", *words, "--json"))
    assert [news["ledger"] for news in found["consequences"]] == [ledger]
    planned = run(project, "plan", "flights", "--as-of", LATER, "--json")
    if ledger == "foreign":
        assert (planned.returncode, "owned twice" in planned.stderr) == (2, True), planned.stderr
        return
    due = json.loads(planned.stdout)["due"]
    again = run(project, "run", "flights", "--as-of", LATER, "--json")
    assert again.returncode == 0, again.stderr
    if ledger == "empty":
        assert set(due.values()) == {"new"}
        assert len(due) == 5
    else:
        assert set(due.values()) <= {"again"}
        assert len(due) == (2 if "lookback" in words else 0)
