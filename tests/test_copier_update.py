"""Plain `copier update` is first-class: for projects of plain copier, and for those that `scaffold` made or changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from scaffold.about import CANONICAL_URL
from tests.releases import Releases, commit, git, tree

pytestmark = pytest.mark.slow  # copier update makes five clones

TAGS = ("v0.1.0", "v0.2.0", "v0.3.0", "v0.4.0", "v0.5.0")
FIRST, NEWEST = TAGS[0], TAGS[-1]
ANSWERS = ".copier-answers.yml"
SILVER = "src/made/pipelines/flights/silver.sql"


def copied(releases: Releases, tag: str, folder: Path, answers: dict[str, object]) -> Path:
    """A project of plain copier, committed."""
    data = folder.parent / f"{folder.name}.yml"
    data.write_text(yaml.safe_dump(answers))
    words = ("copy", "--defaults", "--quiet", f"--vcs-ref={tag}", f"--data-file={data}")
    releases.copier(*words, CANONICAL_URL, str(folder), cwd=folder.parent)
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    commit(folder, "new")
    return folder


def updated(releases: Releases, project: Path, *words: str) -> None:
    """`copier update`, committed, without a conflict."""
    releases.copier("update", "--defaults", *words, cwd=project)
    assert git(project, "ls-files", "--unmerged") == ""
    assert not list(project.rglob("*.rej"))
    commit(project, "update")


def edited(project: Path) -> None:
    """As an owner does: a line of theirs in a file that templates change, and a file of their own."""
    for name, comment in (("guide.md", "Mine"), (SILVER, "-- mine")):
        (project / name).write_text(f"{comment}.\n{(project / name).read_text()}")
    (project / "own.md").write_text("Mine.\n")
    commit(project)


def unedited(project: Path) -> dict[str, bytes]:
    """The tree without what `edited` put there: all of it has to be there still."""
    found = tree(project)
    assert found.pop("own.md") == b"Mine.\n"
    for name, line in (("guide.md", b"Mine.\n"), (SILVER, b"-- mine.\n")):
        assert found[name].startswith(line)
        found[name] = found[name].removeprefix(line)
    return found


def anew(releases: Releases, tag: str, folder: Path, project: Path) -> dict[str, bytes]:
    """The tree that plain copier makes of a project's answers."""
    found = yaml.safe_load((project / ANSWERS).read_text())
    answers = {key: value for key, value in found.items() if key[0] != "_"}
    return tree(copied(releases, tag, folder, answers))


def check(releases: Releases, project: Path, tag: str) -> str:
    """What `scaffold check` of a version says. The checksum of the answers is copier's as well as ours."""
    done = releases.scaffold(tag, "check", cwd=project)
    return done.stdout if done.returncode == 0 else f"exit {done.returncode}: {done.stdout}"


@pytest.mark.parametrize(
    "tag", [TAGS[0], *(pytest.param(tag, marks=pytest.mark.matrix) for tag in TAGS[1:-1])]
)
def test_a_project_of_any_release_becomes_one_of_the_newest(
    evolving: Releases, tmp_path: Path, tag: str
) -> None:
    project = copied(evolving, tag, tmp_path / "made", {"project_name": "Made"})
    updated(evolving, project)
    assert tree(project) == anew(evolving, NEWEST, tmp_path / "fresh", project)
    assert check(evolving, project, NEWEST) == f".: up to date: {NEWEST}\n"


def test_an_owners_edits_stay_through_every_release(evolving: Releases, tmp_path: Path) -> None:
    project = copied(evolving, FIRST, tmp_path / "made", {"project_name": "Made"})
    edited(project)
    for tag in TAGS[1:]:
        updated(evolving, project, f"--vcs-ref={tag}")
        assert check(evolving, project, tag) == f".: up to date: {tag}\n"
    assert unedited(project) == anew(evolving, NEWEST, tmp_path / "fresh", project)


STEPS = {
    "new": (),
    "switch": (FIRST, "switch", "flights", "--extraction", "lookback", "--sink", "parquet"),
    "add": (FIRST, "add", "other", "--defaults", "--structure", "multi_hop"),
    "update to a new setting": ("v0.3.0", "update"),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_scaffold_made_or_changed_is_updated_by_plain_copier(
    evolving: Releases, tmp_path: Path, step: tuple[str, ...]
) -> None:
    project = evolving.project(FIRST, tmp_path)
    edited(project)
    if step:
        done = evolving.scaffold(*step, "--commit", cwd=project)
        assert done.returncode == 0, done.stderr
    updated(evolving, project)
    assert unedited(project) == anew(evolving, NEWEST, tmp_path / "fresh", project)
    assert check(evolving, project, NEWEST) == f".: up to date: {NEWEST}\n"


def test_copier_and_scaffold_take_turns(evolving: Releases, tmp_path: Path) -> None:
    project = copied(evolving, FIRST, tmp_path / "made", {"project_name": "Made"})
    edited(project)
    for tag, *words in (
        ("v0.2.0", "update"),
        ("v0.3.0",),
        ("v0.3.0", "switch", "flights", "--sink", "parquet"),
        ("v0.4.0",),
        (NEWEST, "update"),
    ):
        if words:
            done = evolving.scaffold(tag, *words, "--commit", cwd=project)
            assert done.returncode == 0, done.stderr
        else:
            updated(evolving, project, f"--vcs-ref={tag}")
        assert check(evolving, project, tag) == f".: up to date: {tag}\n"
    assert unedited(project) == anew(evolving, NEWEST, tmp_path / "fresh", project)


def test_a_pattern_that_is_used_and_gone_stops_plain_copier_too(
    evolving: Releases, tmp_path: Path
) -> None:
    project = evolving.project(FIRST, tmp_path)
    words = ("switch", "flights", "--structure", "conditional", "--commit")
    assert evolving.scaffold(FIRST, *words, cwd=project).returncode == 0
    before = tree(project)
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        evolving.copier("update", "--defaults", cwd=project)
    assert "structure takes each at most once of multi_hop, disconnected" in stopped.value.stderr
    assert tree(project) == before
