"""Catalogues change as well: patterns and settings inside of `pipelines`, where copier looks for no question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.releases import Done, Releases, commit, git, record, tree

USAGE = 2


@pytest.fixture
def project(evolving: Releases, tmp_path: Path) -> Path:
    """A project of the first version."""
    return evolving.project("v0.1.0", tmp_path)


def update(evolving: Releases, project: Path, to: str, *words: str) -> Done:
    return evolving.scaffold(to, "update", *words, cwd=project)


def switch(evolving: Releases, project: Path, by: str, *words: str) -> None:
    done = evolving.scaffold(by, "switch", "flights", *words, "--commit", cwd=project)
    assert done.returncode == 0, done.stderr


def entries(project: Path) -> list[dict[str, object]]:
    return list(yaml.safe_load((project / ".copier-answers.yml").read_text())["pipelines"])


def plain(evolving: Releases, folder: Path, **data: object) -> Path:
    """A project of the first version, by plain copier."""
    from copier import run_copy  # noqa: PLC0415 - slow to import

    project = folder / "plain"
    run_copy(str(evolving.root), project, data=data, vcs_ref="v0.1.0", defaults=True, quiet=True)
    git(project, "init", "--quiet")
    record(project, _src_path="gh:pipeline-scaffold/pipeline-scaffold")
    return project


# --- settings


def test_a_new_setting_takes_its_default_and_is_reported(evolving: Releases, project: Path) -> None:
    done = update(evolving, project, "v0.3.0")
    assert done.returncode == 0, done.stderr
    assert "New setting pause of pipeline flights: its default was taken, 5." in done.stdout
    assert "pause=5" in (project / "src/made/pipelines/flights/pipeline.py").read_text()


def test_a_project_with_new_settings_is_what_is_rendered_anew(
    evolving: Releases, project: Path, tmp_path: Path
) -> None:
    assert update(evolving, project, "v0.3.0", "--commit").returncode == 0
    assert tree(project) == tree(evolving.project("v0.3.0", tmp_path, "fresh"))
    assert entries(project)[0]["pause"] == 5
    assert update(evolving, project, "v0.4.0").stdout.count("New setting") == 0


def test_only_pipelines_whose_patterns_read_a_new_setting_get_it(
    evolving: Releases, project: Path
) -> None:
    words = ("add", "other", "--defaults", "--behaviour", "idempotent", "--commit")
    assert evolving.scaffold("v0.1.0", *words, cwd=project).returncode == 0
    found = json.loads(update(evolving, project, "v0.3.0", "--json").stdout)
    assert [note for note in found["notes"] if "setting" in note] == [
        "New setting pause of pipeline flights: its default was taken, 5."
    ]
    assert ["pause" in entry for entry in entries(project)] == [True, False]


def test_a_new_setting_of_copiers_own_answers_is_a_new_question(
    evolving: Releases, tmp_path: Path
) -> None:
    """Plain copier records its questions flat."""
    project = plain(evolving, tmp_path)
    done = update(evolving, project, "v0.3.0")
    assert done.returncode == 0, done.stderr
    assert "New question pause: its default was taken, 5." in done.stdout


# --- patterns


def test_a_pattern_that_newer_templates_add_can_be_switched_to(
    evolving: Releases, project: Path
) -> None:
    assert update(evolving, project, "v0.2.0", "--commit").returncode == 0
    switch(evolving, project, "v0.2.0", "--behaviour", "idempotent", "--behaviour", "patient")
    patterns = project / "src/made/patterns"
    assert (patterns / "patient.py").exists()
    assert not (patterns / "self_healing.py").exists()
    done = update(evolving, project, "v0.5.0")
    assert (done.returncode, "New setting pause" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("chosen", "gone", "left"),
    [
        (
            ("--structure", "multi_hop", "--structure", "conditional"),
            'Pipeline flights has the structure "conditional", which is gone.',
            "There are: multi_hop, disconnected.",
        ),
        (
            ("--extraction", "full_snapshot", "-d", "take=newest"),
            'Pipeline flights has the take "newest", which is gone.',
            "There are: all_matching.",
        ),
    ],
    ids=["pattern", "choice"],
)
def test_what_a_pipeline_uses_and_newer_templates_dropped_stops_the_update(
    evolving: Releases, project: Path, chosen: tuple[str, ...], gone: str, left: str
) -> None:
    switch(evolving, project, "v0.1.0", *chosen)
    before = tree(project), git(project, "rev-parse", "HEAD"), git(project, "ls-files", "--stage")
    done = update(evolving, project, "v0.5.0")
    assert done.returncode == USAGE, done.stdout
    for words in (gone, left, "The templates v0.5.0 no longer have", "the scaffold of v0.1.0"):
        assert words in done.stderr
    after = tree(project), git(project, "rev-parse", "HEAD"), git(project, "ls-files", "--stage")
    assert after == before


def test_the_way_out_that_is_named_is_one(evolving: Releases, project: Path) -> None:
    switch(evolving, project, "v0.1.0", "--structure", "conditional")
    assert update(evolving, project, "v0.5.0").returncode == USAGE
    switch(evolving, project, "v0.1.0", "--structure", "multi_hop")
    done = update(evolving, project, "v0.5.0")
    assert done.returncode == 0, done.stderr


def test_a_pattern_that_nobody_uses_can_go(evolving: Releases, project: Path) -> None:
    file = project / "src/made/pipelines/flights/gold.sql"
    file.write_text(f"-- mine\n{file.read_text()}")
    commit(project)
    done = update(evolving, project, "v0.5.0")
    assert done.returncode == 0, done.stderr
    assert file.read_text().startswith("-- mine\n")


def test_a_pattern_of_copiers_own_answers_that_is_gone_stops_the_update_too(
    evolving: Releases, tmp_path: Path
) -> None:
    """Plain copier would take the default in silence."""
    project = plain(evolving, tmp_path, structure=["conditional"])
    done = update(evolving, project, "v0.5.0")
    assert done.returncode == USAGE, done.stdout
    assert "structure: ['conditional'] would become" in done.stderr
