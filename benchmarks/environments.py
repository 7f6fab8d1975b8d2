"""Environments of their own for us and for each peer, from PyPI, kept until what they hold changes."""

from __future__ import annotations

import shutil
import subprocess
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).resolve().parent / ".cache"  # in .gitignore
HELD = "held.txt"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment."""

    folder: Path

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name


def environment(name: str, requirements: Sequence[str | Path], version: str = "") -> Environment:
    """The environment with just these; `version` says what the requirements don't."""
    made = Environment(CACHE / "environments" / name)
    held = "\n".join([*map(str, requirements), version])
    mark = made.folder / HELD
    if mark.is_file() and mark.read_text(encoding="utf-8") == held:
        return made
    say(f"installing {name}")
    shutil.rmtree(made.folder, ignore_errors=True)
    venv.create(made.folder, with_pip=True)
    call(made.program("python"), "-m", "pip", "install", "--quiet", *requirements)
    mark.write_text(held, encoding="utf-8")
    return made


def template() -> tuple[Path, str]:
    """A clean clone of this repository with a tag at its HEAD, and the commit."""
    from scaffold.about import VERSION  # noqa: PLC0415 - the checkout's, by `make bench`

    clone = CACHE / "template"
    shutil.rmtree(clone, ignore_errors=True)
    call("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone)
    call("git", "-C", clone, "tag", "--force", f"v{VERSION}")
    return clone, call("git", "-C", clone, "rev-parse", "HEAD")


def call(*command: str | Path) -> str:
    """Run a program that has to succeed; what it printed."""
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def say(what: str) -> None:
    print(f"... {what}", flush=True)
