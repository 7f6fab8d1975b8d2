"""What pages show of a terminal is what happens in one: each of their commands is run, and what it prints is compared."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.jvm import Java, Sbt

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "-- the command ended --"


@dataclass(frozen=True)
class Shown:
    """A command of a page, and what the page says that it prints. `…` is what may differ."""

    command: str
    output: str

    def fits(self, printed: str) -> bool:
        """Lines that are `…` alone stand for any number of lines, `…` in a line for any part of it."""
        lines = self.output.splitlines()
        pattern = "".join(
            r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*?") + r"\n"
            for line in lines
        )
        return re.fullmatch(pattern, printed) is not None


def shown(page: Path) -> Iterator[Shown]:
    """The commands of a page in their order; a line that begins with `> ` goes on with one."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.splitlines()
            more = [line[2:] for line in rest if line.startswith("> ")]
            output = [line for line in rest if not line.startswith("> ")]
            yield Shown("\n".join([first, *more]), "".join(f"{line}\n" for line in output))


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """That of a reader: this scaffold and this Python, and nothing of the tests."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.upper().endswith("_PROXY")}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    bin_ = str(Path(sys.executable).parent)
    person = {
        f"GIT_{who}_{what}": "reader"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    own = {"PATH": f"{bin_}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "PYTHON": sys.executable}
    return kept | person | own | dict(more or {})


def follow(page: Path, folder: Path, more: Mapping[str, str] | None = None) -> None:
    """Type the commands of a page into one shell."""
    with subprocess.Popen(
        ("bash", "--noprofile", "--norc"),
        cwd=folder,
        env=environment(more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        for one in shown(page):
            shell.stdin.write(f'{one.command}\n(exit_code=$?; echo "{END}"; exit $exit_code)\n')
            shell.stdin.flush()
            printed = ""
            while (line := shell.stdout.readline()) and line != f"{END}\n":
                printed += line
            assert one.fits(printed), f"{page.name}: $ {one.command}\n{printed}"
        shell.stdin.close()


def test_what_may_differ_is_declared_and_everything_else_is_compared() -> None:
    assert Shown("x", "at …\n").fits("at 12:00\n")
    assert Shown("x", "…\nend\n").fits("one\ntwo\nend\n")
    assert Shown("x", "…\n").fits("")
    assert not Shown("x", "a\n").fits("a\nb\n")
    assert not Shown("x", "at …\n").fits("at\n")
    assert not Shown("x", "").fits("a warning\n")


def test_a_page_that_shows_what_does_not_happen_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ cat <<X\n> a\n> X\na\n$ false\n$ echo $?\n1\n```\n", "utf-8")
    follow(page, tmp_path)
    page.write_text("```console\n$ echo a\nb\n```\n", "utf-8")
    with pytest.raises(AssertionError, match=r"page.md: \$ echo a"):
        follow(page, tmp_path)


@pytest.mark.matrix  # it starts Spark eight times
@pytest.mark.xdist_group("scala")
def test_a_reader_of_the_walk_through_in_scala_sees_what_it_shows(tmp_path: Path, sbt: Sbt) -> None:
    """The reader's `sbt` is the real one, with the artifacts of the tests."""
    program = tmp_path / "bin" / "sbt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(sbt.command)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "work").mkdir()
    more = {"PATH": f"{program.parent}:{environment()['PATH']}", "JAVA_HOME": str(sbt.java.home)}
    follow(ROOT / "docs/walkthroughs/scala.md", tmp_path / "work", more)


@pytest.mark.matrix  # pip fetches PySpark, which has half a gigabyte
@pytest.mark.xdist_group("scala")
def test_a_reader_who_moves_to_spark_sees_what_the_page_shows(tmp_path: Path, jdk: Java) -> None:
    more = {"PATH": f"{jdk.home}/bin:{environment()['PATH']}", "JAVA_HOME": str(jdk.home)}
    follow(ROOT / "docs/walkthroughs/spark.md", tmp_path, more)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/walkthroughs/python.md"])
def test_a_reader_who_types_what_a_page_says_sees_what_it_shows(page: str, tmp_path: Path) -> None:
    commands = [one.command for one in shown(ROOT / page)]
    assert len(commands) > 3
    follow(ROOT / page, tmp_path)
