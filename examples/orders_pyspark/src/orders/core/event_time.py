"""Event time to UTC, at the edge: everything behind it knows only naive UTC."""

import re
from dataclasses import dataclass

from .contract import Column
from .units import literal

OFFSET = literal(":[0-9.]+ ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$")
NO_SECONDS = literal("([T ][0-9]+:[0-9]+)( ?[Z+-])")  # Spark wants them before an offset
LETTERS = {  # of strptime, and what Spark has for them
    one[0]: one[1:]
    for part in ("Yyyyy yyy mM dd HH Ih Mm Ss", "fSSSSSS pa bMMM BMMMM aE AEEEE jD zXX Zz")
    for one in part.split()
}


@dataclass(frozen=True, slots=True)
class EventTime:
    """How the source writes event time. `formats` are strptime formats; none means ISO 8601.

    `zone` is that of times without an offset. An hour that daylight saving repeats is taken for
    the later one, and an hour that it skips for the hour after.
    """

    column: str
    zone: str = "UTC"
    formats: tuple[str, ...] = ()

    def utc(self, raw: Column, kind: str) -> str:
        """SQL for the event time of a raw column, `kind` being its type in the contract."""
        name = raw.name
        parsed = (f"try_to_timestamp({name}, {literal(pattern(one))})" for one in self.formats)
        text = (
            f"coalesce({', '.join(parsed)})" if self.formats else f"TRY_CAST({name} AS TIMESTAMP)"
        )
        if kind == "DATE":  # a date has no zone
            return text
        local = self._from_zone(name if raw.type == "TIMESTAMP" else text)
        if raw.type != "STRING" or self.formats:
            return local
        whole = f"regexp_replace({name}, {NO_SECONDS}, '$1:00$2')"
        offset = f"CAST(TRY_CAST({whole} AS TIMESTAMP_LTZ) AS TIMESTAMP)"  # in UTC, as the session
        return f"CASE WHEN rlike({name}, {OFFSET}) THEN {offset} ELSE {local} END"

    def _from_zone(self, local: str) -> str:
        if self.zone == "UTC":
            return local
        zone, there = literal(self.zone), f"CAST({local} AS TIMESTAMP_LTZ)"
        first = f"to_utc_timestamp({there}, {zone})"
        later = [f"{first} + INTERVAL {minutes} MINUTES" for minutes in (60, 30)]
        repeated = " ".join(  # the same time on the clock, so much later
            f"WHEN from_utc_timestamp({one}, {zone}) = {there} THEN {one}" for one in later
        )
        return f"CAST(CASE {repeated} ELSE {first} END AS TIMESTAMP)"


def pattern(form: str) -> str:
    """A strptime format as Spark has it. Two digits are wanted only where others follow at once."""
    pieces, made = re.findall("%.|[A-Za-z]+|[^%A-Za-z]+", form), ""
    for n, piece in enumerate(pieces):
        if piece[0] != "%":
            made += f"'{piece}'" if re.search(r"[A-Za-z\[\]{}#]", piece) else piece
            continue
        letter = LETTERS.get(piece[1], piece[1])
        beside = pieces[max(n - 1, 0) : n] + pieces[n + 1 : n + 2]
        tight = any(one[0] == "%" for one in beside) and letter in "MdHhms"
        made += letter * 2 if tight else letter
    return made
