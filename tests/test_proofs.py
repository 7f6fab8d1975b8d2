"""The proofs of generated projects: they pass in every combination, and fail without their mechanism."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from scaffold import source
from tests.combinations import PYSPARK, PYTHON, Choice, answers, cover, made, title
from tests.inherited import inherited
from tests.mutations import ROOT, Mutation, having, mutations

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
TEMPLATES = ROOT / "templates"
PAIRS = cover(2)
TRIPLES = [choice for choice in cover(3) if choice not in PAIRS]


def mutated() -> list[ParameterSet]:
    """One of each part in every run, but for sources, which need servers; the others in the matrix."""
    return [pytest.param(one, id=str(one), marks=tier(one)) for one in mutations(PYTHON)]


def tier(mutation: Mutation) -> pytest.MarkDecorator:
    often = mutation.first and not mutation.pattern.startswith("source/")
    return pytest.mark.slow if often else pytest.mark.matrix


def project(folder: Path, templates: source.Templates, choices: list[Choice]) -> Path:
    return made(folder, templates, answers(choices))


def prove(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The project's own tests, as its owner runs them, with these variables as well."""
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
    return subprocess.run(
        command, cwd=folder, env=inherited() | more, check=False, capture_output=True, text=True
    )


def assert_proved(folder: Path, *arguments: str, **more: str) -> None:
    ended = prove(folder, *arguments, **more)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    assert " skipped" not in ended.stdout


def assert_noticed(folder: Path, mutation: Mutation) -> None:
    """The proof that must fail does, once a project's code has lost its mechanism."""
    (changed,) = (folder / "src").glob(f"*/{mutation.file}")
    changed.write_text(mutation.applied(changed.read_text(encoding="utf-8")), encoding="utf-8")
    ended = prove(folder, "-x", "-k", mutation.fails)
    assert ended.returncode == 1, ended.stdout[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("choice", PAIRS, ids=title)
def test_its_own_tests_pass(choice: Choice, tmp_path: Path, templates: source.Templates) -> None:
    """With fewer kills than its owner has: the matrix has those, and the proofs that must fail."""
    assert_proved(project(tmp_path / "shop", templates, [choice]), KILLS="2")


@pytest.mark.matrix
@pytest.mark.parametrize("choice", TRIPLES, ids=title)
def test_its_own_tests_pass_three_wise(
    choice: Choice, tmp_path: Path, templates: source.Templates
) -> None:
    assert_proved(project(tmp_path / "shop", templates, [choice]))


@pytest.mark.parametrize("runtime", [PYTHON, PYSPARK])
def test_each_mutation_has_its_place_and_its_proof_in_the_templates(runtime: str) -> None:
    """Those of the matrix, too: they would go stale unseen."""
    files = [path for kind in ("*.py", "*.jinja") for path in TEMPLATES.rglob(kind)]
    texts = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
    stale = []
    for one in mutations(runtime):
        parts = (one.find, *(more["find"] for more in one.also), f"def {one.fails}(")
        if not all(any(part in text for text in texts) for part in parts):
            stale.append(str(one))
    assert stale == []


@pytest.mark.parametrize("mutation", mutated())
def test_a_proof_fails_without_its_mechanism(
    mutation: Mutation, tmp_path: Path, templates: source.Templates
) -> None:
    folder = project(tmp_path / "shop", templates, [having(mutation.pattern, mutation.choice)])
    assert_noticed(folder, mutation)
