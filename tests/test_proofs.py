"""The proofs of generated projects: they pass in every combination, and fail without their mechanism."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold import render, source
from tests.combinations import Choice, answers, cover, every, title

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
ROOT = Path(__file__).parent.parent
PAIRS = cover(2)
TRIPLES = [choice for choice in cover(3) if choice not in PAIRS]


@dataclass(frozen=True)
class Mutation:
    """A mechanism taken out of generated code, and the proof that must notice."""

    pattern: str
    file: str
    find: str
    replace: str
    fails: str
    also: tuple[Mapping[str, str], ...] = ()

    def applied(self, text: str) -> str:
        """The code without its mechanism."""
        for find, replace in [
            (self.find, self.replace),
            *(tuple(one.values()) for one in self.also),
        ]:
            assert text.count(find) == 1, find
            text = text.replace(find, replace)
        return text


def mutations() -> Iterator[Mutation]:
    for path in sorted(ROOT.glob("templates/**/mutations.yml")):
        folder = path.parent.parent
        pattern = f"{folder.parent.name}/{folder.name}"
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield Mutation(pattern, **raw)


@pytest.fixture(scope="module")
def templates() -> Iterator[source.Templates]:
    with source.open_templates() as found:
        yield found


def project(folder: Path, templates: source.Templates, choices: list[Choice]) -> Path:
    folder.mkdir()
    render.render(answers(choices), templates, folder)
    return folder


def prove(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The project's own tests, as its owner runs them."""
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PIPELINE_"))}
    return subprocess.run(
        command, cwd=folder, env=clean, check=False, capture_output=True, text=True
    )


def assert_proved(folder: Path) -> None:
    ended = prove(folder)
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    assert " skipped" not in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("choice", PAIRS, ids=title)
def test_its_own_tests_pass(choice: Choice, tmp_path: Path, templates: source.Templates) -> None:
    assert_proved(project(tmp_path / "shop", templates, [choice]))


@pytest.mark.matrix
@pytest.mark.parametrize("choice", TRIPLES, ids=title)
def test_its_own_tests_pass_three_wise(
    choice: Choice, tmp_path: Path, templates: source.Templates
) -> None:
    assert_proved(project(tmp_path / "shop", templates, [choice]))


@pytest.mark.slow
@pytest.mark.parametrize("mutation", mutations(), ids=lambda m: f"{m.pattern}: {m.fails}")
def test_a_proof_fails_without_its_mechanism(
    mutation: Mutation, tmp_path: Path, templates: source.Templates
) -> None:
    folder = project(tmp_path / "shop", templates, [having(mutation.pattern)])
    (changed,) = (folder / "src").glob(f"*/{mutation.file}")
    changed.write_text(mutation.applied(changed.read_text(encoding="utf-8")), encoding="utf-8")
    ended = prove(folder, "-x", "-k", mutation.fails)
    assert ended.returncode == 1, ended.stdout[-3000:]


def having(pattern: str) -> dict[str, Any]:
    """An allowed choice with this pattern, as near to the default one as it can be."""
    axis, id_ = pattern.split("/")
    wanted = {
        "extraction": "time_ranged",
        "sink": "duckdb",
        "structure": ["multi_hop"],
        "behaviour": ["idempotent", "self_healing"],
    }

    def distance(choice: Choice) -> int:
        return sum(choice[key] != value for key, value in wanted.items())

    fitting = (
        c
        for c in every()
        if id_ in ([c[axis]] if isinstance(c.get(axis), str) else c.get(axis, []))
    )
    return dict(min(fitting, key=distance, default=min(every(), key=distance)))
