"""A run that is killed while it changes files: nothing of the owner's is lost, and the next run ends as if nothing had been.

Real processes are killed at random instants, alone or with the git that they started.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.releases import INHERITED, PERSON, ROOT, Releases, commit, git, tree

FILES = 1000
APPLY = """
import sys
from pathlib import Path
from scaffold import journal, repository
place = repository.find(Path(sys.argv[1]))
with journal.locked(place) as lock:
    recovery = journal.recover(place)
    if recovery:
        print("restored", len(recovery.restored), "kept", *recovery.kept)
    with journal.applied(place, sys.argv[2], (), lock):
        pass
"""
RECOVER = APPLY[: APPLY.index("    with journal.applied")]


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository of thousands of files, and a tree in which all of them are others."""
    folder = tmp_path_factory.mktemp("large") / "made"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in range(FILES):
        file = folder / f"folder {number % 50}/{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"old {number}\n" * 50)
    commit(folder)
    for number in range(FILES):
        file = folder / f"folder {number % 50}/{number}.txt"
        if number % 3:
            file.write_text(f"new {number}\n" * 60)
        else:
            file.unlink()
            (folder / f"added {number % 50}").mkdir(exist_ok=True)
            (folder / f"added {number % 50}/{number}.txt").write_text(f"added {number}\n" * 60)
    git(folder, "add", "--all")
    target = git(folder, "write-tree")
    git(folder, "reset", "--quiet", "--hard", "HEAD")
    return folder, target


@dataclass(frozen=True)
class Kill:
    """When a run is killed: some time after it began, or only once this file was changed."""

    delay: float
    whole_group: bool = True
    after: str = ""


