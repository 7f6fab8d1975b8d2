"""Build the documentation site: `make docs`, or python -m scripts.docs.build [FOLDER].

The repository is the source; of it only the table of patterns in README.md is written. Pages are staged in a folder, with what is
generated between them, and built strictly: a dead link, an anchor or a symbol that is gone, or anything that would be loaded
from elsewhere ends in exit code 1.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from scaffold import catalogue as catalogues
from scaffold.catalogue import Catalogue
from scripts.docs import axes, chart, commands, errors, links, navigation, patterns
from scripts.docs.excerpts import Broken
from scripts.docs.pages import Site

ROOT = Path(__file__).parent.parent.parent
OUT = ROOT / "build" / "docs"
TOP = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
TOP |= {"templates/patterns/index.md": "patterns/index.md"}
GENERATED = ("commands.md", "errors.md", "decisions/index.md", "license.md")
BEGIN, END = "<!-- patterns: make docs -->", "<!-- end of patterns -->"
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def main() -> int:
    out = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else OUT
    readme(ROOT)
    found = build(ROOT, out)
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(found)} problems" if found else f"The site is in {out / 'site'}")
    return bool(found)


def readme(root: Path) -> None:
    """Put the table of patterns into the README, between its two comments."""
    file = root / "README.md"
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    table = axes.table(catalogues.of(root))
    write(file, f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


def build(root: Path, out: Path) -> list[str]:
    """Make the site of the repository at `root` in `out/site`; says what is wrong with it."""
    shutil.rmtree(out, ignore_errors=True)
    catalogue = catalogues.of(root)
    if found := stage(root, catalogue, out / "docs"):
        return found
    text = (root / "docs" / "zensical.toml").read_text(encoding="utf-8")
    nav = f"nav = {navigation.toml(navigation.tree(root, catalogue))}"
    (out / "zensical.toml").write_text(text.replace("nav = []", nav), encoding="utf-8")
    command = (sys.executable, "-m", "zensical", "build", "--strict", "--clean")
    done = subprocess.run(command, cwd=out, check=False, capture_output=True, text=True)
    if done.returncode:
        return [COLOUR.sub("", done.stdout + done.stderr).partition("Traceback")[0].strip()]
    return list(links.problems(out / "site"))


def stage(root: Path, catalogue: Catalogue, folder: Path) -> list[str]:
    """Put every page as the site has it into a folder; says which of them name what is gone."""
    site, found = Site(root, places(root, catalogue)), []
    for source, place in site.pages.items():
        text = generated(root, catalogue, source) or (root / source).read_text(encoding="utf-8")
        try:
            write(folder / place, site.page(source, text))
        except Broken as error:
            found.append(str(error))
    for name, drawing in site.drawn.items():
        write(folder / "assets" / "diagrams" / name, drawing)
    shutil.copytree(root / "docs" / "assets", folder / "assets", dirs_exist_ok=True)
    return found


def places(root: Path, catalogue: Catalogue) -> dict[str, str]:
    """Where the files of the repository are on the site; generated ones where they would be in docs/."""
    written = (path.relative_to(root / "docs").as_posix() for path in (root / "docs").rglob("*.md"))
    found = dict(TOP) | {f"docs/{name}": name for name in (*sorted(written), *GENERATED)}
    found["docs/choosing.md"] = "choosing.md"
    found |= {axes.source(axis): axes.place(axis) for axis in axes.explained(catalogue, root)}
    return found | {
        f"{patterns.folder(one)}/page.md": patterns.place(one) for one in patterns.shown(catalogue)
    }


def generated(root: Path, catalogue: Catalogue, source: str) -> str:
    """The text of a page that is not written by hand; empty for others."""
    for one in patterns.shown(catalogue):
        if source == f"{patterns.folder(one)}/page.md":
            return patterns.page(one, catalogue, root)
    for axis in axes.explained(catalogue, root):
        if source == axes.source(axis):
            return axes.page(axis, catalogue, root)
    made: dict[str, Callable[[], str]] = {
        "templates/patterns/index.md": lambda: axes.index(catalogue, root),
        "docs/choosing.md": lambda: chart.page(catalogue),
        "docs/commands.md": commands.page,
        "docs/errors.md": lambda: errors.page(root),
        "docs/decisions/index.md": lambda: decisions(root),
        "docs/license.md": lambda: f"# Licence\n\n{(root / 'LICENSE').read_text('utf-8')}",
    }
    return made[source]() if source in made else ""


def decisions(root: Path) -> str:
    lines = [
        "# Decisions",
        "",
        "Why it is built as it is, one page for each choice between real alternatives.",
        "",
    ]
    return "\n".join(
        [
            *lines,
            *(f"- [{navigation.title(path)}]({path.name})" for path in navigation.records(root)),
        ]
    )


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
