"""Remembers what Jinja compiled, because that is two thirds of the time that a render takes.

Jinja can keep compiled templates on disk (`bytecode_cache`), but only whoever makes its Environment can ask for
that; here that is copier. So for the length of a render `Environment.compile` first looks into a file of ours.
It is a cache in the user's own folder, like `__pycache__`: it may be deleted, and without it all is the same.
"""

from __future__ import annotations

import importlib.metadata
import marshal
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType
from typing import Any

from scaffold.about import VERSION

MOST = 4000
"""Entries to keep: in a checkout, each edit of a template leaves an old one behind."""

Key = tuple[object, ...]


def cache_folder() -> Path:
    """Where this user's programs keep what they can make again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "pipeline-scaffold"


@contextmanager
def remembered(folder: Path) -> Iterator[None]:
    """While this is open, no template is compiled that was compiled before."""
    from jinja2 import Environment  # noqa: PLC0415 - costs 20 ms where nothing is rendered

    file = folder / f"jinja-{_identity()}.bin"
    known = _read(file)
    used: dict[Key, CodeType] = {}
    compile_ = Environment.compile

    def look_up(  # noqa: PLR0913, PLR0917 - Jinja's signature
        self: Environment,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,  # noqa: FBT001, FBT002 - Jinja's signature
        defer_init: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> Any:
        # copier's yield tag notes its names while a template is parsed: compile each anew.
        if raw or not isinstance(source, str) or "yield" in source:
            return compile_(self, source, name, filename, raw, defer_init)  # type: ignore[call-overload]
        key = (source, name or "", filename or "", defer_init, *_options(self))
        if key in used or key in known:
            self.preprocess(source, name, filename)  # forgets those names, as compiling would
            used.setdefault(key, known.get(key))  # type: ignore[arg-type]  # it is in one of them
        else:
            used[key] = compile_(self, source, name, filename, False, defer_init)  # noqa: FBT003
        return used[key]

    Environment.compile = look_up  # type: ignore[method-assign]
    try:
        yield
    finally:
        Environment.compile = compile_  # type: ignore[method-assign]
    if used.keys() - known.keys():
        _write(file, used if len(known) + len(used) > MOST else known | used)


def _identity() -> str:
    """Compiled code is valid for one Python, one Jinja and one copier, whose filters it may have called."""
    versions = (importlib.metadata.version(name) for name in ("jinja2", "copier"))
    return "-".join((VERSION, str(sys.implementation.cache_tag), *versions))


def _options(environment: Any) -> Key:
    """What the result depends on beside the source: two environments may differ."""
    return (
        type(environment).__qualname__,
        environment.trim_blocks,
        environment.lstrip_blocks,
        environment.keep_trailing_newline,
        environment.variable_start_string,
        environment.block_start_string,
        bool(environment.autoescape),
        *sorted(environment.extensions),
    )


def _read(file: Path) -> dict[Key, CodeType]:
    with suppress(OSError, EOFError, ValueError, TypeError):
        # Our own file, in a folder that only this user can write to.
        found = marshal.loads(file.read_bytes())  # noqa: S302
        if isinstance(found, dict):
            return found
    return {}


def _write(file: Path, entries: dict[Key, CodeType]) -> None:
    """Whole or not at all, so that two runs at once cannot spoil it; a full disk costs only time."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as aside:
            aside.write(marshal.dumps(entries))
        Path(aside.name).replace(file)
