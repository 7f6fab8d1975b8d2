"""Real, messy files go all the way: looked at, made into a project, run by it, and no row is lost on the way."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.warm import python

ROOT = Path(__file__).parent.parent
MESSY = sorted((ROOT / "tests/data/messy").glob("*.csv"))
SEEN_BY_ALL = ["conf/local.toml"]
"""Says where the data lies, and is not committed."""


def call(folder: Path, path: Path, *words: str, grown: bool = False) -> str:
    """A command that has to work; what it says. Only `grown` files have columns that were left out."""
    own = {"PYTHONPATH": str(path), "GIT_CONFIG_NOSYSTEM": "1"}
    done = python(*words, cwd=folder, env=dict(os.environ) | own)
    assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
    assert "Traceback" not in done.stderr
    assert ("new columns" in done.stderr) == grown
    return done.stdout


@dataclass(frozen=True)
class Ran:
    """A project after its first run."""

    folder: Path
    answers: Mapping[str, Any]
    status: Mapping[str, Any]
    notes: Sequence[str] = ()

    def published(self) -> int:
        query = f"SELECT count(*) FROM {self.answers['name']}.silver"
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as con:
            (found,) = con.execute(query).fetchall()
        return int(found[0])

    def unread(self) -> int:
        """Rows that no window has, as `status` reports them."""
        counted = ("before_since", "after_until", "undated")
        return sum(self.status.get(key, 0) for key in counted)

    def cells(self, file: Path) -> list[list[str]]:
        """The data lines of a file, as Python's own reader splits them."""
        plain, quote = self.answers["encoding"], self.answers["quote"]
        encoding = "utf-8-sig" if plain == "utf-8" else plain
        with file.open(encoding=encoding, newline="") as text:
            lines = csv.reader(text, delimiter=self.answers["delimiter"], quotechar=quote)
            return [line for line in lines if line][int(self.answers["header"]) :]


def project(here: Path, sample: Path, *words: str, grown: bool = False) -> Ran:
    """`new --sample` with defaults, then the project's own `run` and `status`."""
    said = call(
        here, ROOT, "scaffold", "new", "p", "--defaults", "--no-git", "--json", "--sample", str(sample), *words
    )  # fmt: skip
    call(here / "p", here / "p/src", "p", "run", grown=grown)
    status = call(here / "p", here / "p/src", "p", "status", "--json", grown=grown)
    made = json.loads(said)
    return Ran(here / "p", made["answers"]["pipelines"][0], json.loads(status), made["notes"])


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and path.suffix not in {".duckdb", ".pyc"} and name not in SEEN_BY_ALL:
            yield path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", MESSY, ids=lambda file: str(file.stem))
def test_every_row_is_published_or_accounted_for_by_the_first_run(
    file: Path, tmp_path: Path
) -> None:
    ran = project(tmp_path, file)
    lines, status = ran.cells(file), ran.status
    assert ran.published() + status["quarantined"] + ran.unread() == len(lines)
    assert ran.published() > 0.8 * len(lines)
    assert not status["failed"]
    assert not status.get("late")
    if ran.answers["event_time"]:
        assert ran.answers["extraction"] == "time_ranged"
        assert not status["due"]
        assert status["fresh"] == (ran.answers["until"] is not None)
    else:
        assert ran.answers["extraction"] == "full_snapshot"
        assert status["fresh"]
    # Texts of the data, long enough to be in no file by chance.
    known = {column["source"] for column in ran.answers["columns"]}
    cells = {cell for line in lines for cell in line if any(map(str.isalpha, cell))} - known
    distinct = {cell for cell in cells if len(cell) > 9}
    for path, text in texts(ran.folder):
        assert not [cell for cell in distinct if cell in text], path


