"""A refusal in words: what, why, and each way out."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.pattern import Need, Pattern


def explain(by: Pattern, need: Need, parts: Iterable[Pattern], catalogue: Catalogue) -> UsageError:
    """Why a pattern that has this need cannot be used with the other parts."""
    providers = _providers(need.capability, catalogue)
    culprits = [part for part in parts if part.axis in {p.axis for p in providers}]
    against = _against(by, culprits, providers, catalogue)
    what = f'Cannot use "{by.id}"{against}: {need.reason}.'
    return UsageError(what, fix=_ways_out(need, providers, catalogue))


def _providers(capability: str, catalogue: Catalogue) -> tuple[Pattern, ...]:
    offered = (p for axis in catalogue.asked for p in catalogue.of(axis.id, made=True))
    return tuple(pattern for pattern in offered if capability in catalogue.provides(pattern))


def _against(
    by: Pattern,
    culprits: Iterable[Pattern],
    providers: Iterable[Pattern],
    catalogue: Catalogue,
) -> str:
    """`with the sink "append_log"`, for what is there, and `without the behaviour …`, for what is not."""
    there = [f'the {p.axis} "{p.id}"' for p in culprits if not catalogue.axis(p.axis).many]
    missing = [f'the {p.axis} "{p.id}"' for p in providers if catalogue.axis(p.axis).many]
    missing = [one for one in missing if by.id not in one]
    words = f" with {' and '.join(there)}" if there else ""
    return words + (f" without {' or '.join(missing)}" if missing else "")


def _ways_out(need: Need, providers: Iterable[Pattern], catalogue: Catalogue) -> str:
    by_axis: dict[str, list[str]] = {}
    for pattern in providers:
        by_axis.setdefault(pattern.axis, []).append(pattern.id)
    ways = [need.fix] if need.fix else []
    ways += [f"choose the {axis} {' or '.join(ids)}" for axis, ids in by_axis.items()]
    if need.overridable:
        ways.append(f"{_price(need, catalogue)}: --accept {need.rule}")
    text = ", or ".join(ways)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _price(need: Need, catalogue: Catalogue) -> str:
    if not need.compensation:
        return "take the risk"
    summary = catalogue.patterns[f"compensation/{need.compensation}"].summary.rstrip(".")
    return f"accept {summary[:1].lower()}{summary[1:]}"
