"""A project that reads an API which misbehaves, through its own commands, killed at random instants."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from scaffold import source
from tests.combinations import TABLE, answers, made
from tests.shops import started

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
CHOICE = {
    "source": "rest_api",
    "extraction": "time_ranged",
    "behaviour": ["idempotent", "self_healing"],
    "structure": ["multi_hop"],
    "sink": "duckdb",
    "paging": "page",
    "accept": [],
}
WINDOWS, PER_WINDOW, PAGE = 40, 7, 3
BEGIN = datetime(2025, 3, 1)  # noqa: DTZ001 - naive and in UTC, as it is in the project
END = BEGIN + timedelta(days=WINDOWS)
KILLS = 50
SECRET = "0f-the-k1ll-test"  # another one than the project's own proofs have


def row(number: int, at: datetime) -> dict[str, Any]:
    cells = dict.fromkeys(column["source"] for column in TABLE["columns"])
    return cells | {"Order ID": number, "ordered at": f"{at.isoformat()}Z", "amount": number}


@dataclass
class Api:
    """Orders by event time, newest first, as a page-number API gives them. Rows of long ago are put in front while
    pages are read, so that these shift; of the windows' rows none ever changes. Nothing is deleted: a row that moves
    to a page that was read already is lost with such an API, whatever reads it.
    """

    bad: bool = True
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    asked: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    kill: tuple[int, int] | None = None
    """After so many more requests, this process."""
    shifted: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, since: str, until: str) -> list[dict[str, Any]]:
        start, end = (datetime.fromisoformat(text.removesuffix("Z")) for text in (since, until))
        apart = timedelta(days=1) / PER_WINDOW
        every = ((n, BEGIN + n * apart) for n in range(WINDOWS * PER_WINDOW))
        found = [row(number, at) for number, at in every if start <= at < end]
        old = [row(10**6 + n, BEGIN - timedelta(days=9)) for n in range(self.shifted)]
        return old + found[::-1]

    def fault(self) -> str:
        """What goes wrong with this request; nothing, most of the time."""
        with self.lock:
            self.asked += 1
            if self.kill:
                left, process = self.kill
                self.kill = (left - 1, process) if left else None
                if not left:
                    os.kill(process, signal.SIGKILL)
            found = self.chance.choice(["429", "503", "half", "cut", "slow", "shift", *[""] * 34])
            if not self.bad or not found:
                return ""
            self.faults[found] = self.faults.get(found, 0) + 1
            self.shifted += found == "shift"
            return found


@contextmanager
def served(api: Api) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            asked = {key: one for key, (one, *_) in parse_qs(urlsplit(self.path).query).items()}
            fault = api.fault()
            if self.headers["Authorization"] != f"Bearer {SECRET}":
                self.answer(401, b"", 0)
            elif fault in ("429", "503"):
                self.answer(int(fault), b"", 0)
            else:
                first = (int(asked.get("page", 1)) - 1) * PAGE
                api.shifted *= first > 0
                rows = api.rows(asked["since"], asked["until"])[first : first + PAGE]
                body = json.dumps({"items": rows}).encode()
                if fault == "slow":
                    time.sleep(0.6)
                half = body[: len(body) // 2] if fault in ("half", "cut") else body
                self.answer(200, half, len(body) - len(half) if fault == "half" else 0)

        def answer(self, code: int, content: bytes, lacking: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(content) + lacking))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = bool(lacking)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/orders"
        server.shutdown()


@dataclass(frozen=True)
class Project:
    folder: Path
    url: str

    @property
    def env(self) -> Mapping[str, str]:
        mine = "PIPELINE_PIPELINES__P000__"
        return {"NO_PROXY": "127.0.0.1", f"{mine}URL": self.url, f"{mine}TOKEN": SECRET}

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return started(self.folder, words, {**self.env, **env})

    def command(self, *words: str, **env: str) -> None:
        started = self.start(*words, **env)
        _, said = started.communicate(timeout=300)
        assert started.returncode == 0, said[-3000:]

    def tables(self) -> dict[str, list[Any]]:
        """What is published; but not which page of which capture a row came from."""
        with duckdb.connect(self.folder / "warehouse.duckdb", read_only=True) as con:
            queries = {
                "silver": "SELECT * EXCLUDE (_file) FROM p000.silver ORDER BY ALL",
                "gold": "SELECT * FROM p000.gold ORDER BY ALL",
            }
            return {name: con.execute(query).fetchall() for name, query in queries.items()}


RUN = ("run", "p000", "--as-of", END.isoformat())
REDO = ("backfill", "p000", BEGIN.isoformat(), END.isoformat())
ANEW = {"PIPELINE_PIPELINES__P000__REFETCH": "true"}


@pytest.mark.matrix
def test_killed_at_random_instants_it_has_what_a_run_that_was_never_killed_has(
    tmp_path: Path, templates: source.Templates
) -> None:
    api, chance = Api(), random.Random(11)
    with served(api) as url:
        project = Project(made(tmp_path / "killed", templates, answers([CHOICE])), url)
        wiring = project.folder / "src/shop/pipelines/p000/pipeline.py"
        text = wiring.read_text()
        hasty = text.replace("paging=Numbers(),", "paging=Numbers(), backoff=0.01, timeout=0.3,")
        assert hasty != text
        wiring.write_text(hasty)
        never = Project(tmp_path / "never", url)
        shutil.copytree(project.folder, never.folder)
        kills, words, env = 0, RUN, dict[str, str]()
        while kills < KILLS:
            started = project.start(*words, **env)
            api.kill = (chance.randrange(60), started.pid)
            _, said = started.communicate(timeout=300)
            api.kill = None
            if started.returncode == 3 and "gave up" in said:
                continue  # the API was worse than the patience of one run
            assert started.returncode in (0, -signal.SIGKILL), said[-3000:]
            kills += started.returncode != 0
            if started.returncode == 0:  # all is done: it is done again, and killed in that
                words, env = REDO, ANEW
        project.command(*RUN)
        assert set(api.faults) == {"429", "503", "half", "cut", "slow", "shift"}
        api.bad = False
        never.command(*RUN)
        assert project.tables() == never.tables()
        assert len(project.tables()["silver"]) == WINDOWS * PER_WINDOW
        asked, before = api.asked, project.tables()
        project.command(*REDO)
        assert (api.asked, project.tables()) == (asked, before)
    secret = SECRET.encode()
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert [path for path in files if secret in path.read_bytes()] == []
