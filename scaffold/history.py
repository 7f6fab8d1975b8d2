"""Every version of the templates: in the bundle of an installation, in the checkout, or at the canonical URL.

A version is exported once, as a plain folder in the user's cache, because plain folders render without git, and
at a path that stays, because what Jinja compiled is remembered by path.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scaffold import compiled, git, source, versions
from scaffold.about import CANONICAL_URL
from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.source import Templates

CONTENT = ("copier.yml", "templates")
_NAME = re.compile(r"^\w[\w.+-]*$")


@dataclass(frozen=True, slots=True)
class History:
    """A repository of templates: a folder, a bundle or a URL."""

    place: str

    def tags(self) -> dict[str, str]:
        """Each tag with its commit."""
        done = git.run(
            Path.cwd(), "ls-remote", "--tags", self.place, env={"GIT_TERMINAL_PROMPT": "0"}
        )
        if done.returncode:
            raise self._unreachable(done.stderr)
        found: dict[str, str] = {}
        for line in os.fsdecode(done.stdout).splitlines():
            commit, _, name = line.partition("\t")
            found[name.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return found

    def newest_tag(self) -> str:
        """The newest release."""
        tag = versions.newest(list(self.tags()))
        if not tag:
            raise EnvironmentProblem(f"There is no release of the templates at {self.place}.")
        return tag

    def newest(self) -> Templates:
        return self.at(self.newest_tag())

    def at(self, version: str) -> Templates:
        """One version, as a folder that renders."""
        commit = self.tags().get(version)
        return self._export(version, commit or self._commit(version))

    def is_older(self, one: str, other: str) -> bool:
        """Whether a version comes before another: by name, and where names do not tell, by history."""
        known = versions.is_older(one, other)
        if known is not None:
            return known
        with self._repository() as repository:
            done = git.run(repository, "merge-base", "--is-ancestor", one, other)
        if done.returncode not in (0, 1):
            raise self._unknown(one)
        return done.returncode == 0

    def _commit(self, version: str) -> str:
        """A version that has no tag: a commit of a checkout, as `git describe` names it."""
        if not _NAME.match(version):
            raise self._unknown(version)
        with self._repository() as repository:
            done = git.run(repository, "rev-parse", "--verify", "--quiet", f"{version}^{{commit}}")
        if done.returncode:
            raise self._unknown(version)
        return os.fsdecode(done.stdout).strip()

    def _export(self, version: str, commit: str) -> Templates:
        folder = compiled.cache_folder() / "templates" / commit
        if not folder.is_dir():
            with self._repository() as repository:
                _unpack(repository, commit, folder)
        return Templates(folder, version.removeprefix("v"), version)

    @contextmanager
    def _repository(self) -> Iterator[Path]:
        if Path(self.place).is_dir():
            yield Path(self.place)
            return
        with tempfile.TemporaryDirectory(prefix="scaffold-") as folder:
            bare = Path(folder)
            for arguments in (
                ("init", "--quiet", "--bare", "--template="),
                ("fetch", "--quiet", self.place, "+refs/*:refs/*"),
            ):
                done = git.run(bare, *arguments, env={"GIT_TERMINAL_PROMPT": "0"})
                if done.returncode:
                    raise self._unreachable(done.stderr)
            yield bare

    def _unreachable(self, stderr: bytes) -> EnvironmentProblem:
        return EnvironmentProblem(
            f"Cannot read the history of the templates at {self.place}.",
            os.fsdecode(stderr).strip(),
            (
                "Without --remote no network is needed."
                if self.place == CANONICAL_URL
                else "Install scaffold again."
            ),
        )

    def _unknown(self, version: str) -> UsageError:
        return UsageError(
            f'The templates have no version "{version}".',
            f"Looked for in {self.place}.",
            (
                "It may be a commit that was never released. --remote looks at the canonical URL."
                if self.place != CANONICAL_URL
                else "It may be a commit that was never published."
            ),
        )


def installed() -> History:
    """What came with this scaffold. No network is needed for it."""
    shipped = source.templates_dir() == source.SHIPPED
    return History(str(source.BUNDLE if shipped else source.CHECKOUT))


def remote() -> History:
    return History(CANONICAL_URL)


def _unpack(repository: Path, commit: str, folder: Path) -> None:
    """Whole or not at all: two runs at once may want the same version."""
    plain = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")
    done = git.run(repository, *plain, "archive", "--format=tar", commit, "--", *CONTENT)
    if done.returncode:
        raise EnvironmentProblem(
            f"The templates of {commit} cannot be unpacked.", os.fsdecode(done.stderr).strip()
        )
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
            tar.extractall(aside, filter="data")
        if not folder.exists():
            aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
