"""What several files of tests begin with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scaffold import source
from tests import jvm, services
from tests.combinations import SCALA, answers, compared, every, made, proved
from tests.pooled import Pool, pool
from tests.releases import Releases, make, make_evolving

# How long an example takes is the machine's matter: a busy one is no failure.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return make(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="session")
def evolving(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return make_evolving(tmp_path_factory.mktemp("evolving"))


@pytest.fixture
def project(releases: Releases, tmp_path: Path) -> Path:
    """A project of the first version."""
    return releases.project("v0.1.0", tmp_path)


@pytest.fixture(scope="session")
def templates() -> source.Templates:
    """Those of this checkout."""
    return source.templates()


@pytest.fixture(scope="session")
def sbt() -> jvm.Sbt:
    with jvm.required():
        return jvm.sbt()


@pytest.fixture(scope="session")
def jdk() -> Iterator[jvm.Java]:
    """A Java that PySpark starts with, and soon: the small one of PyPI is not enough."""
    with jvm.required():
        java = jvm.java(whole=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_SUBMIT_OPTS", jvm.archived())
        yield java


@pytest.fixture
def sink(request: pytest.FixtureRequest) -> str:
    """One of those that a test is called with; for Delta there is a Java."""
    if request.param == "delta":
        request.getfixturevalue("jdk")
    return str(request.param)


@pytest.fixture(scope="session")
def pooled(
    tmp_path_factory: pytest.TempPathFactory, templates: source.Templates, sbt: jvm.Sbt
) -> Pool:
    """Scala projects in one build: a pipeline of every combination, the pairwise set, and what is compared to Python."""
    folder = tmp_path_factory.mktemp("scala")
    projects = [
        made(folder / "all", templates, answers(every(SCALA), "shop", SCALA)),
        made(folder / "pairs", templates, answers(proved(), "pairs", SCALA)),
        made(folder / "parity", templates, compared(SCALA)),
    ]
    shutil.rmtree(projects[-1] / "src/test")  # the other two have its proofs
    beside = [Path(__file__).with_name(name) for name in ("Mutants.scala", "Script.scala")]
    return pool(folder / "pool", sbt, projects, beside)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a broker; each test has topics of its own."""
    with ExitStack() as stack:
        with jvm.required():
            address = stack.enter_context(services.kafka())
        yield address


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.Database]:
    """A server; each test has a database of its own."""
    with ExitStack() as stack:
        with jvm.required():
            server = stack.enter_context(services.postgres())
        yield server