@pytest.mark.slow
@pytest.mark.parametrize("file", MESSY, ids=lambda file: str(file.stem))
def test_a_folder_of_files_is_read_like_one(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    for copy in ("a.csv", "b.csv"):
        shutil.copy(file, folder / copy)
    ran = project(tmp_path, folder)
    assert ran.status["rows"] + ran.unread() == 2 * len(ran.cells(file))


def test_columns_may_be_called_like_any_word_of_sql(tmp_path: Path) -> None:
    found = duckdb.sql("SELECT keyword_name FROM duckdb_keywords() ORDER BY 1").fetchall()
    names = [name for (name,) in found]
    assert "order" in names
    lines = [",".join([*(f"{n}{i}" for i in range(len(names))), f"2024-01-0{n}"]) for n in (1, 2)]
    ran = project(tmp_path, sample(tmp_path, ",".join([*names, "happened_at"]), *lines))
    assert ran.published() == 2
    assert [column["source"] for column in ran.answers["columns"]] == [*names, "happened_at"]


def test_300_columns_are_read_by_windows(tmp_path: Path) -> None:
    names = ",".join(["order", "happened_at", *(f"value {n}" for n in range(298))])
    lines = [f"{n},2024-01-0{n}{',1.5' * 298}" for n in range(1, 5)]
    ran = project(tmp_path, sample(tmp_path, names, *lines))
    assert ran.published() == 4


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["uniform", "mixed"])
@pytest.mark.parametrize("lines", [["3,2024-01-03", "4,2024-01-04,9,9,9"], ["3", "4"]])
def test_a_line_of_too_many_or_too_few_cells_is_counted_and_not_cut(
    end: str, lines: list[str], tmp_path: Path
) -> None:
    good = [f"{n},2024-01-{n:02},x" for n in range(10, 20)]
    file = tmp_path / "lines.csv"
    text = "\n".join(["id,happened_at,note", *good, *lines])
    file.write_text(text + end + "30,2024-01-20,y\n", encoding="utf-8", newline="")
    ran = project(tmp_path, file)
    assert ran.published() == 11
    assert ran.status["quarantined"] + ran.unread() == 2


@pytest.mark.parametrize(
    ("words", "since"),
    [
        (["--time-zone", "Europe/Berlin"], "2026-05-31"),
        (["-d", "time_zone=America/New_York"], "2026-06-01"),
        (["--answers", "zone.yml"], "2026-05-31"),
        (["--every", "7d", "--time-zone", "UTC"], "2026-06-01"),
        (["--event-time", "seen_at", "--time-zone", "UTC"], "2026-07-01"),
    ],
    ids=["flag", "pair", "file", "weeks", "event time"],
)
def test_windows_have_all_rows_whatever_is_said_about_their_time(
    words: list[str], since: str, tmp_path: Path
) -> None:
    (tmp_path / "zone.yml").write_text("time_zone: Europe/Berlin\n")
    start = datetime(2026, 6, 1)  # noqa: DTZ001 - as files have it
    times = [start + timedelta(minutes=30 * n) for n in range(240)]
    lines = [f"{n},{at},{at + timedelta(days=30)}" for n, at in enumerate(times)]
    ran = project(tmp_path, sample(tmp_path, "id,happened_at,seen_at", *lines), *words)
    assert (ran.status["rows"], ran.unread(), ran.answers["since"]) == (240, 0, since)
    assert not [note for note in ran.notes if "--time-zone" in note]


def test_an_end_of_the_windows_that_a_sample_gives_is_said_where_they_have_one(
    tmp_path: Path,
) -> None:
    file = sample(tmp_path, "id,happened_at", *(f"{n},2024-01-0{n} 10:00:00" for n in range(1, 6)))
    told = (
        "The newest row is of 2024-01-05: nothing from --until 2024-01-06 on is read. "
        "If more is coming: --until none"
    )
    words = ("--defaults", "--dry-run", "--json", "--sample", str(file))
    for more, expected in (
        ((), True),
        (("--until", "none"), False),
        (("--extraction", "full_snapshot"), False),
    ):
        found = json.loads(call(tmp_path, ROOT, "scaffold", "new", "p", *words, *more))
        assert (told in found["notes"]) == expected, more


