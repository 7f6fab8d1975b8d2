"""Which names a project can have, and why others cannot be used.

A name travels into Python, SQL, TOML, paths and templates. What any of them would read as something else is
refused here, before anything is written, with a name that would do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from scaffold.errors import UsageError

LIMIT = 40
"""Letters of a package or pipeline: short enough that no generated line depends on its length."""
COLUMN_LIMIT = 63
PATH_LIMIT = 200
FOLDERS = frozenset(
    "bronze silver gold quarantine core patterns pipelines sinks sources ledger input unit batch "
    "main test tests conf data src temp system information_schema pg_catalog con nul aux prn".split()
)
"""Names that the generated project, its databases or an operating system use themselves."""
Reserved = Mapping[str, frozenset[str]]
HIDDEN = {"python": "modules", "scala": "packages"}
"""Which words a package would hide from its own code."""

_MODULE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_COLUMN = re.compile(r"[^\W\d_]\w*\Z")
_UNSAFE_GLOB = re.compile(r"[\"'\\:{}<>|$`#%]")


def project_name(text: str) -> str:
    """Free text of one line, for people."""
    if not text.strip():
        raise UsageError("The project has no name.", fix="Give one: --name Orders")
    if len(text) > 80:  # noqa: PLR2004
        raise _bad("project name", text, f"it has {len(text)} characters, and 80 is the limit")
    if bad := unprintable(text):
        raise _bad("project name", text, f"it contains {bad}")
    if "{{" in text or "{%" in text or "{#" in text:
        raise _bad("project name", text, "templates would read the braces as their own")
    return text.strip()


def package(text: str, reserved: Reserved, language: str = "python") -> str:
    """A package that can be imported and hides no other."""
    try:
        _module("package name", text, reserved, language)
        if text in reserved[HIDDEN[language]]:
            why = "it would hide a module of that name"
            raise _bad("package name", text, why, f"{text}_pipeline")
    except UsageError as error:
        instead = free(text, reserved, language) or "pipelines_of_mine"
        raise UsageError(error.what, fix=f"Say another: --package {instead}") from error
    return text


def pipeline(text: str, reserved: Reserved, language: str = "python") -> str:
    """A folder, a module and a prefix of tables, all at once."""
    return _module("pipeline name", text, reserved, language)


def column(text: str, reserved: Reserved, language: str = "python") -> str:
    """The clean name of a column; the data keeps its own spelling."""
    if language == "scala" and not text.isascii():
        why = "Spark takes the letters a to z only, where a name has no quotes"
        raise _bad("column name", text, why, slug(text))
    if not _COLUMN.match(text) or text != text.lower():
        why = "letters in lower case, digits and underscores can be used, a letter first"
        raise _bad("column name", text, why, slug(text))
    if len(text) > COLUMN_LIMIT:
        raise _bad("column name", text, f"it has {len(text)} letters, {COLUMN_LIMIT} is the limit")
    if text in reserved["sql"]:
        raise _bad("column name", text, "it is a word of SQL", f"{text}_")
    return text


def glob(text: str) -> str:
    """Where a project finds its data: inside the project, so that it can be shared."""
    if not text:
        raise UsageError(
            "The path of the data is empty.", fix="Give one: --path 'data/orders/*.csv'"
        )
    if text.startswith("s3://"):
        raise UsageError(
            f"Cannot use the path {show(text)}: it is in an object store.",
            fix=f"That is a source of its own: --source object_store --objects {show(text)}",
        )
    outside = "A path elsewhere is a setting, not an answer: take --sample PATH"
    if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text):
        raise UsageError(f"Cannot use the path {show(text)}: it is absolute.", fix=f"{outside}.")
    if {".", ".."} & set(text.split("/")):
        raise UsageError(
            f"Cannot use the path {show(text)}: it has . or .. in it.", fix=f"{outside}."
        )
    bad = unprintable(text) or (m[0] if (m := _UNSAFE_GLOB.search(text)) else "")
    if bad or text != text.strip():
        raise _bad("path", text, f"it contains {bad or 'a space at an end'}")
    if len(text) > PATH_LIMIT:
        raise _bad("path", text, f"it has {len(text)} characters, and {PATH_LIMIT} is the limit")
    return text


def destination(text: str, here: Path) -> Path:
    """The folder of a new project: `text` as the user typed it, from the folder `here`."""
    if not text.strip():
        raise UsageError("The destination is empty.", fix="Name a folder: scaffold new orders")
    path = here / text
    nearest = slug(path.name) or "orders"
    if ".." in Path(text).parts:
        why = "it leaves the folder that you are in"
        raise _bad("destination", text, why, nearest)
    if bad := unprintable(text):
        raise _bad("destination", text, f"it contains {bad}", nearest)
    if len(path.name) > LIMIT:
        why = f"its name has {len(path.name)} characters, and {LIMIT} is the limit"
        raise _bad("destination", text, why)
    if Path(text).name and not _FOLDER.match(path.name):
        why = "letters a to z, digits, - _ and . can be used, a letter or digit first"
        raise _bad("destination", text, why, nearest)
    if path.is_symlink():
        raise _bad(
            "destination",
            text,
            f"it is a symbolic link to {show(str(path.readlink()), PATH_LIMIT)}",
        )
    if path.exists() and not path.is_dir():
        raise _bad("destination", text, "a file of that name is there")
    return path


def spelled(folder: str) -> str:
    """The package that a folder's name spells, good or bad: a bad one is refused, not mended in silence."""
    return re.sub(r"[-.]+", "_", folder.lower())


def slug(text: str) -> str:
    """The nearest name that would do, without accents; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    words = re.sub(r"[^a-z0-9]+", "_", spaced.lower())
    return re.sub(r"^[0-9_]+|_+$", "", words)[:LIMIT].rstrip("_")


def free(text: str, reserved: Reserved, language: str = "python") -> str:
    """A slug that is nobody else's word, for defaults."""
    name = slug(text)
    taken = reserved[language] | reserved["sql"] | reserved[HIDDEN[language]] | FOLDERS
    return f"{name[:30].rstrip('_')}_pipeline" if name in taken else name


def show(text: str, most: int = LIMIT) -> str:
    """A name as messages can show it: on one line, and short."""
    short = text if len(text) <= most else f"{text[: most - 10]}…"
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short) + '"'


def unprintable(text: str) -> str:
    """What in a text no terminal and no file should be made to show, in words."""
    for letter in text:
        if letter in "\r\n\u2028\u2029":
            return "a line break"
        if not letter.isprintable() and letter != " ":
            return f"the control character {ascii(letter)[1:-1]}"
    return ""


def _module(what: str, text: str, reserved: Reserved, language: str) -> str:
    if not text:
        raise UsageError(f"The {what} is empty.", fix="Give one, such as orders.")
    if len(text) > LIMIT:
        raise _bad(what, text, f"it has {len(text)} characters, and {LIMIT} is the limit")
    if not _MODULE.match(text):
        why = "lower-case letters a to z, digits and single underscores can be used, a letter first"
        raise _bad(what, text, why, free(text, reserved, language))
    for kind, words in (
        (f"a word of {language.title()}", reserved[language]),
        ("a word of SQL", reserved["sql"]),
        ("a name that the project needs itself", FOLDERS),
    ):
        if text in words:
            raise _bad(what, text, f"it is {kind}", f"{text}_pipeline")
    return text


def _bad(what: str, text: str, why: str, instead: str = "") -> UsageError:
    fix = f'Try "{instead}".' if instead and instead != text else ""
    return UsageError(f"Cannot use the {what} {show(text)}: {why}.", fix=fix)
