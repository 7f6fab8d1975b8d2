"""The flags of `new`: one for each answer, derived from the keys, in the three groups of the questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from scaffold import keys, names
from scaffold.catalogue import Catalogue
from scaffold.commands import completing
from scaffold.errors import UsageError
from scaffold.keys import Key

OWN = "This command"
"""The heading of what is no answer, or is about all of them."""
GROUPS = {"project": "The project", "data": "Its data", "patterns": "Its patterns"}


class GroupedCommand(click.Command):
    """A command whose help shows its many options under the headings of the questions."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                rows.setdefault(getattr(parameter, "heading", OWN), []).append(record)
        for heading, records in rows.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class GroupedOption(click.Option):
    """An option that knows the heading under which help shows it."""

    def __init__(self, *args: Any, heading: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.heading = heading


def own(*declared: str, **more: Any) -> click.Parameter:
    """An option of a command itself."""
    return GroupedOption(declared, heading=OWN, **more)


def place(flag: str, help_: str, metavar: str = "PATH", default: str = "") -> click.Parameter:
    """An option of a command itself that takes a file or a folder."""
    return own(flag, type=click.Path(), default=default, metavar=metavar, help=help_)


def sample(help_: str = "Your data: its schema is looked up") -> click.Parameter:
    return place("--sample", help_)


def answers() -> click.Parameter:
    return place("--answers", "Answers in YAML or JSON", metavar="FILE")


def data() -> click.Parameter:
    return own("-d", "--data", multiple=True, metavar="KEY=VALUE", help="One answer; repeat it")


def json_and_debug() -> list[click.Parameter]:
    return [
        own("--json", "as_json", is_flag=True, help="Say it as JSON"),
        own("--debug", is_flag=True, expose_value=False, help="Show tracebacks"),
    ]


def choice(flag: str, word: str, known: Iterable[str], kind: str) -> str:
    """One of the known words, `-` for `_` and in any case; another one is a UsageError that names them."""
    name, words = word.strip().replace("-", "_").lower(), list(known)
    if name in words:
        return name
    from scaffold.scalars import nearest  # noqa: PLC0415 - only a wrong word needs it

    what = f"Cannot use {names.show(word)} for {flag}: there is no such {kind}."
    raise UsageError(what, fix=f"{nearest(name, words)}There are: {', '.join(words)}.")


def options(catalogue: Catalogue, *, project: bool = True) -> list[click.Parameter]:
    """An option for each key, or for those of a pipeline that has its name already.

    What it takes is judged later, together with everything else.
    """
    found: list[click.Parameter] = []
    for key in (*(keys.PROJECT if project else ()), *keys.pipeline(catalogue)):
        if key is keys.NAME and not project:
            continue
        found += _options(key, catalogue)
        if key.name == "runtime":
            help_ = "The language, where the engine does not matter"
            found.append(_option("--language", "key__language", GROUPS[key.group], help=help_))
    return sorted(found, key=lambda o: list(GROUPS.values()).index(getattr(o, "heading", "")))


def runtime(catalogue: Catalogue) -> list[click.Parameter]:
    """The option for the runtime alone."""
    return _options(keys.RUNTIME, catalogue)


def layer(given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers among a command's parameters: those that were given."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        kind, _, key = name.partition("__")
        if kind == "no" and value:
            found[key] = []
        elif kind == "key" and value not in (None, ()):
            found["pipeline" if key == "name" else key] = (
                list(value) if isinstance(value, tuple) else value
            )
    return found


def _options(key: Key, catalogue: Catalogue) -> list[click.Parameter]:
    heading = GROUPS[key.group]
    declared = key.flags or (key.flag,)
    help_ = key.help
    if key.kind in ("one", "many"):
        help_ += " " + ", ".join(pattern.id for pattern in catalogue.of(key.name))
    if key.kind == "choice":
        help_ += f": {', '.join(key.choices)}"
    if owners := catalogue.owners(key.name):
        help_ += f" [{', '.join(owner.id for owner in owners)}]"
    if key.many:
        help_ += "; repeat it" if key.kind != "columns" else ""
    if key.kind == "flag":
        both = f"{key.flag}/--no-{key.flag[2:]}"
        return [_option(both, f"key__{key.name}", heading, help=help_, default=None)]
    many = key.many and key.kind != "columns"
    known = completing.words(_words(key, catalogue))
    found = [
        _option(
            *declared,
            f"key__{key.name}",
            heading,
            help=help_,
            multiple=many,
            shell_complete=known,
        )
    ]
    if many:
        no = f"--no-{key.flag[2:]}"
        found.append(
            _option(no, f"no__{key.name}", heading, is_flag=True, hidden=True, help="None of them")
        )
    return found


def _words(key: Key, catalogue: Catalogue) -> list[str]:
    """What a shell can complete for a key."""
    if key.kind in ("one", "many"):
        return [pattern.id for pattern in catalogue.of(key.name)]
    if key.kind == "runtime":
        return [runtime.id for runtime in catalogue.runtimes]
    if key.kind == "rules":
        return list(catalogue.overridable)
    if key.kind == "heard":
        return list(catalogue.chart.items)
    return list(key.choices)


def _option(*declared: str, heading: str = "", **more: Any) -> click.Parameter:
    *flags, name, place = (*declared, heading) if heading else declared
    return GroupedOption((*flags, name), heading=place, **more)
