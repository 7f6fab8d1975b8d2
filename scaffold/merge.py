"""What a project becomes with other templates: a merge by git, known in full before anything is touched.

Three trees of the whole repository: with the old render in the project's place (`base`), as it is (`ours`), and with
the new render (`theirs`). The first is the parent of the others, so that no history is needed and a shallow clone is
as good as any. docs/decisions/0004 says why it is done this way.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scaffold import git, trees
from scaffold.repository import Repository, refused
from scaffold.trees import Entry

OURS = "yours"
USAGE = 129
"""How a git older than 2.38 ends, which does not know `merge-tree --write-tree`."""
_PERSON = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "scaffold"), ("EMAIL", "scaffold@localhost"), ("DATE", "@0 +0000"))
}
_CONFIG = (
    "-c", "merge.renames=true", "-c", "merge.renameLimit=10000", "-c", "merge.directoryRenames=conflict",
    "-c", "merge.renormalize=true", "-c", "core.autocrlf=input", "-c", "core.safecrlf=false",
)  # fmt: skip
"""Renames are followed whatever the owner's defaults are, and line ends that were committed are no conflict."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The three commits of a merge, and what conflict markers call the last two."""

    base: str
    ours: str
    theirs: str
    old_label: str
    new_label: str


@dataclass(frozen=True, slots=True)
class Merge:
    sides: Sides
    tree: str
    """The whole repository afterwards, with conflict markers where there are conflicts."""
    unmerged: tuple[Entry, ...]
    """The stages of each file that is in conflict, as they go into the index."""
    stayed_deleted: tuple[str, ...]
    """What the owner had deleted and the templates changed."""


def merge(repository: Repository, old: str, new: str, labels: tuple[str, str]) -> Merge:
    """The merge of two trees (`trees.with_render`) into the last commit."""
    base = _commit(repository, old)
    ours = _commit(repository, f"{repository.head}^{{tree}}", base)
    sides = Sides(base, ours, _commit(repository, new, base), *labels)
    tree, stages = _merged(repository, sides)
    return _settled(repository, sides, tree, stages) if stages else Merge(sides, tree, (), ())


def _commit(repository: Repository, tree: str, parent: str = "") -> str:
    parents = ("-p", parent) if parent else ()
    words = ("-c", "commit.gpgSign=false", "commit-tree", tree, *parents, "-m", "scaffold")
    return repository.git(*words, env=_PERSON).decode().strip()


def _merged(repository: Repository, sides: Sides) -> tuple[str, list[Entry]]:
    words = (
        *_CONFIG,
        "merge-tree",
        "--write-tree",
        "--no-messages",
        "-z",
        sides.ours,
        sides.theirs,
    )
    done = repository.run(*words)
    if done.returncode == USAGE:
        return _merged_aside(repository, sides)
    if done.returncode not in (0, 1):
        raise refused(("merge-tree",), done.stderr)
    tree, *lines = done.stdout.split(b"\0")
    return tree.decode(), [trees.staged(line) for line in lines if line]


def _merged_aside(repository: Repository, sides: Sides) -> tuple[str, list[Entry]]:
    """The same merge for git before 2.38: in a throw-away work tree, which shares the objects."""
    objects = repository.environment.get("GIT_OBJECT_DIRECTORY", str(repository.objects))
    with tempfile.TemporaryDirectory(prefix="scaffold-") as folder:
        shared = {"GIT_OBJECT_DIRECTORY": objects}
        place, env = Path(folder), {**repository.environment, **_PERSON, **shared}

        def run(*words: str, good: tuple[int, ...] = (0,)) -> bytes:
            done = git.run(place, *git.QUIET, *_CONFIG, *words, env=env)
            if done.returncode not in good:
                raise refused(words, done.stderr)
            return done.stdout

        run("init", "--quiet", "--template=")
        run("checkout", "--quiet", "--detach", sides.ours)
        run("merge-recursive", sides.base, "--", sides.ours, sides.theirs, good=(0, 1))
        stages = [trees.staged(line) for line in run("ls-files", "-u", "-z").split(b"\0") if line]
        run("add", "--all", "--force")
        return run("write-tree").decode().strip(), stages


def _settled(repository: Repository, sides: Sides, tree: str, stages: Sequence[Entry]) -> Merge:
    """The same with labels that people can read, and without what its owner had deleted."""
    by_path: dict[str, list[Entry]] = {}
    for entry in stages:
        by_path.setdefault(entry.path, []).append(entry)
    gone = tuple(
        path
        for path, found in by_path.items()
        if {e.stage for e in found} == {1, 3} and _named(path, sides) == path
    )
    left = [entry for entry in stages if entry.path not in gone]
    edits = [Entry.absent(path) for path in gone]
    for path in {entry.path for entry in left}:
        edits += _relabelled(repository, sides, tree, path)
    return Merge(
        sides=sides,
        tree=trees.edited(repository, tree, edits),
        unmerged=tuple(entry.moved(_named(entry.path, sides)) for entry in left),
        stayed_deleted=gone,
    )


def _relabelled(repository: Repository, sides: Sides, tree: str, path: str) -> list[Entry]:
    """A file in conflict, its markers in words: git labels them with the commits, which say nothing."""
    entry = trees.entry(repository, tree, path)
    if entry is None or not entry.mode.startswith("100"):
        return []
    content = repository.git("cat-file", "blob", entry.object)
    words = _words(sides)
    worded = content
    for commit, label in words.items():
        worded = worded.replace(f" {commit}".encode(), f" {label}".encode())
    base = rb"^(\|{7,}) " + sides.base[:7].encode() + rb"[0-9a-f]*$"
    worded = re.sub(base, rb"\1 " + sides.old_label.encode(), worded, flags=re.MULTILINE)
    renamed = _named(path, sides)
    if worded == content and renamed == path:
        return []
    written = repository.git("hash-object", "-w", "--stdin", data=worded).decode().strip()
    moved = [] if renamed == path else [Entry.absent(path)]
    return [*moved, Entry(entry.mode, written, 0, renamed)]


def _words(sides: Sides) -> Mapping[str, str]:
    """Names that no file has by accident, so that they can be replaced wherever they stand."""
    return {sides.ours: OURS, sides.theirs: sides.new_label}


def _named(path: str, sides: Sides) -> str:
    """Where a file cannot stay beside a folder or a link of its name, git puts it aside under a commit's name."""
    for commit, label in _words(sides).items():
        path = path.replace(f"~{commit}", f"~{label.replace(' ', '-')}")
    return path
