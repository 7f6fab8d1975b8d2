"""`scaffold new` as its users meet it: a process, its exit code, and what is on disk afterwards."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.catalogue import load
from tests.warm import python

CATALOGUE = load()
ROOT = Path(__file__).parent.parent
INHERITED = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
ENVIRONMENT = INHERITED | {"PYTHONPATH": str(ROOT)}
ACCEPTED = shlex.split("--extraction lookback --sink append-log --accept lookback_append_only")
Done = subprocess.CompletedProcess[str]
Scaffold = Callable[..., Done]


def defaults() -> list[str]:
    """The flags that --defaults stands for."""
    words: list[str] = []
    for axis in CATALOGUE.asked:
        for pattern in CATALOGUE.of(axis.id, made=True):
            words += [f"--{axis.id}", pattern.id] if pattern.default else []
    return words


@pytest.fixture
def scaffold(tmp_path: Path) -> Scaffold:
    """The command in an empty folder, without a terminal and without the user's git configuration."""
    home = tmp_path / "home"
    here = tmp_path / "here"
    home.mkdir()
    here.mkdir()

    def run(*words: str, env: Mapping[str, str] | None = None) -> Done:
        own = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": str(here)}
        return python("scaffold", *words, cwd=here, env=ENVIRONMENT | own | dict(env or {}))

    return run


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but git's own, with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ("git", *words), cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def command(done: Done) -> list[str]:
    """The last line: the command that makes the same project again."""
    return shlex.split(done.stdout.strip().splitlines()[-1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Data of the user's own, outside the project, with what makes names hard."""
    folder = tmp_path / "Données d'été"
    folder.mkdir()
    lines = ["Order ID;order;Placed at;Größe"]
    lines += [f"{n};x{n};2025-03-{1 + n % 28:02d} 10:00:00;{n},5" for n in range(200)]
    (folder / "my orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "my orders.csv"


def test_defaults_make_a_committed_project(scaffold: Scaffold, here: Path) -> None:
    done = scaffold("new", "orders", "--defaults")
    assert done.returncode == 0, done.stderr
    project = here / "orders"
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "rev-list", "--count", "HEAD") == "1"
    assert (project / "src" / "orders" / "__main__.py").is_file()
    assert [path.name for path in here.iterdir()] == ["orders"]


def test_the_answers_are_recorded_where_copier_looks_for_them(
    scaffold: Scaffold, here: Path
) -> None:
    scaffold("new", "orders", "--defaults")
    recorded = yaml.safe_load((here / "orders" / ".copier-answers.yml").read_text())
    assert recorded["package"] == "orders"
    assert [pipeline["name"] for pipeline in recorded["pipelines"]] == ["flights"]


def test_what_defaults_does_can_be_said_with_flags(scaffold: Scaffold, here: Path) -> None:
    assert scaffold("new", "orders", "--defaults").returncode == 0
    done = scaffold("new", "again", "--name", "Orders", *defaults())
    assert done.returncode == 0, done.stderr
    assert tree(here / "again") == tree(here / "orders")


@pytest.mark.parametrize(
    "words",
    [
        ["--defaults"],
        ["--defaults", *ACCEPTED, "--windows", "3", "--structure", "conditional"],
        ["--defaults", "--extraction", "full-snapshot", "--no-behaviour", "--no-structure"],
        shlex.split("--defaults --extraction full-snapshot --take newest --min-ratio 0.25"),
        shlex.split("--defaults --extraction streaming --files 5 --watermark 0h --retries 0"),
        ["--defaults", "--name", "It's “mine” & -- yours", "--package", "mine", "--no-git"],
    ],
    ids=["defaults", "accepted", "nothing", "snapshot", "stream", "names"],
)
def test_the_printed_command_makes_the_same_project(
    scaffold: Scaffold, here: Path, words: list[str]
) -> None:
    done = scaffold("new", "orders", *words)
    assert done.returncode == 0, done.stderr
    first = tree(here / "orders")
    (here / "orders").rename(here / "first")
    name, *again = command(done)
    assert name == "scaffold"
    assert scaffold(*again).returncode == 0
    assert tree(here / "orders") == first


def test_a_flag_that_no_chosen_pattern_reads_is_refused_with_the_reason(
    scaffold: Scaffold, here: Path
) -> None:
    done = scaffold("new", "orders", "--defaults", "--watermark", "1d", "-d", "take=newest")
    assert done.returncode == 2
    assert "Cannot use --watermark: only streaming reads it." in done.stderr
    assert "Cannot use --take: only full_snapshot reads it." in done.stderr
    assert not list(here.iterdir())


def test_answers_that_an_older_project_recorded_in_vain_are_left_out(
    scaffold: Scaffold, here: Path
) -> None:
    scaffold("new", "orders", "--defaults", "--extraction", "full-snapshot")
    answers = yaml.safe_load((here / "orders" / ".copier-answers.yml").read_text())
    answers["pipelines"][0] |= {"every": "1d", "since": "2013-03-08", "grace": "0h"}
    (here / "older.yml").write_text(yaml.safe_dump(answers))
    done = scaffold("new", "again", "--answers", "older.yml")
    assert done.returncode == 0, done.stderr
    assert tree(here / "again") == tree(here / "orders")


def test_the_printed_command_repeats_a_sample_byte_for_byte(
    scaffold: Scaffold, here: Path, data: Path
) -> None:
    done = scaffold("new", "orders", "--defaults", "--sample", str(data))
    assert done.returncode == 0, done.stderr
    first = tree(here / "orders")
    (here / "orders").rename(here / "first")
    with data.open("a", encoding="utf-8") as file:
        file.write("grown;x;2026-01-01 10:00:00;1,5\n")
    assert scaffold(*command(done)[1:]).returncode == 0
    assert tree(here / "orders") == first


def test_a_sample_outside_is_an_uncommitted_setting(
    scaffold: Scaffold, here: Path, data: Path
) -> None:
    done = scaffold("new", "orders", "--defaults", "--sample", str(data), "--pipeline", "mine")
    assert done.returncode == 0, done.stderr
    project = here / "orders"
    setting = tomllib.loads((project / "conf" / "local.toml").read_text())
    path = setting["pipelines"]["mine"]["path"]
    assert Path(path).is_absolute()
    assert Path(path).name.startswith("my orders")
    assert git(project, "status", "--porcelain") == ""
    assert "conf/local.toml" not in git(project, "ls-files")
    for name, content in tree(project).items():
        assert name == "conf/local.toml" or str(data.parent).encode() not in content, name


def test_a_sample_of_what_is_not_read_as_files_leaves_no_path(
    scaffold: Scaffold, here: Path, data: Path
) -> None:
    done = scaffold(
        *("new", "orders", "--defaults", "--sample", str(data), "--source", "object_store"),
        *("--objects", "s3://shop/orders/*.csv"),
    )
    assert done.returncode == 0, done.stderr
    assert not (here / "orders/conf/local.toml").exists()
    found = tomllib.loads((here / "orders/conf/defaults.toml").read_text())
    assert [one["path"] for one in found["pipelines"].values()] == ["s3://shop/orders/*.csv"]


def test_no_row_of_a_sample_is_copied(scaffold: Scaffold, here: Path, data: Path) -> None:
    scaffold("new", "orders", "--defaults", "--sample", str(data))
    assert not any(b"x137" in content for content in tree(here / "orders").values())


def test_several_pipelines_come_from_a_file(scaffold: Scaffold, here: Path) -> None:
    pipelines = [
        {"name": pattern.id, "extraction": pattern.id}
        for pattern in CATALOGUE.of("extraction", made=True)
    ]
    (here / "answers.json").write_text(json.dumps({"pipelines": pipelines}))
    done = scaffold("new", "many", "--answers", "answers.json", "--defaults")
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (here / "many/src/many/pipelines").iterdir() if path.is_dir()}
    assert {pattern.id for pattern in CATALOGUE.of("extraction", made=True)} <= made
    first = tree(here / "many")
    (here / "many").rename(here / "first")
    assert scaffold(*command(done)[1:]).returncode == 0
    assert tree(here / "many") == first


def test_a_projects_own_answers_make_it_again(scaffold: Scaffold, here: Path) -> None:
    scaffold("new", "orders", "--defaults", "--sink", "parquet")
    done = scaffold("new", "again", "--answers", "orders/.copier-answers.yml")
    assert done.returncode == 0, done.stderr
    assert tree(here / "again") == tree(here / "orders")


@pytest.mark.parametrize("axis", CATALOGUE.asked, ids=lambda axis: axis.id)
def test_a_choice_brings_the_code_of_its_pattern(scaffold: Scaffold, here: Path, axis: Any) -> None:
    for pattern in CATALOGUE.of(axis.id):
        words = [f"--{axis.id}", pattern.id.replace("_", "-"), "--defaults", "--no-git"]
        done = scaffold("new", pattern.id.replace("_", "-") + "-p", *words)
        if done.returncode == 0:
            names = tree(here / f"{pattern.id.replace('_', '-')}-p")
            assert any(name.endswith(f"/{pattern.id}.py") for name in names)
        else:
            assert f'Cannot use "{pattern.id}"' in done.stderr


def test_a_dry_run_lists_the_files_and_writes_none(scaffold: Scaffold, here: Path) -> None:
    done = scaffold("new", "orders", "--defaults", "--dry-run", "--json")
    assert not list(here.iterdir())
    listed = json.loads(done.stdout)
    scaffold("new", "orders", "--defaults")
    assert set(listed["files"]) == set(tree(here / "orders"))
    assert listed["written"] is False


def test_json_says_everything_that_the_text_says(scaffold: Scaffold, here: Path) -> None:
    done = scaffold("new", "orders", "--defaults", "--json")
    said = json.loads(done.stdout)
    assert said["folder"] == str(here / "orders")
    assert said["command"][:3] == ["scaffold", "new", "orders"]
    assert said["answers"]["pipelines"]
    assert said["committed"] is True


def test_without_a_terminal_everything_missing_is_said_with_the_command_that_says_it(
    scaffold: Scaffold, here: Path
) -> None:
    done = scaffold("new", "orders", "--grace", "soon", "--pipeline", "class")
    assert done.returncode == 2
    for axis in CATALOGUE.asked:
        if len(CATALOGUE.of(axis.id, made=True)) > 1:
            assert f"--{axis.id} is missing" in done.stderr
    assert "soon" in done.stderr
    assert '"class"' in done.stderr
    assert not list(here.iterdir())


def test_the_suggested_command_works(scaffold: Scaffold, here: Path) -> None:
    done = scaffold("new", "orders", "--sink", "parquet")
    suggested = shlex.split(done.stderr.strip().splitlines()[-1])
    assert scaffold(*suggested[1:]).returncode == 0
    assert (here / "orders" / "README.md").is_file()


@pytest.mark.parametrize(
    "words",
    [
        ["new", "my pipe"],
        ["new", "1pipe"],
        ["new", "class"],
        ["new", "select"],
        ["new", "données"],
        ["new", "../escape"],
        ["new", "a/../../b"],
        ["new", ""],
        ["new", "a" * 300],
        ["new", "😀"],
        ["new", "{{ x }}"],
        ["new", "{% x %}"],
        ["new", 'a"b'],
        ["new", "a\nb"],
        ["new", "x", "--package", "my-pipe"],
        ["new", "x", "--pipeline", "import"],
        ["new", "x", "--name", "{{ 7 * 7 }}"],
        ["new", "x", "--name", "a\nb"],
        ["new", "x", "--path", "/etc/passwd"],
        ["new", "x", "-d", "nonsense"],
        ["new", "x", "-d", "colums=[]"],
        ["new", "x", "-d", "pipelines={"],
        ["new", "x", "--answers", "nowhere.yml"],
        ["new", "x", "--sample", "nowhere.csv"],
        ["new", "x", "--extraction", "lokback"],
        ["new", "x", "y"],
        ["new", "x", "--nope"],
        ["nwe"],
        ["show", "lokback"],
        ["show", "lookback", "--code", "--runtime", "cobol"],
        ["show", "delta", "--code", "--runtime", "python-duckdb"],
        ["list", "--axis", "sinc"],
        ["list", "--capability", "overwriteable"],
    ],
    ids=lambda words: " ".join(words).encode("unicode_escape").decode()[:40],
)
def test_what_cannot_be_used_is_refused_and_leaves_nothing(
    scaffold: Scaffold, here: Path, words: list[str]
) -> None:
    done = scaffold(*words, *(["--defaults"] if words[0] == "new" else []))
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
    assert not list(here.iterdir())


def test_a_folder_with_something_in_it_is_refused(scaffold: Scaffold, here: Path) -> None:
    (here / "orders").mkdir()
    (here / "orders" / "mine.txt").write_text("mine")
    done = scaffold("new", "orders", "--defaults")
    assert done.returncode == 2
    assert tree(here / "orders") == {"mine.txt": b"mine"}


def test_an_empty_folder_is_a_place_for_a_project(scaffold: Scaffold, here: Path) -> None:
    (here / "orders").mkdir()
    assert scaffold("new", "orders", "--defaults").returncode == 0
    assert git(here / "orders", "rev-list", "--count", "HEAD") == "1"


def test_the_folder_that_one_is_in_is_a_place_for_a_project(scaffold: Scaffold, here: Path) -> None:
    done = scaffold("new", ".", "--defaults")
    assert done.returncode == 0, done.stderr
    assert (here / "src" / "here").is_dir()
    assert git(here, "status", "--porcelain") == ""


def test_force_adds_and_deletes_nothing(scaffold: Scaffold, here: Path) -> None:
    (here / "orders" / "src").mkdir(parents=True)
    (here / "orders" / "src" / "mine.txt").write_text("mine")
    assert scaffold("new", "orders", "--defaults", "--force").returncode == 0
    assert (here / "orders" / "src" / "mine.txt").read_text() == "mine"
    assert (here / "orders" / "src" / "orders" / "__main__.py").is_file()


def test_force_refuses_to_change_a_file_and_names_it(scaffold: Scaffold, here: Path) -> None:
    (here / "orders").mkdir()
    (here / "orders" / "README.md").write_text("mine")
    done = scaffold("new", "orders", "--defaults", "--force")
    assert done.returncode == 2
    assert "README.md" in done.stderr
    assert tree(here / "orders") == {"README.md": b"mine"}


def test_a_link_is_refused_and_not_followed(scaffold: Scaffold, here: Path) -> None:
    (here / "elsewhere").mkdir()
    (here / "orders").symlink_to("elsewhere")
    assert scaffold("new", "orders", "--defaults", "--force").returncode == 2
    assert not list((here / "elsewhere").iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_the_environments_fault(
    scaffold: Scaffold, here: Path
) -> None:
    here.chmod(0o500)
    try:
        done = scaffold("new", "orders", "--defaults")
    finally:
        here.chmod(0o700)
    assert done.returncode == 3
    assert "Cannot write" in done.stderr


def test_a_place_where_no_folder_can_be_is_the_environments_fault(scaffold: Scaffold) -> None:
    done = scaffold("new", "/proc/nowhere/orders", "--defaults")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_without_git_the_reason_is_said_and_nothing_is_left(
    scaffold: Scaffold, here: Path, tmp_path: Path
) -> None:
    done = scaffold("new", "orders", "--defaults", env={"PATH": str(tmp_path)})
    assert done.returncode == 3
    assert "--no-git" in done.stderr
    assert not list(here.iterdir())


def test_no_git_makes_no_repository(scaffold: Scaffold, here: Path) -> None:
    assert scaffold("new", "orders", "--defaults", "--no-git").returncode == 0
    assert not (here / "orders" / ".git").exists()


def test_a_project_inside_a_repository_is_left_to_that_repository(
    scaffold: Scaffold, here: Path
) -> None:
    git(here, "init", "--quiet")
    done = scaffold("new", "orders", "--defaults", "--json")
    assert json.loads(done.stdout)["committed"] is False
    assert not (here / "orders" / ".git").exists()


def test_a_git_that_fails_leaves_nothing(scaffold: Scaffold, here: Path, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    fake.chmod(0o755)
    done = scaffold("new", "a/b/orders", "--defaults", env={"PATH": f"{fake.parent}:/usr/bin:/bin"})
    assert done.returncode == 3
    assert "out of order" in done.stderr
    assert not list(here.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [0.05, 0.3, 0.6, 0.9])
def test_a_run_that_is_stopped_leaves_a_whole_project_or_nothing(
    here: Path, scaffold: Scaffold, number: int, delay: float
) -> None:
    words = (sys.executable, "-m", "scaffold", "new", "a/orders", "--defaults", "--no-git")
    process = subprocess.Popen(
        words, cwd=here, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(delay)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert b"Traceback" not in said or delay < 0.3  # Python itself is still starting
    whole = here / "a" / "orders" / "README.md"
    left = [path for path in here.rglob("*") if path.is_file()]
    assert not left or whole.is_file()
    assert not list(here.rglob(".scaffold-*"))


DEAF = """
import os, signal, time
from scaffold import cli

class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0)

def main(*_, **__):
    Deaf()
    time.sleep(5)
    print("went on")

signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored behind a shell's `&`
cli.root.main = main
raise SystemExit(cli.run([]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stop_that_comes_where_nothing_can_be_raised_is_heard_all_the_same(name: str) -> None:
    words = (sys.executable, "-c", DEAF.format(name=name))
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\nStopped. Nothing was written.\n"


def test_a_reader_that_goes_away_is_no_error(scaffold: Scaffold, here: Path) -> None:
    line = f"{shlex.quote(sys.executable)} -m scaffold list | head -1"
    done = subprocess.run(
        ["bash", "-c", line], cwd=here, env=ENVIRONMENT, capture_output=True, check=False
    )
    assert done.stderr == b""


def test_debug_shows_where_it_happened_and_nothing_else_does(scaffold: Scaffold) -> None:
    assert "Traceback" in scaffold("new", "class", "--defaults", "--debug").stderr
    assert "Traceback" not in scaffold("new", "class", "--defaults").stderr


def test_errors_are_json_where_json_was_asked_for(scaffold: Scaffold) -> None:
    done = scaffold("new", "orders", "--defaults", "--json", "--sink", "dukdb")
    assert done.returncode == 2
    assert "duckdb" in json.dumps(json.loads(done.stdout)["error"])


def test_list_shows_every_pattern_that_can_be_chosen(scaffold: Scaffold) -> None:
    text, plain = scaffold("list").stdout, json.loads(scaffold("list", "--json").stdout)
    for axis in CATALOGUE.asked:
        for pattern in CATALOGUE.of(axis.id):
            assert pattern.id in text
            assert pattern.summary in text
    known = chain.from_iterable(axis["patterns"] for axis in plain.values())
    assert {f"{p['axis']}/{p['id']}" for p in known} == set(CATALOGUE.patterns)


@pytest.mark.parametrize(
    "pattern", CATALOGUE.of("extraction", made=True), ids=lambda pattern: pattern.id
)
def test_show_prints_the_page_of_a_pattern(scaffold: Scaffold, pattern: Any) -> None:
    shown = scaffold("show", pattern.id.replace("_", "-")).stdout
    assert shown.startswith(pattern.page.strip())
    assert all(f"- `{setting.key}` (" in shown for setting in pattern.settings)
    assert all(need.reason in shown for need in pattern.needs)
    others = [other.id for other in CATALOGUE.of("extraction") if other is not pattern]
    assert all(id_ in shown.partition("## Related")[2] for id_ in others)


def test_show_says_what_is_next_to_a_pattern(scaffold: Scaffold) -> None:
    (plain,) = json.loads(scaffold("show", "lookback", "--json").stdout)
    assert plain["related"]["met_by"]["rewritable"] == ["behaviour/idempotent"]
    assert "extraction/time_ranged" in plain["related"]["instead"]
    (plain,) = json.loads(scaffold("show", "idempotent", "--json").stdout)
    assert "extraction/lookback" in plain["related"]["needed_by"]
    assert "It is added for" in scaffold("show", "dedupe-key").stdout


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["lookback"], "extraction/lookback/python_duckdb/code.py"),
        (["lookback", "--language", "scala"], "extraction/lookback/scala_spark/code.scala"),
        (
            ["extraction/lookback", "--runtime", "scala-spark"],
            "extraction/lookback/scala_spark/code.scala",
        ),
        (["lookback", "--language", "python"], "extraction/lookback/python_duckdb/code.py"),
        (["delta"], "sink/delta/python_spark/code.py"),
        (["delta", "--language", "scala"], "sink/delta/scala_spark/code.scala"),
    ],
)
def test_show_code_is_the_file_of_the_templates_and_nothing_else(
    scaffold: Scaffold, words: list[str], file: str
) -> None:
    done = scaffold("show", *words, "--code")
    assert done.stdout == (ROOT / "templates/patterns" / file).read_text()


def test_code_of_several_files_is_told_apart_by_their_paths(scaffold: Scaffold) -> None:
    shown = scaffold("show", "files", "--code").stdout
    plain = json.loads(scaffold("show", "files", "--code", "--json").stdout)
    assert len(plain) > 1
    assert not any("test" in path for path in plain)
    for path, text in plain.items():
        assert f"# {path}\n\n{text}" in shown


def test_the_code_that_is_shown_is_that_of_a_project(scaffold: Scaffold, here: Path) -> None:
    assert scaffold("new", "orders", "--defaults", "--no-git").returncode == 0
    shown = scaffold("show", "time_ranged", "--code").stdout
    assert (here / "orders/src/orders/patterns/time_ranged.py").read_text() == shown


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--axis", "behaviour"], {"idempotent", "self_healing"}),
        (["--capability", "ordered", "--axis", "extraction"], {"streaming"}),
        (["--capability", "transactional", "--runtime", "python_duckdb"], {"duckdb", "postgres"}),
        (
            ["--language", "scala", "--axis", "sink", "--capability", "overwritable"],
            {"parquet", "delta", "postgres"},
        ),
        (["--capability", "safe-retry", "--axis", "behaviour"], {"idempotent", "self_healing"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_list_shows_what_filters_leave(scaffold: Scaffold, words: list[str], ids: set[str]) -> None:
    text = scaffold("list", *words).stdout
    lines = [line[4:].split()[0] for line in text.splitlines() if line[:2] == "  "]
    assert set(lines) == ids
    plain = json.loads(scaffold("list", *words, "--json").stdout)
    found = {p["id"] for axis in plain.values() for p in axis["patterns"] if not p["hidden"]}
    assert found == ids


def test_a_filter_that_leaves_nothing_says_so(scaffold: Scaffold) -> None:
    done = scaffold("list", "--axis", "source", "--capability", "rewritable")
    assert (done.returncode, done.stdout.strip()) == (0, "No pattern is like that.")


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (["--help"], {"copier", "jinja2", "questionary", "yaml", "duckdb", "subprocess"}),
        (["--version"], {"copier", "jinja2", "questionary", "yaml", "duckdb", "subprocess"}),
        (["list"], {"copier", "jinja2", "questionary", "duckdb"}),
        (["recommend", "--help"], {"copier", "jinja2", "questionary", "duckdb"}),
        (["new", "--nope"], {"copier", "jinja2", "questionary", "duckdb"}),
        (["new", "x", "--sink", "no"], {"copier", "jinja2", "questionary", "duckdb"}),
        (["new", "x", "--defaults"], {"duckdb"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_is_imported_that_is_not_needed(
    here: Path, scaffold: Scaffold, words: list[str], never: set[str]
) -> None:
    process = (sys.executable, "-X", "importtime", "-m", "scaffold", *words)
    done = subprocess.run(
        process, cwd=here, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert not never & {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
