"""A pipeline before or after a step, as far as its data is concerned: its units, its sink, and the commands for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scaffold import rules
from scaffold.answers import Pipeline
from scaffold.catalogue import Catalogue
from scaffold.pattern import Pattern

_MINUTES = {"m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class Side:
    """A pipeline before or after, as far as its data is concerned."""

    name: str
    answers: Mapping[str, Any]
    parts: tuple[Pattern, ...]

    @classmethod
    def of(cls, pipeline: Pipeline, catalogue: Catalogue) -> Side:
        parts = rules.chosen(pipeline.answers, catalogue)
        return cls(pipeline.name, pipeline.answers, parts)

    @property
    def sink(self) -> Pattern:
        return next(part for part in self.parts if part.place)

    @property
    def extraction(self) -> Pattern:
        return next(part for part in self.parts if part.units)

    @property
    def empty(self) -> str:
        return self.sink.empty.format(pipeline=self.name)

    @property
    def everything(self) -> str:
        start = self.role("start")
        return f"everything from {start} on" if start else "everything that the source has"

    def role(self, role: str) -> Any:
        """The answer that plays a role for the units, or None."""
        found = (s.key for s in self.extraction.settings if s.role == role)
        return self.answers.get(next(found, ""))

    def agrees(self, other: Side) -> bool:
        """Whether units of the one are units of the other."""
        if self.extraction.units != other.extraction.units:
            return False
        if self.role("length") != other.role("length"):
            return False
        length = self.role("length")
        return not length or not (self._start - other._start) % _duration(length)

    def provides(self, capability: str) -> bool:
        return any(capability in part.provides for part in self.parts)

    def words(self, *, raw: bool = False) -> dict[str, Any]:
        """What stands for the placeholders of the catalogue's texts; `raw`: raw rows were kept all along."""
        start, end = self.role("start") or "START", self.answers.get("until") or "END"
        command = f"backfill {self.name} {start} {end}"
        backfill, rebuild = f"`{command}`", f"`{command} --rebuild`" if raw else f"`{command}`"
        if self.provides("snapshots"):  # what a source was cannot be read again, nor need it be
            backfill = rebuild = "The next run"
        elif not self.provides("rewritable"):
            backfill = rebuild = "A sink that is emptied and filled again"
        return {**self.answers, "pipeline": self.name, "backfill": backfill, "rebuild": rebuild}

    def begins_before(self, other: Side) -> bool:
        """Whether it has units that come before all of the other."""
        return bool(self.role("start")) and self._start < other._start

    @property
    def _start(self) -> datetime:
        return datetime.fromisoformat(str(self.role("start")))


def _duration(text: str) -> timedelta:
    return timedelta(minutes=int(text[:-1]) * _MINUTES[text[-1]])
