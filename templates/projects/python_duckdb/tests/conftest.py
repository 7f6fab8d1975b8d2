"""Fixtures: a world for the pipeline that a test is about."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .support import World


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read in the project's folder; the tests' zone is not the sources'."""
    monkeypatch.chdir(Path(__file__).parent.parent)


@pytest.fixture
def world(tmp_path: Path) -> Callable[[str], World]:
    """Makes an empty world for a pipeline."""
    return lambda name: World(name, tmp_path / "world")
