"""What a choice of patterns means: allowed, allowed with a compensation, or refused with the reason.

Rules are capabilities, not pairs: each chosen pattern says what it needs, and it does not matter who provides
it. Needs are judged by what was *chosen*, so that a compensation which one rule adds does not quietly satisfy
another rule that asks for the user's word. A pattern also needs code for the project's runtime, and so does
what stands in for one that was not chosen. `templates/rules.jinja` says the same to plain copier.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.pattern import Need, Pattern
from scaffold.refusal import explain


@dataclass(frozen=True, slots=True)
class Finding:
    """A need that the choice does not meet."""

    by: Pattern
    need: Need
    taken: bool
    """The user accepted the rule by name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    parts: tuple[Pattern, ...]
    """What was chosen, then the compensations that rules added."""
    added: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    refused: tuple[Finding, ...]
    notes: tuple[str, ...]


def chosen(answers: Mapping[str, Any], catalogue: Catalogue) -> tuple[Pattern, ...]:
    """The patterns that a pipeline's answers name; an id that nobody knows is not ours to report."""
    return tuple(
        pattern
        for pattern in catalogue.patterns.values()
        if pattern.id in _ids(answers.get(pattern.axis))
    )


def settings(answers: Mapping[str, Any], catalogue: Catalogue) -> frozenset[str]:
    """The keys that the chosen patterns read; all of an axis that has no answer, or an unknown one."""
    possible = {p.ref for p in catalogue.patterns.values() if _can_be(p, answers, catalogue)}
    found: set[str] = set()
    for pattern in catalogue.patterns.values():
        if pattern.ref in possible:
            found |= pattern.reads
            found.update(s.key for s in pattern.settings if _beside(s.where, possible))
    return frozenset(found)


def judge(answers: Mapping[str, Any], catalogue: Catalogue) -> Verdict:
    """The verdict on a whole pipeline."""
    parts = chosen(answers, catalogue)
    stand_ins = _stand_ins(parts, [axis.id for axis in catalogue.asked], catalogue)
    findings = tuple(_findings((*parts, *stand_ins), answers, frozenset(), catalogue))
    refused = tuple(finding for finding in findings if _is_refused(finding))
    allowed = tuple(finding for finding in findings if not _is_refused(finding))
    added = tuple(finding for finding in allowed if finding.need.compensation)
    whole = (*parts, *_compensations(added, catalogue))
    return Verdict(
        parts=whole,
        added=added,
        accepted=tuple(f for f in allowed if f.taken and _wants_word(f.need)),
        refused=refused,
        notes=tuple(_notes(whole)),
    )


def obstacle(
    pattern: Pattern, answers: Mapping[str, Any], open_: Collection[str], catalogue: Catalogue
) -> UsageError | None:
    """Why a pattern cannot join the answers so far; `open_` are the axes still to be asked."""
    axis = catalogue.axis(pattern.axis)
    still = {*open_, axis.id} if axis.many else set(open_) - {axis.id}
    trial = dict(answers) | {axis.id: [pattern.id]}
    return next(iter(refusals(trial, still, catalogue)), None)


def refusals(
    answers: Mapping[str, Any], open_: Collection[str], catalogue: Catalogue
) -> Iterable[UsageError]:
    """What is refused already: patterns of open axes could still provide what is missing."""
    possible = _possible(open_, catalogue)
    parts = chosen(answers, catalogue)
    settled = [axis for axis in answers if axis not in open_]
    whole = (*parts, *_stand_ins(parts, settled, catalogue))
    for finding in _findings(whole, answers, possible, catalogue):
        if _is_refused(finding):
            yield explain(finding.by, finding.need, parts, catalogue)


def _findings(
    parts: Collection[Pattern],
    answers: Mapping[str, Any],
    possible: frozenset[str],
    catalogue: Catalogue,
) -> Iterable[Finding]:
    refs, accept = {part.ref for part in parts}, _ids(answers.get("accept"))
    known = _answered(answers) | possible
    for part in parts:
        if not catalogue.made(part):
            yield Finding(part, _code(part, catalogue), taken=False)
        others = known.union(*(catalogue.provides(one) for one in parts if one is not part))
        for need in catalogue.needs(part):
            if need.where <= refs and need.capability not in others:
                yield Finding(part, need, need.overridable and need.rule in accept)


def _code(part: Pattern, catalogue: Catalogue) -> Need:
    """That a pattern has to be made for the runtime: a need like any other, but that nothing else provides it."""
    runtime = catalogue.runtime
    instead_of = part.instead_of.partition("/")[2]
    ids = [instead_of] if instead_of else [p.id for p in catalogue.of(part.axis, made=True)]
    without = f"without {instead_of}, " if instead_of else ""
    return Need(
        capability=runtime.id,
        rule="runtime",
        reason=f"{without}it is not for {runtime.title}",
        overridable=False,
        fix=f"Choose the {part.axis} {' or '.join(ids)}" if ids else "Choose another runtime",
    )


def _stand_ins(
    parts: Collection[Pattern], axes: Collection[str], catalogue: Catalogue
) -> tuple[Pattern, ...]:
    """What stands in for patterns that were not chosen, of axes that have their answer."""
    refs = {part.ref for part in parts}
    every = (pattern for pattern in catalogue.patterns.values() if pattern.instead_of)
    return tuple(p for p in every if p.axis in axes and p.instead_of not in refs)


def _wants_word(need: Need) -> bool:
    return need.explicit or not need.compensation


def _is_refused(finding: Finding) -> bool:
    return _wants_word(finding.need) and not finding.taken


def _compensations(added: Iterable[Finding], catalogue: Catalogue) -> tuple[Pattern, ...]:
    wanted = {finding.need.compensation for finding in added}
    return tuple(p for p in catalogue.of("compensation", hidden=True) if p.id in wanted)


def _notes(parts: Collection[Pattern]) -> Iterable[str]:
    refs = {part.ref for part in parts}
    return (f"{p.title}: {note.text}" for p in parts for note in p.notes if note.where <= refs)


def _can_be(pattern: Pattern, answers: Mapping[str, Any], catalogue: Catalogue) -> bool:
    """Whether it is chosen, or nobody can tell yet."""
    ids = _ids(answers.get(pattern.axis))
    known = [other.id for other in catalogue.of(pattern.axis, hidden=True)]
    unclear = pattern.axis not in answers or any(id_ not in known for id_ in ids)
    return unclear or pattern.id in ids


def _beside(where: frozenset[str], refs: Collection[str]) -> bool:
    """Whether of each axis that is named one pattern is there: those of one axis are alternatives."""
    there = {ref.partition("/")[0] for ref in where if ref in refs}
    return there == {ref.partition("/")[0] for ref in where}


def _answered(answers: Mapping[str, Any]) -> frozenset[str]:
    timed = answers.get("event_time")
    columns = (one for one in answers.get("columns") or () if isinstance(one, Mapping))
    date = any(one.get("name") == timed and one.get("type") == "DATE" for one in columns)
    said = {"event_time": timed, "moment": timed and not date, "key": answers.get("key")}
    return frozenset(capability for capability, answer in said.items() if answer)


def _ids(value: object) -> Collection[str]:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple) else ()


def _possible(axes: Iterable[str], catalogue: Catalogue) -> frozenset[str]:
    patterns = (pattern for axis in axes for pattern in catalogue.of(axis, made=True))
    return frozenset().union(*(catalogue.provides(pattern) for pattern in patterns))
