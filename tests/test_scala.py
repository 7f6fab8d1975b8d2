"""Scala projects: every combination compiles without a warning, and what they prove of themselves is true.

Cheaply: one build holds a project of every combination, and one of a set in which any two decisions meet. Whole
projects go through real sbt in test_examples.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.combinations import SCALA, cover
from tests.mutations import Mutation, mutations, nearest, parts
from tests.pooled import Pool
from tests.services import Database

PAIRS = cover(2, SCALA)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("scala"),
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]


@pytest.fixture(scope="module")
def servers(postgres: Database, kafka: str) -> Mapping[str, str]:
    """Those that proofs take instead of embedded ones, which do not start as root."""
    return {"PIPELINE_TEST_POSTGRES": postgres.jdbc, "PIPELINE_TEST_KAFKA": kafka}


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
    assert {choice["source"] for choice in PAIRS} == {"files", "postgres", "kafka"}
    assert {choice["extraction"] for choice in PAIRS if choice["source"] == "kafka"} > {"streaming"}
    assert len({choice["source"] for choice in PAIRS if choice["sink"] == "postgres"}) == 3


@pytest.mark.matrix  # until it was seen to pass: then the first ones belong into every run
@pytest.mark.parametrize("first", [True, False])
def test_proofs_fail_without_their_mechanism(
    pooled: Pool, servers: Mapping[str, str], first: bool
) -> None:
    """One of each part, and the others."""
    offered = set().union(*(parts(choice, SCALA) for choice in PAIRS))
    tried = [one for one in mutations(SCALA) if one.first == first and one.pattern in offered]
    best = [(one, fitting(one)) for one in tried]
    assert pooled.judge(pooled.folder.parent / "pairs", best, env=servers) == {}


def fitting(mutation: Mutation) -> list[str]:
    """The pipelines of the pairwise set, those that are best to prove it with first."""
    best = nearest(mutation.pattern, mutation.choice, PAIRS, SCALA)
    rest = [one for one in PAIRS if one not in best]
    return [f"p{PAIRS.index(one):03}" for one in [*best, *rest]]
