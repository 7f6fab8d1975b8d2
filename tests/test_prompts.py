"""The interactive run on a real terminal: keys in, screen out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

ROOT = Path(__file__).parent.parent
ENTER, ESCAPE, DOWN, CLEAR = "\r", "\x1b", "\x1b[B", "\x15"
Terminal = Any


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        environment = {key: value for key, value in os.environ.items() if "GIT_" not in key}
        own = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        opened.append(
            pexpect.spawn(
                sys.executable,
                ["-m", "scaffold", "new", *words],
                cwd=str(tmp_path),
                env=environment | own,
                encoding="utf-8",
                dimensions=(60, 100),
                timeout=20,
            )
        )
        return opened[-1]

    yield start
    for one in opened:
        one.close(force=True)


def end(terminal: Terminal) -> int:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return int(terminal.exitstatus)


def answer(terminal: Terminal, question: str, keys: str = ENTER) -> None:
    terminal.expect(question)
    terminal.send(keys)


def test_a_conversation_with_second_thoughts(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    talk = terminal()
    answer(talk, "In which folder", f"{CLEAR}orders{ENTER}")
    answer(talk, "Name, for people", f"{CLEAR}Wrong{ENTER}")
    answer(talk, "Language and engine", ESCAPE)
    answer(talk, "Name, for people", f"{CLEAR}Right{ENTER}")
    answer(talk, "Language and engine")
    answer(talk, "Name of its package")
    answer(talk, "Where is your data")
    answer(talk, "Name of the pipeline")
    answer(talk, "Where do the rows come from")
    answer(talk, "Where do the rows go", DOWN + DOWN + ENTER)
    talk.expect("What does a run read")
    answer(talk, "Lookback .*cannot.*overwrite")
    answer(talk, "rerun and after")
    answer(talk, "Which steps", " " + ENTER)
    answer(talk, "Another pipeline", "n")
    answer(talk, "Make this project", DOWN + ENTER)
    answer(talk, "Which answer", ENTER)
    answer(talk, "In which folder", f"{CLEAR}mine{ENTER}")
    answer(talk, "Make this project")
    talk.expect("The same project again")
    assert end(talk) == 0
    made = (tmp_path / "mine" / ".copier-answers.yml").read_text()
    assert "project_name: Right" in made
    assert "sink: append_log" in made
    assert "structure: []" in made
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("question", ["In which folder", "Where do the rows go", "Make this"])
def test_ctrl_c_leaves_nothing_and_ends_with_130(
    terminal: Callable[..., Terminal], tmp_path: Path, question: str
) -> None:
    talk = terminal()
    for asked in (
        "In which",
        "for people",
        "engine",
        "package",
        "your data",
        "the pipeline",
        "come from",
        "rows go",
    ):
        if asked in question:
            break
        answer(talk, asked)
    if question == "Make this":
        for asked in ("run read", "rerun", "steps"):
            answer(talk, asked)
        answer(talk, "Another", "n")
    answer(talk, question, "\x03")
    talk.expect("Nothing was written")
    assert end(talk) == 130
    assert not list(tmp_path.iterdir())


def test_leaving_at_the_end_writes_nothing(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    words = ["x", "--name", "X", "--package", "x", "--pipeline", "x", "--path", "data/x.csv"]
    words += ["--language", "python"]
    patterns = [
        "--source",
        "files",
        "--sink",
        "duckdb",
        "--extraction",
        "streaming",
        "--no-behaviour",
    ]
    talk = terminal(*words, *patterns, "-d", 'columns=[{"name":"a","source":"a","type":"BIGINT"}]')
    answer(talk, "Which steps")
    answer(talk, "Another pipeline", "n")
    answer(talk, "Make this project", DOWN + DOWN + ENTER)
    assert end(talk) == 130
    assert not list(tmp_path.iterdir())


def test_nothing_is_asked_when_everything_was_said(terminal: Callable[..., Terminal]) -> None:
    assert end(terminal("orders", "--defaults")) == 0
