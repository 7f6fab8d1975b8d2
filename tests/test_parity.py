"""The same answers in two languages: the same commands, the same ledger, and the same rows, value by value."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scaffold import source
from tests.combinations import PYTHON, TABLE, compared, made
from tests.pooled import Pool, Said

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("scala"),
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
Row = tuple[Any, ...]
NAMES = [column["source"] for column in TABLE["columns"]]
MOVES = {"last_success", "run", "started", "finished", "stamp"}
"""What differs from run to run: the clock, and what a file system says of a file."""

# What every format can spell. 30 March has 23 hours in London.
GOOD: list[Row] = [
    (1, "2025-03-28T00:00:00", "Ana", "10.50", 1.5, True, "2025-04-01"),
    (2, "2025-03-28T23:59:59.999999", "Bo, the 'quoted' \"one\"", "0.01", 0.1, False, None),
    (3, "2025-03-29T12:00:00", "Çelik ☃", "-5.25", None, None, "2025-04-02"),
    (3, "2025-03-29T12:00:00", "second of its key", "7.00", 2.0, True, "2025-04-02"),
    (4, "2025-03-30T00:30:00", None, None, 3.25, True, "2025-04-03"),
    (5, "2025-03-30T02:30:00", "after the hour that is none", "1.00", 1e10, False, "2025-04-03"),
    (6, "2025-03-30T23:30:00", "a day in UTC before", "99999.99", -0.0, True, "2024-02-29"),
]
BAD: list[Row] = [
    ("x1", "2025-03-29T13:00:00", "no number", "1.00", 1.0, True, "2025-04-01"),
    (11, "2025-03-29T14:00:00", "no amount", "ten", 1.0, True, "2025-04-01"),
    (12, "2025-03-29T15:00:00", "no day", "1.00", 1.0, True, "2025-02-30"),
    ("", "2025-03-29T16:00:00", "no key", "1.00", 1.0, True, "2025-04-01"),
    (13, "not a time", "no time", "1.00", 1.0, True, "2025-04-01"),
    (14, "2025-03-29T17:00:00", "more digits than fit", "1.005", 1.0, True, "2025-04-01"),
]
LATER: list[Row] = [
    (1, "2025-03-28T00:00:00", "Ana, corrected", "11.50", 1.5, True, "2025-04-01"),
    (7, "2025-03-28T08:00:00", "late", "3.00", 1.0, True, "2025-04-01"),
    (8, "2025-03-31T08:00:00", "in time", "4.00", 1.0, False, "2025-04-01"),
]


def write(folder: Path, form: str, file: str, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file}.{form}"
    cells = [dict(zip(NAMES, row, strict=True)) for row in rows]
    if form == "csv":
        with path.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(NAMES)
            writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    elif form == "jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in cells)
        path.write_text(text, encoding="utf-8")
    else:
        types = ", ".join(f'"{column["source"]}" {column["type"]}' for column in TABLE["columns"])
        with duckdb.connect() as con:
            con.execute(f"CREATE TABLE t ({types})")
            con.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(NAMES))})", rows)
            con.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def steps(data: Path, place: Path, seen: Path) -> list[list[str]]:
    """What happens to a project: data comes, it runs, more data comes; and what it has after each is kept."""

    def keep(number: int) -> list[str]:
        return ["copy", str(place / "warehouse"), str(seen / str(number))]

    return [
        ["copy", str(data / "first"), str(place / "data")],
        ["run", "--as-of", "2025-03-31"],
        keep(0),
        ["copy", str(data / "later"), str(place / "data")],
        ["plan", "--as-of", "2025-04-01"],
        ["run", "--as-of", "2025-04-01"],
        keep(1),
        ["backfill", "q000", "2025-03-28", "2025-03-29"],
        ["status", "--as-of", "2025-04-01"],
        keep(2),
    ]


def python(folder: Path, todo: Sequence[Sequence[str]]) -> list[Said]:
    """The commands of a Python project."""
    said = []
    for what, *words in todo:
        if what == "copy":
            shutil.copytree(words[0], words[1], dirs_exist_ok=True)
            continue
        ended = subprocess.run(
            (sys.executable, "-m", "parity", what, *words, "--json"),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder / "src")},
            check=False,
            capture_output=True,
            text=True,
        )
        said.append(Said(ended.returncode, ended.stdout))
    return said


def facts(said: Said) -> tuple[int, list[Any]]:
    return said.code, [still(json.loads(line)) for line in said.out.splitlines()]


def tables(folder: Path) -> dict[str, list[Row]]:
    """All rows of all tables; but for `_row`, which is an order and no content."""
    found = {}
    with duckdb.connect() as con:
        for table in sorted(folder.glob("q*/*")):
            if table.is_dir() and any(table.glob("*.parquet")):
                rows = con.execute(
                    f"SELECT COLUMNS(c -> c <> '_row') FROM '{table}/*.parquet' ORDER BY ALL"
                ).fetchall()
                found[f"{table.parent.name}.{table.name}"] = rows
    return found


def ledger(folder: Path) -> list[Any]:
    """What the ledgers say, but for what moves."""
    files = sorted((folder / "ledger").glob("*/*.json"))
    entries = (
        (file.parent.name, entry)
        for file in files
        for entry in json.loads(file.read_text())["entries"]
    )
    return [(name, still(entry)) for name, entry in entries]


def still(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: still(part) for key, part in value.items() if key not in MOVES}
    return [still(part) for part in value] if isinstance(value, list) else value


def test_two_languages_publish_the_same_rows_and_say_the_same(
    tmp_path: Path, templates: source.Templates, pooled: Pool
) -> None:
    for pipeline in compared(PYTHON)["pipelines"]:
        name, form = pipeline["name"], pipeline["format"]
        some = [*GOOD, *BAD] if form != "parquet" else GOOD
        write(tmp_path / "data" / "first" / name, form, "a", some)
        write(tmp_path / "data" / "later" / name, form, "b", LATER)
    here = made(tmp_path / "python", templates, compared(PYTHON))
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    of_python = python(here, steps(tmp_path / "data", here, ours))
    todo = steps(tmp_path / "data", pooled.folder, theirs)
    of_scala = pooled.perform([one if one[0] == "copy" else [*one, "--json"] for one in todo])
    assert [facts(one) for one in of_scala] == [facts(one) for one in of_python]
    for number in ("0", "1", "2"):
        assert tables(theirs / number) == tables(ours / number)
        assert ledger(theirs / number) == ledger(ours / number)
        assert len(tables(ours / number)) > len(compared(PYTHON)["pipelines"])
