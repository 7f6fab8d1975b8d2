"""Scala projects: every combination compiles without a warning, and what they prove of themselves is true.

Cheaply: one build holds a project of every combination, and one of a set in which any two decisions meet. Real
sbt, from an empty folder, is for three whole projects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scaffold import render, source
from tests.combinations import answers, cover, every, title
from tests.jvm import Sbt
from tests.pooled import Pool, pool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("scala"),
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
SCALA = "scala_spark"


@pytest.fixture(scope="module")
def templates() -> Iterator[source.Templates]:
    with source.open_templates() as found:
        yield found


def made(folder: Path, templates: source.Templates, data: dict[str, Any]) -> Path:
    folder.mkdir()
    render.render(data, templates, folder)
    return folder


@pytest.fixture(scope="module")
def pooled(
    tmp_path_factory: pytest.TempPathFactory, templates: source.Templates, sbt: Sbt
) -> Pool:
    """A project of every combination, and one of pairs, in one build."""
    folder = tmp_path_factory.mktemp("scala")
    projects = [
        made(folder / "all", templates, answers(every(SCALA), "shop", SCALA)),
        made(folder / "pairs", templates, answers(cover(2, SCALA), "pairs", SCALA)),
    ]
    return pool(folder / "pool", sbt, projects)


def test_every_combination_is_formatted_and_compiles_without_a_warning(pooled: Pool) -> None:
    pooled.check()


def test_the_proofs_of_a_pairwise_set_pass(pooled: Pool) -> None:
    found = pooled.prove("pairs.*")
    failed = {name: dict(suite.failed) for name, suite in found.items() if suite.failed}
    assert failed == {}
    assert not [name for name, suite in found.items() if suite.skipped]


WHOLE = [every(SCALA)[0]]


@pytest.mark.parametrize("choice", WHOLE, ids=title)
def test_a_project_goes_through_real_sbt(
    choice: Any, tmp_path: Path, templates: source.Templates, sbt: Sbt
) -> None:
    project = made(tmp_path / "whole", templates, answers([choice], "whole", SCALA))
    sbt(project, "scalafmtCheckAll", "scalafmtSbtCheck", "test", "assembly", timeout=3000)
    assert (project / "target/scala-2.13/whole.jar").exists()
