"""From what a flag, a file or a prompt gives to the value of an answer, or a clear word about what is wrong."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any

from scaffold import names
from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.keys import Key

TYPES = "BIGINT, DOUBLE, DECIMAL(p,s), BOOLEAN, DATE, TIMESTAMP or STRING"
_TYPE = re.compile(r"(BIGINT|DOUBLE|BOOLEAN|DATE|TIMESTAMP|STRING|DECIMAL\((\d+),(\d+)\))\Z")
_NOTHING = ("", "none", "null")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

Parser = Callable[[Key, Any, Catalogue], object]


def parse(key: Key, raw: object, catalogue: Catalogue) -> object:
    """The value of an answer. Texts are read as their kind says, so that flags and files are equal."""
    if key.many:
        items = [_item(key, item) for item in _items(key, raw)]
        twice = next((item for place, item in enumerate(items) if item in items[:place]), None)
        if twice is not None:
            raise bad(key, twice, "it is there twice")
        return _LISTS[key.kind](key, items, catalogue)
    if isinstance(raw, list | dict):
        raise bad(key, raw, "it takes one value")
    return _ONES[key.kind](key, raw, catalogue)


def bad(key: Key, raw: object, why: str, fix: str = "") -> UsageError:
    shown = names.show(raw if isinstance(raw, str) else json.dumps(raw, default=str))
    return UsageError(f"Cannot use {shown} for {key.flag}: {why}.", fix=fix)


def nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), 1)
    return f'Did you mean "{found[0]}"? ' if found else ""


def _items(key: Key, raw: object) -> list[Any]:
    """A list from a list, from JSON, or from words with commas between them."""
    if raw is None or (isinstance(raw, str) and raw.lower() in _NOTHING):
        return [""] if key.kind == "texts" and raw == "" else []
    if isinstance(raw, tuple | list):
        none = key.kind != "texts" and len(raw) == 1 and str(raw[0]).lower() in _NOTHING
        return [] if none else list(raw)
    if not isinstance(raw, str):
        raise bad(key, raw, "it takes a list")
    if raw.lstrip().startswith("["):
        try:
            return list(json.loads(raw))
        except ValueError as error:
            raise bad(key, raw, f"it is not JSON ({error})") from error
    return [raw] if key.kind in ("texts", "formats") else [word.strip() for word in raw.split(",")]


def _item(key: Key, raw: object) -> object:
    if key.kind != "columns" and not isinstance(raw, str):
        raise bad(key, raw, "it takes a list of texts")
    return raw


def _text(key: Key, raw: object) -> str:
    if not isinstance(raw, str):
        raise bad(key, raw, "it takes a text", f"Put quotes around it: {key.name}: '{raw}'")
    return raw


def _choice(key: Key, raw: object, known: Collection[str]) -> str:
    word = _text(key, raw).strip()
    for candidate in (word, word.replace("-", "_")):
        if candidate in known:
            return candidate
    hint = nearest(word.replace("-", "_"), known)
    raise bad(key, word, "there is no such choice", f"{hint}There are: {', '.join(known)}.")


def _one(key: Key, raw: Any, catalogue: Catalogue) -> object:
    return _choice(key, raw, [pattern.id for pattern in catalogue.of(key.name)])


def _many(key: Key, raw: Any, catalogue: Catalogue) -> object:
    known = [pattern.id for pattern in catalogue.of(key.name)]
    found = {_choice(key, item, known) for item in raw}
    return [id_ for id_ in known if id_ in found]


def _accepted(key: Key, raw: Any, catalogue: Catalogue) -> object:
    known = [rule for rule, need in catalogue.rules.items() if need.overridable]
    return sorted({_choice(key, item, known) for item in raw})


def _runtime(key: Key, raw: Any, catalogue: Catalogue) -> object:
    return _choice(key, raw, [runtime.id for runtime in catalogue.runtimes])


def _optional_column(key: Key, raw: Any, catalogue: Catalogue) -> object:
    if raw is None or (isinstance(raw, str) and raw.lower() in _NOTHING):
        return None
    return names.column(_text(key, raw), catalogue.reserved)


def _columns(key: Key, raw: Any, catalogue: Catalogue) -> object:
    if not 0 < len(raw) <= 4000:  # noqa: PLR2004 - far beyond what one table should have
        raise bad(key, raw, "it takes 1 to 4000 columns")
    found = [_column(key, item, catalogue) for item in raw]
    for field in ("name", "source"):
        spelled = [column[field] for column in found]
        if len(set(spelled)) < len(spelled):
            twice = next(one for one in spelled if spelled.count(one) > 1)
            raise bad(key, twice, f"two columns have this {field}")
    return found


def _column(key: Key, raw: Any, catalogue: Catalogue) -> dict[str, str]:
    if not isinstance(raw, dict) or set(raw) != {"name", "source", "type"}:
        raise bad(key, raw, "each column is {name, source, type}")
    if not all(isinstance(value, str) for value in raw.values()):
        raise bad(key, raw, "name, source and type are texts", "Put quotes around them.")
    names.column(raw["name"], catalogue.reserved)
    source, kind = raw["source"], raw["type"].upper().replace(" ", "")
    if not source or len(source) > 300 or names.unprintable(source):  # noqa: PLR2004
        raise bad(key, source, "a source is 1 to 300 visible characters")
    match = _TYPE.match(kind)
    if not match or (match[2] and not 0 <= int(match[3]) <= int(match[2]) <= 38):  # noqa: PLR2004
        raise bad(key, raw["type"], "there is no such type", f"Take {TYPES}.")
    return {"name": raw["name"], "source": source, "type": kind}


def _formats(key: Key, raw: Any, _: Catalogue) -> object:
    for item in raw:
        if "%" not in item or names.unprintable(item) or set("\"'\\") & set(item):
            raise bad(key, item, "it is no strptime format", "For example: %d/%m/%Y %H:%M")
    return raw


def _nulls(key: Key, raw: Any, _: Catalogue) -> object:
    for item in raw:
        if (
            names.unprintable(item) or len(item) > 40 or ('"' in item and "'" in item)
        ):  # noqa: PLR2004
            raise bad(
                key, item, "up to 40 visible characters, with one kind of quotes, can be used"
            )
    return raw


def _delimiter(key: Key, raw: Any, _: Catalogue) -> object:
    text = {"\\t": "\t", "tab": "\t", "comma": ","}.get(_text(key, raw), raw)
    if not re.match(r"[^\w\x00-\x08\x0a-\x1f\x7f-\uffff\"'\\]\Z", text):
        raise bad(key, raw, "it takes one character that is no letter, digit or quote")
    return text


def _quote(key: Key, raw: Any, _: Catalogue) -> object:
    if raw is not None and raw not in ('"', "'", *_NOTHING):
        raise bad(key, raw, "it takes a single or a double quote, or none")
    return raw if raw in ('"', "'") else ""


def _encoding(key: Key, raw: Any, _: Catalogue) -> object:
    text = _text(key, raw).lower()
    if not re.match(r"[a-z0-9][a-z0-9_.-]{0,29}\Z", text):
        raise bad(key, raw, "it is no encoding", "For example: utf-8, utf-16 or latin-1.")
    return text


def _flag(key: Key, raw: Any, _: Catalogue) -> object:
    word = str(raw).lower()
    if word not in (*_YES, *_NO):
        raise bad(key, raw, "it is true or false")
    return word in _YES


def _zone(key: Key, raw: Any, _: Catalogue) -> object:
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415 - reads a folder

    try:
        return ZoneInfo(_text(key, raw)).key
    except (ValueError, OSError, KeyError) as error:
        hint = nearest(raw, available_timezones())
        raise bad(key, raw, "there is no such zone", f"{hint}For example: Europe/London") from error


def _duration(key: Key, raw: Any, _: Catalogue) -> object:
    least = 0 if key.name == "grace" else 1
    match = re.match(r"(\d{1,4})([mhd])\Z", str(raw))
    if not match or int(match[1]) < least:
        raise bad(key, raw, "it is a number and m, h or d", "For example: 30m, 6h or 1d.")
    return f"{int(match[1])}{match[2]}"


def _date(key: Key, raw: Any, _: Catalogue) -> object:
    """A day, or a minute of it, in UTC, as text: files, flags and prompts then give the same answer."""
    if raw is None or (isinstance(raw, str) and raw.lower() in _NOTHING):
        return None
    text = raw.isoformat() if isinstance(raw, date | datetime) else str(raw)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad(key, raw, f"it is no date ({error})", "For example: 2025-01-31") from error
    if moment.tzinfo or moment.microsecond:
        raise bad(key, raw, "it is a date or a time in UTC, to the second, without an offset")
    return text if "T" not in text and " " not in text else moment.isoformat(timespec="seconds")


def _count(key: Key, raw: Any, _: Catalogue) -> object:
    text = str(raw)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:  # noqa: PLR2004
        raise bad(key, raw, "it is a whole number from 1 to 1000")
    return int(text)


_LISTS: dict[str, Parser] = {
    "many": _many,
    "rules": _accepted,
    "texts": _nulls,
    "columns": _columns,
    "names": lambda key, raw, c: [names.column(_text(key, item), c.reserved) for item in raw],
    "formats": _formats,
}
_ONES: dict[str, Parser] = {
    "title": lambda key, raw, _: names.project_name(_text(key, raw)),
    "package": lambda key, raw, c: names.package(_text(key, raw), c.reserved),
    "pipeline": lambda key, raw, c: names.pipeline(_text(key, raw), c.reserved),
    "runtime": _runtime,
    "one": _one,
    "glob": lambda key, raw, _: names.glob(_text(key, raw)),
    "format": lambda key, raw, _: _choice(key, raw, ("csv", "jsonl", "parquet")),
    "column": _optional_column,
    "delimiter": _delimiter,
    "quote": _quote,
    "encoding": _encoding,
    "flag": _flag,
    "zone": _zone,
    "duration": _duration,
    "date": _date,
    "count": _count,
}
