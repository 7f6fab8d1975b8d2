"""The environment that commands of a generated project are started in."""

from __future__ import annotations

import os


def inherited() -> dict[str, str]:
    """This process's own, without what is meant for pipelines of the machine's owner, or for these very tests."""
    own = ("PIPELINE_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}
