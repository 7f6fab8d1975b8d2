"""Puts the templates into the distribution twice: as plain files, and as a git bundle.

The plain files are what `scaffold list` and `scaffold new` read: no git, no clone. The bundle is what an
update merges from, offline: a small synthetic repository with one commit for each release and nothing but
the templates in it. Its commits differ from those of the canonical repository; its tags have the same
names, and names are all that an answers file records.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from packaging.version import InvalidVersion, Version

CONTENT = ("copier.yml", "templates", "LICENSE")
BUNDLE = "scaffold/_templates.bundle"
RECORD = "scaffold/_templates.json"
CATALOGUE = "scaffold/_catalogue.json"  # parsed once here instead of at every start of the command
NEVER = ("__pycache__", ".DS_Store")


class Urls(MetadataHookInterface):
    """Shows the canonical URL in the package's metadata without writing it a second time."""

    def update(self, metadata: dict[str, Any]) -> None:
        url = read_about(Path(self.root))["CANONICAL_URL"]
        page = url.removesuffix(".git")
        metadata["urls"] = {
            "Repository": url,
            "Issues": f"{page}/issues",
            "Changelog": f"{page}/blob/main/CHANGELOG.md",
        }


class Templates(BuildHookInterface[BuilderConfig]):
    """Adds the plain templates and the bundle to a wheel, and the bundle to a source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # a checkout reads its own tree
        root = Path(self.root)
        files = content_of(root)
        self._made = tempfile.mkdtemp(prefix="scaffold-build-")
        made = Path(self._made)
        if is_checkout(root) or not (root / BUNDLE).exists():
            pack(root, files, made)
        else:
            for name in (BUNDLE, RECORD):
                shutil.copy(root / name, made / Path(name).name)
        shipped = build_data["force_include"]
        for name in (BUNDLE, RECORD):
            shipped[str(made / Path(name).name)] = name
        wheel = self.target_name == "wheel"
        if wheel:
            (made / Path(CATALOGUE).name).write_text(read_catalogue(root), encoding="utf-8")
            shipped[str(made / Path(CATALOGUE).name)] = CATALOGUE
        for (
            file
        ) in files:  # by name: hatch itself leaves out a folder that it has met through a link
            shipped[str(root / file)] = f"scaffold/_template/{file}" if wheel else file

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self._made, ignore_errors=True)


def read_about(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "scaffold" / "about.py"))


def read_catalogue(root: Path) -> str:
    """The catalogue as the command itself packs it; it is not installed yet, so it is read from here."""
    sys.path.insert(0, str(root))
    try:
        return str(importlib.import_module("scaffold.catalogue").dumps(root))
    finally:
        sys.path.remove(str(root))


def is_checkout(root: Path) -> bool:
    """Whether `root` itself is a work tree: an unpacked sdist may lie inside somebody else's."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return False
    return Path(git(root, "rev-parse", "--show-toplevel").strip()).resolve() == root.resolve()


def content_of(root: Path) -> list[str]:
    """The template's files, without what a checkout ignores and an interpreter leaves behind.

    A link to a folder counts as a file: it is one in the bundle, and a folder in a distribution.
    """
    if is_checkout(root):
        listed = git(root, "ls-files", "-z", "-co", "--exclude-standard", "--", *CONTENT)
        found = [name for name in listed.split("\0") if name and (root / name).exists()]
    else:
        tops = [root / name for name in CONTENT]
        inside = [file for top in tops if top.is_dir() for file in top.rglob("*")]
        paths = [path for path in (*tops, *inside) if path.is_file()]
        found = [path.relative_to(root).as_posix() for path in paths]
    return sorted(name for name in set(found) if not set(Path(name).parts) & set(NEVER))


def pack(root: Path, files: list[str], made: Path) -> None:
    """Make the bundle: the releases that the checkout knows, then this one."""
    if shutil.which("git") is None:
        message = "git is needed to build this package from a checkout: it packs the templates."
        raise RuntimeError(message)
    about = read_about(root)
    tag: str = about["TAG"]
    with tempfile.TemporaryDirectory(prefix="scaffold-bundle-") as folder:
        repository = Path(folder)
        git(repository, "init", "--quiet", "--initial-branch=main", "--template=")
        tags = releases(root) if is_checkout(root) else []
        for release in tags:
            empty(repository)
            unpack(root, release, repository)
            commit(repository, release)
        empty(repository)
        for file in files:
            (repository / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / file, repository / file, follow_symlinks=False)
        same = tag not in tags or not differs(repository, tag)
        if tag not in tags:
            commit(repository, tag)
        git(repository, "bundle", "create", "--quiet", str(made / Path(BUNDLE).name), "--all")
    record = {
        "version": about["VERSION"],
        "ref": tag if same else None,
        "why_not": "" if same else f"it was built from templates that differ from the tag {tag}",
    }
    (made / Path(RECORD).name).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def releases(root: Path) -> list[str]:
    """The tags of releases that led to this checkout and had templates, oldest first."""
    tags = git(root, "tag", "--merged", "HEAD", "--list", "v[0-9]*").split()
    valid = [tag for tag in tags if is_version(tag) and has_templates(root, tag)]
    return sorted(valid, key=Version)


def is_version(tag: str) -> bool:
    try:
        Version(tag)
    except InvalidVersion:
        return False
    return True


def has_templates(root: Path, tag: str) -> bool:
    return bool(git(root, "ls-tree", "--name-only", tag, "--", "copier.yml").strip())


def empty(repository: Path) -> None:
    for path in repository.iterdir():
        if path.name == ".git":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def unpack(root: Path, tag: str, folder: Path) -> None:
    """Put the template's files as they were at a tag into a folder."""
    present = git(root, "ls-tree", "--name-only", tag, "--", *CONTENT).split()
    archive = subprocess.run(
        ("git", "archive", "--format=tar", tag, "--", *present),
        cwd=root,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def differs(repository: Path, tag: str) -> bool:
    git(repository, "add", "--all", "--force")
    return bool(git(repository, "diff", "--cached", "--name-only", tag).strip())


def commit(repository: Path, tag: str) -> None:
    git(repository, "add", "--all", "--force")
    git(repository, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", tag)
    git(repository, "tag", tag)


def git(folder: Path, *arguments: str) -> str:
    """Run git without the builder's own configuration; equal content makes equal commits."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    person = {"NAME": "pipeline-scaffold", "EMAIL": "templates@localhost", "DATE": "@0 +0000"}
    own = {f"GIT_{role}_{key}": person[key] for role in ("AUTHOR", "COMMITTER") for key in person}
    own |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    options = ("-c", "safe.directory=*", "-c", "core.autocrlf=false", "-c", "core.quotePath=false")
    done = subprocess.run(
        ("git", *options, *arguments),
        cwd=folder,
        env=inherited | own,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout
