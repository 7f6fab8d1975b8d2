"""What `add`, `switch` and `remove` are about to do, and what is said of it at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from scaffold import catalogue as catalogues
from scaffold import reproduce
from scaffold.commands import updating
from scaffold.consequences import Consequence
from scaffold.outcome import Outcome
from scaffold.pipelines import Change


@dataclass(frozen=True, slots=True)
class Step:
    """What a command is about to do, judged by the rules and not rendered yet."""

    title: str
    change: Change
    consequences: tuple[Consequence, ...]
    command: tuple[str, ...]
    elsewhere: Mapping[str, str]
    carry: tuple[str, ...] = ()
    """Commands that carry data over to where the project has it now."""
    notes: tuple[str, ...] = ()
    """What was unsure about a sample."""


def text(found: Outcome, step: Step, project: str) -> Iterator[str]:
    """A step for people: what it did to files, what it means for data, and what comes next."""
    yield from updating.mended(found.recovery)
    if found.state == "current":
        yield f"{step.title}: the project is so already. Nothing was changed."
        return
    how = "would change" if found.state == "planned" else "changed"
    end = {"planned": "nothing was touched", "conflicts": "staged, with conflicts"}
    state = end.get(found.state) or ("committed" if found.committed else "staged and not committed")
    yield f"{step.title}: {how} {len(found.changes)} files of {project}; {state}."
    yield from updating.ending(_noted(found, step), project)
    yield from ("", "For the data that is already written:")
    yield from (f"  - {line}" for news in step.consequences for line in news.lines)
    yield from ("", "Next steps:", *(f"  {word}" for word in _steps(step)))
    yield from ("", "The same step again:", f"  {reproduce.line(step.command)}")


def _noted(found: Outcome, step: Step) -> Outcome:
    return replace(found, notes=(*step.notes, *found.notes))


def _steps(step: Step) -> list[str]:
    after = step.change.after
    runtime = catalogues.load().on(after.runtime).runtime
    return [runtime.prove, *step.carry, runtime.say("plan", after.package)]


def plain(found: Outcome, step: Step) -> dict[str, Any]:
    """The same for programs."""
    return updating.plain(_noted(found, step)) | {
        "consequences": [asdict(news) for news in step.consequences],
        "answers": step.change.after.answers(),
        "next_steps": _steps(step),
        "command": ["scaffold", *step.command],
    }
