"""Mechanisms that are taken out of generated code, and the proofs that must notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scaffold import catalogue, rules
from tests.combinations import PYTHON, TABLE, Choice, every

ROOT = Path(__file__).parent.parent
DEFAULT = {
    "source": "files",
    "extraction": "time_ranged",
    "sink": "duckdb",
    "structure": ["multi_hop"],
    "behaviour": ["idempotent", "self_healing"],
}


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
    first: bool = False
    """The first of its part. Those of some parts are tried in every run, all others in the matrix."""

    def __str__(self) -> str:
        return f"{self.pattern}: {self.fails}"

    def applied(self, text: str) -> str:
        """The code without its mechanism."""
        for find, replace in [
            (self.find, self.replace),
            *(tuple(one.values()) for one in self.also),
        ]:
            assert text.count(find) == 1, f"{self}: {self.file} has no {find}, or several"
            text = text.replace(find, replace)
        return text


def mutations(runtime: str) -> list[Mutation]:
    """Those of all parts that can be had in this runtime."""
    found = []
    for path in sorted(ROOT.glob(f"templates/**/{runtime}/mutations.yml")):
        if path.parent.is_symlink():
            continue  # another runtime's, where they are tried
        folder = path.parent.parent
        pattern = f"{folder.parent.name}/{folder.name}"
        for number, raw in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found.append(Mutation(pattern, first=not number, **raw))
    return found


def having(ref: str, chosen: Mapping[str, Any]) -> Choice:
    """An allowed choice whose project has this part, as near to the default one as it can be."""
    form = {key: one for key, one in chosen.items() if key == "format"}  # any source has any
    rest = {key: one for key, one in chosen.items() if key not in form}
    return {**nearest(ref, rest, every(), PYTHON)[0], **form}


def nearest(
    ref: str, chosen: Mapping[str, Any], among: Iterable[Choice], runtime: str
) -> list[Choice]:
    """The choices whose project has this part, those near to the default one first."""
    default = DEFAULT | ({"sink": "delta"} if runtime != PYTHON else {})

    def distance(choice: Choice) -> int:
        return sum(choice[axis.id] != default[axis.id] for axis in catalogue.load().asked)

    fitting = (choice for choice in among if chosen.items() <= choice.items())
    return sorted((one for one in fitting if ref in parts(one, runtime)), key=distance)


def parts(choice: Choice, runtime: str = PYTHON) -> set[str]:
    """All parts of a project: chosen, added by rules, brought by others, or in place of others."""
    known = catalogue.load().on(runtime)
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
