"""Where the templates are: beside an installed scaffold, or in the checkout that it runs from.

Rendering reads a plain folder, which costs no clone and no subprocess; what the answers file then has to
record (the canonical URL and the version) is handed over as `Templates.recorded`. The same version lies in
a git bundle, for whatever needs history. docs/decisions/0002 has the reasons and the numbers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scaffold.about import CANONICAL_URL, VERSION
from scaffold.errors import EnvironmentProblem

PACKAGE: Final = Path(__file__).parent
SHIPPED: Final = PACKAGE / "_template"
BUNDLE: Final = PACKAGE / "_templates.bundle"
RECORD: Final = PACKAGE / "_templates.json"
CHECKOUT: Final = PACKAGE.parent


@dataclass(frozen=True, slots=True)
class Templates:
    """One state of the templates, as a plain folder that has copier.yml at its root."""

    path: Path
    version: str
    commit: str = ""
    why_not: str = ""
    url: str = CANONICAL_URL

    @property
    def updatable(self) -> bool:
        """Whether a project of this state can be updated: only if somebody can get this state again."""
        return bool(self.commit)

    @property
    def recorded(self) -> Mapping[str, str]:
        """What the answers file records in place of this folder, which no team mate has."""
        return {"_src_path": self.url, "_commit": self.commit} if self.updatable else {}

    @property
    def data(self) -> Mapping[str, object]:
        """What to add to copier's data, so that the answers file's template records it."""
        return {"_recorded": dict(self.recorded)} if self.updatable else {}


def templates_dir() -> Path:
    """The folder that has copier.yml and templates/, for reading the catalogue without git or copier."""
    for root in (SHIPPED, CHECKOUT):
        if (root / "copier.yml").is_file():
            return root
    raise EnvironmentProblem(
        "The templates of this installation are missing.",
        f"Neither {SHIPPED} nor {CHECKOUT} has a copier.yml.",
        "Install it again: pip install --force-reinstall pipeline-scaffold",
    )


def templates() -> Templates:
    """The state of the templates that this scaffold renders."""
    path = templates_dir()
    return _of_installation(path) if path == SHIPPED else _of_checkout(path)


@contextmanager
def open_templates() -> Iterator[Templates]:
    """The templates, in a form that copier renders without cloning or asking git anything.

    Copier would clone a folder that is a git repository, and ask git about each file that it writes;
    while this is open it does not find git. Our own calls of git are not concerned.
    """
    from plumbum import local  # noqa: PLC0415 - copier's own library, needed only where copier is

    from scaffold import compiled  # noqa: PLC0415 - needed only where something is rendered

    with local.env(PATH=""), compiled.remembered(compiled.cache_folder()):
        yield templates()


def offline_environment(cache: Path) -> dict[str, str]:
    """Environment variables with which git and copier find the canonical URL on this machine.

    They have to be set before copier is imported, or be given to a process of its own. The cache must not be
    shared with copier's: a bundle that is older than the remote would prune newer tags from it.
    """
    place = BUNDLE if templates_dir() == SHIPPED else CHECKOUT
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    pairs = ((f"url.{place}.insteadOf", CANONICAL_URL), ("protocol.file.allow", "always"))
    environment = {"COPIER_CACHE_DIR": str(cache), "GIT_CONFIG_COUNT": str(count + len(pairs))}
    for index, (key, value) in enumerate(pairs, count):
        environment |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return environment


def _of_installation(path: Path) -> Templates:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    return Templates(path, record["version"], record["ref"] or "", record["why_not"])


def _of_checkout(path: Path) -> Templates:
    commit, why_not = "", ""
    if not (path / ".git").exists():
        why_not = "the templates are in a folder that is not a git checkout"
    elif shutil.which("git") is None:
        why_not = "git was not found, so the version of the templates is not known"
    elif _git(path, "status", "--porcelain", "--", "copier.yml", "templates") != "":
        why_not = f"the templates in {path} have changes that are not committed"
    else:
        commit = _git(path, "describe", "--tags", "--always") or ""
        why_not = "" if commit else f"git finds no commit in {path}"
    return Templates(path, VERSION, commit, why_not)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or None where it refuses (no commit yet, a folder of another owner)."""
    done = subprocess.run(
        ("git", *arguments), cwd=folder, check=False, capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else None
