"""Any edits of an owner's, any change of the templates: what nobody edited is as rendered anew, and no line of the
owner's is lost.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scaffold import outcome, record, render, source
from scaffold import update as updates
from scaffold.history import History
from scaffold.outcome import Ending
from scaffold.update import Request, Target
from tests.releases import PROJECT, Releases, commit, git, release, tree

FILES = ("guide.md", "moved.md", "shared.py")
OPERATIONS = ("insert", "insert", "replace", "replace", "cut", "delete", "rename", "add")
EDITS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(FILES), st.integers(0, 29)),
    min_size=1,
    max_size=6,
)
NUMBER = itertools.count()
Edit = tuple[str, str, int]
Trial = Callable[[list[Edit], list[Edit]], None]


def edit(folder: Path, edits: list[Edit], word: str) -> None:
    """The edits, as far as they can be done; every line that they write is another one."""
    for number, (operation, name, place) in enumerate(edits):
        file, line = folder / name, f"{word} {number}\n"
        if operation == "add":
            (folder / f"more{place % 3}.md").write_text(line)
        elif not file.exists():
            continue
        elif operation == "delete":
            file.unlink()
        elif operation == "rename":
            file.rename(folder / f"{word}-{name}")
        else:
            lines = file.read_text().splitlines(keepends=True)
            at = min(place, len(lines) - 1)
            stop = at if operation == "insert" else at + 1
            lines[at:stop] = [] if operation == "cut" else [line]
            file.write_text("".join(lines))


def lines_of(folder: Path, word: str) -> set[bytes]:
    found = {line for text in tree(folder).values() for line in text.splitlines()}
    return {line for line in found if line.startswith(word.encode())}


@pytest.fixture
def trial(releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """An update of a project with these edits to templates with those."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept = releases.project("v0.1.0", tmp_path, "kept")
    templates = tmp_path / "templates"
    git(tmp_path, "clone", "--quiet", str(releases.root), str(templates))

    def run(mine: list[Edit], theirs: list[Edit]) -> None:
        tag = f"v1.{next(NUMBER)}.0"
        git(templates, "checkout", "--quiet", "--detach", "v0.1.0")
        edit(templates / PROJECT, theirs, "theirs")
        (templates / "LICENSE").write_text(tag)
        release(templates, tag)
        with tempfile.TemporaryDirectory() as folder:
            project, fresh = Path(folder) / "made", Path(folder) / "fresh"
            shutil.copytree(kept, project)
            edit(project, mine, "mine")
            (project / "own.txt").write_text("mine\n")
            commit(project)
            before, written = tree(project), lines_of(project, "mine")
            history = History(str(templates))
            with source.open_templates():
                target = Target(history.at(tag), history)
                fresh.mkdir()
                render.render_again(record.read(project).text, {}, target.templates, fresh)
                with updates.planned(Request(project, target)) as plan:
                    found = outcome.carry_out(plan, Ending())
            judge(found.conflicts, before, written, kept, project, fresh)

    return run


def judge(  # noqa: PLR0917 - six facts of one trial
    conflicts: tuple[object, ...],
    before: dict[str, bytes],
    written: set[bytes],
    kept: Path,
    project: Path,
    fresh: Path,
) -> None:
    original, after, rendered = tree(kept), tree(project), tree(fresh)
    assert written <= lines_of(project, "mine")
    own = {
        name for name in before.keys() | original.keys() if before.get(name) != original.get(name)
    }
    if own == {"own.txt"}:
        assert not conflicts
        assert after == rendered | {"own.txt": b"mine\n"}
    unmerged = {line.split("\t")[1] for line in git(project, "ls-files", "-u").splitlines()}
    renames = {name for name in rendered if name.startswith("theirs-")}
    for name in rendered.keys() - own - unmerged - renames - {".copier-answers.yml"}:
        assert after.get(name) == rendered[name], name
    assert bool(conflicts) == bool(unmerged)
    assert git(project, "diff", "--name-only", "--diff-filter=d").splitlines() == [] or unmerged


def settled(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@pytest.mark.slow
@settled(6)
@example(mine=[("insert", "guide.md", 3)], theirs=[("delete", "guide.md", 0)])
@example(mine=[("insert", "guide.md", 3)], theirs=[("rename", "guide.md", 0)])
@example(
    mine=[("rename", "guide.md", 0), ("add", "guide.md", 0)], theirs=[("replace", "guide.md", 3)]
)
@example(mine=[("rename", "guide.md", 0)], theirs=[("rename", "guide.md", 0)])
@example(mine=[("replace", "guide.md", 3)], theirs=[("replace", "guide.md", 3)])
@example(mine=[("delete", "guide.md", 0)], theirs=[("replace", "guide.md", 3)])
@example(mine=[("add", "guide.md", 0)], theirs=[("add", "guide.md", 0)])
@given(mine=EDITS, theirs=EDITS)
def test_no_line_of_the_owners_is_lost(trial: Trial, mine: list[Edit], theirs: list[Edit]) -> None:
    trial(mine, theirs)


@pytest.mark.slow
@settled(4)
@given(theirs=EDITS)
def test_where_the_owner_changed_nothing_it_is_as_rendered_anew(
    trial: Trial, theirs: list[Edit]
) -> None:
    trial([], theirs)


@pytest.mark.matrix
@settled(300)
@given(mine=EDITS, theirs=EDITS)
def test_no_line_of_the_owners_is_lost_300_times(
    trial: Trial, mine: list[Edit], theirs: list[Edit]
) -> None:
    trial(mine, theirs)