OBJECTS = [{"id": n, "at": f"2024-01-{n:02}T10:00:00Z", "amount": n / 4} for n in range(1, 21)]
FOLDERS: dict[str, dict[str, list[str]]] = {
    "csv": {
        "1.csv": ["id,at,coupon", *(f"{n},2024-01-{n:02},x" for n in range(1, 11))],
        "2.csv": ["id,at", *(f"{n},2024-01-{n:02}" for n in range(11, 21))],
    },
    "optional": {
        "1.jsonl": [json.dumps(one) for one in OBJECTS[:10]],
        "2.jsonl": [json.dumps(one | {"coupon": None}) for one in OBJECTS[10:]],
    },
    "case": {"1.jsonl": [json.dumps(one | {"userid": 1, "userId": "x"}) for one in OBJECTS]},
    "folders": {
        f"day={n}/1.csv": ["id,at", *(f"{n}{i},2024-01-0{n}" for i in range(10))] for n in (1, 2)
    },
    "mark": {"1.jsonl": ["\ufeff" + json.dumps(OBJECTS[0]), *map(json.dumps, OBJECTS[1:])]},
    "mixed": {
        "1.jsonl": [json.dumps(one | {"amount": str(one["amount"])}) for one in OBJECTS[:10]],
        "2.jsonl": [json.dumps(one) for one in OBJECTS[10:]],
    },
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_what_a_sample_says_of_its_columns_holds_in_every_file(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    for name, lines in FOLDERS[kind].items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    grown = kind in {"csv", "optional"}
    ran = project(tmp_path, folder, grown=grown)
    assert (ran.published(), ran.status["rows"], ran.unread()) == (20, 20, 0)
    assert ("Left out, as not every file has it: coupon." in ran.notes) == grown
    if kind == "case":
        assert [c["source"] for c in ran.answers["columns"]][3:] == ["userid", "userId"]
        with duckdb.connect(str(ran.folder / "warehouse.duckdb"), read_only=True) as con:
            query = "SELECT DISTINCT userid, user_id FROM orders.silver"
            assert con.execute(query).fetchall() == [(1, "x")]


@pytest.mark.parametrize("offset", [" +0100", "+01:00", " UTC"])
def test_an_offset_of_any_spelling_is_read_as_the_sample_says(offset: str, tmp_path: Path) -> None:
    lines = [
        f"{n},2024-01-{n:02} 00:30:00{offset},2024-01-01 00:00:00{offset}" for n in range(1, 9)
    ]
    ran = project(tmp_path, sample(tmp_path, "id,happened_at,paid_at", *lines))
    assert ran.answers["event_time"] == "happened_at"
    assert ran.answers["since"] == ("2024-01-01" if offset == " UTC" else "2023-12-31")
    assert (ran.published(), ran.unread()) == (8, 0)
    assert not [note for note in ran.notes if "--time-zone" in note]


def test_lines_whose_quotes_are_escaped_otherwise_are_said_not_to_be_read(tmp_path: Path) -> None:
    note = ("plain", r'"say \"hi\", twice"')
    lines = [f"{n},2024-01-01T10:00:{n:02},{note[n % 2]}" for n in range(60)]
    ran = project(tmp_path, sample(tmp_path, "id,happened_at,note", *lines))
    assert (ran.published(), ran.unread()) == (30, 30)
    told = "escaped with \\: lines that have them cannot be split and are not read"
    assert any(told in one for one in ran.notes)


def test_a_file_may_be_called_like_what_a_project_needs_itself(tmp_path: Path) -> None:
    file = sample(tmp_path, "id,happened_at", "1,2024-01-01", name="ledger")
    words = ("--defaults", "--dry-run", "--json", "--sample", str(file))
    found = json.loads(call(tmp_path, ROOT, "scaffold", "new", "p", *words))
    assert found["answers"]["pipelines"][0]["name"] == "ledger_pipeline"


@pytest.mark.parametrize(("header", "ships"), [("order,happened_at", False), (None, True)])
def test_the_shipped_sample_is_for_itself_only(
    header: str | None, ships: bool, tmp_path: Path
) -> None:
    words = (
        ["--sample", str(sample(tmp_path, header, "1,2024-01-01", name="flights"))]
        if header
        else []
    )
    call(tmp_path, ROOT, "scaffold", "new", "p", "--defaults", "--no-git", *words)
    assert any((tmp_path / "p/data").rglob("*.csv")) == ships


def sample(folder: Path, *lines: str, name: str = "words") -> Path:
    file = folder / f"{name}.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


@pytest.mark.parametrize("sink", ["parquet", "append_log"])
def test_a_warehouse_may_have_any_name(
    sink: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be a pattern stands for itself, also in the views for consumers."""
    header = "id,happened_at"
    file = sample(tmp_path, header, "1,2024-01-01", "2,2024-01-02")
    monkeypatch.setenv("PIPELINE_WAREHOUSE", "a")
    ran = project(tmp_path, file, "--sink", sink, "--key", "id")
    sample(tmp_path, header, "1,2024-01-01", "2,2024-01-02", "3,2024-01-02")
    monkeypatch.setenv("PIPELINE_WAREHOUSE", "[a]")
    for words in (["run"], ["backfill", "words", "2024-01-01", "2024-01-02"]):
        call(ran.folder, ran.folder / "src", "p", *words)
    folder = ran.folder / "[a]" / "words"
    query = f"SELECT day, rows FROM read_parquet('{ran.folder}/[[]a]/words/gold/*')"
    if sink == "append_log":
        query = f"{(folder / 'views.sql').read_text('utf-8')}; SELECT day, rows FROM words.gold"
    assert [rows for _, rows in duckdb.sql(f"{query} ORDER BY 1").fetchall()] == [1, 2]
