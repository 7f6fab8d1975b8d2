"""The first commit of a new project. It needs no name or address of the user to be configured."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scaffold.errors import EnvironmentProblem

MESSAGE = "Made by scaffold"
_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
"""Set where scaffold runs in a hook of another repository, which is not the one that is meant."""


def outer(folder: Path) -> Path | None:
    """The repository that would own a new project in `folder`, unless it ignores it."""
    parent = next(path for path in (folder.parent, *folder.parents) if path.is_dir())
    top = _git(parent, "rev-parse", "--show-toplevel")
    if top.returncode or not top.stdout.strip():
        return None
    ignored = _git(parent, "check-ignore", "--quiet", str(folder)).returncode == 0
    return None if ignored else Path(top.stdout.strip())


def first_commit(folder: Path) -> None:
    """A repository in `folder` with everything in one commit."""
    author = () if _configured(folder) else _anonymous()
    for arguments in (
        ("init", "--quiet", "--initial-branch=main", "--template="),
        ("add", "--all"),
        (*author, "-c", "commit.gpgSign=false", "commit", "--quiet", "--no-verify", "-m", MESSAGE),
    ):
        done = _git(folder, *arguments)
        if done.returncode:
            raise EnvironmentProblem(
                "The project could not be committed.",
                done.stderr.strip() or f"git {arguments[0]} ended with {done.returncode}.",
                "Mend git, or leave it out: --no-git",
            )


def require() -> None:
    if shutil.which("git") is None:
        raise EnvironmentProblem(
            "git was not found.",
            "A new project ends in a git repository with one commit.",
            "Install git, or leave it out: --no-git",
        )


def _configured(folder: Path) -> bool:
    known = _git(folder, "config", "--get-regexp", r"^user\.(name|email)$").stdout
    return all(
        f"user.{word.lower()} " in known or os.environ.get(f"GIT_AUTHOR_{word}")
        for word in ("NAME", "EMAIL")
    )


def _anonymous() -> tuple[str, ...]:
    return ("-c", "user.name=scaffold", "-c", "user.email=scaffold@localhost")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in _OURS} | {"LC_ALL": "C"}
    try:
        return subprocess.run(
            ("git", *arguments),
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        require()
        raise