@pytest.fixture
def killed(large: tuple[Path, str], tmp_path: Path) -> Callable[[Kill], Path]:
    """A copy in which a run was killed while it changed files."""

    def run(kill: Kill) -> Path:
        folder = tmp_path / "made"
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(("cp", "-a", large[0], folder), check=True)
        process = start(APPLY, folder, large[1], streams=subprocess.DEVNULL)
        while process.poll() is None and not begun(folder, kill.after):
            time.sleep(0.001)
        time.sleep(kill.delay)
        (os.killpg if kill.whole_group else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
        return folder

    return run


def begun(folder: Path, after: str) -> bool:
    if after:
        with suppress(FileNotFoundError):  # git takes a file away before it writes it anew
            return (folder / after).read_text().startswith("new")
        return False
    return (folder / ".git/scaffold/journal.json").exists()


MIDDLE = Kill(0.0, after="folder 0/100.txt")


def start(program: str, *words: object, streams: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-c", program, *map(str, words)),
        env=INHERITED | PERSON | {"PYTHONPATH": str(ROOT)},
        stdout=streams,
        stderr=streams,
        text=True,
        start_new_session=True,
    )


def finish(program: str, *words: object) -> str:
    """Once the orphan that a kill left has let go of the lock."""
    for _ in range(200):
        process = start(program, *words)
        out, err = process.communicate()
        if process.returncode == 0:
            return out
        assert "Another scaffold is changing" in err, err
        time.sleep(0.05)
    raise AssertionError(err)


def mixed(folder: Path) -> bool:
    """Whether some files are old and some are new, or away for a moment: an orphan of git's may be at it still."""
    words = set()
    for path in folder.rglob("*.txt"):
        if ".git" not in path.parts:
            try:
                words.add(path.read_text()[:3])
            except FileNotFoundError:
                words.add("")
    return len(words) > 1


@pytest.mark.slow
@pytest.mark.parametrize("whole_group", [True, False], ids=["with git", "alone"])
def test_a_run_that_was_killed_at_any_instant_ends_as_if_it_had_not_been(
    large: tuple[Path, str], killed: Callable[[Kill], Path], whole_group: bool
) -> None:
    source, target = large
    head, before = git(source, "rev-parse", "HEAD"), tree(source)
    seen = {"mixed": 0, "restored": 0}
    for seed in range(4):
        folder = killed(Kill(random.Random(seed).uniform(0, 0.6), whole_group))
        assert git(folder, "rev-parse", "HEAD") == head
        seen["mixed"] += mixed(folder)
        said = finish(RECOVER, folder)
        seen["restored"] += "restored 0" not in said and "restored" in said
        staged = git(folder, "write-tree") == target
        assert git(folder, "status", "--porcelain", "--untracked-files=all") == "" or staged
        assert tree(folder) == before or staged
        if not staged:
            finish(APPLY, folder, target)
        assert git(folder, "write-tree") == target
        assert git(folder, "diff", "--name-only") == ""
        assert not (folder / ".git/index.lock").exists()
        assert [path.name for path in (folder / ".git/scaffold").iterdir()] == ["lock"]
    assert seen["mixed"] >= 2, seen


@pytest.mark.slow
def test_what_the_owner_changes_after_the_kill_stays(
    large: tuple[Path, str], killed: Callable[[Kill], Path]
) -> None:
    folder = killed(MIDDLE)
    assert mixed(folder)
    old = next(p for p in sorted(folder.rglob("*.txt")) if p.read_text().startswith("old"))
    new = next(p for p in sorted(folder.rglob("*.txt")) if p.read_text().startswith("new"))
    for file in (old, new):
        file.write_text(file.read_text() + "mine\n")
    (folder / "folder 1/mine.txt").write_text("mine\n")
    contents = {file: file.read_text() for file in (old, new, folder / "folder 1/mine.txt")}
    said = finish(RECOVER, folder)
    assert all(file.read_text() == text for file, text in contents.items())
    assert str(new.relative_to(folder)) in said
    status = git(folder, "status", "--porcelain").splitlines()
    assert len(status) == 3, status


@pytest.mark.slow
def test_a_kill_after_which_the_owner_commits_is_left_to_the_owner(
    killed: Callable[[Kill], Path],
) -> None:
    folder = killed(MIDDLE)
    (folder / ".git/index.lock").unlink()
    commit(folder)
    before = tree(folder)
    finish(RECOVER, folder)
    assert tree(folder) == before
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.slow
def test_a_half_that_the_owner_staged_is_taken_out_of_the_index_again(
    killed: Callable[[Kill], Path],
) -> None:
    folder = killed(MIDDLE)
    (folder / ".git/index.lock").unlink()
    git(folder, "add", "--all")
    finish(RECOVER, folder)
    assert git(folder, "status", "--porcelain", "--untracked-files=all") == ""


# --- the command


def half(releases: Releases, project: Path) -> None:
    """As a kill leaves it: the journal, our index and our lock are there, and half of the files are new."""
    other = project.parent / "other"
    shutil.copytree(project, other)
    done = releases.scaffold("v0.2.0", "update", cwd=other)
    assert done.returncode == 0, done.stderr
    ours = project / ".git/scaffold"
    ours.mkdir()
    shutil.copytree(other / ".git/objects", project / ".git/objects", dirs_exist_ok=True)
    found = {"head": git(project, "rev-parse", "HEAD"), "target": git(other, "write-tree")}
    (ours / "journal.json").write_text(json.dumps(found))
    shutil.copy(project / ".git/index", ours / "index")
    (project / ".git/index.lock").hardlink_to(ours / "journal.json")
    (project / "guide.md").write_bytes((other / "guide.md").read_bytes())
    (project / "added.md").write_bytes((other / "added.md").read_bytes()[:3])
    (project / "dropped.md").unlink()


def test_the_next_update_says_what_was_found_and_then_updates(
    releases: Releases, project: Path
) -> None:
    half(releases, project)
    done = releases.scaffold("v0.2.0", "update", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (
        "An update was interrupted here. What it had changed was put back: 3 files." in done.stdout
    )
    assert tree(project) == tree(project.parent / "other")
    assert git(project, "write-tree") == git(project.parent / "other", "write-tree")


def test_a_refusal_says_what_was_put_back_before_it(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    half(releases, project)
    with (project / "dropped.md").open("w") as file:
        file.write("mine\n")
    copies = []
    for name in ("text", "one", "line", "json"):
        shutil.copytree(project, copy := tmp_path / "fleet" / name)
        ours = copy / ".git/index.lock"
        ours.unlink()
        ours.hardlink_to(copy / ".git/scaffold/journal.json")
        copies.append(copy)
    text = releases.scaffold("v0.2.0", "update", cwd=copies[0])
    put_back = "What it had changed was put back: 2 files."
    for said in (put_back, "stay as they are: dropped.md", "not committed: dropped.md"):
        assert said in text.stderr
    one = releases.scaffold("v0.2.0", "update", "--json", cwd=copies[1])
    assert json.loads(one.stdout)["error"]["recovery"]["kept"] == ["dropped.md"]
    line = releases.scaffold("v0.2.0", "update", "line", "../other", cwd=tmp_path / "fleet")
    for said in (put_back, "not committed: dropped.md", "The merge has to be told"):
        assert said in line.stdout.splitlines()[0]
    many = releases.scaffold(
        "v0.2.0", "update", "json", "../other", "--json", cwd=tmp_path / "fleet"
    )
    assert json.loads(many.stdout)[0]["error"]["recovery"]["kept"] == ["dropped.md"]


def test_diff_mends_it_too_and_check_only_says_so(releases: Releases, project: Path) -> None:
    before = tree(project)
    half(releases, project)
    checked = releases.scaffold("v0.2.0", "check", cwd=project)
    assert (checked.returncode, "an update was interrupted" in checked.stdout) == (1, True)
    done = releases.scaffold("v0.2.0", "diff", cwd=project)
    assert "was put back" in done.stdout
    assert tree(project) == before
    assert git(project, "status", "--porcelain") == ""


STOPPING = """#!/bin/sh
case "$*" in *"$AT"*) kill -s "$SIGNAL" "$PPID"; [ "$SIGNAL" = KILL ] && exit 1;; esac
exec {git} "$@"
"""
"""A git that stops whoever calls it in the middle."""
CHECKOUT, BRANCH, COMMIT = "read-tree -m -u", "symbolic-ref HEAD", "update-ref -m"
"""What is done to the owner's files and branch, in this order."""
ON_A_BRANCH = ("update", "--commit", "--branch", "newer")


def stopping(folder: Path, at: str, by: str) -> dict[str, str]:
    shim = folder / "bin/git"
    shim.parent.mkdir()
    shim.write_text(STOPPING.format(git=shutil.which("git")))
    shim.chmod(0o755)
    return {"PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}", "AT": at, "SIGNAL": by}


def everything(project: Path) -> tuple[str, str, dict[str, bytes]]:
    """Where HEAD and all branches are, the index, and the files."""
    refs = git(project, "symbolic-ref", "HEAD") + git(project, "show-ref")
    return refs, git(project, "ls-files", "--stage"), tree(project)


@pytest.mark.parametrize(("at", "by"), [(CHECKOUT, "INT"), (BRANCH, "INT"), (BRANCH, "TERM")])
def test_a_run_that_is_stopped_before_it_is_done_has_written_nothing(
    releases: Releases, project: Path, tmp_path: Path, at: str, by: str
) -> None:
    before = everything(project)
    env = stopping(tmp_path, at, by)
    done = releases.scaffold("v0.2.0", *ON_A_BRANCH, cwd=project, env=env)
    assert (done.returncode, done.stderr.strip()) == (130, "Stopped. Nothing was written.")
    assert everything(project) == before
    assert not (project / ".git/scaffold/journal.json").exists()
    assert not (project / ".git/index.lock").exists()


def test_a_stop_that_comes_when_it_is_done_is_too_late(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    env = stopping(tmp_path, COMMIT, "INT")
    done = releases.scaffold("v0.2.0", "update", "--commit", cwd=project, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "committed" in done.stdout
    assert git(project, "log", "-1", "--format=%s") == "Update from the templates v0.2.0"
    assert git(project, "status", "--short") == ""


@pytest.mark.parametrize("at", [CHECKOUT, BRANCH, COMMIT])
def test_a_run_that_is_killed_before_it_is_done_is_put_back_by_the_next(
    releases: Releases, project: Path, tmp_path: Path, at: str
) -> None:
    git(project, "config", "core.logAllRefUpdates", "false")
    before, env = everything(project), stopping(tmp_path, at, "KILL")
    done = releases.scaffold("v0.2.0", *ON_A_BRANCH, cwd=project, env=env)
    assert done.returncode == -signal.SIGKILL
    if at == COMMIT:  # git was killed as well, while it held these
        for lock in ("HEAD.lock", "refs/heads/newer.lock"):
            (project / ".git" / lock).touch()
    assert releases.scaffold("v0.2.0", "check", cwd=project).returncode == 1
    done = releases.scaffold("v0.2.0", "diff", cwd=project)
    assert "What it had changed was put back" in done.stdout, done.stderr
    assert everything(project) == before
    done = releases.scaffold("v0.2.0", *ON_A_BRANCH, cwd=project)
    assert done.returncode == 0, done.stderr
    assert git(project, "rev-parse", "newer~1") == git(project, "rev-parse", "main")


def test_a_conflict_that_was_staged_by_a_run_that_was_killed_is_put_back(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    """One of them leaves the file as it was: only the index knows of it."""
    (project / "dropped.md").write_text("mine\n")
    commit(project)
    before, env = everything(project), stopping(tmp_path, BRANCH, "KILL")
    releases.scaffold("v0.2.0", "update", "--branch", "newer", cwd=project, env=env)
    assert "dropped.md" in git(project, "ls-files", "--unmerged")
    assert releases.scaffold("v0.2.0", "diff", cwd=project).returncode == 0
    assert everything(project) == before


def test_a_kill_after_the_commit_is_no_reason_to_put_anything_back(
    releases: Releases, project: Path
) -> None:
    releases.scaffold("v0.2.0", "update", "--commit", cwd=project)
    before = everything(project)
    found = {"head": git(project, "rev-parse", "HEAD~1"), "target": git(project, "write-tree")}
    (project / ".git/scaffold/journal.json").write_text(json.dumps(found))
    done = releases.scaffold("v0.2.0", "update", cwd=project)
    assert (done.returncode, "its result is committed" in done.stdout) == (0, True)
    assert everything(project) == before


def test_two_updates_at_once_do_no_harm(releases: Releases, project: Path, tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            (sys.executable, "-m", "scaffold", "update"),
            cwd=project,
            env=releases.environment("v0.2.0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [run.communicate() for run in runs]
    codes = sorted(run.returncode for run in runs)
    assert codes[0] == 0, said
    assert codes[1] in (2, 3), said  # locked out, or behind the first, whose result is staged
    assert tree(project) == tree(releases.project("v0.2.0", tmp_path, "fresh"))


def test_whoever_waits_for_a_commit_merges_into_that_commit(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    """Two projects of one repository, at once, as a fleet does them."""
    inner = releases.project("v0.1.0", project, "inner")
    shutil.rmtree(inner / ".git")
    commit(project)
    program = """
import sys
from pathlib import Path
from scaffold import outcome, source, update
with source.open_templates() as templates:
    target = update.target(remote=False, templates=templates)
    with update.planned(update.Request(Path(sys.argv[1]), target, wait=True)) as plan:
        outcome.carry_out(plan, outcome.Ending(commit=True, message="updated"))
"""
    runs = [
        subprocess.Popen(
            (sys.executable, "-c", program, str(folder)),
            cwd=tmp_path,
            env=releases.environment("v0.2.0"),
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder in (project, inner)
    ]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert git(project, "log", "--format=%s").splitlines()[:2] == ["updated", "updated"]
    assert git(project, "status", "--porcelain") == ""
    fresh = tree(releases.project("v0.2.0", tmp_path, "fresh"))
    assert tree(inner) == fresh


def test_an_index_that_another_git_holds_is_left_alone(releases: Releases, project: Path) -> None:
    before = tree(project)
    (project / ".git/index.lock").touch()
    done = releases.scaffold("v0.2.0", "update", cwd=project)
    assert done.returncode == 3
    assert "index.lock" in done.stderr
    assert (project / ".git/index.lock").exists()
    assert tree(project) == before


def test_a_disk_that_refuses_in_the_middle_leaves_everything_as_it_was(
    releases: Releases, project: Path
) -> None:
    if os.geteuid() == 0:
        git(project, "config", "filter.broken.smudge", "false")
        git(project, "config", "filter.broken.required", "true")
        (project / ".git/info").mkdir(exist_ok=True)
        (project / ".git/info/attributes").write_text("placed.md filter=broken\n")
    before = tree(project)
    done = releases.scaffold("v0.2.0", "update", cwd=project)
    assert done.returncode == 3, done.stdout
    assert tree(project) == before
    (project / ".git/info/attributes").unlink()
    assert git(project, "status", "--porcelain") == ""
    assert not (project / ".git/index.lock").exists()


def test_what_cannot_be_put_back_is_said_and_the_next_run_does_it(
    releases: Releases, project: Path
) -> None:
    before = everything(project)
    git(project, "config", "filter.broken.clean", "cat")
    git(project, "config", "filter.broken.smudge", "false")
    git(project, "config", "filter.broken.required", "true")
    (project / ".git/info").mkdir(exist_ok=True)
    attributes = project / ".git/info/attributes"
    attributes.write_text("guide.md filter=broken\n")
    done = releases.scaffold("v0.2.0", "update", cwd=project)
    assert done.returncode == 3, done.stdout
    assert "What was begun" in done.stderr
    assert "could not be put back" in done.stderr
    attributes.unlink()
    done = releases.scaffold("v0.2.0", "diff", cwd=project)
    assert "What it had changed was put back" in done.stdout, done.stderr
    assert everything(project) == before
