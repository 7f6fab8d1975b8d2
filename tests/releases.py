"""A history of the templates to update through: this tree as v0.1.0, and what later versions could change.

The files that later versions change are of our own, so that these tests do not depend on what templates hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from scaffold.about import CANONICAL_URL
from tests.warm import python

ROOT = Path(__file__).parent.parent
PROJECT = Path("templates/projects/python_duckdb")
PERSON = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Tester"), ("EMAIL", "tester@localhost"))
}
INHERITED = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
Done = subprocess.CompletedProcess[str]

GUIDE = "".join(f"Line {number} of the guide.\n" for number in range(30))
SHARED = (
    "def shared(value: int) -> int:\n    first = value\n    second = first\n    return second\n"
)
PAUSE = """
pause:
  type: int
  ask: false
  default: 5
  when: "{{ not pipelines and 'self_healing' in behaviour }}"
"""
COLOUR = """
colour:
  type: str
  choices: [{choices}]
  default: {default}
"""


@dataclass(frozen=True)
class Releases:
    """A checkout for each version, each as good as an installation of it."""

    root: Path
    home: Path

    def at(self, tag: str) -> Path:
        folder = self.root.parent / tag
        if not folder.exists():
            git(self.root, "worktree", "add", "--quiet", "--detach", str(folder), tag)
        return folder

    def environment(self, tag: str) -> dict[str, str]:
        own = {"HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(self.at(tag))}
        cache = {"XDG_CACHE_HOME": str(self.home / "cache")}
        return INHERITED | own | cache | {"GIT_CEILING_DIRECTORIES": str(self.root.parent)}

    def scaffold(
        self, tag: str, *words: str, cwd: Path, env: Mapping[str, str] | None = None
    ) -> Done:
        """The command of that version."""
        return python("scaffold", *words, cwd=cwd, env=self.environment(tag) | dict(env or {}))

    def copier(self, *words: str, cwd: Path) -> Done:
        """Plain copier, which git leads from the canonical URL to this history. Never with --trust."""
        pairs = {f"url.{self.root}.insteadOf": CANONICAL_URL, "protocol.file.allow": "always"}
        config = {
            "GIT_CONFIG_COUNT": str(len(pairs)),
            "COPIER_CACHE_DIR": str(self.home / "copier"),
        }
        for index, (key, value) in enumerate(pairs.items()):
            config |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
        own = {"HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1"}
        done = python("copier", *words, cwd=cwd, env=INHERITED | own | config)
        done.check_returncode()
        return done

    def project(self, tag: str, parent: Path, name: str = "made") -> Path:
        """A project of that version, committed."""
        kept = self.root.parent / f"project-{tag}"
        if not kept.exists():
            done = self.scaffold(
                tag, "new", kept.name, "--defaults", "--name", "Made", cwd=kept.parent
            )
            assert done.returncode == 0, done.stderr
        shutil.copytree(kept, parent / name, symlinks=True)
        return parent / name


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ("git", *words),
        cwd=folder,
        env=INHERITED | PERSON,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def copied(target: Path) -> Path:
    """The repository without what was built in it, to be changed."""
    left = ("__pycache__", "target", ".cache", ".git", ".venv*", "build", "demo", ".*_cache")
    ignored = shutil.ignore_patterns(*left, "warehouse")
    return Path(shutil.copytree(ROOT, target, ignore=ignored, symlinks=True))


def commit(folder: Path, message: str = "mine") -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def record(project: Path, **changes: str) -> None:
    """Other recorded facts, with the checksum that belongs to them."""
    file = project / ".copier-answers.yml"
    found = yaml.safe_load(file.read_text()) | changes
    found = {key: value for key, value in found.items() if value != ""}
    sum_ = hashlib.sha256(json.dumps(found, sort_keys=True, default=str).encode()).hexdigest()
    file.write_text(yaml.safe_dump(found) + f"# checksum {sum_}\n")
    commit(project)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but git's own, with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def make(folder: Path) -> Releases:
    """The history, in a repository of its own."""
    return _make(folder, _first, _second, _skipping, _without_red)


def make_evolving(folder: Path) -> Releases:
    """A history that changes the catalogue: a pattern more, a setting more, a choice less, a pattern less."""
    return _make(folder, _first, _second, _with_setting, _without_choice, _without_pattern)


def _make(folder: Path, *versions: Callable[[Path], None]) -> Releases:
    root, home = folder / "templates", folder / "home"
    home.mkdir()
    _copy_tree(root)
    for version in versions:
        version(root)
    return Releases(root, home)


def release(root: Path, tag: str) -> None:
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--message", tag)
    git(root, "tag", tag)


def _copy_tree(root: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("scaffold", "templates"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "copier.yml", root)
    git(root, "init", "--quiet", "--initial-branch=main", "--template=")


def _first(root: Path) -> None:
    place = root / PROJECT
    (place / "guide.md").write_text(GUIDE)
    (place / "moved.md").write_text(GUIDE.replace("guide", "moved file"))
    (place / "dropped.md").write_text(GUIDE.replace("guide", "dropped file"))
    (place / "shared.py").write_text(SHARED)
    (place / "colour.md.jinja").write_text("{{ colour }}\n")
    (place / "tool.sh").write_text("#!/bin/sh\n")
    _append(root, COLOUR.format(choices="red, green", default="red"))
    release(root, "v0.1.0")


def _second(root: Path) -> None:
    place = root / PROJECT
    (place / "guide.md").write_text(GUIDE.replace("Line 20 of", "Line twenty of"))
    (place / "placed.md").write_text((place / "moved.md").read_text() + "And one more.\n")
    (place / "moved.md").unlink()
    (place / "dropped.md").unlink()
    (place / "shared.py").write_text(SHARED.replace("second = first", "second = first + 1"))
    (place / "added.md").write_text("Added.\n")
    (place / "tool.sh").chmod(0o755)
    _append(root, "\nflavour: {type: str, default: plain}\n")
    _add_pattern(root)
    release(root, "v0.2.0")


def _add_pattern(root: Path) -> None:
    behaviours = root / "templates/patterns/behaviour"
    shutil.copytree(behaviours / "self_healing", behaviours / "patient")
    text = (behaviours / "patient/pattern.yml").read_text()
    (behaviours / "patient/pattern.yml").write_text(
        text.replace("id: self_healing", "id: patient")
        .replace("rule: self_healing", "rule: patient")
        .replace("default: true", "default: false")
    )


def _skipping(root: Path) -> None:
    place = root / PROJECT
    (place / "guide.md").write_text(GUIDE.replace("Line 2 of", "Line two of"))
    (place / "shared.py").write_text("# all new\n")
    _append(root, "\n_skip_if_exists: [guide.md, tool.sh]\n")
    release(root, "v0.3.0")


def _without_red(root: Path) -> None:
    text = (root / "copier.yml").read_text()
    old, new = (
        COLOUR.format(choices=c, default=d)
        for c, d in (("red, green", "red"), ("green, blue", "green"))
    )
    (root / "copier.yml").write_text(text.replace(old, new))
    release(root, "v0.4.0")


def _with_setting(root: Path) -> None:
    """All that a contributor writes: of self-healing, and of the pattern that was copied from it."""
    for id_ in ("self_healing", "patient"):
        folder = root / "templates/patterns/behaviour" / id_
        pause = "  - {key: pause, type: count, default: 5, help: Seconds between retries}\n"
        _replace(folder / "pattern.yml", "settings:\n", f"settings:\n{pause}")
        code = folder / "python_duckdb"
        _replace(
            code / "code.py", "    retries: int = 3\n", "    retries: int = 3\n    pause: int = 5\n"
        )
        _replace(
            code / "wiring.jinja",
            "={{ this.retries }}",
            "={{ this.retries }}, pause={{ this.pause }}",
        )
    _replace(
        root / "templates/compute.jinja",
        "'retries': retries,",
        "'retries': retries, 'pause': pause,",
    )
    follows = "# --- What follows from the answers.\n"
    _replace(root / "copier.yml", follows, f"{PAUSE}\n{follows}")
    release(root, "v0.3.0")


def _without_choice(root: Path) -> None:
    full = root / "templates/patterns/extraction/full_snapshot/pattern.yml"
    _replace(full, ", newest: The newest file is the whole snapshot", "")
    _replace(root / "copier.yml", ", The newest file is the whole snapshot: newest", "")
    release(root, "v0.4.0")


def _without_pattern(root: Path) -> None:
    shutil.rmtree(root / "templates/patterns/structure/conditional")
    release(root, "v0.5.0")


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _append(root: Path, text: str) -> None:
    with (root / "copier.yml").open("a", encoding="utf-8") as file:
        file.write(text)
