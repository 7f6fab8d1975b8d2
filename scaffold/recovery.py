"""What was found of a run that was killed, as it is said to people and to programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found of a run that was killed, and what was done about it."""

    finished: bool
    """It was committed, and only the word of it was lost."""
    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """What the owner changed since the kill: left as it is."""
    moved_on: str = ""
    """The commit that the killed run was for, if the owner has committed since: nothing was put back."""

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        if self.finished:
            return ("An update was interrupted here when it was done: its result is committed.",)
        if self.moved_on:
            since = self.moved_on[:10]
            return (
                f"An update of {since} was interrupted here, and you have committed since.",
                f"Nothing was put back. What it had changed: git diff {since}",
            )
        count = f"{len(self.restored)} files"
        back = f"An update was interrupted here. What it had changed was put back: {count}."
        kept = f"You changed these since, so they stay as they are: {', '.join(self.kept)}"
        return (back, kept) if self.kept else (back,)
