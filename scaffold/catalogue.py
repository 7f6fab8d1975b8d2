"""The catalogue: what can be chosen, and what each choice provides and needs.

It is read from the templates; where the build has put the same facts as JSON beside this module (`dumps`),
from there, which spares an installed scaffold the reading of YAML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from scaffold.chart import Chart
from scaffold.pattern import Need, Pattern, Setting

PACKED = Path(__file__).with_name("_catalogue.json")


@dataclass(frozen=True, slots=True)
class Axis:
    id: str
    title: str
    question: str
    many: bool
    required: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class Runtime:
    id: str
    title: str
    summary: str
    language: str
    default: bool
    command: str
    """How the commands of a project are called: {words}, of {package}."""
    steps: tuple[str, ...]
    """What the owner of a new project does first, with {run} for that command."""
    prove: str
    """How its proofs are run after a change."""
    dependencies: tuple[str, ...]

    def say(self, words: str, package: str) -> str:
        """A command of a project's own, to be copied."""
        return self.command.format(words=words, package=package)

    def first(self, package: str) -> tuple[str, ...]:
        run = self.say("run", package)
        return tuple(step.format(run=run) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is, as one runtime sees it: its rules and its reserved words are those of the project's."""

    axes: tuple[Axis, ...]
    runtimes: tuple[Runtime, ...]
    runtime: Runtime
    patterns: Mapping[str, Pattern]
    samples: Mapping[str, Mapping[str, Any]]
    reserved: Mapping[str, frozenset[str]]
    chart: Chart

    def on(self, runtime: object) -> Catalogue:
        """The same for another runtime; one that nobody knows is not ours to report."""
        found = next((one for one in self.runtimes if one.id == runtime), self.runtime)
        return self if found is self.runtime else replace(self, runtime=found)

    def axis(self, axis: str) -> Axis:
        return next(a for a in self.axes if a.id == axis)

    @property
    def asked(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.axes if axis.asked)

    def of(self, axis: str, *, hidden: bool = False, made: bool = False) -> tuple[Pattern, ...]:
        """The patterns of an axis: those that are offered, all, or those that the runtime has as well."""
        every = (pattern for pattern in self.patterns.values() if pattern.axis == axis)
        shown = (pattern for pattern in every if hidden or not pattern.hidden)
        return tuple(pattern for pattern in shown if not made or self.made(pattern))

    def made(self, pattern: Pattern) -> bool:
        """Whether a pattern has code for the runtime."""
        return self.runtime.id in pattern.runtimes

    def provides(self, pattern: Pattern) -> frozenset[str]:
        """What a pattern provides to others, a source with its feed."""
        return frozenset().union(*(one.provides for one in self._fed(pattern)))

    def needs(self, pattern: Pattern) -> tuple[Need, ...]:
        """What others have to provide to a pattern, a source with its feed."""
        return tuple(need for one in self._fed(pattern) for need in one.needs)

    def _fed(self, pattern: Pattern) -> tuple[Pattern, ...]:
        """A pattern, and its feed where that is made for the runtime."""
        feed = self.patterns.get(pattern.feed)
        return (pattern, feed) if feed and self.made(feed) else (pattern,)

    def titles(self, pattern: Pattern) -> list[str]:
        """The runtimes that a pattern has code for, in words."""
        return [runtime.title for runtime in self.runtimes if runtime.id in pattern.runtimes]

    @property
    def overridable(self) -> tuple[str, ...]:
        """The rules that can be accepted by name."""
        return tuple(rule for rule, need in self.rules.items() if need.overridable)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What patterns provide to one another, or need."""
        needs = {need.capability for p in self.patterns.values() for need in p.needs}
        provided = frozenset().union(*(p.provides for p in self.patterns.values()))
        return tuple(sorted(needs | provided))

    def find(self, id_: str) -> tuple[Pattern, ...]:
        """Ids are unique in an axis only, so that a source and a sink may share a name."""
        return tuple(pattern for pattern in self.patterns.values() if pattern.id == id_)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Each setting once, in the order in which patterns name them."""
        found: dict[str, Setting] = {}
        for pattern in self.patterns.values():
            for setting in pattern.settings:
                found.setdefault(setting.key, setting)
        return tuple(found.values())

    @property
    def claimed(self) -> tuple[str, ...]:
        """The keys of a pipeline's answers that only some patterns read."""
        read = (pattern.reads for pattern in self.patterns.values())
        return (*sorted(frozenset().union(*read)), *(setting.key for setting in self.settings))

    def owners(self, key: str) -> tuple[Pattern, ...]:
        """The patterns that read a key that not all of them read."""
        every = self.patterns.values()
        return tuple(p for p in every if key in p.reads or any(s.key == key for s in p.settings))

    @property
    def rules(self) -> Mapping[str, Need]:
        needs = (need for pattern in self.patterns.values() for need in pattern.needs)
        return {need.rule: need for need in needs}


@cache
def load() -> Catalogue:
    """The catalogue of this installation."""
    from scaffold import facts  # noqa: PLC0415 - it needs the types above

    if PACKED.is_file():
        return facts.parse(json.loads(PACKED.read_text(encoding="utf-8")))
    from scaffold.source import templates_dir  # noqa: PLC0415 - only a checkout pays for it

    return of(templates_dir())


@cache
def of(root: Path) -> Catalogue:
    """The catalogue of any version of the templates, from its folder."""
    from scaffold import facts  # noqa: PLC0415 - it needs the types above

    return facts.parse(facts.read(root))


def dumps(root: Path) -> str:
    """What the build packs beside this module, from the checkout at `root`."""
    from scaffold import facts  # noqa: PLC0415

    found = facts.read(root)
    facts.parse(found)
    return json.dumps(found, sort_keys=True, default=str)
