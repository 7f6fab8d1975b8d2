"""Fixtures: a world for the pipeline that a test is about."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .support import World


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A proof that fits no pipeline of this project is none: it is left out, not skipped."""
    none = [item for item in items if "got empty parameter set" in str(item.own_markers)]
    items[:] = [item for item in items if item not in none]
    config.hook.pytest_deselected(items=none)


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read in the project's folder; the tests' zone is not the sources'."""
    monkeypatch.chdir(Path(__file__).parent.parent)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Makes an empty world for a pipeline."""
    yield lambda name: World(name, tmp_path / "world")
    World("", tmp_path / "world").drop()
