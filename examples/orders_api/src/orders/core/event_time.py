"""Event time to UTC, at the edge: everything behind it knows only naive UTC."""

from dataclasses import dataclass

from .contract import Column
from .units import literal

OFFSET = "':[0-9.]+ ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$'"


@dataclass(frozen=True, slots=True)
class EventTime:
    """How the source writes event time. `formats` are strptime formats; none means ISO 8601.

    `zone` is that of times without an offset. DuckDB takes an hour that daylight saving
    repeats for the later one, and an hour that it skips for the hour after.
    """

    column: str
    zone: str = "UTC"
    formats: tuple[str, ...] = ()

    def utc(self, raw: Column, kind: str) -> str:
        """SQL for the event time of a raw column, `kind` being its type in the contract."""
        formats = ", ".join(literal(one) for one in self.formats)
        text = (
            f"try_strptime({raw.name}, [{formats}])"
            if formats
            else f"TRY_CAST({raw.name} AS TIMESTAMP)"
        )
        local = raw.name if raw.type == "TIMESTAMP" else text
        if kind == "DATE":  # a date has no zone
            return text
        if self.zone != "UTC":
            local = f"timezone('UTC', timezone({literal(self.zone)}, {local}))"
        if raw.type != "STRING" or formats:
            return local
        offset = f"timezone('UTC', TRY_CAST({raw.name} AS TIMESTAMPTZ))"
        return f"CASE WHEN regexp_matches({raw.name}, {OFFSET}) THEN {offset} ELSE {local} END"
