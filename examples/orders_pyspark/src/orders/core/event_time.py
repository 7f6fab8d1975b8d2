"""Event time to UTC, at the edge: everything behind it knows only naive UTC."""

import re
from dataclasses import dataclass

from .contract import Column
from .units import literal

DAY = "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
LOCAL = literal(f"{DAY}([T ][0-9:.]+)?$")  # Spark takes much else for a time, and leaves it out
OFFSET = literal(f"{DAY}[T ][0-9:.]+ ?(Z|UTC|[+-][0-9]{{2}}(:?[0-9]{{2}}){{0,2}})$")
NO_SECONDS = literal("([T ][0-9]+:[0-9]+)( ?[ZU+-])")  # Spark wants them before an offset
FIRST, END = "TIMESTAMP '0002-01-01'", "TIMESTAMP '9999-01-01'"
LETTERS = {  # of strptime, and what Spark has for them
    one[0]: one[1:]
    for part in ("Yyyyy yyy mM dd HH Ih Mm Ss", "fSSSSSS pa bMMM BMMMM aE AEEEE jD zXX Zz")
    for one in part.split()
}


@dataclass(frozen=True, slots=True)
class EventTime:
    """How the source writes event time. `formats` are strptime formats; none means ISO 8601.

    `zone` is that of times that name none. An hour that daylight saving repeats is taken for
    the later one, and an hour that it skips for the hour after.
    """

    column: str
    zone: str = "UTC"
    formats: tuple[str, ...] = ()

    def utc(self, raw: Column, kind: str, zoned: str = "false") -> str:
        """SQL for the event time of a raw column, `kind` being its type in the contract.

        `zoned` is true for rows whose time named its zone, and is in UTC already. A time is null
        if it has no year before it and none after it that a window can lie in.
        """
        zone = "UTC" if kind == "DATE" else self.zone  # a date has no zone
        if raw.type == "STRING":
            time = self._parsed(f"trim({raw.name})", zone)
        else:
            time = _from_zone(f"CAST({raw.name} AS TIMESTAMP)", zone, zoned)
        return f"nullif(nullif(greatest(least({time}, {END}), {FIRST}), {FIRST}), {END})"

    def _parsed(self, text: str, zone: str) -> str:
        if not self.formats:
            return moment(text, _from_zone(f"TRY_CAST({text} AS TIMESTAMP)", zone))
        named = [_in_zone(text, one) for one in self.formats if names_zone(one)]
        bare = [_in_format(text, one) for one in self.formats if not names_zone(one)]
        local = [_from_zone(f"coalesce({', '.join(bare)})", zone)] if bare else []
        return f"coalesce({', '.join(named + local)})"


def moment(text: str, local: str) -> str:
    """SQL for a time in ISO 8601: in UTC if it has an offset, and `local` if it has none."""
    whole = f"regexp_replace({text}, {NO_SECONDS}, '$1:00$2')"
    offset = f"CAST(TRY_CAST({whole} AS TIMESTAMP_LTZ) AS TIMESTAMP)"  # in UTC, as the session
    return (
        f"CASE WHEN rlike({text}, {OFFSET}) THEN {offset} "
        f"WHEN rlike({text}, {LOCAL}) THEN {local} END"
    )


def names_zone(form: str) -> bool:
    """Whether times of a strptime format say their zone."""
    return "%z" in form.replace("%%", "").lower()


def _in_format(text: str, form: str) -> str:
    return f"try_to_timestamp({text}, {literal(pattern(form))})"


def _in_zone(text: str, form: str) -> str:
    """By the zone that the text has, which Spark leaves out of a time without one."""
    there = f"to_timestamp_ltz({text}, {literal(pattern(form))})"
    return f"CAST(CASE WHEN {_in_format(text, form)} IS NOT NULL THEN {there} END AS TIMESTAMP)"


def _from_zone(local: str, zone: str, zoned: str = "false") -> str:
    if zone == "UTC":
        return local
    named, there = literal(zone), f"CAST({local} AS TIMESTAMP_LTZ)"
    first = f"to_utc_timestamp({there}, {named})"
    later = [f"{first} + INTERVAL {minutes} MINUTES" for minutes in (60, 30)]
    repeated = " ".join(  # the same time on the clock, so much later
        f"WHEN from_utc_timestamp({one}, {named}) = {there} THEN {one}" for one in later
    )
    return f"CAST(CASE WHEN {zoned} THEN {there} {repeated} ELSE {first} END AS TIMESTAMP)"


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
