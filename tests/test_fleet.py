"""`scaffold update` and `check` for many projects: each by itself, and a line of each at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scaffold import git as gits
from scaffold import stops
from tests.releases import Releases, commit, git, tree

TO = "v0.2.0"


@pytest.fixture
def fleet(releases: Releases, tmp_path: Path) -> Path:
    """A folder with a project of each kind, and something else."""
    folder = tmp_path / "fleet"
    for place in ("a/clean", "b/conflict", "b/edited", "c/dirty"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        parent = folder / Path(place).parent
        releases.project("v0.1.0", parent, Path(place).name)
    releases.project(TO, folder / "c", "new")
    (folder / "c/not-a-project").mkdir()
    guide = folder / "b/conflict/guide.md"
    guide.write_text(guide.read_text().replace("Line 20 of", "Line 20, mine, of"))
    commit(folder / "b/conflict")
    answers = folder / "b/edited/.copier-answers.yml"
    answers.write_text(answers.read_text().replace("project_name: Made", "project_name: Other"))
    commit(folder / "b/edited")
    (folder / "c/dirty/guide.md").write_text("not committed\n")
    return folder


def states(output: str) -> dict[str, str]:
    return {Path(one["project"]).name: one["state"] for one in json.loads(output)}


def updating(
    releases: Releases, folder: Path, projects: list[Path], jobs: str
) -> subprocess.Popen[str]:
    """An update of all, in a group of its own, that is at the first of them."""
    process = subprocess.Popen(
        (sys.executable, "-m", "scaffold", "update", ".", "--jobs", jobs, "--commit"),
        cwd=folder,
        env=releases.environment(TO),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not any((one / "added.md").exists() for one in projects) and process.poll() is None:
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_that_is_broken_does_not_stop_the_others(
    releases: Releases, fleet: Path, jobs: str, tmp_path: Path
) -> None:
    before = tree(fleet / "c/dirty")
    done = releases.scaffold(TO, "update", "fleet", "--jobs", jobs, "--json", cwd=fleet.parent)
    assert states(done.stdout) == {
        "clean": "updated",
        "conflict": "conflicts",
        "edited": "broken",
        "dirty": "broken",
        "new": "current",
    }
    assert done.returncode == 2, done.stderr
    assert tree(fleet / "a/clean") == tree(releases.project(TO, tmp_path, "fresh"))
    assert "guide.md" in git(fleet / "b/conflict", "ls-files", "-u")
    assert tree(fleet / "c/dirty") == before


def test_there_is_a_line_of_each_in_the_order_of_their_places(
    releases: Releases, fleet: Path
) -> None:
    done = releases.scaffold(TO, "update", "fleet", "--jobs", "2", cwd=fleet.parent)
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert list(lines) == [
        f"fleet/{p}" for p in ("a/clean", "b/conflict", "b/edited", "c/dirty", "c/new")
    ]
    assert lines["fleet/a/clean"].startswith("updated from v0.1.0 to v0.2.0: ")
    assert lines["fleet/b/conflict"] == "1 conflicts in guide.md"
    assert "edited by hand" in lines["fleet/b/edited"]
    assert "not committed" in lines["fleet/c/dirty"]
    assert lines["fleet/c/new"] == "up to date: v0.2.0"
    assert "Traceback" not in done.stderr


def test_a_dry_run_touches_none(releases: Releases, fleet: Path) -> None:
    before = tree(fleet)
    done = releases.scaffold(TO, "update", "fleet", "--dry-run", "--json", cwd=fleet.parent)
    assert states(done.stdout)["clean"] == "planned"
    assert tree(fleet) == before
    assert git(fleet / "a/clean", "status", "--porcelain") == ""


def test_each_gets_a_branch_and_a_commit(releases: Releases, fleet: Path) -> None:
    places = ("fleet/a/clean", "fleet/c/new")
    releases.scaffold(TO, "update", *places, "--branch", "newer", "--commit", cwd=fleet.parent)
    assert git(fleet / "a/clean", "branch", "--show-current") == "newer"
    assert git(fleet / "a/clean", "status", "--porcelain") == ""
    assert git(fleet / "c/new", "branch", "--show-current") == "main"


def larger(releases: Releases, parent: Path, *names: str) -> Path:
    """A repository of several projects."""
    mono = parent / "mono"
    mono.mkdir()
    git(mono, "init", "--quiet", "--initial-branch=main")
    for name in names:
        shutil.rmtree(releases.project("v0.1.0", mono, name) / ".git")
    commit(mono)
    return mono


def test_projects_of_one_repository_wait_for_each_other(releases: Releases, tmp_path: Path) -> None:
    mono = larger(releases, tmp_path, "one", "two", "three")
    done = releases.scaffold(TO, "update", ".", "--jobs", "3", "--json", cwd=mono)
    assert states(done.stdout) == dict.fromkeys(("one", "two", "three"), "updated"), done.stderr
    fresh = tree(releases.project(TO, tmp_path, "fresh"))
    assert all(tree(mono / name) == fresh for name in ("one", "two", "three"))


def test_a_conflict_in_one_project_stops_none_of_the_others_of_its_repository(
    releases: Releases, tmp_path: Path
) -> None:
    """Files that all sides have, that only two have, and that git leaves as they were."""
    mono = larger(releases, tmp_path, "one", "two")
    (mono / "one/guide.md").write_text("mine\n")
    (mono / "one/added.md").write_text("mine\n")
    (mono / "one/dropped.md").write_text("mine\n")
    commit(mono)
    done = releases.scaffold(TO, "update", ".", "--commit", "--branch", "newer", "--json", cwd=mono)
    assert states(done.stdout) == {"one": "conflicts", "two": "updated"}, done.stdout
    assert tree(mono / "two") == tree(releases.project(TO, tmp_path, "fresh"))
    assert git(mono, "diff", "HEAD~1", "HEAD", "--name-only", "--", "one") == ""
    assert git(mono, "status", "--short", "--", "two") == ""
    assert git(mono, "diff", "--name-only", "--diff-filter=U").split() == [
        f"one/{name}.md" for name in ("added", "dropped", "guide")
    ]
    assert "<<<<<<< yours" in (mono / "one/guide.md").read_text()


def test_a_branch_is_for_all_projects_of_a_repository(releases: Releases, tmp_path: Path) -> None:
    mono = larger(releases, tmp_path, "one", "two", "three")
    words = ("update", ".", "--branch", "newer", "--commit")
    done = releases.scaffold(TO, *words, "--jobs", "2", "--json", cwd=mono)
    assert states(done.stdout) == dict.fromkeys(("one", "two", "three"), "updated"), done.stdout
    assert git(mono, "log", "--format=%s", "main..newer").count("\n") == 2
    assert git(mono, "branch", "--show-current") == "newer"
    git(mono, "reset", "--quiet", "--hard", "main")
    again = releases.scaffold(TO, *words, cwd=mono)  # the branch is another run's
    assert again.returncode == 2, again.stdout
    assert again.stdout.count('There is a branch "newer" already. --branch makes one') == 3


def test_a_project_that_is_updated_twice_at_once_is_updated_once(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    command = (sys.executable, "-m", "scaffold", "update")
    both = [
        subprocess.Popen(
            command,
            cwd=project,
            env=releases.environment(TO),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = sorted((one.wait(), one.communicate()[1]) for one in both)
    assert ended[0][0] == 0, ended
    assert ended[1][0] in (2, 3), ended  # there are staged changes by then, or the lock is held
    assert "Traceback" not in ended[1][1]
    assert tree(project) == tree(releases.project(TO, tmp_path, "fresh"))


@pytest.mark.parametrize(
    ("jobs", "stop", "times"),
    [
        ("1", signal.SIGINT, 1),
        ("1", signal.SIGINT, 50),
        ("2", signal.SIGINT, 1),
        ("2", signal.SIGINT, 50),
        ("2", signal.SIGTERM, 1),
    ],
)
def test_a_stop_leaves_no_project_half_merged_and_says_what_was_done(
    releases: Releases, tmp_path: Path, jobs: str, stop: signal.Signals, times: int
) -> None:
    folder = tmp_path / "fleet"
    folder.mkdir()
    projects = [releases.project("v0.1.0", folder, f"p{number}") for number in range(5)]
    before, after = tree(projects[0]), tree(releases.project(TO, tmp_path, "fresh"))
    process = updating(releases, folder, projects, jobs)
    for _ in range(times):  # of the whole group, as a terminal does, git too
        os.killpg(process.pid, stop)
        time.sleep(0.01)
    out, told = process.communicate(timeout=60)
    assert process.returncode in (0, 130, -stop), told  # Python hears no more when it is at its end
    assert all(tree(one) in (before, after) for one in projects)
    assert all(git(one, "status", "--porcelain") == "" for one in projects)
    done = [f"./{one.name}" for one in projects if tree(one) == after]
    assert [line.split(": ")[0] for line in out.splitlines() if line] == done, out
    left = len(projects) - len(done)
    stopped = f"Stopped: {left} were not done.\n" if left else "Stopped.\n"
    assert told == (stopped if process.returncode else "")


def test_git_that_must_end_is_where_no_terminal_stops_it(tmp_path: Path) -> None:
    """git hears what is ignored, too: it would close its files, and go on."""
    asked = f"alias.session=!{sys.executable} -c 'import os; print(os.getsid(0))'"
    assert int(gits.run(tmp_path, "-c", asked, "session").stdout) == os.getsid(0)
    with stops.deaf():
        assert int(gits.run(tmp_path, "-c", asked, "session").stdout) != os.getsid(0)


def test_no_process_of_a_killed_update_is_left(releases: Releases, tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    folder.mkdir()
    projects = [releases.project("v0.1.0", folder, f"p{number}") for number in range(3)]
    fresh = tree(releases.project(TO, tmp_path, "fresh"))
    process = updating(releases, folder, projects, "2")
    process.kill()
    process.communicate(timeout=60)  # until nobody has its output open
    assert releases.scaffold(TO, "update", ".", "--commit", cwd=folder).returncode == 0
    assert all(tree(one) == fresh for one in projects)


def test_check_looks_at_all_below_a_folder(releases: Releases, fleet: Path) -> None:
    done = releases.scaffold(TO, "check", "fleet", "--json", cwd=fleet.parent)
    assert done.returncode == 1
    assert states(done.stdout) == {
        "clean": "behind",
        "conflict": "behind",
        "edited": "edited",
        "dirty": "behind",
        "new": "current",
    }
