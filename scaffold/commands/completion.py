"""`completion`: the script that a shell reads once, and what it is told to do with it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from scaffold.commands import completing
from scaffold.errors import UsageError

SHELLS = {
    "bash": 'eval "$(scaffold completion bash)"           in ~/.bashrc (bash 4.4 or newer)',
    "zsh": 'eval "$(scaffold completion zsh)"            in ~/.zshrc, after compinit',
    "fish": "scaffold completion fish | source           in ~/.config/fish/config.fish",
}
HELP = (
    "\b\nPrints what makes a shell complete commands, options, patterns and pipelines.\n"
    + "".join(f"\n  {line}" for line in SHELLS.values())
)
VARIABLE = "_SCAFFOLD_COMPLETE"


def command() -> click.Command:
    params = [
        click.Argument(["shell"], shell_complete=completing.words(SHELLS)),
        click.Option(["--debug"], is_flag=True, expose_value=False, help="Show tracebacks."),
    ]
    return click.Command("completion", params=params, callback=_run, help=HELP)


def _run(shell: str) -> None:
    kind = get_completion_class(shell) if shell in SHELLS else None
    if kind is None:
        what = f"Cannot complete in the shell {shell}."
        raise UsageError(what, fix=f"There are: {', '.join(SHELLS)}.")
    from scaffold.cli import root  # noqa: PLC0415 - it imports this module

    # Not `source()`: it would ask the bash that is found for its version, and print what it thinks of it.
    script = kind(root, {}, "scaffold", VARIABLE)
    click.echo(script.source_template % script.source_vars())
