"""Several problems at once: users mend a command in one go, not one answer at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scaffold.errors import ScaffoldError, UsageError


@dataclass(slots=True)
class Problems:
    """Everything that is wrong, so that it can be said at once."""

    found: list[ScaffoldError] = field(default_factory=list)
    fix: str = ""

    def guard(self, read: Callable[[], Any], fallback: Any = None) -> Any:
        try:
            return read()
        except UsageError as error:
            self.found += error.problems or [error]
            return fallback

    def check(self) -> None:
        if len(self.found) == 1 and not self.fix:
            raise self.found[0]
        if self.found:
            what = f"{len(self.found)} answers are missing or cannot be used."
            raise UsageError(what, fix=self.fix, problems=self.found)
