"""Render examples/ again: reviewers see in its diff what a change of the templates does to projects."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from scaffold import render, source
from scaffold.about import VERSION

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


def definitions() -> dict[str, dict[str, Any]]:
    """The projects by name: what each shows, and its answers."""
    text = (EXAMPLES / "examples.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def render_into(folder: Path) -> None:
    """All examples. They record this version, whichever commit they are rendered from."""
    with source.open_templates() as found:
        templates = replace(found, commit=f"v{VERSION}")
        for name, example in definitions().items():
            (folder / name).mkdir()
            render.render(example["answers"], templates, folder / name)


def main() -> int:
    """Put fresh renders in place of the old ones."""
    with tempfile.TemporaryDirectory(dir=ROOT) as work:
        render_into(Path(work))
        for old in EXAMPLES.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        for name in definitions():
            (Path(work) / name).rename(EXAMPLES / name)
    listed = [
        "# Examples\n\nRendered by `make examples` from examples.yml; a test holds them equal to it.\n\n"
    ]
    listed += [f"- [{name}]({name}/): {one['shows']}\n" for name, one in definitions().items()]
    (EXAMPLES / "README.md").write_text("".join(listed), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
