"""The page of exit codes and messages."""

from __future__ import annotations

from pathlib import Path

from scripts.docs import messages

EXAMPLE = "examples/shop/src/shop"
RULES = "[The rules](../templates/patterns/index.md#rules) of the catalogue say which, and what makes up for it."
HEAD = """\
# Errors and exit codes

Every message says what happened, why, and how to mend it; with `--json` the same comes as JSON, and `--debug` shows the
traceback. The tables are generated from the places in the code that make the messages. What is filled in is ‹so›.

## Exit codes of scaffold

| code | means | what to do |
|---|---|---|
| 0 | done | read the next steps |
| 1 | `check` found something, or an update left conflicts | resolve what is listed, commit |
| 2 | wrong usage or answers; nothing was written | change the command: the same one fails again |
| 3 | the environment: git, disk, permissions, network | mend the machine: the same command can succeed then |
| 130 | Ctrl-C, or a scheduler's SIGTERM | nothing: what was begun was put back |

## Exit codes of a project

The commands of a generated project have codes of their own, the same in both languages.

| code | means | what to do |
|---|---|---|
| 0 | all that was attempted succeeded; a backlog above the limit is reported | nothing, or run again |
| 1 | a unit failed or is parked | `status` says which, and why; mend it, then `backfill` |
| 2 | the command cannot be done as it was given | change the command or the settings |
| 3 | disk, permissions, a service that is missing | mend the machine, run again |
| 4 | not ready, or another run holds the sink | run again later; nothing is lost |
"""


def page(root: Path) -> str:
    """Every message of scaffold and of a project, by exit code."""
    lines = [HEAD]
    own = messages.found(root, "scaffold", messages.CLASSES)
    project = messages.found(root, EXAMPLE, messages.PROJECT)
    for whose, found in (("scaffold", own), ("a Python project", project)):
        for code in sorted({each.exit_code for each in found}):
            some = [each for each in found if each.exit_code == code]
            lines += ["", f"## Messages of {whose}, exit code {code}", "", *messages.rows(some)]
    lines += ["", "## Refused combinations", "", RULES]
    return "\n".join(lines) + "\n"
