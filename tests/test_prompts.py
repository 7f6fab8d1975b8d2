"""The interactive run on a real terminal: keys in, screen out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from scaffold import recommend
from scaffold.catalogue import load

ROOT = Path(__file__).parent.parent
ENTER, ESCAPE, UP, DOWN, CLEAR = "\r", "\x1b", "\x1b[A", "\x1b[B", "\x15"
Terminal = Any
ASKED = {q.id: q.question for q in load().chart.questions if recommend.asked(q, load())}
NOT_ASKED = "not asked"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        environment = {key: value for key, value in os.environ.items() if "GIT_" not in key}
        own = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        opened.append(
            pexpect.spawn(
                sys.executable,
                ["-m", "scaffold", *(words if words[:1] == ("recommend",) else ("new", *words))],
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
    answer(talk, "Help me choose")
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
        "Help me",
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


def chart(talk: Terminal, **keys: str) -> None:
    """Answers each question of the decision chart: by keys, or by Enter, which takes what is offered."""
    for id_, question in ASKED.items():
        if keys.get(id_) != NOT_ASKED:
            answer(talk, re.escape(question), keys.get(id_, "") + ENTER)


def test_help_is_a_conversation_about_the_data_that_ends_in_patterns_and_their_reasons(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    talk = terminal("orders", "--name", "Orders", "--language", "python", "--package", "orders")
    answer(talk, "Where is your data")
    answer(talk, "Name of the pipeline")
    answer(talk, "Help me choose", "y")
    first, second, *_ = ASKED.values()
    answer(talk, re.escape(first), DOWN + DOWN + ENTER)
    answer(talk, re.escape(second), ESCAPE)
    chart(talk, history=UP, late=DOWN * 3)
    talk.expect("Extraction: Lookback")
    talk.expect("because rows arrive up to a week late")
    talk.expect("Not recommended:")
    answer(talk, "Take these patterns")
    answer(talk, "Another pipeline", "n")
    answer(talk, "Make this project")
    talk.expect("The same project again")
    assert end(talk) == 0
    made = (tmp_path / "orders" / ".copier-answers.yml").read_text()
    assert "extraction: lookback" in made
    assert "- history=past" in made
    assert "- late=week" in made
    readme = (tmp_path / "orders" / "README.md").read_text()
    assert "**Up to a week**" in readme


def test_what_is_recommended_and_not_taken_is_what_is_offered_first(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    talk = terminal("orders", "--name", "Orders", "--language", "python", "--package", "orders")
    answer(talk, "Where is your data")
    answer(talk, "Name of the pipeline")
    answer(talk, "Help me choose", "y")
    chart(talk, target=UP)
    answer(talk, "Take these patterns", "n")
    if "source" in ASKED:
        answer(talk, "Where do the rows come from")
    answer(talk, "Where do the rows go")
    answer(talk, "What does a run read")
    answer(talk, "rerun and after")
    answer(talk, "Which steps")
    answer(talk, "Another pipeline", "n")
    answer(talk, "Make this project")
    talk.expect("The same project again")
    assert end(talk) == 0
    made = (tmp_path / "orders" / ".copier-answers.yml").read_text()
    assert "sink: append_log" in made


def test_recommend_asks_what_was_not_said_and_writes_nothing(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    talk = terminal("recommend", "--history", "past", "--late", "week", "--source", "files")
    answer(talk, "Where is your data")
    answer(talk, "What becomes of a row", ESCAPE)
    answer(talk, "Where is your data")
    chart(talk, history=NOT_ASKED, late=NOT_ASKED, source=NOT_ASKED)
    talk.expect("Extraction: Lookback")
    talk.expect("Make it:")
    talk.expect("scaffold new")
    assert end(talk) == 0
    assert not list(tmp_path.iterdir())


def test_what_the_data_says_is_offered_with_what_it_rests_on(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    data = tmp_path / "orders"
    data.mkdir()
    for day in (1, 2, 3):
        rows = [f"{day * 100 + n},2025-03-{day:02d} 10:00:00,{n}" for n in range(50)]
        text = "\n".join(["order_id,ordered_at,amount", *rows])
        (data / f"2025-03-{day:02d}.csv").write_text(f"{text}\n")
    talk = terminal("recommend", "--sample", str(data), "--history", "past", "--source", "files")
    talk.expect("in 3 files no order_id comes twice")
    answer(talk, "What becomes of a row")
    talk.expect("3 files of .*; how soon it is wanted is yours to say")
    answer(talk, "How much is there")
    talk.expect("no row is older than one before it")
    answer(talk, "How long after")
    for question in ("May what", "Do others read", "Do rows take"):
        answer(talk, question)
    talk.expect("because nothing is late")
    talk.expect("scaffold new orders --sample")
    assert end(talk) == 0


def test_ctrl_c_leaves_a_recommendation_with_130(terminal: Callable[..., Terminal]) -> None:
    talk = terminal("recommend")
    answer(talk, "Where is your data")
    answer(talk, "Do you need the past", "\x03")
    assert end(talk) == 130
