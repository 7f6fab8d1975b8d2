"""Scala projects: every combination compiles without a warning, and what they prove of themselves is true.

Cheaply: one build holds a project of every combination, and one of a set in which any two decisions meet. Whole
projects go through real sbt in test_sbt.py.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from scaffold import source
from tests.combinations import SCALA, Choice, answers, made, proved
from tests.mutations import Mutation, mutations, nearest
from tests.pooled import Pool, pool
from tests.services import Database

PROVED = proved()
TRIED = {
    "behaviour/once",
    "extraction/offsets",
    "extraction/windows",
    "source/promise",
    "structure/direct",
}
"""Parts whose first mutation is tried in every run, as each takes half a minute; all others are in the matrix."""
WEIGHT = {"delta": 3, "lookback": 3, "postgres": 2, "kafka": 2}
"""What makes a pipeline slow to prove, roughly, where each structure counts one."""
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


def test_the_proofs_of_a_pairwise_set_pass(pooled: Pool, servers: Mapping[str, str]) -> None:
    """Each proof with the quickest of the pipelines that it fits, and fewer kills than an owner has."""
    quickest = sorted(range(len(PROVED)), key=lambda number: weight(PROVED[number]))
    env = {"PROOFS": ",".join(f"p{number:03}" for number in quickest), "KILLS": "2", **servers}
    found = pooled.prove("pairs.*", env=env)
    failed = {name: dict(suite.failed) for name, suite in found.items() if suite.failed}
    assert failed == {}
    assert not [name for name, suite in found.items() if suite.skipped]
    passed = {name.rpartition(" (")[0] for suite in found.values() for name in suite.passed}
    assert sentences(pooled.folder.parent / "pairs/src/test/scala") - passed == set()


def weight(choice: Choice) -> int:
    known = sum(WEIGHT.get(choice[axis], 0) for axis in ("source", "sink", "extraction"))
    return known + len(choice["structure"])


def sentences(tests: Path) -> set[str]:
    """Those of all proofs: of one that fits no pipeline ScalaTest says nothing."""
    plain = re.compile(r'\bproof\(\s*"([^"]+)"')
    found = (plain.findall(path.read_text(encoding="utf-8")) for path in tests.rglob("*.scala"))
    return set(itertools.chain.from_iterable(found))


@pytest.mark.matrix
def test_the_proofs_pass_in_all_pipelines_of_a_pairwise_set(
    pooled: Pool, servers: Mapping[str, str]
) -> None:
    found = pooled.prove("pairs.*", env=servers, timeout=6 * 3600)
    assert {name: dict(suite.failed) for name, suite in found.items() if suite.failed} == {}


def test_the_pairwise_set_has_servers_on_every_side() -> None:
    assert {choice["source"] for choice in PROVED} == {"files", "postgres", "kafka"}
    assert {choice["extraction"] for choice in PROVED if choice["source"] == "kafka"} > {
        "streaming"
    }
    assert len({choice["source"] for choice in PROVED if choice["sink"] == "postgres"}) == 3


def test_each_mutation_takes_something_out_of_the_code(pooled: Pool) -> None:
    """Those of the matrix, too: they would go stale unseen."""
    for one in mutations(SCALA):
        (code,) = (pooled.folder.parent / "pairs/src/main/scala").glob(f"*/{one.file}")
        one.applied(code.read_text(encoding="utf-8"))


def test_proofs_fail_without_their_mechanism(pooled: Pool, servers: Mapping[str, str]) -> None:
    some = [one for one in mutations(SCALA) if one.first and one.pattern in TRIED]
    assert {one.pattern for one in some} == TRIED
    assert judged(pooled, some, servers) == {}


@pytest.mark.matrix
def test_each_of_a_pairwise_set_compiles_alone(
    pooled: Pool, tmp_path: Path, templates: source.Templates
) -> None:
    """A project has nothing of the parts that it did not choose, and its tests ask for nothing of them."""
    alone = [
        made(tmp_path / f"alone{n}", templates, answers([choice], f"alone{n}", SCALA))
        for n, choice in enumerate(PROVED)
    ]
    whole = pooled.folder.parent / "pairs"
    pool(tmp_path / "pool", pooled.sbt, [whole, *alone]).check()


@pytest.mark.matrix
@pytest.mark.parametrize("first", [True, False])
def test_proofs_fail_without_their_mechanism_in_any_part(
    pooled: Pool, servers: Mapping[str, str], first: bool
) -> None:
    """The other ones that come first in their part, and all the rest."""
    other = [one for one in mutations(SCALA) if not (one.first and one.pattern in TRIED)]
    assert judged(pooled, [one for one in other if one.first == first], servers) == {}


def judged(
    pooled: Pool, tried: Sequence[Mutation], servers: Mapping[str, str]
) -> Mapping[str, str]:
    best = [(one, fitting(one)) for one in tried]
    return pooled.judge(pooled.folder.parent / "pairs", best, env=servers, timeout=6 * 3600)


def fitting(mutation: Mutation) -> list[str]:
    """The pipelines of the pairwise set, those that are best to prove it with first."""
    best = nearest(mutation.pattern, mutation.choice, PROVED, SCALA)
    rest = [one for one in PROVED if one not in best]
    return [f"p{PROVED.index(one):03}" for one in [*best, *rest]]
