"""The page of a pattern: what was written about it, and what follows from `pattern.yml` and its folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scaffold import pages
from scaffold.catalogue import Catalogue
from scaffold.pattern import Need, Pattern, Setting

CODE = {"python": "py", "scala": "scala"}
PROOF = re.compile(r'(?:test|proof)\(\s*"([^"]+)"', re.MULTILINE)


def shown(catalogue: Catalogue) -> list[Pattern]:
    """The patterns that have a page: those that are offered, and those that rules add."""
    axes = ((axis, not axis.asked) for axis in catalogue.axes)
    return [each for axis, hidden in axes for each in catalogue.of(axis.id, hidden=hidden)]


def folder(pattern: Pattern) -> str:
    return f"templates/patterns/{pattern.axis}/{pattern.id}"


def place(pattern: Pattern) -> str:
    """Where its page is on the site."""
    return f"patterns/{pattern.axis}/{pattern.id}.md"


def page(pattern: Pattern, catalogue: Catalogue, root: Path) -> str:
    """The page of a pattern; its links and its includes are those of its folder."""
    title, _, body = pattern.page.strip().partition("\n")
    parts = [title, _facts(pattern, catalogue, root), body.strip(), _needs(pattern, catalogue)]
    parts += [_settings(pattern), _switched(pattern), _code(pattern, catalogue, root)]
    return "\n\n".join(part for part in parts if part) + "\n"


def languages(pattern: Pattern, catalogue: Catalogue) -> str:
    """What it is for: a language, with the engine where not all of that language have it."""
    for_: dict[str, None] = {}
    for runtime in (one for one in catalogue.runtimes if one.id in pattern.runtimes):
        same = {one.id for one in catalogue.runtimes if one.language == runtime.language}
        whole = same <= set(pattern.runtimes)
        for_[runtime.language.capitalize() if whole else runtime.title.replace(" and ", "/")] = None
    return ", ".join(for_)


def _facts(pattern: Pattern, catalogue: Catalogue, root: Path) -> str:
    axis = catalogue.axis(pattern.axis)
    titles = " · ".join(catalogue.titles(pattern)) or "no runtime yet"
    flag = f"`--{axis.id} {pattern.id}`" if axis.asked else "added by rules"
    explained = (root / f"templates/patterns/{axis.id}/page.md").is_file()
    name = f"[{axis.title}](../page.md)" if explained else axis.title
    said = f"{name} · {flag} · {titles}"
    return f"*{said} · what `--defaults` takes*" if pattern.default else f"*{said}*"


def _needs(pattern: Pattern, catalogue: Catalogue) -> str:
    provided = catalogue.provides(pattern)
    lines = [f"It provides {_words(provided)}." if provided else ""]
    lines += [f"- {_need(need, catalogue)}" for need in catalogue.needs(pattern)]
    lines += [f"- {note.text}" for note in pattern.notes]
    if wanted := _wanted(pattern, catalogue):
        lines.append(f"- It is what {wanted} can need.")
    lines += [f"- {line}" for line in _instead(pattern, catalogue)]
    found = [line for line in lines if line]
    return "\n".join(["## With other patterns", "", *found]) if found else ""


def _need(need: Need, catalogue: Catalogue) -> str:
    whom = links(pages.providers(need, catalogue)) or "the answers about the data"
    only = f" beside {_ids(need.where)}" if need.where else ""
    text = f"**Needs `{need.capability}`**{only}, from {whom}: {need.reason}. "
    if need.compensation:
        added = link(catalogue.patterns[f"compensation/{need.compensation}"])
        how = (
            f"with `--accept {need.rule}` {added} is added"
            if need.explicit
            else f"{added} is added by itself"
        )
        return f"{text}Where it is missing, {how}."
    if need.overridable:
        return f"{text}Where it is missing it is refused, unless you take it all the same: `--accept {need.rule}`."
    return f"{text}Where it is missing it is refused. {need.fix}".rstrip(". ") + "."


def _wanted(pattern: Pattern, catalogue: Catalogue) -> str:
    found = [
        other
        for other in pages.offered(catalogue)
        if other.axis != pattern.axis
        if catalogue.provides(pattern) & {need.capability for need in other.needs}
    ]
    return links(found)


def _instead(pattern: Pattern, catalogue: Catalogue) -> Iterator[str]:
    adding = [
        other
        for other in pages.offered(catalogue)
        if pattern.id in {n.compensation for n in other.needs}
    ]
    if adding and pattern.axis == "compensation":
        yield f"It is added for {links(adding)}."
    if not catalogue.axis(pattern.axis).many:
        yield f"Instead of it: {links(pages.instead(pattern, catalogue))}."


def _settings(pattern: Pattern) -> str:
    if not pattern.settings:
        return ""
    lines = ["## Settings", "", "| flag | default | what it is |", "|---|---|---|"]
    return "\n".join(lines + [_setting(one) for one in pattern.settings])


def _setting(one: Setting) -> str:
    flag = f"`--{one.key.replace('_', '-')}`"
    default = "required" if one.required else "none" if one.default is None else f"`{one.default}`"
    choices = "".join(f"<br>`{value}`: {what}" for value, what in one.choices.items())
    return f"| {flag} | {default} | {one.help}{choices} |"


def _switched(pattern: Pattern) -> str:
    said = {"When it joins": pattern.switched.joins, "When it leaves": pattern.switched.leaves}
    said |= {f"When `{one.key}` changes": one.changed for one in pattern.settings}
    lines = [f"- {when}: {_plain(text)}" for when, text in said.items() if text]
    head = "## Data that is already written"
    intro = "`scaffold switch` says this of a pipeline that has run before."
    return "\n".join([head, "", intro, "", *lines]) if lines else ""


def _plain(text: str) -> str:
    """A sentence of the catalogue, with the answers that stand in it as the names of answers."""
    words = {"{backfill}": "A backfill", "{rebuild}": "A rebuild (`backfill --rebuild`)"}
    for word, said in words.items():
        text = text.replace(word, said)
    return re.sub(r"\{(\w+)\}", r"‹\1›", text)


def _code(pattern: Pattern, catalogue: Catalogue, root: Path) -> str:
    sections = []
    for runtime in (one for one in catalogue.runtimes if one.id in pattern.runtimes):
        ending = CODE[runtime.language]
        inside = root / folder(pattern) / runtime.id
        code = inside / f"code.{ending}"
        if not code.is_file() or inside.is_symlink() or code.is_symlink():  # shown where it stands
            continue
        include = f"```include\n{folder(pattern)}/{runtime.id}/code.{ending}\n```"
        test = inside / f"test.{ending}"
        proofs = "\n".join(f"- {proof}" for proof in sentences(test)) if test.is_file() else ""
        head = f"## Its code in {runtime.title}"
        proved = f"What its [proofs]({runtime.id}/test.{ending}) say, in every project that has it:\n\n{proofs}"
        sections.append("\n\n".join([head, include, proved if proofs else ""]).strip())
    return "\n\n".join(sections)


def sentences(test: Path) -> list[str]:
    """What the tests of a file say, by their names."""
    text = test.read_text(encoding="utf-8")
    if test.suffix == ".scala":
        return PROOF.findall(text)
    body = ast.parse(text).body
    names = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    return [name[5:].replace("_", " ") for name in names if name.startswith("test_")]


def link(pattern: Pattern, up: str = "../../") -> str:
    """A link to its page, from the page of another pattern, or from further up."""
    return f"[{pattern.title}]({up}{pattern.axis}/{pattern.id}/page.md)"


def links(found: list[Pattern]) -> str:
    return pages.listed([link(each) for each in found]) if found else ""


def _words(names: frozenset[str]) -> str:
    return pages.listed([f"`{name}`" for name in sorted(names)])


def _ids(refs: frozenset[str]) -> str:
    return pages.listed([f"`{ref.partition('/')[2]}`" for ref in sorted(refs)])
