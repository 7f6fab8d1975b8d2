"""examples/ is what the templates render now, and each project in it proves itself."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pytest

from scaffold import catalogue
from scripts.render_examples import EXAMPLES, definitions, render_into
from tests.combinations import PYTHON, SCALA
from tests.test_proofs import assert_proved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]


def files(folder: Path) -> set[str]:
    """What git would have of a project."""
    made = {
        "target",
        ".bsp",
        ".sbt-launch",
        ".pytest_cache",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        "warehouse",
        ".venv",
    }
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if not made & set(path.parts)}


def test_examples_equal_a_fresh_render(tmp_path: Path) -> None:
    render_into(tmp_path)
    for name in definitions():
        fresh, kept = tmp_path / name, EXAMPLES / name
        assert files(fresh) == files(kept), f"{name}: run make examples"
        _, different, odd = filecmp.cmpfiles(fresh, kept, files(fresh), shallow=False)
        assert (different, odd) == ([], []), f"{name}: run make examples"


def of(runtime: str) -> list[str]:
    return [
        name
        for name, one in definitions().items()
        if one["answers"].get("runtime", PYTHON) == runtime
    ]


@pytest.mark.parametrize(
    ("name", "kills"),
    [
        pytest.param("shop", "2", id="shop with few kills"),
        *(pytest.param(name, "20", id=name, marks=pytest.mark.matrix) for name in of(PYTHON)),
    ],
)
def test_an_example_s_own_tests_pass(name: str, kills: str) -> None:
    """In every run of that with several pipelines; projects of one are proved pairwise, in test_proofs.py."""
    assert_proved(EXAMPLES / name, KILLS=kills)


@pytest.mark.parametrize("runtime", [PYTHON, SCALA])
def test_the_examples_show_every_pattern_that_is_offered(runtime: str) -> None:
    known = catalogue.load().on(runtime)
    shown = {
        part
        for name in of(runtime)
        for pipeline in definitions()[name]["answers"].get(
            "pipelines", [{"extraction": "time_ranged"}]
        )
        for part in (
            pipeline["extraction"],
            pipeline.get("sink", next(p.id for p in known.of("sink", made=True) if p.default)),
            *pipeline.get("behaviour", []),
            *pipeline.get("structure", []),
        )
    }
    assert shown == {
        part.id
        for axis in known.asked
        if axis.id != "source"
        for part in known.of(axis.id, made=True)
    }
