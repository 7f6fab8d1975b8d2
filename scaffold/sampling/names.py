"""Column names as the generated SQL and Python can spell them without quotes.

The data keeps its own spelling (`source`); this is the name of a column everywhere behind bronze.
"""

import re
import unicodedata
from collections.abc import Sequence

from scaffold.catalogue import load

LIMIT = 63  # bytes: Postgres cuts longer identifiers silently


def clean(source: str, place: int = 1) -> str:
    """One identifier for one source name; `place` (from 1) names a column that has no letters."""
    name = _words(source) or f"column_{place}"
    if not (name[0].isalpha() and name.isidentifier()):
        name = f"c_{name}"
    name = _cut(name, LIMIT)
    return f"{_cut(name, LIMIT - 1)}_" if reserved(name) else name


def clean_all(sources: Sequence[str]) -> tuple[str, ...]:
    """One identifier for each source name, no two of them alike to SQL, which ignores case."""
    names: list[str] = []
    taken: set[str] = set()
    for place, source in enumerate(sources, start=1):
        name = _free(clean(source, place), taken)
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def ascii_all(names: Sequence[str]) -> tuple[str, ...]:
    """The same names, those without the letters that Spark does not take where a name has no quotes."""
    found: list[str] = []
    taken = {name.casefold() for name in names if name.isascii()}
    for place, name in enumerate(names, start=1):
        plain = name.encode("ascii", "ignore").decode()
        found.append(name if plain == name else _free(clean(plain, place), taken))
        taken.add(found[-1])
    return tuple(found)


def reserved(name: str) -> bool:
    """Whether the generated Python or SQL would read this word as part of its own grammar."""
    words = load().reserved
    return name.lower() in words["python"] | words["sql"]


def _words(source: str) -> str:
    """Lower-case words joined by single underscores: `idImpianto` and `ID Impianto` are the same."""
    text = _plain(source)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = _plain(text.lower())
    kept = "".join(letter if f"a{letter}".isidentifier() else " " for letter in text)
    return "_".join(kept.replace("_", " ").split())


def _plain(text: str) -> str:
    """Without accents, and in the form in which Python compares identifiers (NFKC)."""
    parts = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in parts if not unicodedata.category(letter).startswith("M"))
    return unicodedata.normalize("NFKC", bare)


def _cut(name: str, limit: int) -> str:
    return name.encode()[:limit].decode(errors="ignore").rstrip("_")


def _free(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        tail = f"{'' if name.endswith('_') else '_'}{number}"
        candidate = _cut(name, LIMIT - len(tail)) + tail if number < 10**6 else candidate
    return candidate
