"""Every error a user can meet, so that one place decides how it is shown and how the command exits.

    ScaffoldError            2   the base: what happened, why, and how to mend it
    ├── UsageError           2   wrong flags or answers
    └── EnvironmentProblem   3   git, the network, the disk, permissions

An exception never prints. The command prints it, once, and exits with its `exit_code`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaffold.recovery import Recovery


class ScaffoldError(Exception):
    """Something the user can mend. Anything else that is raised is a bug of ours."""

    exit_code = 2
    problems: tuple[ScaffoldError, ...] = ()
    """What it is made of, if it is several at once."""
    recovery: Recovery | None = None
    """What was put back of a run that was killed, before this was raised."""

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def plain(self) -> dict[str, Any]:
        """For programs."""
        found: dict[str, Any] = {"what": self.what, "why": self.why, "fix": self.fix}
        if self.problems:
            found["problems"] = [problem.plain() for problem in self.problems]
        return found | ({"recovery": asdict(self.recovery)} if self.recovery else {})

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.fix) if part)


class UsageError(ScaffoldError):
    """Wrong flags or answers: nothing was written, and the same command will fail again."""

    exit_code = 2

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        problems: Sequence[ScaffoldError] = (),
    ) -> None:
        super().__init__(what, why, fix)
        self.problems = tuple(problems)


class EnvironmentProblem(ScaffoldError):
    """The machine, not the answers: the same command can succeed once this is mended."""

    exit_code = 3
