"""What `show` says about a pattern beside its page: what it goes with, its settings, and the code that projects get."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scaffold.catalogue import Catalogue
from scaffold.errors import UsageError
from scaffold.pattern import Need, Pattern

COMMENT = {".py": "#", ".scala": "//"}


def capabilities(pattern: Pattern, catalogue: Catalogue) -> frozenset[str]:
    """What it provides or needs."""
    needs = {need.capability for need in catalogue.needs(pattern)}
    return catalogue.provides(pattern) | needs


def page(pattern: Pattern, catalogue: Catalogue) -> str:
    """The page as it was written, and what the catalogue knows."""
    text = pattern.page.strip() or f"# {pattern.title}\n\n{pattern.summary}"
    titles = catalogue.titles(pattern)
    sections = [text, f"## Runtimes\n\n{' or '.join(titles) or 'None yet'}."]
    shown = {s.key: "none" if s.default is None else s.default for s in pattern.settings}
    if settings := [f"- `{s.key}` ({shown[s.key]}): {s.help}." for s in pattern.settings]:
        sections.append("\n".join(["## Settings and their defaults", "", *settings]))
    if around := [f"- {line}" for line in _around(pattern, catalogue)]:
        sections.append("\n".join(["## Related", "", *around]))
    if titles:
        sections.append(f"Its code: scaffold show {_name(pattern, catalogue)} --code")
    return "\n\n".join(sections)


def related(pattern: Pattern, catalogue: Catalogue) -> dict[str, Any]:
    """The same for programs: other patterns, by what they are to this one."""
    return {
        "related": {
            "instead": [p.ref for p in instead(pattern, catalogue)],
            "met_by": {
                n.capability: _refs(providers(n, catalogue)) for n in catalogue.needs(pattern)
            },
            "needed_by": _refs(_needing(pattern, catalogue)),
        }
    }


def plain(pattern: Pattern) -> dict[str, Any]:
    """The facts of the catalogue."""
    return {
        "id": pattern.id,
        "axis": pattern.axis,
        "title": pattern.title,
        "summary": pattern.summary,
        "provides": sorted(pattern.provides),
        "needs": [
            {
                "capability": n.capability,
                "rule": n.rule,
                "reason": n.reason,
                "compensation": n.compensation,
            }
            for n in pattern.needs
        ],
        "settings": [dataclasses.asdict(s) | {"where": sorted(s.where)} for s in pattern.settings],
        "runtimes": list(pattern.runtimes),
        "default": pattern.default,
        "hidden": pattern.hidden,
    }


def code(found: Sequence[Pattern], runtimes: Sequence[str], catalogue: Catalogue) -> dict[str, str]:
    """The source files of patterns as they reach a project, by their path in the templates.

    Of the runtimes that were named, or of the first that has code: a file is to be read, not to be compared.
    """
    files: dict[str, str] = {}
    for pattern in found:
        named = runtimes or [r.id for r in catalogue.runtimes if r.id in pattern.runtimes][:1]
        for runtime in (one for one in named if one in pattern.runtimes):
            shown = files.values()  # runtimes of one language share most of their code
            files |= {path: text for path, text in _sources(pattern, runtime) if text not in shown}
    if files:
        return files
    ids = " and ".join(pattern.ref for pattern in found)
    titles = sorted({title for pattern in found for title in catalogue.titles(pattern)})
    fix = f"There is some for {' and '.join(titles)}." if titles else ""
    raise UsageError(f"There is no code of {ids} for that runtime.", fix=fix)


def code_text(files: Mapping[str, str]) -> str:
    """One file as it is; of several, each under a comment with its path."""
    if len(files) == 1:
        return next(iter(files.values()))
    return "\n".join(f"{COMMENT[Path(path).suffix]} {path}\n\n{files[path]}" for path in files)


def _sources(pattern: Pattern, runtime: str) -> Iterator[tuple[str, str]]:
    from scaffold.source import templates_dir  # noqa: PLC0415 - only --code reads templates

    root = templates_dir()
    folder = root / "templates" / "patterns" / pattern.axis / pattern.id / runtime
    files = [path for path in folder.iterdir() if path.suffix in COMMENT and path.stem != "test"]
    for path in sorted(files, key=lambda path: (path.stem != "code", path.name)):
        yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def _around(pattern: Pattern, catalogue: Catalogue) -> Iterator[str]:
    """Sentences about other patterns, which follow from what is provided and needed."""
    for need in catalogue.needs(pattern):
        yield _need(need, catalogue)
    if needing := _needing(pattern, catalogue):
        provided = ", ".join(
            sorted(catalogue.provides(pattern) & {n.capability for p in needing for n in p.needs})
        )
        yield f"It provides {provided}, which {_ids(needing)} can need."
    adding = [p for p in catalogue.patterns.values() if _adds(p, pattern)]
    if adding:
        yield f"It is added for {_ids(adding)}."
    if others := instead(pattern, catalogue):
        yield f"Instead of it: {_ids(others)}."


def _need(need: Need, catalogue: Catalogue) -> str:
    found = providers(need, catalogue)
    only = f" Together with {', '.join(sorted(need.where))}." if need.where else ""
    whom = f"provided by {_ids(found) if found else 'the data'}"
    if need.compensation:
        otherwise = f"else {need.compensation} is added"
        otherwise += f", if you accept {need.rule}" if need.explicit else ""
    elif need.overridable:
        otherwise = f"else it is refused, unless you accept {need.rule}"
    else:
        otherwise = "else it is refused"
    return f"It needs {need.capability}, {whom}; {otherwise}: {need.reason}.{only}"


def providers(need: Need, catalogue: Catalogue) -> list[Pattern]:
    """The patterns that meet a need."""
    return [p for p in offered(catalogue) if need.capability in catalogue.provides(p)]


def _needing(pattern: Pattern, catalogue: Catalogue) -> list[Pattern]:
    return [
        p
        for p in offered(catalogue)
        if p.axis != pattern.axis or catalogue.axis(p.axis).many
        if p is not pattern and catalogue.provides(pattern) & {need.capability for need in p.needs}
    ]


def instead(pattern: Pattern, catalogue: Catalogue) -> list[Pattern]:
    """The others of an axis that has one answer."""
    if pattern.hidden or catalogue.axis(pattern.axis).many:
        return []
    return [p for p in catalogue.of(pattern.axis) if p is not pattern]


def _adds(pattern: Pattern, other: Pattern) -> bool:
    return other.axis == "compensation" and other.id in {n.compensation for n in pattern.needs}


def offered(catalogue: Catalogue) -> Iterable[Pattern]:
    """The patterns that can be chosen, in the order of the axes."""
    return (pattern for axis in catalogue.asked for pattern in catalogue.of(axis.id))


def _refs(found: Iterable[Pattern]) -> list[str]:
    return [pattern.ref for pattern in found]


def _ids(found: Iterable[Pattern]) -> str:
    return listed([pattern.id for pattern in found])


def listed(words: Sequence[str]) -> str:
    """Words in a sentence."""
    *some, last = words
    return f"{', '.join(some)} and {last}" if some else last


def _name(pattern: Pattern, catalogue: Catalogue) -> str:
    """Its id, or with its axis where two axes have one of that id."""
    return pattern.id if len(catalogue.find(pattern.id)) == 1 else pattern.ref
