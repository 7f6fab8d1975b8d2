"""What can go wrong, by what the caller should do about it.

PipelineError       1  this unit failed; the next ones may not
├── Transient          a retry may help (a file changed while it was read)
UsageError          2  the command cannot be done as it was given
EnvironmentFailure  3  disk, permissions, a missing service
NotReady            4  the source is not there yet, or another run holds the sink
"""

MEND = {
    ("No space left", "too large", "quota"): "Make room there",
    ("Permission denied", "not permitted", "Read-only"): "Give this user the right to it",
}


class PipelineError(Exception):
    """A unit cannot be done: its data or its code is wrong."""

    exit_code = 1


class Transient(PipelineError):
    """A unit could not be done now; the same attempt may succeed later."""


class UsageError(PipelineError):
    """The command asks for something that this pipeline does not do."""

    exit_code = 2


class EnvironmentFailure(PipelineError):
    """The machine, not the data: no space, no permission, no such folder."""

    exit_code = 3


class NotReady(PipelineError):
    """The source has nothing to read yet, or another run is at work."""

    exit_code = 4


def refused(said: str, how: str = "See what is wrong there") -> EnvironmentFailure:
    """What the machine refused, by what to do about it."""
    how = next((do for words, do in MEND.items() if any(one in said for one in words)), how)
    return EnvironmentFailure(
        f"{said}. {how}, and run again: what was not finished is not there, and is done then"
    )
