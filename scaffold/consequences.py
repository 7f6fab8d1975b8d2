"""What other answers mean for the data that a pipeline has already written.

A sink's ledger knows units. It goes on being true as long as the sink and the units stay what they are. What is said
here is what the generated project's next `plan` shows. Which units an extraction has, where a sink keeps them, and what
a pattern means that joins or leaves, stands in the catalogue; here it is compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from scaffold import keys
from scaffold.answers import Pipeline
from scaffold.catalogue import Catalogue
from scaffold.pattern import Pattern
from scaffold.pipelines import Change
from scaffold.sides import Side

Ledger = Literal["kept", "foreign", "empty"]
_SHAPE = ("key", "event_time")
"""Beside the columns, what a table that is there was made for."""


@dataclass(frozen=True, slots=True)
class Consequence:
    pipeline: str
    ledger: Ledger
    """Whether the next run goes on from what was done, has to be kept from it, or finds nothing."""
    again: int = 0
    """How many units that are done the next run does again."""
    gap: tuple[str, str] | None = None
    """From where to where units lie that come before all that was done."""
    lines: tuple[str, ...] = ()


def of_switch(old: Pipeline, new: Pipeline, catalogue: Catalogue) -> Consequence:
    """For one pipeline, as it was and as it will be."""
    was, now = Side.of(old, catalogue), Side.of(new, catalogue)
    found = _ledger(was, now, catalogue)
    left = "path" in was.answers and "path" not in now.answers
    return replace(found, lines=(*found.lines, *_settings(was, catalogue))) if left else found


def _ledger(was: Side, now: Side, catalogue: Catalogue) -> Consequence:
    if was.sink.place != now.sink.place:
        return Consequence(now.name, "empty", lines=tuple(_moved(was, now, catalogue)))
    if was.sink != now.sink or not was.agrees(now):
        return Consequence(now.name, "foreign", lines=tuple(_foreign(was, now)))
    gap = (str(now.role("start")), str(was.role("start"))) if now.begins_before(was) else None
    again = int(now.role("again") or 0)
    return Consequence(now.name, "kept", again, gap, tuple(_kept(was, now, gap, catalogue)))


def carrying(change: Change, catalogue: Catalogue) -> Iterator[str]:
    """The commands that carry over what sinks have that the project leaves."""
    left = {Side.of(old, catalogue).sink.ref for old, _ in change.kept}
    for part in _carriers(left, catalogue):
        yield part.carry.format(package=change.after.package)


def _carriers(sinks: Collection[str], catalogue: Catalogue) -> Iterator[Pattern]:
    """What the runtime has to carry over what one of these sinks holds."""
    every = catalogue.patterns.values()
    return (part for part in every if part.carries in sinks and catalogue.made(part))


def of_addition(new: Pipeline, catalogue: Catalogue) -> Consequence:
    everything = Side.of(new, catalogue).everything
    return Consequence(
        new.name, "empty", lines=(f"Nothing is written yet: the next run does {everything}.",)
    )


def of_removal(old: Pipeline, catalogue: Catalogue) -> Consequence:
    side = Side.of(old, catalogue)
    lines = (f"What it wrote stays. To delete it: {side.empty}.",)
    return Consequence(old.name, "kept", lines=lines)


def _moved(was: Side, now: Side, catalogue: Catalogue) -> Iterator[str]:
    yield f"{now.sink.title} is empty, its ledger too: the next run does {now.everything}."
    if any(_carriers({was.sink.ref}, catalogue)):
        yield f"Or carry over what {was.sink.title} has, before that run: by the next steps below."
    yield f"What {was.sink.title} has stays there, and nothing reads it any more. To delete it: {was.empty}."
    if now.sink.connection:
        yield f"Each machine has to have the connection `{now.sink.connection}` in its settings."
    else:
        yield f"Where `warehouse` is set for a machine, it has to be a {now.sink.place} now."
    if was.provides("contract") and now.provides("contract"):
        yield f"{now.name}_consumer begins anew as well."


def _foreign(was: Side, now: Side) -> Iterator[str]:
    if was.sink != now.sink:
        yield f"{was.sink.title} and {now.sink.title} keep files in the same place, in ways of their own: plan and run refuse it."
    elif was.extraction.units != now.extraction.units:
        yield f"The ledger has {was.extraction.units}, and these are {now.extraction.units}: plan and run refuse it."
    else:
        yield "The ledger has other windows than these, and rows would be owned twice: plan and run refuse it."
    yield f"Begin with an empty sink: {now.empty}. The next run then does {now.everything}."


def _kept(was: Side, now: Side, gap: tuple[str, str] | None, catalogue: Catalogue) -> Iterator[str]:
    yield "The ledger is kept, and what is done stays done."
    if now.role("again"):
        yield f"Each run reads the last {now.role('again')} of its units again."
    if gap:
        filled = "the next runs fill it" if now.provides("healing") else "it has to be filled"
        yield f"Nothing was read from {gap[0]} to {gap[1]}; {filled}: `backfill {now.name} {gap[0]} {gap[1]}`."
    raw = was.provides("raw_kept") and now.provides("raw_kept")
    for text in filter(None, (*_data(was, now), *_texts(was, now, catalogue))):
        yield text.format_map(now.words(raw=raw))


def _settings(was: Side, catalogue: Catalogue) -> Iterator[str]:
    """What `new` and `add` wrote beside the answers of a pipeline that reads files: nothing else takes it."""
    file = "local.toml" if catalogue.runtime.language == "python" else "local.yml"
    yield f"Delete `path` of pipelines.{was.name} in conf/{file} on each machine that has it: it is where the files were."


def _data(was: Side, now: Side) -> Iterator[str]:
    """What other answers about the data mean."""
    names = {key.name for key in keys.DATA}
    changed = {name for name in names if was.answers.get(name) != now.answers.get(name)}
    lost = [column for column in was.answers["columns"] if column not in now.answers["columns"]]
    formats = {side.answers.get("format") for side in (was, now)}
    typed = len(formats) > 1 and "parquet" in formats and was.provides("raw_kept")  # not as texts
    if lost or typed or changed & set(_SHAPE):
        yield f"Its tables were made for other columns. Begin with an empty sink: {now.empty}."
    elif changed:
        yield "Rows that were read before are as they were. {backfill} reads them again."


def _texts(was: Side, now: Side, catalogue: Catalogue) -> Iterator[str]:
    """What the catalogue says to patterns that join or leave, and to settings of those that stay."""
    for part in catalogue.patterns.values():
        if part in now.parts and part not in was.parts:
            yield part.switched.joins
        elif part in was.parts and part not in now.parts:
            yield part.switched.leaves
        elif part in now.parts:
            for setting in part.settings:
                if was.answers.get(setting.key) != now.answers.get(setting.key):
                    yield setting.changed
