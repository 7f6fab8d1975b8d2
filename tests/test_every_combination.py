"""Every combination that the rules allow: it renders, and what it renders is formatted, linted and typed.

Cheaply: two projects hold every combination as a pipeline of its own; on Spark, where the wiring is the same, one holds
those in which any three decisions meet. What a project lacks that has one alone shows in those in which any two meet; each
distinct file is linted once. The matrix has each combination alone, and on Spark, too, all in two projects.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from scaffold import source
from tests.combinations import PYSPARK, PYTHON, Choice, answers, cover, every, made, title

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
TOOLS = (("black", "--check"), ("ruff", "check", "--no-cache"))


def run(folder: Path, *command: str) -> str:
    """What a tool has to complain about."""
    ended = subprocess.run(
        (sys.executable, "-m", *command), cwd=folder, check=False, capture_output=True, text=True
    )
    return ended.stdout + ended.stderr if ended.returncode else ""


def half(runtime: str, number: int) -> Sequence[Choice]:
    """A project has at most 1000 pipelines."""
    return every(runtime)[number::2]


@pytest.mark.parametrize(
    ("runtime", "choices"),
    [
        pytest.param(PYTHON, partial(half, PYTHON, 0), id="half"),
        pytest.param(PYTHON, partial(half, PYTHON, 1), id="the other half"),
        pytest.param(PYSPARK, partial(cover, 3, PYSPARK), id="any three on spark"),
        *(
            pytest.param(
                PYSPARK, partial(half, PYSPARK, n), id=f"{n} on spark", marks=pytest.mark.matrix
            )
            for n in range(2)
        ),
    ],
)
def test_a_project_with_many_combinations_is_clean_and_typed(
    runtime: str,
    choices: Callable[[], Sequence[Choice]],
    tmp_path: Path,
    templates: source.Templates,
) -> None:
    project = made(tmp_path / "many", templates, answers(choices(), runtime=runtime))
    assert [run(project, *tool, ".") for tool in TOOLS] == ["", ""]
    assert run(project, "mypy") == ""


@pytest.mark.parametrize(
    ("runtime", "choices"),
    [
        pytest.param(PYTHON, partial(cover, 2), id="any two"),
        pytest.param(PYSPARK, partial(cover, 2, PYSPARK), id="any two on spark"),
        pytest.param(PYTHON, every, id="each", marks=pytest.mark.matrix),
        pytest.param(
            PYSPARK, partial(every, PYSPARK), id="each on spark", marks=pytest.mark.matrix
        ),
    ],
)
def test_a_combination_alone_is_clean(
    runtime: str,
    choices: Callable[[], Sequence[Choice]],
    tmp_path: Path,
    templates: source.Templates,
) -> None:
    distinct: dict[str, Path] = {}
    for number, choice in enumerate(choices()):
        project = made(tmp_path / str(number), templates, answers([choice], runtime=runtime))
        for path in project.rglob("*.py"):
            text = path.read_bytes()
            assert b"{%" not in text, f"{title(choice)}: {path}"
            distinct.setdefault(hashlib.sha256(text).hexdigest(), path)
    files = [str(path) for path in distinct.values()]
    config = ("--config", str(tmp_path / "0" / "pyproject.toml"))  # all have the same style
    assert run(tmp_path, "black", "--check", *config, *files) == ""
    assert (
        run(tmp_path, "ruff", "check", "--no-cache", *files) == ""
    )  # each file by its own project's


def test_no_source_has_a_condition_of_the_template_language() -> None:
    root = Path(__file__).parent.parent / "templates"
    kinds = ("*.py", "*.py.jinja", "*.sql.jinja", "*.scala", "*.scala.jinja")
    for path in (path for kind in kinds for path in root.rglob(kind)):
        assert not re.search(r"{%-?\s*(if|elif|else)\b", path.read_text(encoding="utf-8")), path
