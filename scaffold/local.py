"""The user's own data: what it says about the answers, and where it lies on this machine.

The place is no answer, since no team mate has it: it goes to the project's conf/local.toml, which git ignores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from scaffold import names
from scaffold.errors import UsageError

FILE = "conf/local.toml"
HEAD = "# This machine only: git ignores this file."


def describe(
    sample: Path, entry: Mapping[str, Any], today: date
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A pipeline's answers as its data says them, below what the user said; and what was unsure.

    Columns that the user said are not looked for again, so that a command can be repeated on data that grew.
    """
    from scaffold.sampling import files  # noqa: PLC0415

    seen = files.find(sample)
    name = str(entry.get("name") or names.slug(_stem(sample)) or "pipeline")
    path = {"name": name, "path": f"data/{name}/{_plain(seen.glob, seen.format)}"}
    if "columns" in entry:
        return path | dict(entry), ()
    from scaffold import sample as samples  # noqa: PLC0415 - brings DuckDB

    found = samples.infer(sample, today)
    return path | found.answers() | dict(entry), found.notes


def place(sample: Path) -> str:
    """The absolute glob that reads the sample's files."""
    from scaffold.sampling import files  # noqa: PLC0415

    found = files.find(sample)
    return str(found.folder.resolve() / found.glob)


def write(project: Path, elsewhere: Mapping[str, str]) -> None:
    """After what is there: the file is its owner's, and in no commit."""
    file = project / FILE
    before = file.read_text(encoding="utf-8") if file.exists() else HEAD
    lines = [before.rstrip("\n")]
    for name, path in elsewhere.items():
        if f"[pipelines.{name}]" not in before:
            lines += ["", f"[pipelines.{name}]", f"path = {_toml(path)}"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _stem(sample: Path) -> str:
    """`orders.csv.gz` and the folder `orders` are both orders."""
    resolved = sample.resolve()
    return resolved.name if resolved.is_dir() else resolved.name.partition(".")[0]


def _plain(glob: str, format_: str) -> str:
    """The glob as an answer; a name that only this one file has would be no pattern for others."""
    try:
        return names.glob(glob)
    except UsageError:
        return f"*.{format_}"


def _toml(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL, which TOML wants escaped as well."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = f"Cannot use the sample {names.show(text, names.PATH_LIMIT)}: its name is not UTF-8."
        raise UsageError(what, fix="Rename it.") from error
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
