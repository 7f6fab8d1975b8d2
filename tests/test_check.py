"""`scaffold check`, as CI meets it: its exit code, and a word about why."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.releases import INHERITED, ROOT, Done, Releases, commit, git


def check(releases: Releases, cwd: Path, *words: str, by: str = "v0.2.0") -> Done:
    return releases.scaffold(by, "check", *words, cwd=cwd)


def test_a_project_of_this_version_is_up_to_date(releases: Releases, project: Path) -> None:
    done = check(releases, project, by="v0.1.0")
    assert (done.returncode, done.stdout) == (0, ".: up to date: v0.1.0\n")


def test_an_older_project_is_behind(releases: Releases, project: Path) -> None:
    done = check(releases, project)
    assert done.returncode == 1
    assert "behind: v0.1.0, the newest is v0.2.0; run scaffold update ." in done.stdout


def test_a_newer_project_needs_a_newer_scaffold(releases: Releases, tmp_path: Path) -> None:
    project = releases.project("v0.2.0", tmp_path)
    done = check(releases, project, by="v0.1.0")
    assert done.returncode == 3
    assert "pip install -U pipeline-scaffold" in done.stdout


def test_answers_edited_by_hand_are_found(releases: Releases, project: Path) -> None:
    file = project / ".copier-answers.yml"
    text = file.read_text()
    file.write_text(text.replace("colour: red", "colour: green"))
    done = check(releases, project, by="v0.1.0")
    assert (done.returncode, "edited by hand" in done.stdout) == (1, True)
    file.write_text(
        "".join(line for line in text.splitlines(keepends=True) if "checksum" not in line)
    )
    assert "edited by hand" in check(releases, project, by="v0.1.0").stdout


def test_conflicts_are_found_until_they_are_resolved_even_once_committed(
    releases: Releases, project: Path
) -> None:
    file = project / "shared.py"
    file.write_text(file.read_text().replace("second = first", "second = first * 2"))
    (project / "dropped.md").write_text("mine\n")
    commit(project)
    assert releases.scaffold("v0.2.0", "update", cwd=project).returncode == 1
    done = check(releases, project)
    assert (done.returncode, "conflicts are left in dropped.md, shared.py" in done.stdout) == (
        1,
        True,
    )
    commit(project)
    assert "conflicts are left in shared.py" in check(releases, project).stdout
    file.write_text("resolved\n")
    assert check(releases, project).returncode == 0


def test_several_projects_are_checked_and_a_broken_one_stops_none(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    newer = releases.project("v0.2.0", tmp_path, "newer")
    (tmp_path / "none").mkdir()
    done = check(releases, tmp_path, "none", str(project), str(newer), "--json")
    found = json.loads(done.stdout)
    assert [one["state"] for one in found] == ["broken", "behind", "current"]
    assert "is not a project of scaffold" in found[0]["why"]
    assert done.returncode == 2


def test_each_broken_answers_file_is_a_finding_of_its_own(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    names = ("a-date", "b-keys", "c-folder", "d-depth")
    answers = [releases.project("v0.1.0", tmp_path, name) / ".copier-answers.yml" for name in names]
    text = answers[0].read_text()
    answers[0].write_text(text.replace("colour: red", "since: 2013-02-31"))
    answers[1].write_text(text + "x: {1: a, b: c}\n")
    answers[2].unlink()
    answers[2].mkdir()
    answers[3].write_text("x: " + "[" * 9999)
    done = check(releases, tmp_path, *names, "made", "--json", by="v0.1.0")
    found = json.loads(done.stdout)
    assert [one["state"] for one in found] == ["broken", "edited", "broken", "broken", "current"]
    assert "day is out of range" in found[0]["why"]
    assert "directory" in found[2]["why"]
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize("how", ["another owner", "no refs"])
def test_conflicts_that_git_cannot_look_for_are_not_taken_for_none(
    releases: Releases, project: Path, how: str
) -> None:
    (project / "shared.py").write_text("<<<<<<< yours\n")
    commit(project)
    safe = {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(releases.at("v0.1.0"))}
    other = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "GIT_CONFIG_COUNT": "1"} | safe
    env = other if how == "another owner" else {}
    if how == "no refs":
        shutil.rmtree(project / ".git/refs")
    done = releases.scaffold("v0.1.0", "check", cwd=project, env=env)
    assert done.returncode == 3, done.stdout
    assert "git cannot read ." in done.stdout
    assert ("dubious ownership" if env else "not a git repository") in done.stdout


def test_marks_that_an_attribute_makes_longer_are_found_too(
    releases: Releases, project: Path
) -> None:
    (project / ".gitattributes").write_text("* conflict-marker-size=12\n")
    file = project / "shared.py"
    file.write_text(file.read_text().replace("second = first", "second = first * 2"))
    commit(project)
    assert releases.scaffold("v0.2.0", "update", cwd=project).returncode == 1
    commit(project)
    assert "conflicts are left in shared.py" in check(releases, project).stdout


def test_a_project_without_git_is_checked_too(releases: Releases, project: Path) -> None:
    shutil.rmtree(project / ".git")
    assert check(releases, project).returncode == 1
    assert check(releases, project, by="v0.1.0").returncode == 0


def test_a_linked_work_tree_has_an_interrupted_update_of_its_own(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    git(project, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    ours = project / ".git/worktrees/linked/scaffold"
    ours.mkdir()
    (ours / "journal.json").write_text("{}")
    assert "interrupted" in check(releases, tmp_path / "linked", by="v0.1.0").stdout
    assert check(releases, project, by="v0.1.0").returncode == 0


def test_check_imports_neither_copier_nor_jinja(releases: Releases, project: Path) -> None:
    import subprocess  # noqa: PLC0415

    program = (
        "import sys; from scaffold.cli import run; run(['check']);"
        "print(sorted({'copier', 'jinja2', 'questionary', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run(
        (sys.executable, "-c", program),
        cwd=project,
        env=INHERITED | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
