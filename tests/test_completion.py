"""Completion in the shells themselves: what stands on the line after Tab."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.warm import python

ROOT = Path(__file__).parent.parent
INHERITED = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
ROOM = 60  # seconds that a shell, and a Python for each Tab, may take on a busy machine
HOME_KEY = "\x01"  # Ctrl-A

SETUP = {
    "bash": (["--norc", "--noprofile", "-i"], 'PS1=; eval "$(scaffold completion bash)"'),
    "zsh": (
        ["-f", "-i"],
        'PS1=; autoload -U compinit; compinit -u; eval "$(scaffold completion zsh)"',
    ),
    "fish": (["--no-config", "-i"], "scaffold completion fish | source"),
}
TYPED = [
    ("scaffold recomm", "scaffold recommend"),
    ("scaffold show lookb", "scaffold show lookback"),
    ("scaffold switch paym", "scaffold switch payments"),
    ("scaffold remove paym", "scaffold remove payments"),
    (
        "scaffold switch payments --extraction full",
        "scaffold switch payments --extraction full_snapshot",
    ),
    ("scaffold list --capability replay", "scaffold list --capability replayable"),
    ("scaffold recommend --late unti", "scaffold recommend --late untimed"),
    ("scaffold completion fi", "scaffold completion fish"),
]


def required(shell: str) -> str:
    """A shell that is not there proves nothing; the Linux machines of .github/workflows/test.yml install all of them."""
    found = shutil.which(shell)
    version = ""
    if found and shell == "bash":
        script = "echo ${BASH_VERSINFO[0]} ${BASH_VERSINFO[1]}"
        done = subprocess.run((found, "-c", script), capture_output=True, text=True, check=True)
        version = done.stdout
    old = bool(version) and tuple(map(int, version.split())) < (4, 4)
    if found and not old:
        return found
    missing = f"{shell} is missing, or too old"
    if os.environ.get("GITHUB_ACTIONS") == "true" and sys.platform == "linux":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project to stand in, and beside it a folder with the `scaffold` of this checkout."""
    tools = tmp_path / "bin"
    tools.mkdir()
    command = tools / "scaffold"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scaffold "$@"\n')
    command.chmod(0o755)
    words = ("new", "shop", "--defaults", "--pipeline", "payments", "--no-git")
    done = complete(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "shop"


@pytest.mark.parametrize("shell", SETUP)
def test_tab_completes_commands_patterns_pipelines_and_answers(shell: str, project: Path) -> None:
    words, setup = SETUP[shell]
    environment = {
        "HOME": str(project.parent),
        "PATH": f"{project.parent / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }
    terminal = pexpect.spawn(
        required(shell),
        words,
        env=environment,
        cwd=str(project),
        encoding="utf-8",
        timeout=ROOM,
        dimensions=(50, 200),
    )
    try:
        terminal.sendline(setup)
        found = {}
        for line, _ in TYPED:
            # What stands on the line is then said by echo. Only its output spells the word without quotes.
            terminal.send(f"{line}\t{HOME_KEY}echo 'ST'OOD \r")
            terminal.expect(r"STOOD ([^\r\n]*)[\r\n]")
            found[line] = re.sub(r"\x1b[^m]*m", "", terminal.match[1]).strip()
        assert found == dict(TYPED)
    finally:
        terminal.close(force=True)


def test_a_shell_that_is_not_known_is_refused() -> None:
    done = complete("completion", "tcsh")
    assert done.returncode == 2
    assert "bash, zsh, fish" in done.stderr


@pytest.mark.parametrize("record", ["pipelines: [", "pipelines: [1]", "pipelines: 1", "- x"])
@pytest.mark.parametrize("words", ["scaffold switch ", "scaffold nothing ", "scaffold remove "])
def test_a_tab_where_nothing_can_be_found_out_is_no_error(
    words: str, record: str, tmp_path: Path
) -> None:
    """Neither a folder without a project nor a word that is no command is an error to whoever types."""
    (tmp_path / ".copier-answers.yml").write_text(record)
    place = {"COMP_WORDS": words, "COMP_CWORD": "2", "_SCAFFOLD_COMPLETE": "bash_complete"}
    done = complete(cwd=tmp_path, **place)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout.strip()) == ("nothing" in words)  # then commands are offered instead


@pytest.mark.parametrize("record", ["pipeline: orders", "pipelines: [{name: orders}]"])
def test_pipelines_are_found_as_scaffold_and_as_plain_copier_record_them(
    record: str, tmp_path: Path
) -> None:
    (tmp_path / ".copier-answers.yml").write_text(f"{record}\n_commit: v1\n")
    words = {"COMP_WORDS": "scaffold switch ord", "COMP_CWORD": "2"}
    done = complete(cwd=tmp_path, _SCAFFOLD_COMPLETE="bash_complete", **words)
    assert done.stdout.split() == ["plain,orders"]


def complete(*words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = INHERITED | {"PYTHONPATH": str(ROOT)} | environment
    return python("scaffold", *words, cwd=cwd, env=env)
