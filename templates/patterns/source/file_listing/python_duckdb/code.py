"""The files that match a glob, as they are at this moment, and whether each is whole."""

import gzip
import os
import zlib
from collections.abc import Callable
from functools import lru_cache
from glob import glob, has_magic
from pathlib import Path
from typing import IO, Any

from ..core.errors import EnvironmentFailure, Transient


def listed(pattern: str) -> list[str]:
    """The files that match, by name; not those that are being written.

    What may not be looked into is an error: its rows would be missing in silence.
    """
    for parent in Path(pattern).parents:
        for folder in map(Path, glob(f"{parent}/", recursive=True)):  # noqa: PTH207  # folders only
            if not os.access(folder, os.R_OK | os.X_OK):
                raise EnvironmentFailure(f"cannot look into {folder}: this user has no right to it")
    names = sorted(glob(pattern, recursive=True))  # noqa: PTH207  # absolute, too
    return [n for n in names if Path(n).name[0] not in "._" and not n.endswith(".tmp")]


def root_of(pattern: str) -> str:
    """The folder before the first wildcard, which `_file` is relative to."""
    parts = Path(pattern).parts
    fixed = next((n for n, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
    return str(Path(*parts[:fixed]))


def stamp(path: str) -> str:
    """Changes whenever a file's content does (`ctime` cannot be set back), and reads nothing."""
    s = Path(path).stat()
    return f"{s.st_ino}:{s.st_size}:{s.st_mtime_ns}:{s.st_ctime_ns}"


def opened(path: str) -> Callable[..., IO[Any]]:
    return gzip.open if path.endswith(".gz") else open


@lru_cache(maxsize=10_000)
def whole(path: str, stamp: str) -> bool:
    """Whether a line break ends a file of text; else its last line may be a piece of one."""
    last = b""
    try:
        with opened(path)(path, "rb") as file:
            size = Path(path).stat().st_size
            if not path.endswith(".gz"):
                file.seek(-min(2, size), os.SEEK_END)
            while part := file.read(1 << 20):
                last = part[-2:].strip(b"\0")
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise cut_off(path) from None
    if path.endswith(".gz") and not size:
        raise cut_off(path)
    return last.endswith((b"\n", b"\r"))


def cut_off(path: str) -> Transient:
    """That a file has an end that no whole one has. What is there of it would pass for all."""
    return Transient(
        f"{path} ends in the middle: it is being written, or was cut off. Complete it, and the next "
        "run reads it; a last line that is no more to come goes to quarantine if a line break ends it"
    )
