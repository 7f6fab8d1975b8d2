"""From what a flag, a file or a prompt gives to the value of an answer, or a clear word about what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from scaffold import columns, names, scalars
from scaffold.catalogue import Catalogue
from scaffold.keys import Key, bad

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


def _items(key: Key, raw: object) -> list[Any]:
    """A list from a list, from JSON, or from words with commas between them."""
    if raw is None or (isinstance(raw, str) and raw.lower() in scalars.NOTHING):
        return [""] if key.kind == "texts" and raw == "" else []
    if isinstance(raw, tuple | list):
        none = key.kind != "texts" and len(raw) == 1 and str(raw[0]).lower() in scalars.NOTHING
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


def _choice(key: Key, raw: object, known: Collection[str]) -> str:
    word = scalars.text(key, raw).strip()
    for candidate in (word, word.replace("-", "_")):
        if candidate in known:
            return candidate
    hint = scalars.nearest(word.replace("-", "_"), known)
    raise bad(key, word, "there is no such choice", f"{hint}There are: {', '.join(known)}.")


def _one(key: Key, raw: Any, catalogue: Catalogue) -> object:
    return _choice(key, raw, [pattern.id for pattern in catalogue.of(key.name)])


def _many(key: Key, raw: Any, catalogue: Catalogue) -> object:
    known = [pattern.id for pattern in catalogue.of(key.name)]
    found = {_choice(key, item, known) for item in raw}
    return [id_ for id_ in known if id_ in found]


def _accepted(key: Key, raw: Any, catalogue: Catalogue) -> object:
    return sorted({_choice(key, item, catalogue.overridable) for item in raw})


def _heard(key: Key, raw: Any, catalogue: Catalogue) -> object:
    """Answers to the decision chart, one for a question, in the order of the questions."""
    known = {question.id: question for question in catalogue.chart.recorded}
    found: dict[str, str] = {}
    for item in raw:
        id_, _, answer = str(item).replace("-", "_").partition("=")
        question = _choice(key, id_, known)
        if question in found:
            raise bad(key, item, "the question is answered twice")
        found[question] = _choice(key, answer, known[question].answers)
    return [f"{id_}={found[id_]}" for id_ in known if id_ in found]


def _runtime(key: Key, raw: Any, catalogue: Catalogue) -> object:
    return _choice(key, raw, [runtime.id for runtime in catalogue.runtimes])


def _named(read: Callable[[str, names.Reserved, str], str]) -> Parser:
    """A name that the language of the project's runtime has to take."""
    return lambda key, raw, catalogue: read(
        scalars.text(key, raw), catalogue.reserved, catalogue.runtime.language
    )


_column = _named(names.column)


def _optional_column(key: Key, raw: Any, catalogue: Catalogue) -> object:
    if raw is None or (isinstance(raw, str) and raw.lower() in scalars.NOTHING):
        return None
    return _column(key, raw, catalogue)


_LISTS: dict[str, Parser] = {
    "many": _many,
    "rules": _accepted,
    "heard": _heard,
    "texts": scalars.nulls,
    "columns": columns.parse,
    "names": lambda key, raw, c: [_column(key, item, c) for item in raw],
    "formats": scalars.formats,
}
_ONES: dict[str, Parser] = {
    "title": lambda key, raw, _: names.project_name(scalars.text(key, raw)),
    "package": _named(names.package),
    "pipeline": _named(names.pipeline),
    "runtime": _runtime,
    "one": _one,
    "glob": lambda key, raw, _: names.glob(scalars.text(key, raw)),
    "format": lambda key, raw, _: _choice(key, raw, ("csv", "jsonl", "parquet")),
    "column": _optional_column,
    "delimiter": scalars.delimiter,
    "quote": scalars.quote,
    "encoding": scalars.encoding,
    "flag": scalars.flag,
    "zone": scalars.zone,
    "duration": scalars.duration,
    "date": scalars.moment,
    "count": scalars.count,
    "ratio": scalars.ratio,
    "table": scalars.table,
    "topic": scalars.topic,
    "objects": scalars.objects,
    "endpoint": scalars.endpoint,
    "field": scalars.field,
    "choice": lambda key, raw, _: _choice(key, raw, list(key.choices)),
}
