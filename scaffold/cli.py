"""The surface of the command: what is read from the line, what is printed, and how it ends.

Nothing is imported before it is needed: `--help` must not wait for copier, nor a wrong flag for YAML.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from scaffold import stops
from scaffold.errors import EnvironmentProblem, ScaffoldError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

INTERRUPTED = 130
BUG = 3


class Lazy(click.Group):
    """Commands that are built when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            return COMMANDS[name]()
        if ctx.resilient_parsing:
            return None  # a word that is still being typed
        from scaffold.scalars import nearest  # noqa: PLC0415 - only a wrong name needs it

        hint = nearest(name, COMMANDS)
        raise UsageError(f'There is no command "{name}".', fix=f"{hint}See scaffold --help")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names of commands without building them; its options, where one was begun."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell needs it

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        found = ((name, line) for name, line in SUMMARIES.items() if name.startswith(incomplete))
        return [CompletionItem(name, help=line) for name, line in found]

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


def run(words: Sequence[str]) -> int:
    """One command, from its words to its exit code. No traceback leaves here without --debug."""
    stops.listen()
    sys.unraisablehook = _unheard
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names and patches are shown as they are, also where not in UTF-8.
            stream.reconfigure(errors="surrogateescape")
    try:
        done = root.main(list(words), prog_name="scaffold", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped. Nothing was written.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place where an error can be put into words
        return _fail(error, words)
    return done if isinstance(done, int) else 0


def _unheard(unraisable: sys.UnraisableHookArgs) -> None:
    """A stop that came where Python can raise nothing (a finalizer, a callback from C) comes again."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(unraisable)


def _fail(error: Exception, words: Sequence[str]) -> int:
    if "--debug" in words:
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    told = _told(error)
    if "--json" in words:
        click.echo(json.dumps({"error": told.plain(), "exit_code": told.exit_code}, indent=2))
    else:
        click.echo(_text(told), err=True)
    return told.exit_code


def _told(error: Exception) -> ScaffoldError:
    """Any error as one of ours; what nobody foresaw is a bug, and says so."""
    if isinstance(error, ScaffoldError):
        return error
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "scaffold"
        return UsageError(error.format_message(), fix=f"See {where} --help")
    if isinstance(error, click.ClickException):
        return UsageError(error.format_message())
    if isinstance(error, OSError):
        return EnvironmentProblem(str(error))
    return EnvironmentProblem(
        f"scaffold met a bug of its own: {type(error).__name__}: {error}",
        "Nothing that you did should lead here.",
        "Run it again with --debug, and report what it shows.",
    )


def _text(error: ScaffoldError) -> str:
    lines = [*(error.recovery.lines if error.recovery else ()), f"Error: {error.what}"]
    lines += [f"  {line}" for line in (error.why,) if line]
    for problem in error.problems:
        first, *rest = str(problem).split("\n")
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return "\n".join([*lines, *(f"  {line}" for line in (error.fix,) if line)])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
    if value:
        from scaffold.about import VERSION  # noqa: PLC0415

        click.echo(f"scaffold {VERSION}")
        ctx.exit()


def _new() -> click.Command:
    from scaffold.commands.new import command  # noqa: PLC0415

    return command()


def _list() -> click.Command:
    from scaffold.commands.catalogue import list_command  # noqa: PLC0415

    return list_command()


def _show() -> click.Command:
    from scaffold.commands.catalogue import show_command  # noqa: PLC0415

    return show_command()


def _recommend() -> click.Command:
    from scaffold.commands.recommend import command  # noqa: PLC0415

    return command()


def _completion() -> click.Command:
    from scaffold.commands.completion import command  # noqa: PLC0415

    return command()


def _update() -> click.Command:
    from scaffold.commands.update import update_command  # noqa: PLC0415

    return update_command()


def _diff() -> click.Command:
    from scaffold.commands.update import diff_command  # noqa: PLC0415

    return diff_command()


def _add() -> click.Command:
    from scaffold.commands.pipelines import add_command  # noqa: PLC0415

    return add_command()


def _switch() -> click.Command:
    from scaffold.commands.pipelines import switch_command  # noqa: PLC0415

    return switch_command()


def _remove() -> click.Command:
    from scaffold.commands.pipelines import remove_command  # noqa: PLC0415

    return remove_command()


def _check() -> click.Command:
    from scaffold.commands.check import command  # noqa: PLC0415

    return command()


SUMMARIES = {
    "new": "Make a project: ask, or take flags, --answers FILE or --defaults.",
    "add": "One more pipeline in a project, merged with every edit of yours.",
    "switch": "Other patterns for a pipeline, merged with every edit of yours.",
    "remove": "Take a pipeline out of a project.",
    "update": "Merge the newest templates into a project; keeps every edit of yours.",
    "diff": "What update would change, file by file; touches nothing.",
    "check": "Exit 1 if a project is behind, in conflict, or its answers were edited by hand.",
    "recommend": "Which patterns fit, and why: at most eight questions, or your data.",
    "list": "The catalogue: every pattern in one line.",
    "show": "The page of one pattern: what, when, how, traps, and its code.",
    "completion": "What makes a shell complete commands, patterns and pipelines.",
}
COMMANDS: dict[str, Callable[[], click.Command]] = {
    "new": _new,
    "add": _add,
    "switch": _switch,
    "remove": _remove,
    "update": _update,
    "diff": _diff,
    "check": _check,
    "recommend": _recommend,
    "list": _list,
    "show": _show,
    "completion": _completion,
}

root = Lazy(
    "scaffold",
    help="Renders small, tested, ready-to-edit data pipeline projects from a catalogue of patterns.",
    epilog="Start with: scaffold new flights --defaults",
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help="Show the version.",
        ),
        click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks."),
    ],
)
