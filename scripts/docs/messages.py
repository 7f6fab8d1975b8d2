"""The reference of errors, from the places where they are raised: each message, why it is said, and how to mend it.

What is filled in when it is raised stands as ‹name›.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CLASSES = {"ScaffoldError": 2, "UsageError": 2, "EnvironmentProblem": 3}
PROJECT = {
    "PipelineError": 1,
    "Transient": 1,
    "UsageError": 2,
    "EnvironmentFailure": 3,
    "NotReady": 4,
}
PARTS = ("what", "why", "fix")
USUAL = {
    1: "Mend the data or the code that it names; then backfill the unit.",
    2: "Change what it names, and run it again.",
    3: "Mend what it names, and run the same command again.",
    4: "Run it again later.",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One place in the code that makes an error. Texts are as they stand there."""

    path: str
    line: int
    exit_code: int
    what: str
    why: str
    fix: str


def found(root: Path, folder: str, classes: dict[str, int]) -> list[Message]:
    """Every error that the code of a folder makes, in the order of its files."""
    made: list[Message] = []
    for file in sorted((root / folder).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for scope in ast.walk(tree):
            if isinstance(scope, ast.FunctionDef):
                made += _in(scope, tree, path, classes)
    unique = {(each.path, each.line): each for each in made}
    return [unique[key] for key in sorted(unique)]


def rows(messages: list[Message]) -> Iterator[str]:
    """Lines of a table, in the order in which one looks them up; what is said twice stands once."""
    yield "| what it says | why, and what to do |"
    yield "|---|---|"
    lines = {f"| {_cell(each.what)} | {_cell(advice(each))} |" for each in messages}
    yield from sorted(lines, key=lambda line: line.lstrip('| ‹"').lower())


def advice(message: Message) -> str:
    """Why, and what to do: where the message has no more to say, what its exit code means."""
    said = " ".join(part for part in (message.why, message.fix) if part)
    return said if message.fix else f"{said} {USUAL[message.exit_code]}".strip()


def _in(
    scope: ast.FunctionDef, module: ast.Module, path: str, classes: dict[str, int]
) -> Iterator[Message]:
    """The errors that one function makes."""
    for node in ast.walk(scope):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[_, *_]) if name in classes:
                texts = _assigned(module.body, node) | _assigned(list(ast.walk(scope)), node)
                named = {key.arg: key.value for key in node.keywords}
                given = dict(zip(PARTS, node.args, strict=False)) | named
                what, why, fix = (_text(given.get(part), texts) for part in PARTS)
                yield Message(path, node.lineno, classes[name], what, why, fix)


def _assigned(nodes: Sequence[ast.AST], before: ast.Call) -> dict[str, ast.expr]:
    """What names were given above a call, the nearest last."""
    found = [node for node in nodes if isinstance(node, ast.Assign | ast.NamedExpr | ast.AnnAssign)]
    above = sorted((node for node in found if node.lineno < before.lineno), key=lambda n: n.lineno)
    texts: dict[str, ast.expr] = {}
    for node in above:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        texts |= {t.id: node.value for t in targets if isinstance(t, ast.Name) and node.value}
    return texts


def _text(node: ast.expr | None, texts: dict[str, ast.expr]) -> str:
    """A text as it stands in the code."""
    match node:
        case None:
            return ""
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_text(each, texts) for each in values)
        case ast.FormattedValue(value=ast.Constant() | ast.Name() as value):
            return _text(value, texts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, texts) + _text(right, texts)
        case ast.IfExp(body=body, orelse=other):
            return " / ".join(one for one in (_text(body, texts), _text(other, texts)) if one)
        case ast.Name(id=name) if name in texts:
            return _text(texts[name], {key: value for key, value in texts.items() if key != name})
        case ast.Call(func=ast.Name(id="nearest")) | ast.FormattedValue(
            value=ast.Call(func=ast.Name(id="nearest"))
        ):
            return "Did you mean …? "
        case _:
            return f"‹{_what(node)}›"


def _what(node: ast.expr) -> str:
    """A word for what is computed there: the innermost thing that has a name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            word = name.strip("_").replace("_", " ").lower()
            return "what was said" if word in ("error", "stderr", "strerror") else word
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=module)), args=[first, *_]
        ) if module in ("shlex", "os"):
            return _what(first)
        case ast.Call(func=ast.Attribute(value=value), args=args):
            return _what(args[0] if isinstance(value, ast.Constant) and args else value)
        case ast.Call(args=[first, *_]) | ast.Call(func=first):
            return _what(first)
        case ast.Subscript(value=value) | ast.FormattedValue(value=value):
            return _what(value)
        case ast.GeneratorExp(generators=[first, *_]):
            return _what(first.iter)
        case ast.BoolOp(values=[first, *_]):
            return _what(first)
        case _:
            return "…"


def _cell(text: str) -> str:
    plain = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return re.sub(r"([*_])", r"\\\1", plain)
