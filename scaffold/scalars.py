"""The kinds of values that stand for themselves: a zone, a length of time, a delimiter."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from scaffold import names
from scaffold.catalogue import Catalogue
from scaffold.keys import Key, bad

NOTHING = ("", "none", "null")
NULL_LIMIT = 40
OBJECTS_LIMIT = 300
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), 1)
    return f'Did you mean "{found[0]}"? ' if found else ""


def text(key: Key, raw: object) -> str:
    if not isinstance(raw, str):
        raise bad(key, raw, "it takes a text", f"Put quotes around it: {key.name}: '{raw}'")
    return raw


def formats(key: Key, raw: Any, _: Catalogue) -> object:
    for item in raw:
        if "%" not in item or names.unprintable(item) or set("\"'\\") & set(item):
            raise bad(key, item, "it is no strptime format", "For example: %d/%m/%Y %H:%M")
    return raw


def nulls(key: Key, raw: Any, _: Catalogue) -> object:
    for item in raw:
        if names.unprintable(item) or len(item) > NULL_LIMIT or ('"' in item and "'" in item):
            raise bad(
                key, item, "up to 40 visible characters, with one kind of quotes, can be used"
            )
    return raw


def delimiter(key: Key, raw: Any, _: Catalogue) -> object:
    word = {"\\t": "\t", "tab": "\t", "comma": ","}.get(text(key, raw), raw)
    if not re.match(r"[^\w\x00-\x08\x0a-\x1f\x7f-\uffff\"'\\]\Z", word):
        raise bad(key, raw, "it takes one character that is no letter, digit or quote")
    return word


def quote(key: Key, raw: Any, _: Catalogue) -> object:
    if raw is not None and raw not in ('"', "'", *NOTHING):
        raise bad(key, raw, "it takes a single or a double quote, or none")
    return raw if raw in ('"', "'") else ""


def encoding(key: Key, raw: Any, _: Catalogue) -> object:
    word = text(key, raw).lower()
    if not re.match(r"[a-z0-9][a-z0-9_.-]{0,29}\Z", word):
        raise bad(key, raw, "it is no encoding", "For example: utf-8, utf-16 or latin-1.")
    return word


def flag(key: Key, raw: Any, _: Catalogue) -> object:
    word = str(raw).lower()
    if word not in (*_YES, *_NO):
        raise bad(key, raw, "it is true or false")
    return word in _YES


def zone(key: Key, raw: Any, _: Catalogue) -> object:
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415 - reads a folder

    try:
        return ZoneInfo(text(key, raw)).key
    except (ValueError, OSError, KeyError) as error:
        hint = nearest(raw, available_timezones())
        raise bad(key, raw, "there is no such zone", f"{hint}For example: Europe/London") from error


def duration(key: Key, raw: Any, _: Catalogue) -> object:
    match = re.match(r"([0-9]{1,4})([mhd])\Z", str(raw))
    if not match or int(match[1]) < key.least:
        raise bad(key, raw, "it is a number and m, h or d", "For example: 30m, 6h or 1d.")
    return f"{int(match[1])}{match[2]}"


def moment(key: Key, raw: Any, _: Catalogue) -> object:
    """A day, or a minute of it, in UTC, as text: files, flags and prompts then give the same answer."""
    if raw is None or (isinstance(raw, str) and raw.lower() in NOTHING):
        return None
    word = raw.isoformat() if isinstance(raw, date | datetime) else str(raw)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError as error:
        raise bad(key, raw, f"it is no date ({error})", "For example: 2025-01-31") from error
    if moment.tzinfo or moment.microsecond:
        raise bad(key, raw, "it is a date or a time in UTC, to the second, without an offset")
    return word if "T" not in word and " " not in word else moment.isoformat(timespec="seconds")


def count(key: Key, raw: Any, _: Catalogue) -> object:
    word = str(raw)
    if not re.match(r"[0-9]{1,9}\Z", word) or not key.least <= int(word) <= key.most:
        raise bad(key, raw, f"it is a whole number from {key.least} to {key.most}")
    return int(word)


def ratio(key: Key, raw: Any, _: Catalogue) -> object:
    word = str(raw)
    if not re.match(r"(0(\.[0-9]{1,4})?|1(\.0{1,4})?)\Z", word):
        raise bad(key, raw, "it is a number from 0 to 1", "For example: 0.5")
    return float(word)


def table(key: Key, raw: Any, _: Catalogue) -> object:
    return _named(key, raw, r"[A-Za-z_]\w{0,62}(\.[A-Za-z_]\w{0,62})?\Z", "public.orders")


def topic(key: Key, raw: Any, _: Catalogue) -> object:
    return _named(key, raw, r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}\Z", "orders.v1")


def objects(key: Key, raw: Any, _: Catalogue) -> object:
    bucket, part = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", r"[A-Za-z0-9_.*?!=+,@()\[\]-]+"
    word = _named(key, raw, rf"{bucket}(/(?!\.{{1,2}}(/|\Z)){part})+\Z", "s3://shop/orders/*.csv")
    if word and len(word) > OBJECTS_LIMIT:
        raise bad(key, raw, f"it has more than {OBJECTS_LIMIT} characters")
    return word


def endpoint(key: Key, raw: Any, _: Catalogue) -> object:
    return _named(key, raw, r"(?!.*//)[A-Za-z0-9_][A-Za-z0-9._~/-]{0,199}\Z", "v1/orders")


def field(key: Key, raw: Any, _: Catalogue) -> object:
    return _named(key, raw, r"[A-Za-z_][A-Za-z0-9._-]{0,62}\Z", "next_cursor")


def _named(key: Key, raw: Any, shape: str, example: str) -> str | None:
    """The name of something that is a server's; none: it is that of the pipeline."""
    if raw is None or (isinstance(raw, str) and raw.lower() in NOTHING):
        return None
    word = text(key, raw)
    if not re.match(shape, word, re.ASCII):
        raise bad(
            key,
            raw,
            (
                "it is no glob of objects"
                if key.kind == "objects"
                else f"it is no name of {'an' if key.kind[0] in 'aeiou' else 'a'} {key.kind}"
            ),
            f"For example: {example}",
        )
    return word
