"""From answers to files: the only module that touches copier.

A project is made aside, next to where it will be, and put in place when it is whole. Whatever fails before
that leaves nothing behind.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scaffold import record
from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.source import Templates


def render(answers: Mapping[str, Any], templates: Templates, folder: Path) -> None:
    """The files of a project, in a folder that is there and empty."""
    from copier import run_copy  # noqa: PLC0415 - most of the time that a command takes
    from copier.errors import CopierError  # noqa: PLC0415
    from jinja2 import TemplateError  # noqa: PLC0415

    try:
        with _yaml_in_c():
            run_copy(
                str(templates.path),
                folder,
                data=dict(answers) | dict(templates.data),
                defaults=True,
                overwrite=True,
                quiet=True,
                unsafe=False,
            )
    except (CopierError, TemplateError, ValueError) as error:
        raise UsageError(
            "The templates could not be rendered with these answers.",
            " ".join(str(error).split()) or type(error).__name__,
            "If the answers look right, this is a bug of ours: run again with --debug, and report it.",
        ) from error


def render_again(
    recorded: str, changes: Mapping[str, Any], templates: Templates, folder: Path
) -> None:
    """As `render`, from the answers that a project recorded, and what is to be changed of them."""
    (folder / record.ANSWERS).write_text(recorded, encoding="utf-8")
    render(changes, templates, folder)


@contextmanager
def _yaml_in_c() -> Iterator[None]:
    """Copier reads the whole catalogue with the parser that is written in Python: a seventh of a render."""
    import yaml  # noqa: PLC0415 - brought by copier

    slow = yaml.SafeLoader
    setattr(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", slow))  # noqa: B010 - mypy: a type
    try:
        yield
    finally:
        setattr(yaml, "SafeLoader", slow)  # noqa: B010


def files(folder: Path) -> list[str]:
    """The files of a rendered project, as paths in it."""
    found = (path for path in folder.rglob("*") if ".git" not in path.relative_to(folder).parts)
    return sorted(path.relative_to(folder).as_posix() for path in found if path.is_file())


@contextmanager
def aside(destination: Path) -> Iterator[Path]:
    """An empty folder on the destination's disk, so that it can be put in place in one step."""
    made = _make_parents(destination.parent)
    try:
        with translated(destination):
            work = Path(tempfile.mkdtemp(prefix=".scaffold-", dir=destination.parent))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except BaseException:
        for folder in reversed(made):
            if not any(folder.iterdir()):
                folder.rmdir()
        raise


def check(destination: Path, *, force: bool) -> None:
    """Refuses a folder that has something in it; its answers are still there for the next try."""
    with translated(destination):
        full = destination.is_dir() and any(destination.iterdir())
    if full and not force:
        raise UsageError(
            f"The folder {destination} is not empty.",
            "A project gets a folder of its own.",
            "Take another folder, or --force, which adds files and neither changes nor deletes any.",
        )


def place(work: Path, destination: Path) -> None:
    """The finished project becomes visible: at once, or file by file where a folder was there."""
    with translated(destination):
        if not destination.exists():
            work.chmod(0o777 & ~_umask())
            work.rename(destination)
            work.mkdir()  # for whoever tidies up: there is always a folder aside
            return
        _refuse_changes(work, destination)
        _move_into(work, destination)


def _refuse_changes(work: Path, destination: Path) -> None:
    """Adding is safe; a file that would get another content is the user's, and stays."""
    differing = [
        name
        for name in _all_files(work)
        if os.path.lexists(destination / name) and not _same(work / name, destination / name)
    ]
    if differing:
        listed = ", ".join(differing[:10]) + (", …" if len(differing) > 10 else "")  # noqa: PLR2004
        raise UsageError(
            f"{len(differing)} files in {destination} would be overwritten: {listed}.",
            "--force adds files; it neither changes nor deletes any.",
            "Move them away, or take another folder.",
        )


def _move_into(work: Path, destination: Path) -> None:
    """Each step has its undo, so that a failure in the middle leaves the folder as it was."""
    undo: list[Callable[[], object]] = []
    try:
        for name in _all_files(work):
            target = destination / name
            if not os.path.lexists(target):
                undo += [folder.rmdir for folder in _make_parents(target.parent)]
                (work / name).rename(target)
                undo.append(target.unlink)
    except BaseException:
        for step in reversed(undo):
            step()
        raise


def _all_files(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _same(new: Path, old: Path) -> bool:
    return old.is_file() and not old.is_symlink() and filecmp.cmp(new, old, shallow=False)


def _make_parents(folder: Path) -> list[Path]:
    """The folders that had to be made, outermost first."""
    wanted = [path for path in (folder, *folder.parents) if not path.exists()][::-1]
    with translated(folder):
        for path in wanted:
            path.mkdir()
    return wanted


@contextmanager
def translated(destination: Path) -> Iterator[None]:
    """What the disk says, as an error with a way out."""
    try:
        yield
    except OSError as error:
        why = f"{error.strerror or error}: {error.filename or destination}."
        fix = "Take a folder that you can write to."
        raise EnvironmentProblem(f"Cannot write to {destination}.", why, fix) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
