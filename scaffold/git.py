"""How git is called, and the first commit of a new project.

Whatever the user has configured (hooks, signing, a missing name), our calls neither need it nor wake it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scaffold import stops
from scaffold.errors import EnvironmentProblem

MESSAGE = "Made by scaffold"
QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
"""No hook of the owner's runs for what is not the owner's command."""
_OURS = frozenset("""
    GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_DIR GIT_INDEX_FILE GIT_NAMESPACE GIT_OBJECT_DIRECTORY
    GIT_PREFIX GIT_WORK_TREE
    """.split())
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
    for arguments in (
        ("init", "--quiet", "--initial-branch=main", "--template="),
        ("add", "--all"),
        (
            *author(folder),
            "-c",
            "commit.gpgSign=false",
            "commit",
            "--quiet",
            "--no-verify",
            "-m",
            MESSAGE,
        ),
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


def author(folder: Path) -> tuple[str, ...]:
    """Options of git that name somebody where nobody is configured."""
    anonymous = ("-c", "user.name=scaffold", "-c", "user.email=scaffold@localhost")
    return () if _configured(folder) else anonymous


def _configured(folder: Path) -> bool:
    known = _git(folder, "config", "--get-regexp", r"^user\.(name|email)$").stdout
    return all(
        f"user.{word.lower()} " in known or os.environ.get(f"GIT_AUTHOR_{word}")
        for word in ("NAME", "EMAIL")
    )


def run(
    folder: Path,
    *arguments: str,
    data: bytes = b"",
    env: Mapping[str, str] | None = None,
    fds: tuple[int, ...] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Git in a folder, however it ends. It keeps the files `fds` open, and the locks on them."""
    inherited = {k: v for k, v in os.environ.items() if k not in _OURS}
    try:
        return subprocess.run(
            ("git", *arguments),
            cwd=folder,
            env=inherited | {"LC_ALL": "C"} | dict(env or {}),
            input=data,
            capture_output=True,
            check=False,
            pass_fds=fds,
            start_new_session=stops.are_ignored(),
        )
    except FileNotFoundError:
        require()
        raise


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = run(folder, *arguments)
    words = (os.fsdecode(stream) for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, *words)
