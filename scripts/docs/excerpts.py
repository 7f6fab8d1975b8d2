"""Code that pages show: cut out of real files by the name of a symbol, so that no example can rot.

A reference is a path in the repository, and behind a `#` what is shown of it: `shop/core/units.py#Unit.key` for a class,
function, method or constant of Python, the same for Scala. Nothing behind it is the whole file. Line numbers are found,
never written; a symbol that is gone is an error.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

MODIFIERS = r"(?:(?:final|sealed|abstract|case|implicit|lazy|override|private|protected)\s+)*"
KEYWORDS = r"(?:class|trait|object|def|val|type)\s+"


class Broken(Exception):
    """A page asks for something that is not there."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines `first` to `last` of a file, both counted from 1 and both shown."""

    path: str
    first: int
    last: int
    text: str

    @property
    def place(self) -> str:
        """Its lines as a link to a repository names them."""
        return f"{self.path}#L{self.first}-L{self.last}"

    @property
    def lines(self) -> str:
        return (
            f"lines {self.first} to {self.last}" if self.last > self.first else f"line {self.first}"
        )


def find(root: Path, reference: str) -> Excerpt:
    """What a reference means, in the repository at `root`."""
    path, _, symbol = reference.partition("#")
    file = root / path
    if not file.is_file():
        raise Broken(f"there is no file {path}")
    lines = file.read_text(encoding="utf-8").splitlines()
    if not symbol:
        return Excerpt(path, 1, len(lines), "\n".join(lines))
    found = (_python if file.suffix == ".py" else _scala)(lines, symbol.split("."))
    if found is None:
        raise Broken(f"{path} has no {symbol}")
    first, last = found
    return Excerpt(path, first, last, textwrap.dedent("\n".join(lines[first - 1 : last])))


def _python(lines: list[str], names: list[str]) -> tuple[int, int] | None:
    body: list[ast.stmt] = ast.parse("\n".join(lines)).body
    node: ast.stmt | None = None
    for name in names:
        node = next((each for each in body if name in _names(each)), None)
        if node is None:
            return None
        body = node.body if isinstance(node, ast.ClassDef | ast.FunctionDef) else []
    if node is None:
        return None
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return first, node.end_lineno or node.lineno


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _scala(lines: list[str], names: list[str]) -> tuple[int, int] | None:
    """A class and its companion share a name: the first that has all of the names in it."""
    return _inside(lines, names, 0, len(lines))


def _inside(lines: list[str], names: list[str], start: int, end: int) -> tuple[int, int] | None:
    defined = re.compile(rf"\s*{MODIFIERS}{KEYWORDS}{re.escape(names[0])}\b")
    for number in range(start, end):
        if not defined.match(lines[number]):
            continue
        last = _block(lines, number, end)
        if len(names) == 1:
            return _documented(lines, number) + 1, last + 1
        if found := _inside(lines, names[1:], number + 1, last + 1):
            return found
    return None


def _block(lines: list[str], start: int, end: int) -> int:
    """The last line of what begins at `start`: sources are formatted, so indentation tells."""
    depth = _indent(lines[start])
    last = start
    for number in range(start + 1, end):
        line = lines[number]
        closes = _indent(line) == depth and line.strip()[:1] in ("}", ")")
        if line.strip() and _indent(line) <= depth and not closes:
            break
        last = number if line.strip() else last
    return last


def _documented(lines: list[str], number: int) -> int:
    """The line in which the comment or the annotations above a definition begin."""
    while number and re.match(r"\s*(/\*\*|\*|@)", lines[number - 1]):
        number -= 1
    return number


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
