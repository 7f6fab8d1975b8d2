"""The catalogue's files: from YAML and pages to plain facts, and from facts to typed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from scaffold import chart as charts
from scaffold.catalogue import Axis, Catalogue, Runtime
from scaffold.pattern import ANSWERED, Need, Note, Pattern, Setting, Switched


def read(root: Path) -> dict[str, Any]:
    """The catalogue's files as plain data."""
    templates = root / "templates"
    found = sorted(templates.glob("patterns/*/*/pattern.yml"))
    return {
        "axes": _yaml(templates / "catalogue/axes.yml"),
        "runtimes": _yaml(templates / "catalogue/runtimes.yml"),
        "reserved": _yaml(templates / "catalogue/reserved.yml"),
        "chart": _yaml(templates / "catalogue/chart.yml"),
        "patterns": [_yaml(path) | {"page": _page(path)} for path in found],
        "samples": {path.stem: _yaml(path) for path in sorted(templates.glob("samples/*.yml"))},
    }


def parse(facts: Mapping[str, Any]) -> Catalogue:
    """Typed values from plain data. A mistake in the catalogue is a bug of ours, so it may raise anything."""
    axes = sorted(facts["axes"], key=_order)
    order = [axis["id"] for axis in axes]
    found = sorted(facts["patterns"], key=lambda p: (order.index(p["axis"]), p["order"]))
    patterns = tuple(_pattern(raw) for raw in found)
    runtimes = tuple(_runtime(raw) for raw in sorted(facts["runtimes"], key=_order))
    catalogue = Catalogue(
        axes=tuple(Axis(**_without(axis, "order")) for axis in axes),
        runtimes=runtimes,
        runtime=next(runtime for runtime in runtimes if runtime.default),
        patterns={pattern.ref: pattern for pattern in patterns},
        samples=facts["samples"],
        reserved={kind: frozenset(words) for kind, words in facts["reserved"].items()},
        chart=charts.parse(facts["chart"]),
    )
    _check(catalogue, patterns)
    return catalogue


def _pattern(raw: Mapping[str, Any]) -> Pattern:
    return Pattern(
        id=raw["id"],
        axis=raw["axis"],
        title=raw["title"],
        summary=raw["summary"],
        provides=frozenset(raw.get("provides", ())),
        needs=tuple(Need(**_where(need)) for need in raw.get("needs", ())),
        runtimes=tuple(raw["runtimes"]),
        dependencies={k: tuple(v) for k, v in raw.get("dependencies", {}).items()},
        default=raw.get("default", False),
        hidden=raw.get("hidden", False),
        instead_of=raw.get("instead_of", ""),
        brings=tuple(raw.get("brings", ())),
        settings=tuple(Setting(**_where(one)) for one in raw.get("settings", ())),
        notes=tuple(Note(**_where(one)) for one in raw.get("notes", ())),
        page=raw.get("page", ""),
        units=raw.get("units", ""),
        place=raw.get("place", ""),
        empty=raw.get("empty", ""),
        connection=raw.get("connection", ""),
        feed=raw.get("feed", ""),
        carries=raw.get("carries", ""),
        carry=raw.get("carry", ""),
        reads=frozenset(raw.get("reads", ())),
        switched=Switched(**raw.get("switched", {})),
    )


def _where(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What holds only with other patterns names them."""
    return _without(raw, "with") | {"where": frozenset(raw.get("with", ()))}


def _runtime(raw: Mapping[str, Any]) -> Runtime:
    known = _without(raw, "order", "dependencies", "default", "steps", "versions")
    return Runtime(
        **known,
        default=raw.get("default", False),
        steps=tuple(raw["steps"]),
        dependencies=tuple(raw["dependencies"]),
    )


def _without(raw: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}


def _check(catalogue: Catalogue, found: Sequence[Pattern]) -> None:
    """What types do not say: names that point somewhere, and needs that something can meet."""
    known, rules = catalogue.patterns, [need.rule for p in found for need in p.needs]
    provided = ANSWERED.union(*(pattern.provides for pattern in found))
    wrong = [f"{rule} is the name of two rules" for rule in set(rules) if rules.count(rule) > 1]
    for pattern in found:
        for need in pattern.needs:
            if need.capability not in provided:
                wrong.append(f"{pattern.ref} needs {need.capability}, which nothing provides")
            if need.compensation and f"compensation/{need.compensation}" not in known:
                wrong.append(f"{need.rule} has an unknown compensation")
        where = [n.where for n in pattern.needs]
        where += [n.where for n in pattern.notes] + [s.where for s in pattern.settings]
        named = filter(None, (pattern.instead_of, pattern.feed, pattern.carries))
        refs = {*pattern.brings, *named, *chain(*where)}
        wrong += [f"{pattern.ref} names the unknown {ref}" for ref in sorted(refs - set(known))]
        other = [s.key for s in pattern.settings if s not in catalogue.settings]
        wrong += [f"{pattern.ref} has another {key} than others have" for key in other]
    wrong += charts.mistakes(catalogue.chart, known)
    if wrong:
        raise ValueError("; ".join(wrong))


def _yaml(path: Path) -> Any:
    import yaml  # noqa: PLC0415 - costs 15 ms that an installed scaffold does not pay

    with path.open("rb") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _page(pattern: Path) -> str:
    page = pattern.with_name("page.md")
    return page.read_text(encoding="utf-8") if page.is_file() else ""


def _order(raw: Mapping[str, Any]) -> int:
    return int(raw["order"])
