"""A project's place in a git repository: which one, where in it, and whether it is fit to be changed.

A project may be a whole repository, a folder of a larger one, a submodule or a linked worktree; git knows, and is
asked once.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from scaffold import git
from scaffold.errors import EnvironmentProblem, UsageError

UNDER_WAY = {
    "MERGE_HEAD": "A merge",
    "rebase-merge": "A rebase",
    "rebase-apply": "A rebase",
    "CHERRY_PICK_HEAD": "A cherry-pick",
    "REVERT_HEAD": "A revert",
}
ENVIRONMENT = {"GIT_LITERAL_PATHSPECS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True, slots=True)
class Repository:
    top: Path
    prefix: str
    """Where the project is below `top`: empty, or a path that ends in a slash."""
    folder: Path
    """What belongs to this work tree alone: its index, and our journal."""
    objects: Path
    head: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def index(self) -> Path:
        return self.folder / "index"

    @property
    def project(self) -> Path:
        return self.top / self.prefix

    def run(
        self,
        *arguments: str,
        data: bytes = b"",
        env: Mapping[str, str] | None = None,
        fds: tuple[int, ...] = (),
    ) -> subprocess.CompletedProcess[bytes]:
        """Git at the top of the work tree, however it ends."""
        environment = ENVIRONMENT | dict(self.environment) | dict(env or {})
        return git.run(self.top, *git.QUIET, *arguments, data=data, env=environment, fds=fds)

    def git(
        self,
        *arguments: str,
        data: bytes = b"",
        env: Mapping[str, str] | None = None,
        fds: tuple[int, ...] = (),
    ) -> bytes:
        """What git says; a refusal is the environment's problem."""
        done = self.run(*arguments, data=data, env=env, fds=fds)
        if done.returncode:
            raise refused(arguments, done.stderr)
        return done.stdout

    def names(self, *arguments: str, data: bytes = b"") -> list[str]:
        """What git lists with -z."""
        return [os.fsdecode(name) for name in self.git(*arguments, data=data).split(b"\0") if name]

    def storing(self, objects: Path) -> Repository:
        """The same repository, but what is written goes to another place and is never in the owner's."""
        old = str(self.objects)
        quoted = '"' + old.replace("\\", "\\\\").replace('"', '\\"') + '"'
        elsewhere = {
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted if set(old) & set(':"') else old,
        }
        return replace(self, environment=elsewhere)

    def using(self, index: Path) -> Repository:
        """The same repository with another index."""
        return replace(self, environment={**self.environment, "GIT_INDEX_FILE": str(index)})

    def shown(self, path: str) -> str:
        """A path as the project's owner knows it."""
        return path.removeprefix(self.prefix)


def refused(arguments: tuple[str, ...], stderr: bytes) -> EnvironmentProblem:
    why = os.fsdecode(stderr).strip() or "It does not say why."
    return EnvironmentProblem(
        f"git refused: git {_command(arguments)}", why, "Mend that, and run it again."
    )


def _command(arguments: tuple[str, ...]) -> str:
    """The first word that is no option, nor the value of one."""
    pairs = zip(("", *arguments), arguments, strict=False)
    named = (w for before, w in pairs if before not in {"-c", "-C"} and not w.startswith("-"))
    return next(named, "")


def find(project: Path) -> Repository:
    """The repository that a project is in."""
    asked = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-path", "objects")
    done = git.run(project, "rev-parse", *asked)
    said = os.fsdecode(done.stdout).split("\n")
    if done.returncode or not said[0]:
        raise _outside(project, os.fsdecode(done.stderr).strip())
    head = git.run(project, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode:
        raise UsageError(
            f"{project} has no commit yet.",
            "What is merged into is the last commit.",
            "Commit it first: git add --all && git commit",
        )
    top, prefix, folder, objects = said[:4]
    place = (project / objects).resolve()
    return Repository(Path(top), prefix, Path(folder), place, os.fsdecode(head.stdout).strip())


def _outside(project: Path, why: str) -> EnvironmentProblem | UsageError:
    if "not a git repository" not in why:
        return unreadable(project, why)
    return UsageError(
        f"{project} is not in a git repository.",
        "Updates are merged by git, so that no edit of yours is lost.",
        "Make it one: git init && git add --all && git commit --message 'As it was'",
    )


def unreadable(project: Path, why: str) -> EnvironmentProblem:
    return EnvironmentProblem(f"git cannot read {project}.", why, "Mend that, and run it again.")


def require_calm(repository: Repository) -> None:
    """Refuses a tree in which a merge could meet what is in nobody's commit."""
    for name, what in UNDER_WAY.items():
        if (repository.folder / name).exists():
            raise UsageError(
                f"{what} is under way in {repository.top}.",
                "It has to end before another merge can begin.",
                "Finish or abort it (git status says how), then run this again.",
            )
    if (repository.folder / "index.lock").exists():
        raise EnvironmentProblem(
            f"git is at work in {repository.top}: there is {repository.folder / 'index.lock'}.",
            fix="Wait for it; if no git is running, delete that file.",
        )
    _require_clean(repository)


def _require_clean(repository: Repository) -> None:
    where = ("--", repository.prefix) if repository.prefix else ()
    status = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", *where)
    found = repository.names(*status)
    if not found:
        return
    shown = ", ".join(repository.shown(entry[3:]) for entry in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""  # noqa: PLR2004 - a handful
    if any("U" in entry[:2] or entry[:2] in {"AA", "DD"} for entry in found):
        raise UsageError(
            f"There are conflicts in {repository.project} that are not resolved: {shown}{more}.",
            fix="Resolve and commit them, or undo: git reset --hard HEAD",
        )
    raise UsageError(
        f"{repository.project} has changes that are not committed: {shown}{more}.",
        "The merge has to be told from your own changes, and to be undone without them.",
        "Commit or stash them: git stash",
    )
