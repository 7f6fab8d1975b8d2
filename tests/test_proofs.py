"""The proofs of generated projects: they pass in every combination, and fail without their mechanism."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from _pytest.mark import ParameterSet

from scaffold import catalogue, rules, source
from tests.combinations import TABLE, Choice, answers, cover, every, made, title

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
ROOT = Path(__file__).parent.parent
PAIRS = cover(2)
DEFAULT = {
    "source": "files",
    "extraction": "time_ranged",
    "sink": "duckdb",
    "structure": ["multi_hop"],
    "behaviour": ["idempotent", "self_healing"],
}
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
    choice: Mapping[str, Any] = field(default_factory=dict)
    """What has to be chosen for nothing else to do the work of the mechanism."""

    def applied(self, text: str) -> str:
        """The code without its mechanism."""
        for find, replace in [
            (self.find, self.replace),
            *(tuple(one.values()) for one in self.also),
        ]:
            assert text.count(find) == 1, find
            text = text.replace(find, replace)
        return text


def mutations() -> list[ParameterSet]:
    """One of each part in every run, the others in the matrix."""
    found = []
    for path in sorted(ROOT.glob("templates/**/python_duckdb/mutations.yml")):
        folder = path.parent.parent
        pattern = f"{folder.parent.name}/{folder.name}"
        for number, raw in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            tier = pytest.mark.matrix if number else pytest.mark.slow
            name = f"{pattern}: {raw['fails']}"
            found.append(pytest.param(Mutation(pattern, **raw), id=name, marks=tier))
    return found


def project(folder: Path, templates: source.Templates, choices: list[Choice]) -> Path:
    return made(folder, templates, answers(choices))


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


@pytest.mark.parametrize("mutation", mutations())
def test_a_proof_fails_without_its_mechanism(
    mutation: Mutation, tmp_path: Path, templates: source.Templates
) -> None:
    folder = project(tmp_path / "shop", templates, [having(mutation.pattern, mutation.choice)])
    (changed,) = (folder / "src").glob(f"*/{mutation.file}")
    changed.write_text(mutation.applied(changed.read_text(encoding="utf-8")), encoding="utf-8")
    ended = prove(folder, "-x", "-k", mutation.fails)
    assert ended.returncode == 1, ended.stdout[-3000:]


def having(ref: str, chosen: Mapping[str, Any]) -> Choice:
    """An allowed choice whose project has this part, as near to the default one as it can be."""

    def distance(choice: Choice) -> int:
        return sum(choice[axis.id] != DEFAULT[axis.id] for axis in catalogue.load().asked)

    fitting = (choice for choice in every() if chosen.items() <= choice.items())
    return min((choice for choice in fitting if ref in parts(choice)), key=distance)


def parts(choice: Choice) -> set[str]:
    """All parts of a project: chosen, added by rules, brought by others, or in place of others."""
    known = catalogue.load()
    found = {part.ref for part in rules.judge(TABLE | dict(choice), known).parts}
    if "disconnected" in choice["structure"]:
        found.add("source/published")  # its consumer's; the proofs of streaming are about files
    found |= {p.ref for p in known.patterns.values() if p.instead_of and p.instead_of not in found}
    if choice["extraction"] == "streaming":
        found |= {known.patterns[ref].feed for ref in found if known.patterns[ref].feed}
    while more := {ref for part in found for ref in known.patterns[part].brings} - found:
        found |= more
    found = {ref for ref in found if known.made(known.patterns[ref])}
    return found
