"""`scaffold switch`, `add` and `remove`, as their users meet them: a process, its exit code, and the repository after."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest

from scaffold.about import CANONICAL_URL
from tests.releases import INHERITED, PERSON, Done, Releases, commit, git, tree

TAG = "v0.1.0"
CONFLICTS, USAGE = 1, 2
WIRING = "src/made/pipelines/flights/pipeline.py"


def scaffold(releases: Releases, project: Path, *words: str) -> Done:
    return releases.scaffold(TAG, *words, cwd=project)


def switch(releases: Releases, project: Path, *words: str) -> Done:
    return scaffold(releases, project, "switch", "flights", *words)


def switched(releases: Releases, project: Path, *words: str) -> dict[str, Any]:
    done = switch(releases, project, *words, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def fresh(releases: Releases, parent: Path, *words: str) -> dict[str, bytes]:
    """What is rendered anew with these answers."""
    flags = ("--defaults", "--name", "Made", "--no-git", *words)
    done = releases.scaffold(TAG, "new", "fresh", *flags, cwd=parent)
    assert done.returncode == 0, done.stderr
    return tree(parent / "fresh")


def refused(done: Done, *words: str, code: int = USAGE) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def untouched(project: Path) -> bool:
    return git(project, "status", "--short") == "" and not git(project, "branch", "--list", "other")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# --- switch


def test_an_untouched_project_becomes_what_is_rendered_with_the_new_answers(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    patterns = ("--extraction", "lookback", "--sink", "parquet", "--structure", "conditional")
    flags = (*patterns, "--windows", "3", "-d", "retries=5")
    assert switch(releases, project, *flags).returncode == 0
    assert tree(project) == fresh(releases, tmp_path, *flags)
    assert git(project, "diff", "--name-only") == ""
    assert "D  src/made/patterns/time_ranged.py" in git(
        project, "status", "--short", "--no-renames"
    )
    check = scaffold(releases, project, "check")
    assert (check.returncode, "up to date" in check.stdout) == (0, True)


def test_the_way_back_leads_to_where_it_began(releases: Releases, project: Path) -> None:
    before = tree(project)
    switch(
        releases, project, "--extraction", "lookback", "--no-behaviour", "--behaviour", "idempotent"
    )
    assert tree(project) != before
    commit(project)
    switch(releases, project, "--extraction", "time-ranged", "--behaviour", "idempotent")
    commit(project)
    switch(releases, project, "-d", "behaviour=idempotent,self_healing")
    assert tree(project) == before


def test_the_named_command_undoes_it(releases: Releases, project: Path) -> None:
    before = tree(project)
    done = switch(releases, project, "--sink", "parquet")
    undo = done.stdout.split("Undo all of it: ")[-1].splitlines()[0]
    assert tree(project) != before
    subprocess.run(undo, shell=True, cwd=project, check=True, capture_output=True)
    assert tree(project) == before
    assert untouched(project)


def test_the_owners_edits_are_kept(releases: Releases, project: Path) -> None:
    edit(project / WIRING, '"""Put the chosen parts together."""', '"""Mine."""')
    edit(project / "README.md", "# ", "# My ")
    commit(project)
    found = switched(releases, project, "--extraction", "lookback")
    wiring = (project / WIRING).read_text()
    assert ('"""Mine."""' in wiring, "Lookback(" in wiring) == (True, True)
    assert (project / "README.md").read_text().startswith("# My ")
    assert [c["edited"] for c in found["changes"] if c["path"] == WIRING] == [True]


def test_an_edit_of_the_pattern_that_goes_is_a_conflict_and_not_lost(
    releases: Releases, project: Path
) -> None:
    edit(
        project / "src/made/patterns/time_ranged.py", "class TimeRanged", "# mine\nclass TimeRanged"
    )
    edit(project / WIRING, "until=datetime(", "until=None,  # datetime(")
    commit(project)
    done = switch(releases, project, "--extraction", "full_snapshot", "--commit")
    assert done.returncode == CONFLICTS
    assert "# mine" in (project / "src/made/patterns/time_ranged.py").read_text()
    assert f">>>>>>> template {TAG} as asked" in (project / WIRING).read_text()
    assert scaffold(releases, project, "check").returncode == 1
    assert git(project, "log", "-1", "--format=%s") == "mine"


def test_rules_are_asked_before_anything_is_rendered(releases: Releases, project: Path) -> None:
    done = switch(releases, project, "--extraction", "lookback", "--sink", "append-log")
    refused(done, "cannot overwrite", "--accept lookback_append_only")
    assert untouched(project)
    accepted = ("--extraction", "lookback", "--sink", "append_log")
    done = switch(releases, project, *accepted, "--accept", "lookback_append_only")
    assert done.returncode == 0, done.stderr
    assert "lookback_append_only" in (project / "README.md").read_text()


def test_an_accepted_rule_is_forgotten_when_it_refuses_nothing_more(
    releases: Releases, project: Path
) -> None:
    risky = ("--extraction", "lookback", "--sink", "append_log")
    switch(releases, project, *risky, "--accept", "lookback_append_only", "--commit")
    switch(releases, project, "--sink", "parquet", "--commit")
    refused(switch(releases, project, "--sink", "append_log"), "--accept lookback_append_only")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("flight", "--sink", "parquet"), 'Did you mean "flights"?'),
        (("flights",), "Nothing is said that should be switched"),
        (("flights", "--windows", "3"), "only lookback reads it"),
        (("flights", "--sink", "parkett"), 'Did you mean "parquet"?'),
        (("flights", "--extrakt", "lookback"), "--extract"),
        (("flights", "-d", "sinc=parquet"), "There is no answer"),
        (("flights", "--since", "soon"), "it is no date"),
        (("flights", "--extraction", "lookback", "--windows", "0"), "whole number"),
        (("flights", "-d", "package=other"), "package"),
        (("flights", "-d", "pipeline=other"), "pipeline"),
        (("flights", "-d", "pipelines=[]"), "pipelines"),
        (("flights", "--runtime", "python-spark"), "A runtime is the whole project's"),
        (("--sink", "parquet"), "Say which pipeline"),
        (("--runtime", "python-sparc"), "python_spark"),
        (("--runtime", "scala-spark"), "scaffold new NAME --runtime scala_spark --answers"),
        (("--runtime", "python-spark", "--sink", "duckdb"), "it is not for Python and Spark"),
    ],
)
def test_what_cannot_be_switched_is_refused(
    words: Sequence[str], said: str, releases: Releases, project: Path
) -> None:
    refused(scaffold(releases, project, "switch", *words), said)
    assert untouched(project)


def test_the_way_back_from_another_runtime_leads_to_where_it_began(
    releases: Releases, project: Path
) -> None:
    before = tree(project)
    edit(project / WIRING, '"""Put the chosen parts together."""', '"""Mine."""')
    commit(project)
    for runtime in ("python-spark", "python-duckdb"):
        words = ("switch", "--runtime", runtime, "--commit")
        assert scaffold(releases, project, *words).returncode == 0
    edit(project / WIRING, '"""Mine."""', '"""Put the chosen parts together."""')
    assert tree(project) == before


def test_another_runtime_is_what_is_rendered_with_it(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    done = scaffold(releases, project, "switch", "--runtime", "python-spark", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert tree(project) == fresh(releases, tmp_path, "--runtime", "python-spark")
    assert found["answers"]["pipelines"][0]["sink"] == "delta"
    assert "-m made.sinks.from_duckdb warehouse.duckdb" in found["next_steps"][1]
    commit(project)
    assert scaffold(releases, project, "check").returncode == 0


def test_several_mistakes_are_said_at_once(releases: Releases, project: Path) -> None:
    done = switch(releases, project, "--sink", "parkett", "--extraction", "lookup", "--every", "x")
    refused(done, "parkett", "lookup", '"x"')


def test_what_is_so_already_changes_nothing(releases: Releases, project: Path) -> None:
    done = switch(releases, project, "--extraction", "time_ranged")
    assert (done.returncode, "is so already" in done.stdout) == (0, True)
    assert untouched(project)


def test_a_dry_run_says_what_would_be_and_touches_nothing(
    releases: Releases, project: Path
) -> None:
    objects = sorted((project / ".git/objects").rglob("*"))
    done = switch(releases, project, "--sink", "parquet", "--dry-run")
    assert done.returncode == 0
    assert "src/made/sinks/parquet.py" in done.stdout
    assert "everything from 2013-03-08 on" in done.stdout
    assert untouched(project)
    assert sorted((project / ".git/objects").rglob("*")) == objects


def test_commit_and_branch_leave_the_owners_branch_alone(releases: Releases, project: Path) -> None:
    before = git(project, "rev-parse", "main")
    found = switched(releases, project, "--sink", "parquet", "--commit", "--branch", "other")
    assert (found["committed"], found["branch"]) == (True, "other")
    assert git(project, "rev-parse", "main") == before == git(project, "rev-parse", "other~1")
    assert git(project, "log", "-1", "--format=%s", "other") == "Switch flights"
    assert git(project, "status", "--short") == ""


def test_it_ends_with_next_steps_and_the_command_that_does_it_again(
    releases: Releases, project: Path
) -> None:
    found = switched(releases, project, "--sink", "parquet")
    assert found["command"] == ["scaffold", "switch", "flights", "--sink", "parquet", "--json"]
    assert found["next_steps"][-1].endswith("-m made plan")
    assert found["answers"]["pipelines"][0]["sink"] == "parquet"


def test_a_project_that_is_behind_is_updated_first(releases: Releases, project: Path) -> None:
    done = releases.scaffold("v0.2.0", "switch", "flights", "--sink", "parquet", cwd=project)
    refused(done, "v0.1.0", "v0.2.0", "scaffold update . --commit")
    assert untouched(project)


def test_a_project_that_is_newer_needs_a_newer_scaffold(releases: Releases, tmp_path: Path) -> None:
    project = releases.project("v0.2.0", tmp_path)
    refused(switch(releases, project, "--sink", "parquet"), "Upgrade scaffold", code=3)


def test_folders_and_trees_that_are_not_fit_are_refused_as_in_an_update(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    done = switch(releases, tmp_path, "--sink", "parquet")
    refused(done, "is not a project of scaffold")
    edit(project / "README.md", "# ", "# My ")
    refused(switch(releases, project, "--sink", "parquet"), "not committed", "README.md")
    commit(project)
    edit(project / ".copier-answers.yml", "sink: duckdb", "sink: parquet")
    commit(project)
    refused(switch(releases, project, "--extraction", "lookback"), "edited by hand")


def test_answers_are_read_when_what_a_killed_run_left_is_put_back(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    switch(releases, project, "--sink", "parquet")
    journal = {"head": git(project, "rev-parse", "HEAD"), "target": git(project, "write-tree")}
    killed = (project / ".copier-answers.yml").read_bytes()
    git(project, "reset", "--quiet", "--hard")
    (project / ".copier-answers.yml").write_bytes(killed)
    place = project / ".git/scaffold/journal.json"
    place.write_text(json.dumps(journal))
    (project / ".git/index.lock").hardlink_to(place)
    shutil.copy(project / ".git/index", place.with_name("index"))
    done = switch(releases, project, "--sink", "parquet")
    assert (done.returncode, "was interrupted here" in done.stdout) == (0, True)
    assert tree(project) == fresh(releases, tmp_path, "--sink", "parquet")


def test_a_project_elsewhere_is_named(releases: Releases, project: Path, tmp_path: Path) -> None:
    done = switch(releases, tmp_path, "--project", "made", "--sink", "parquet")
    assert done.returncode == 0, done.stderr
    assert "Undo all of it: git -C made reset --hard HEAD" in done.stdout


def test_updates_go_on_after_a_switch(releases: Releases, project: Path, tmp_path: Path) -> None:
    switch(releases, project, "--extraction", "lookback", "--commit")
    done = releases.scaffold("v0.2.0", "update", cwd=project)
    assert done.returncode == 0, done.stderr
    flags = ("--defaults", "--name", "Made", "--no-git", "--extraction", "lookback")
    releases.scaffold("v0.2.0", "new", "fresh", *flags, cwd=tmp_path)
    assert tree(project) == tree(tmp_path / "fresh")


def test_plain_copier_goes_on_after_a_switch(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    switch(releases, project, "--extraction", "lookback", "--commit")
    edit(project / "README.md", "# ", "# My ")
    commit(project)
    words = ("copier", "update", "--defaults", "--quiet", "--vcs-ref", "v0.2.0", ".")
    env = online(releases, tmp_path)
    done = subprocess.run(
        (sys.executable, "-m", *words),
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (project / "README.md").read_text().startswith("# My ")
    assert "Lookback(" in (project / WIRING).read_text()
    assert (project / "placed.md").exists()
    found = (project / ".copier-answers.yml").read_text()
    assert ("_commit: v0.2.0" in found, "extraction: lookback" in found) == (True, True)


def test_a_project_of_plain_copier_is_switched(releases: Releases, tmp_path: Path) -> None:
    project = tmp_path / "plain"
    words = ("copy", "--defaults", "--quiet", "--vcs-ref", TAG, CANONICAL_URL, str(project))
    copier = (sys.executable, "-m", "copier", *words)
    subprocess.run(copier, env=online(releases, tmp_path), check=True, capture_output=True)
    git(project, "init", "--quiet", "--initial-branch=main")
    commit(project)
    found = switched(releases, project, "--extraction", "lookback", "--commit")
    assert found["notes"] == []
    flags = ("--defaults", "--no-git", "--name", "Flights", "--extraction", "lookback")
    releases.scaffold(TAG, "new", "fresh", *flags, cwd=tmp_path)
    made, rendered = tree(project), tree(tmp_path / "fresh")
    del made[".copier-answers.yml"], rendered[".copier-answers.yml"]
    assert made == rendered
    assert scaffold(releases, project, "check").returncode == 0


def online(releases: Releases, tmp_path: Path) -> dict[str, str]:
    """An environment in which the canonical URL leads to these releases."""
    pairs = ((f"url.{releases.root}.insteadOf", CANONICAL_URL), ("protocol.file.allow", "always"))
    config = {"GIT_CONFIG_COUNT": str(len(pairs)), "COPIER_CACHE_DIR": str(tmp_path / "cache")}
    for number, (key, value) in enumerate(pairs):
        config |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return INHERITED | PERSON | config


# --- add and remove


ORDERS = ("--defaults", "--path", "data/orders/*.jsonl", "--format", "jsonl")
COLUMNS = '[{"name":"id","source":"ID","type":"BIGINT"},{"name":"ordered","source":"At","type":"TIMESTAMP"}]'
TABLE = (
    *ORDERS,
    "-d",
    f"columns={COLUMNS}",
    "--key",
    "id",
    "--event-time",
    "ordered",
    "--since",
    "2025-01-01",
)


def add(releases: Releases, project: Path, *words: str) -> Done:
    return scaffold(releases, project, "add", "orders", *words)


def test_a_pipeline_that_is_added_is_as_if_it_had_been_there_from_the_first(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    done = add(releases, project, *TABLE, "--extraction", "lookback", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["answers"]["pipelines"]] == ["flights", "orders"]
    assert tree(project) == fresh(
        releases, tmp_path, "-d", f"pipelines={json.dumps(found['answers']['pipelines'])}"
    )
    assert scaffold(releases, project, "check").returncode == 0
    assert found["command"][:3] == ["scaffold", "add", "orders"]


def test_its_command_adds_the_same_pipeline_again(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    other = releases.project(TAG, tmp_path, "other")
    found = json.loads(add(releases, project, *TABLE, "--json").stdout)
    assert scaffold(releases, other, *found["command"][1:]).returncode == 0
    assert tree(other) == tree(project)


def test_what_was_added_is_removed_without_a_trace(releases: Releases, project: Path) -> None:
    before = tree(project)
    add(releases, project, *TABLE, "--extraction", "lookback", "--sink", "parquet", "--commit")
    assert (project / "src/made/patterns/lookback.py").exists()
    done = scaffold(releases, project, "remove", "orders")
    assert done.returncode == 0, done.stderr
    assert "What it wrote stays" in done.stdout
    assert tree(project) == before


def test_what_the_owner_edited_of_it_is_a_conflict_and_stays(
    releases: Releases, project: Path
) -> None:
    add(releases, project, *TABLE, "--commit")
    file = project / "src/made/pipelines/orders/gold.sql"
    file.write_text("-- mine\n" + file.read_text())
    commit(project)
    done = scaffold(releases, project, "remove", "orders")
    assert done.returncode == CONFLICTS
    assert "src/made/pipelines/orders/gold.sql" in done.stdout
    assert file.read_text().startswith("-- mine\n")
    assert not (project / "src/made/pipelines/orders/pipeline.py").exists()


def test_the_last_pipeline_cannot_be_removed(releases: Releases, project: Path) -> None:
    refused(scaffold(releases, project, "remove", "flights"), "the only pipeline")
    refused(scaffold(releases, project, "remove", "flihgts"), 'Did you mean "flights"?')
    assert untouched(project)


def test_what_a_consumer_reads_is_not_removed_under_it(releases: Releases, project: Path) -> None:
    add(
        releases,
        project,
        *TABLE,
        "--structure",
        "multi_hop",
        "--structure",
        "disconnected",
        "--commit",
    )
    done = scaffold(releases, project, "remove", "orders")
    refused(done, "orders_consumer", "scaffold switch orders --structure multi_hop --commit")
    refused(scaffold(releases, project, "remove", "orders_consumer"), 'comes with "orders"')
    assert untouched(project)
    command = done.stderr.split("commit that: ")[1].strip().split()
    assert scaffold(releases, project, *command[1:]).returncode == 0
    assert not (project / "src/made/pipelines/orders_consumer").exists()
    assert scaffold(releases, project, "remove", "orders").returncode == 0


@pytest.mark.parametrize("name", ["flights", "Orders", "class", "flights_consumer"])
def test_names_that_cannot_be_are_refused(name: str, releases: Releases, project: Path) -> None:
    if name == "flights_consumer":
        switch(releases, project, "--structure", "disconnected", "--commit")
    refused(scaffold(releases, project, "add", name, *TABLE), name)
    assert untouched(project)


def test_without_a_terminal_all_that_is_missing_is_said_at_once(
    releases: Releases, project: Path
) -> None:
    done = add(releases, project, *TABLE[1:])
    refused(
        done, "--extraction is missing", "--sink is missing", "scaffold add orders", "--defaults"
    )
    assert untouched(project)


def test_a_sample_describes_it_and_stays_where_it_is(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    sample = tmp_path / "orders.csv"
    with sample.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Order ID", "Ordered at", "Note"])
        rows.writerows([[n, f"2025-01-{n % 28 + 1:02} 10:00:00", ""] for n in range(100, 160)])
    (project / "conf/local.toml").write_text('[pipelines.flights]\npath = "/data/mine"\n')
    words = ("--sample", str(sample), "--defaults")
    unsure = "Empty in all rows, kept as text: Note."
    plain = add(releases, project, *words, "--dry-run", "--json")
    assert unsure in json.loads(plain.stdout)["notes"]
    done = add(releases, project, *words)
    assert done.returncode == 0, done.stderr
    assert f"Worth knowing:\n  - {unsure}" in done.stdout
    local = (project / "conf/local.toml").read_text()
    assert "/data/mine" in local
    assert str(sample) in local
    assert "local.toml" not in git(project, "status", "--short")
    assert "name: order_id" in (project / ".copier-answers.yml").read_text()
    ran = subprocess.run(
        (sys.executable, "-m", "made", "run", "orders", "--json"),
        cwd=project,
        env=INHERITED | {"PYTHONPATH": "src"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(ran.stdout)["rows"] == len(range(100, 160))


def test_a_place_of_a_pipeline_that_was_removed_is_not_that_of_its_successor(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    samples = [tmp_path / name / "orders.csv" for name in ("old", "new")]
    for sample in samples:
        sample.parent.mkdir()
        sample.write_text("id,ordered\n1,2025-01-02 10:00:00\n2,2025-01-03 10:00:00\n")
    local, words = project / "conf/local.toml", ("--defaults", "--commit")
    add(releases, project, "--sample", str(samples[0]), *words)
    scaffold(releases, project, "remove", "orders", "--commit")
    done = add(releases, project, "--sample", str(samples[1]), *words)
    assert f'which was replaced: "{samples[0]}"' in done.stdout, done.stderr
    assert tomllib.loads(local.read_text())["pipelines"] == {"orders": {"path": str(samples[1])}}
    done = switch(releases, project, "--source", "rest_api", "--dry-run")
    assert "Delete `path` of pipelines.flights in conf/local.toml on each machine" in done.stdout
    scaffold(releases, project, "remove", "orders", "--commit")
    done = add(releases, project, *TABLE, "--extraction", "lookback", *words)
    assert f'which was replaced: "{samples[1]}"' in done.stdout, done.stderr
    assert tomllib.loads(local.read_text())["pipelines"]["orders"]["path"] == "data/orders/*.jsonl"


def test_on_a_terminal_it_is_asked(releases: Releases, project: Path) -> None:
    env = releases.environment(TAG) | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    words = ["-m", "scaffold", "add", "more"]
    talk = pexpect.spawn(
        sys.executable,
        words,
        cwd=str(project),
        env=env,
        encoding="utf-8",
        dimensions=(60, 100),
        timeout=30,
    )
    asked = (
        "Where is your data",
        "Help me choose",
        "Where do the rows come from",
        "Where do the rows go",
        "What does a run read",
        "rerun and after",
    )
    for question in (*asked, "Which steps", "Another pipeline", "Make this project"):
        talk.expect(question)
        talk.send("\r")
    talk.expect("The same step again")
    talk.expect(pexpect.EOF)
    talk.close()
    assert talk.exitstatus == 0
    assert (project / "src/made/pipelines/more/pipeline.py").exists()
