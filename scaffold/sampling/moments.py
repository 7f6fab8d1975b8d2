"""Reading texts as dates and times: ISO 8601, or the strptime formats that fit them all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from scaffold.sampling.session import text

_ZONED = r"(Z|[+-]\d{2}(:?\d{2})?)"
ISO = rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}([ T]\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d{{1,9}})?{_ZONED}?)?)?"
"""As far as a cast reads it: an offset follows the second, with no blank between."""
OFFSET = r".*\d:\d{2}.* ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
CLOCK = r".*\d:\d{2}.*"
MOST = 4  # formats in one column; more is text that happens to look like dates
LONGEST = 40  # letters of a date
SHARE = 0.95  # of the values that have to be readable
_DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%y", "%m-%d-%y", "%Y%m%d", "%Y-%m-%d"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
    *("%B %d %Y", "%d/%b/%Y"),
)
_CLOCKS = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z"),
    *("T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", "T%H:%M:%SZ", ":%H:%M:%S %z", ", %H:%M:%S"),
    *("T%H:%MZ", "T%H:%M%z", " %H:%M %z", " %H:%M:%S.%f %z", " %H:%M:%S UTC", " %H:%M:%S.%f UTC"),
)
FORMATS = tuple(f"{day}{clock}" for day, clock in product(_DAYS, _CLOCKS))
_PARTS = {
    "%Y": r"(1[89]|20|21)\d{2}",
    "%y": r"\d{2}",
    "%d": r"(0?[1-9]|[12]\d|3[01])",
    "%m": r"(0?[1-9]|1[0-2])",
    "%b": r"[A-Za-z]{3}",
    "%B": r"[A-Za-z]{3,9}",
    "%H": r"([01]?\d|2[0-3])",
    "%I": r"(0?[1-9]|1[0-2])",
    "%M": r"[0-5]\d",
    "%S": r"[0-5]\d",
    "%f": r"\d{1,6}",
    "%p": r"[AaPp][Mm]",
    "%z": r"[+-]\d{2}:?\d{2}",
}


@dataclass(frozen=True, slots=True)
class Fit:
    """How a column of texts is read as time. No formats: ISO 8601."""

    formats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fit(values: Sequence[str]) -> Fit | None:
    """The formats of these distinct values, or None when they are no dates."""
    dates = [value for value in values if re.search(r"\d", value) and len(value) <= LONGEST]
    if not values or len(dates) < SHARE * len(values):
        return None
    iso = sum(1 for value in dates if re.fullmatch(ISO, value))
    if iso >= SHARE * len(values):
        return Fit()
    chosen, left = _cover(dates)
    if len(left) > (1 - SHARE) * len(values):
        return None
    return _settled(chosen, dates)


def pattern(form: str) -> str:
    """The texts that a format is meant for; strptime itself takes `13` for the year 13."""
    pieces = re.split(r"(%[a-zA-Z])", form)
    return "".join(_PARTS.get(piece) or re.escape(piece) for piece in pieces)


def moment(column: str, fit_: Fit, type_: str) -> str:
    """SQL for the UTC time of a text, or for its day; an offset counts, which a cast to TIMESTAMP would ignore."""
    timed = type_ == "TIMESTAMP"
    iso = f"TRY_CAST({column} AS {'TIMESTAMPTZ' if timed else 'TIMESTAMP'})"
    read = [_try(column, form) for form in fit_.formats] or [iso]
    return f"coalesce({', '.join(utc(one) if timed else f'CAST({one} AS DATE)' for one in read)})"


def utc(value: str) -> str:
    """SQL for the UTC time of a time; one without an offset is in the zone of the session."""
    return f"(CAST({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"


def _try(column: str, form: str) -> str:
    guarded = f"CASE WHEN regexp_full_match({column}, {text(pattern(form))}) THEN {column} END"
    return f"try_strptime({guarded}, {text(form)})"


def _cover(dates: list[str]) -> tuple[list[str], list[str]]:
    """Greedily the format that reads most, then the one that reads most of the rest."""
    fits = {form: re.compile(pattern(form)) for form in FORMATS}
    chosen: list[str] = []
    left = dates
    while left and len(chosen) < MOST:
        likely = [form for form in FORMATS if any(map(fits[form].fullmatch, left[:20]))]
        read = {form: sum(1 for value in left if fits[form].fullmatch(value)) for form in likely}
        if not read:
            break
        best = max(likely, key=lambda form: read[form])  # the first of equals
        chosen.append(best)
        left = [value for value in left if not fits[best].fullmatch(value)]
    return chosen, left


def _settled(chosen: list[str], dates: list[str]) -> Fit | None:
    """Refuses day-month and month-day in one column: half of its days would be read wrongly."""
    if any(_swapped(form) in chosen for form in chosen):
        return None
    notes = []
    for form in chosen:
        other = _swapped(form)
        mine = [value for value in dates if re.fullmatch(pattern(form), value)]
        if other and all(re.fullmatch(pattern(other), value) for value in mine):
            notes.append(f"{form} could as well be {other}: no day is above 12.")
    return Fit(tuple(chosen), tuple(notes))


def _swapped(form: str) -> str:
    marks = {"%d": "%m", "%m": "%d"}
    turned = re.sub("%[dm]", lambda match: marks[match.group()], form)
    return turned if turned in FORMATS and turned != form and not form.startswith("%Y") else ""
