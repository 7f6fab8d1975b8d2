"""Event time to UTC, at the edge: everything behind it knows only naive UTC."""

from dataclasses import dataclass

from .contract import Column
from .units import literal

OFFSET = literal(":[0-9.]+ ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2}){0,2})$")
NO_SECONDS = literal("([T ][0-9]+:[0-9]+)( ?[ZU+-])")  # DuckDB wants them before an offset
FIRST, END = "TIMESTAMP '0002-01-01'", "TIMESTAMP '9999-01-01'"


@dataclass(frozen=True, slots=True)
class EventTime:
    """How the source writes event time. `formats` are strptime formats; none means ISO 8601.

    `zone` is that of times that name none. DuckDB takes an hour that daylight saving
    repeats for the later one, and an hour that it skips for the hour after.
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
        named = [one for one in self.formats if names_zone(one)]
        bare = [one for one in self.formats if one not in named]
        times = [f"timezone('UTC', {_in_formats(text, named)})"] if named else []
        times += [_from_zone(_in_formats(text, bare), zone)] if bare else []
        return f"coalesce({', '.join(times)})"


def moment(text: str, local: str) -> str:
    """SQL for a time in ISO 8601: in UTC if it has an offset, and `local` if it has none."""
    whole = f"regexp_replace({text}, {NO_SECONDS}, '\\1:00\\2')"
    offset = f"timezone('UTC', TRY_CAST({whole} AS TIMESTAMPTZ))"
    return f"CASE WHEN regexp_matches({text}, {OFFSET}) THEN {offset} ELSE {local} END"


def names_zone(form: str) -> bool:
    """Whether times of a strptime format say their zone."""
    return "%z" in form.replace("%%", "").lower()


def _in_formats(text: str, formats: list[str]) -> str:
    return f"try_strptime({text}, [{', '.join(map(literal, formats))}])"


def _from_zone(local: str, zone: str, zoned: str = "false") -> str:
    if zone == "UTC":
        return local
    time = f"timezone('UTC', timezone({literal(zone)}, {local}))"
    return f"CASE WHEN {zoned} THEN {local} ELSE {time} END"
