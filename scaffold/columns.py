"""The columns of the data, as answers: what each is called here, what it is called there, its type."""

from __future__ import annotations

import re
from typing import Any

from scaffold import names
from scaffold.catalogue import Catalogue
from scaffold.keys import Key, bad

TYPES = "BIGINT, DOUBLE, DECIMAL(p,s), BOOLEAN, DATE, TIMESTAMP or STRING"
MOST = 4000
"""Far beyond what one table should have."""
SOURCE_LIMIT = 300
DIGITS = 38
_TYPE = re.compile(r"(BIGINT|DOUBLE|BOOLEAN|DATE|TIMESTAMP|STRING|DECIMAL\((\d+),(\d+)\))\Z")


def parse(key: Key, raw: Any, catalogue: Catalogue) -> object:
    if not 0 < len(raw) <= MOST:
        raise bad(key, raw, f"it takes 1 to {MOST} columns")
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
    names.column(raw["name"], catalogue.reserved, catalogue.runtime.language)
    source, kind = raw["source"], raw["type"].upper().replace(" ", "")
    if not source or len(source) > SOURCE_LIMIT or names.unprintable(source):
        raise bad(key, source, "a source is 1 to 300 visible characters")
    match = _TYPE.match(kind)
    if not match or (match[2] and not 0 <= int(match[3]) <= int(match[2]) <= DIGITS):
        raise bad(key, raw["type"], "there is no such type", f"Take {TYPES}.")
    return {"name": raw["name"], "source": source, "type": kind}
