"""Pages as the site has them, from pages as the repository has them.

A page reads well in both places: links are those of the repository, and become links of the site, or of the forge where
the site has no such page. Two fences are special. `include` names code (excerpts.py), `mermaid` is drawn (diagrams.py).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scaffold.about import CANONICAL_URL
from scripts.docs import diagrams, excerpts
from scripts.docs.excerpts import Broken

FORGE = CANONICAL_URL.removesuffix(".git")
LANGUAGES = {".py": "python", ".scala": "scala", ".sql": "sql", ".yml": "yaml", ".toml": "toml"}
FENCE = re.compile(r"^(\s*)(`{3,})\s*(\w*)")
LINK = re.compile(r"(`+[^`]*`+)|\]\(([^)\s]+)\)")
ITEM = re.compile(r"(-|\d+\.) ")


@dataclass(frozen=True)
class Site:
    """The repository at `root`, and which of its files are pages: where each of them is on the site."""

    root: Path
    pages: Mapping[str, str]
    drawn: dict[str, str] = field(default_factory=dict)
    """The diagrams that pages have asked for, by the name of their file."""

    def page(self, source: str, text: str) -> str:
        """The text of a page; `source` is the file of the repository that it comes from, or would."""
        try:
            return "\n".join(self._lines(source, text.splitlines())) + "\n"
        except Broken as error:
            raise Broken(f"{source}: {error}") from None

    def link(self, source: str, target: str) -> str:
        """Where a link of the page `source` leads on the site."""
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return target
        path, _, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if file in self.pages:
            here = posixpath.dirname(self.pages.get(source, source.removeprefix("docs/")))
            there = posixpath.relpath(self.pages[file], here or ".")
            return f"{there}#{anchor}" if anchor else there
        if not (self.root / file).exists():
            raise Broken(f"it links to {target}, which is not there")
        if anchor:
            file = excerpts.find(self.root, f"{file}#{anchor}").place
        return f"{FORGE}/{'tree' if (self.root / file).is_dir() else 'blob'}/main/{file}"

    def _lines(self, source: str, lines: list[str]) -> Iterator[str]:
        block: list[str] = []
        fence = None
        before = ""
        for line in lines:
            if fence:
                if line.strip() == fence[2]:
                    yield from self._block(source, fence[3], fence[1], block, fence[2])
                    fence, block = None, []
                else:
                    block.append(line)
            elif fence := FENCE.match(line):
                block = []
                special = fence[3] in ("include", "mermaid")
                if not special:
                    yield line
            else:
                if ITEM.match(line) and before and not ITEM.match(before) and before[0] not in " -":
                    yield ""  # a list may follow a paragraph at once, everywhere but here
                yield self._linked(source, line)
            before = line

    def _block(
        self, source: str, kind: str, indent: str, block: list[str], end: str
    ) -> Iterator[str]:
        if kind == "include":
            made = [line for each in block if each.strip() for line in self.code(each)]
        elif kind == "mermaid":
            made = [self._diagram(source, "\n".join(block) + "\n")]
        else:
            yield from block
            yield indent + end
            return
        yield from (indent + line if line else line for line in made)

    def code(self, reference: str) -> list[str]:
        """An excerpt as a block of code, with the lines that it stands in."""
        found = excerpts.find(self.root, reference.strip())
        language = LANGUAGES.get(Path(found.path).suffix, "text")
        link = f"{FORGE}/blob/main/{found.place}"
        return [
            f"[{found.path}, {found.lines}]({link}){{ .source }}",
            "",
            f'```{language} linenums="{found.first}"',
            *found.text.splitlines(),
            "```",
            "",
        ]

    def _diagram(self, source: str, text: str) -> str:
        name = diagrams.name(text)
        self.drawn[name] = diagrams.draw(text)
        here = posixpath.dirname(self.pages.get(source, source.removeprefix("docs/")))
        there = posixpath.relpath(f"assets/diagrams/{name}", here or ".")
        return f"![{diagrams.title(text)}]({there}){{ .diagram }}"

    def _linked(self, source: str, line: str) -> str:
        def changed(found: re.Match[str]) -> str:
            return found[0] if found[1] else f"]({self.link(source, found[2])})"

        return LINK.sub(changed, line)
