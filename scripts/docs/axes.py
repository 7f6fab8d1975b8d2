"""The catalogue as tables: all patterns and rules, and for an axis what each of its patterns can do, and who needs that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scaffold.catalogue import Axis, Catalogue
from scaffold.pages import offered
from scaffold.pattern import Need, Pattern
from scripts.docs import patterns

INTRO = (
    "Each axis is one decision about a pipeline. What a pattern *provides* another one can *need*: rules follow "
    "from these words alone, so that a new pattern needs no list of pairs. The default is set in **bold**. "
    "Which of them fits your data, [the chart](../../docs/choosing.md) knows; what a unit, a ledger or a hop is, "
    "[Words](../../docs/words.md) says."
)


def source(axis: Axis) -> str:
    """Where the page of an axis is written."""
    return f"templates/patterns/{axis.id}/page.md"


def place(axis: Axis) -> str:
    """Where it is on the site."""
    return f"patterns/{axis.id}/index.md"


def explained(catalogue: Catalogue, root: Path) -> list[Axis]:
    """The axes whose patterns differ in what they can do, so that a page says what that means."""
    return [axis for axis in catalogue.axes if (root / source(axis)).is_file()]


def page(axis: Axis, catalogue: Catalogue, root: Path) -> str:
    """The page of an axis: what was written, what each pattern provides, and what it is needed for."""
    found = catalogue.of(axis.id)
    provided = frozenset().union(*(one.provides for one in found))
    wanted = [
        (one, need)
        for one in offered(catalogue)
        for need in one.needs
        if need.capability in provided and one.axis != axis.id
    ]
    names = sorted({need.capability for _, need in wanted})
    text = (root / source(axis)).read_text(encoding="utf-8").rstrip()
    return "\n".join([text, "", *_able(found, names, catalogue), "", *_wanted(wanted)]) + "\n"


def _able(found: tuple[Pattern, ...], names: list[str], catalogue: Catalogue) -> Iterator[str]:
    """Who of the patterns can do what, in the runtime that is the default."""
    yield "## What each can do"
    yield ""
    yield f"| | {' | '.join(f'`{name}`' for name in names)} |"
    yield f"|---|{'---|' * len(names)}"
    for one in found:
        able = ("yes" if name in catalogue.provides(one) else "no" for name in names)
        yield f"| {patterns.link(one, up='../')} | {' | '.join(able)} |"


def _wanted(wanted: list[tuple[Pattern, Need]]) -> Iterator[str]:
    """Who needs it, and what happens where it is missing."""
    yield "## Who needs it"
    yield ""
    yield "| | needs | because | where it is missing |"
    yield "|---|---|---|---|"
    for one, need in wanted:
        name = patterns.link(one, up="../")
        yield f"| {name} | `{need.capability}` | {need.reason} | {_otherwise(need)} |"


def index(catalogue: Catalogue, root: Path) -> str:
    """The catalogue as tables, with what each pattern provides."""
    lines = [
        "# Dataflow patterns",
        "",
        INTRO,
    ]
    for axis in catalogue.axes:
        many = "any number" if axis.many else "one"
        lines += ["", f"## {axis.title}", "", f"{axis.question} Choose {many}."]
        lines[-1] = lines[-1] if axis.asked else f"{axis.question} Rules add these by themselves."
        if axis in explained(catalogue, root):
            title = (root / source(axis)).read_text(encoding="utf-8").partition("\n")[0]
            lines[-1] += f" [{title[2:]}]({axis.id}/page.md)"
        lines += ["", "| pattern | what it does | provides | for |", "|---|---|---|---|"]
        for each in catalogue.of(axis.id, hidden=not axis.asked):
            name = patterns.link(each, up="")
            name = f"**{name}**" if each.default else name
            provides = ", ".join(f"`{one}`" for one in sorted(each.provides))
            titles = patterns.languages(each, catalogue)
            lines.append(f"| {name} | {each.summary} | {provides} | {titles} |")
    return "\n".join([*lines, "", *_rules(catalogue), "", *_parts(catalogue)]) + "\n"


def table(catalogue: Catalogue) -> str:
    """One line for each pattern, for the README."""
    lines = ["| | pattern | what it does | for |", "|---|---|---|---|"]
    for axis in catalogue.asked:
        for number, each in enumerate(catalogue.of(axis.id)):
            first = axis.title.lower() if number == 0 else ""
            page = f"{patterns.folder(each)}/page.md"
            titles = patterns.languages(each, catalogue)
            lines.append(f"| {first} | [`{each.id}`]({page}) | {each.summary} | {titles} |")
    return "\n".join(lines)


def _rules(catalogue: Catalogue) -> Iterator[str]:
    yield "## Rules"
    yield ""
    yield "What is refused, or made up for, and the name by which `--accept` takes it all the same."
    yield ""
    yield "| rule | says of | needs | because | otherwise |"
    yield "|---|---|---|---|---|"
    for each in catalogue.patterns.values():
        name = each.title if each.hidden else patterns.link(each, up="")
        for need in each.needs:
            yield (
                f"| `{need.rule}` | {name} | "
                f"`{need.capability}` | {need.reason} | {_otherwise(need)} |"
            )


def _parts(catalogue: Catalogue) -> Iterator[str]:
    yield "## Parts that nobody chooses"
    yield ""
    yield "Code that several patterns share, or that stands where a pattern was not chosen, so that no code asks whether it was."
    yield ""
    yield "| part | what it does |"
    yield "|---|---|"
    for each in catalogue.patterns.values():
        if each.hidden and catalogue.axis(each.axis).asked:
            yield f"| [{each.title}]({each.axis}/{each.id}) | {each.summary} |"


def _otherwise(need: Need) -> str:
    if need.compensation:
        return f"`{need.compensation}` is added" + (", if accepted" if need.explicit else "")
    return "refused, or accepted" if need.overridable else f"refused. {need.fix}".strip()
