"""Scala projects: every combination compiles without a warning, and what they prove of themselves is true.

Cheaply: one build holds a project of every combination, and one of a set in which any two decisions meet. Whole
projects go through real sbt in test_examples.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scaffold import source
from tests.combinations import SCALA, answers, cover, every, made
from tests.jvm import Sbt
from tests.pooled import Pool, pool
from tests.services import Database

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("scala"),
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]


@pytest.fixture(scope="module")
def servers(postgres: Database, kafka: str) -> Mapping[str, str]:
    """Those that proofs take instead of embedded ones, which do not start as root."""
    return {"PIPELINE_TEST_POSTGRES": postgres.jdbc, "PIPELINE_TEST_KAFKA": kafka}


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, templates: source.Templates, sbt: Sbt) -> Pool:
    """A project of every combination, and one of pairs, in one build."""
    folder = tmp_path_factory.mktemp("scala")
    projects = [
        made(folder / "all", templates, answers(every(SCALA), "shop", SCALA)),
        made(folder / "pairs", templates, answers(cover(2, SCALA), "pairs", SCALA)),
    ]
    return pool(folder / "pool", sbt, projects)


def test_every_combination_is_formatted_and_compiles_without_a_warning(pooled: Pool) -> None:
    pooled.check()


@pytest.mark.matrix  # until all of them pass: then it belongs into every run
def test_the_proofs_of_a_pairwise_set_pass(pooled: Pool, servers: Mapping[str, str]) -> None:
    """Each proof with one of the pipelines that it fits, each with another one."""
    found = pooled.prove("pairs.*", env={"PROOFS": "1", **servers})
    failed = {name: dict(suite.failed) for name, suite in found.items() if suite.failed}
    assert failed == {}
    assert not [name for name, suite in found.items() if suite.skipped]


@pytest.mark.matrix
def test_the_proofs_pass_in_all_pipelines_of_a_pairwise_set(
    pooled: Pool, servers: Mapping[str, str]
) -> None:
    found = pooled.prove("pairs.*", env=servers, timeout=6 * 3600)
    assert {name: dict(suite.failed) for name, suite in found.items() if suite.failed} == {}


def test_the_pairwise_set_has_servers_on_every_side() -> None:
    pairs = cover(2, SCALA)
    assert {choice["source"] for choice in pairs} == {"files", "postgres", "kafka"}
    assert {choice["extraction"] for choice in pairs if choice["source"] == "kafka"} > {"streaming"}
    assert len({choice["source"] for choice in pairs if choice["sink"] == "postgres"}) == 3
