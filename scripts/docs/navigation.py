"""The tree beside the pages of the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scaffold.catalogue import Axis, Catalogue
from scripts.docs import axes, patterns

Nav = list[dict[str, Any]]


def tree(root: Path, catalogue: Catalogue) -> Nav:
    """The tree beside the pages."""

    def pages(folder: str, *names: str) -> Nav:
        return [{title(root / "docs" / folder / f"{n}.md"): f"{folder}/{n}.md"} for n in names]

    explained = axes.explained(catalogue, root)

    def own(axis: Axis) -> Nav:
        shown = (one for one in patterns.shown(catalogue) if one.axis == axis.id)
        first = [{title(root / axes.source(axis)): axes.place(axis)}] if axis in explained else []
        return [*first, *({one.title: patterns.place(one)} for one in shown)]

    catalogued = [{axis.title: own(axis)} for axis in catalogue.axes]
    choosing = [{"Which patterns?": "choosing.md"}]
    decided = [{title(path): f"decisions/{path.name}"} for path in records(root)]
    return [
        {"Start": [
            {"What it is": "index.md"},
            {"ETL in Python": "walkthroughs/python.md"},
            {"ETL in Scala": "walkthroughs/scala.md"},
            {"From DuckDB to Spark": "walkthroughs/spark.md"},
            {"Words": "words.md"},
        ]},
        {"Patterns": [{"All patterns": "patterns/index.md"}, *choosing, *catalogued]},
        {"Code": [
            {"How the code is written": "coding/index.md"},
            {"Both": pages("coding", "functional", "factory", "strategy", "singleton", "object-pool", "tips")},
            {"Python": pages("coding/python", "typing", "dataclasses", "context-managers", "decorators", "pytest")},
            {"Scala": pages(
                "coding/scala", "traits", "case-classes", "type-classes", "implicits", "pattern-matching",
                "functional", "futures", "scalatest",
            )},
            {"Helpers": "coding/helpers.md"},
        ]},
        {"Reference": [
            {"Commands": "commands.md"},
            {"Errors and exit codes": "errors.md"},
            {"Updating projects": "updating.md"},
            {"Benchmarks": "benchmarks.md"},
        ]},
        {"Contribute": [
            {"Contributing": "contributing.md"},
            {"Add a pattern": "add-a-pattern.md"},
            {"Decisions": [{"All decisions": "decisions/index.md"}, *decided]},
            {"Changes": "changelog.md"},
            {"Licence": "license.md"},
        ]},
    ]  # fmt: skip


def title(page: Path) -> str:
    """The heading of a page."""
    first = page.read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("# ")


def records(root: Path) -> Iterator[Path]:
    """The records of decisions, in the order of their numbers."""
    return iter(sorted((root / "docs" / "decisions").glob("0*.md")))


def toml(value: Any) -> str:
    """Lists and mappings in one line; texts need no escapes but those of JSON."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(each)}" for key, each in value.items()) + "}"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
