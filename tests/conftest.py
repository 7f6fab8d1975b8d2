"""What several files of tests begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.releases import Releases, make, make_evolving


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
