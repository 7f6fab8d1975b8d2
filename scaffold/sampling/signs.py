"""What files say about the questions of the decision chart: whether rows change, and how late they arrive.

Files are taken in the order of their names, as a run would meet them. Each finding is a proposal with the sentence that it
rests on; what cannot be told is left out, above all where only a part of a file was read.
"""

# ruff: noqa: S608  the columns of `typed` have names of ours

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from scaffold.sampling import keys, lateness
from scaffold.sampling.session import one

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from scaffold.sampling.files import Found
    from scaffold.sampling.reading import Raw
    from scaffold.sampling.roles import Column

LITTLE = 500_000_000  # bytes of files that a run reads in some seconds
PACKED = 5  # what gzip makes of text, roughly
WHOLE = 0.8  # of the rows of a file come again in the next: each file has everything
_CHANGED = r"(^|_)(updated|modified|changed|deleted|removed)(_|$)"


@dataclass(frozen=True, slots=True)
class Signs:
    """Answers that files give, the sentence behind each, and settings that follow."""

    answers: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    by_column: frozenset[str] = frozenset()
    """The questions whose answers rest on what rows say, not on the files that they lie in."""

    def of(self, source: str | None) -> Mapping[str, str]:
        """What holds for a source. Of an export, neither its size nor the order of its files says anything about it."""
        return {q: answer for q, answer in self.answers.items() if q in self.told(source)}

    def told(self, source: str | None) -> Mapping[str, str]:
        """The sentences that hold for it: also why something cannot be told."""
        if source in (None, "unknown", self.answers.get("source")):
            return self.why
        return {question: self.why[question] for question in self.by_column}


@dataclass(slots=True)
class Seen:
    connection: DuckDBPyConnection
    columns: Sequence[Column]
    moment: Column | None
    key: Sequence[Column]
    raw: Raw
    answers: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    by_column: set[str] = field(default_factory=set)

    def say(self, question: str, answer: str, why: str, *, by_column: bool = False) -> None:
        self.answers[question] = answer
        self.why[question] = why
        if by_column:
            self.by_column.add(question)


def read(
    connection: DuckDBPyConnection,
    columns: Sequence[Column],
    roles: tuple[Column | None, Sequence[Column]],
    seen: tuple[Found, Raw],
) -> Signs:
    """The signs in `typed`, whose rows lie there file by file."""
    (moment, key), (found, raw) = roles, seen
    here = Seen(connection, columns, moment, key, raw)
    here.say("source", "files", f"{found.folder} has files of {found.format}")
    ends = ", ".join(f"({number}, {end})" for number, end in enumerate(raw.ends))
    connection.execute(
        "CREATE OR REPLACE TABLE filed AS SELECT t.*, t.rowid AS n, "
        f"(SELECT min(f) FROM (VALUES {ends}) v(f, e) WHERE t.rowid < e) AS f FROM typed t"
    )
    _size(here, found)
    _changes(here)
    lateness.read(here)
    return Signs(here.answers, here.why, here.settings, frozenset(here.by_column))


def _size(here: Seen, found: Found) -> None:
    size = sum(
        path.stat().st_size * (PACKED if path.suffix == ".gz" else 1) for path in found.files
    )
    files = "one file" if len(found.files) == 1 else f"{len(found.files)} files"
    answer = "little" if size <= LITTLE else "much"
    here.say("volume", answer, f"{files} of {_bytes(size)}; how soon it is wanted is yours to say")


def _bytes(size: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - the next unit
            return f"{size:.0f} {unit}"
        size //= 1000
    return f"{size} GB"


def _changes(here: Seen) -> None:
    """Rows that come again in a later file, or that say that they were changed."""
    identity = _identity(here)
    if identity and len(here.raw.ends) > 1 and here.raw.whole:
        _compare(here, identity)
    elif here.key and len(here.raw.ends) > 1 and here.raw.whole:
        names = " and ".join(column.name for column in here.key)
        versions = any(re.search(_CHANGED, column.name) for column in here.key)
        found = "rows come again with another" if versions else "no row comes twice, by"
        here.say("changes", "changed" if versions else "added", f"{found} {names}")
    if here.answers.get("changes") in (None, "added"):
        _by_column(here)


def _identity(here: Seen) -> Column | None:
    """The first column that is named as one, and that tells the rows of each file apart."""
    for column in here.columns:
        named = re.search(keys.ID, column.name) and column.type in ("BIGINT", "STRING")
        if named and column.filled == here.raw.rows:
            total, distinct = one(
                here.connection, f"SELECT count(*), count(DISTINCT (f, {column.sql})) FROM filed"
            )
            if total == distinct:
                return column
    return None


def _compare(here: Seen, identity: Column) -> None:
    """Each file with the next: how many rows come again, are gone, or are there with other values."""
    before = again = other = 0
    whole_row = ", ".join(column.sql for column in here.columns)
    for this, following in pairwise(range(len(here.raw.ends))):
        query = f"""
            SELECT count(*), count(b.id), count(*) FILTER (a.h <> b.h)
            FROM (SELECT {identity.sql} AS id, hash({whole_row}) AS h FROM filed WHERE f = {this}) a
            LEFT JOIN (SELECT {identity.sql} AS id, hash({whole_row}) AS h FROM filed
                WHERE f = {following}) b USING (id)
        """
        rows, both, changed = one(here.connection, query)
        before, again, other = before + rows, again + both, other + changed
    name, files = identity.name, len(here.raw.ends)
    if again < WHOLE * before:
        _say_again(here, identity)
    else:
        here.settings["take"] = "newest"
        gone = before - again
        what = f"each of {files} files has all rows, by their {name}"
        if gone:
            here.say("changes", "deleted", f"{what}, and {gone} are gone from one to the next")
        elif other:
            here.say("changes", "changed", f"{what}, and {other} have other values in the next")
        else:
            here.say("changes", "added", f"{what}, and none is changed or gone")


def _say_again(here: Seen, identity: Column) -> None:
    """A correction may come in any later file, not only in the next one."""
    files = len(here.raw.ends)
    query = f"SELECT count(*) - count(DISTINCT {identity.sql}) FROM filed"
    (again,) = one(here.connection, query)
    if again:
        rows = "one row comes" if again == 1 else f"{again} rows come"
        told = f"{rows} again in a later file, by the column {identity.name}"
        here.say("changes", "changed", told)
    else:
        here.say("changes", "added", f"in {files} files no {identity.name} comes twice")


def _by_column(here: Seen) -> None:
    """A time of a change that is filled, and later than the event."""
    for column in here.columns:
        timed = column.type in ("DATE", "TIMESTAMP") and re.search(_CHANGED, column.name)
        if not timed or here.moment is None or column == here.moment:
            continue
        later = f"SELECT count(*) FROM filed WHERE {column.sql} > {here.moment.sql}"
        (rows,) = one(here.connection, later)
        if rows:
            here.say(
                "changes",
                "changed",
                f"{column.name} is later than {here.moment.name} in {rows} rows",
                by_column=True,
            )
            return
