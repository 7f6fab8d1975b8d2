"""Projects that read a topic, by their own commands, of a real broker: killed, cut off, and in order after all."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import subprocess
import time
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from scaffold import source
from tests import jvm, services
from tests.combinations import TABLE, answers, every, made
from tests.mutations import DEFAULT
from tests.shops import started
from tests.test_proofs import assert_proved

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
CHOICE = DEFAULT | {"source": "kafka", "extraction": "streaming", "messages": 200}
BEGIN = datetime.fromisoformat(TABLE["since"])
SECRET = "0f-the-br0ker"
NAMES = [column["source"] for column in TABLE["columns"]]
BAD: tuple[bytes | None, ...] = (b"no JSON", b"[1]", None, b"\xff")


def message(number: int, version: int, keys: int = 400) -> bytes:
    """An order: a key is of one partition, and its versions are told by their amounts."""
    at = BEGIN + timedelta(minutes=number)
    cells = dict.fromkeys(NAMES) | {"Order ID": number % keys, "amount": version}
    return json.dumps(cells | {"ordered at": f"{at.isoformat()}Z"}).encode()


@dataclass(frozen=True)
class Topic:
    """One of two partitions, for one test."""

    servers: str
    name: str

    def send(self, some: Sequence[tuple[int, bytes | None]]) -> None:
        """Messages to their partitions, in this order."""
        producer = Producer({"bootstrap.servers": self.servers, "linger.ms": 5})
        for partition, value in some:
            producer.produce(self.name, value=value, partition=partition)
        assert producer.flush(60) == 0


def topic(servers: str, partitions: int = 2) -> Topic:
    name = f"orders-{uuid.uuid4().hex[:12]}"
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(60)
    return Topic(servers, name)


def some(first: int, count: int, version: int) -> list[tuple[int, bytes | None]]:
    """Orders for both partitions, and poison among them."""
    found: list[tuple[int, bytes | None]] = []
    for number in range(first, first + count):
        found.append((number % 2, message(number, version)))
        if number % 97 == 0:
            found.append((number % 2, BAD[number % len(BAD)]))
    return found


@dataclass(frozen=True)
class Project:
    folder: Path
    topic: Topic

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        options = f"{{client.id: {SECRET}, socket.timeout.ms: 10000}}"
        mine = {
            "PIPELINE_KAFKA__SERVERS": self.topic.servers,
            "PIPELINE_KAFKA__OPTIONS": options,
            "PIPELINE_PIPELINES__P000__TOPIC": self.topic.name,
        }
        return started(self.folder, words, mine | env)

    def call(self, *words: str, code: int = 0, **env: str) -> tuple[Any, str]:
        """The facts and the log of a command that ends so."""
        started = self.start(*words, "--json", **env)
        out, log = started.communicate(timeout=300)
        assert started.returncode == code, log[-3000:]
        return json.loads(out.splitlines()[-1]) if out else None, log

    def tables(self) -> dict[str, list[Any]]:
        """What is published, but not in which batch it came."""
        with duckdb.connect(self.folder / "warehouse.duckdb", read_only=True) as con:
            return {
                table: con.execute(f"{query} FROM p000.{table} ORDER BY ALL").fetchall()
                for table, query in {
                    "bronze": "SELECT * EXCLUDE (_unit, _file), split_part(_file, ':', 1)",
                    "silver": "SELECT * EXCLUDE (_file)",
                    "gold": "SELECT *",
                    "quarantine": "SELECT reason, content",
                }.items()
            }

    def torn(self) -> bool:
        """Whether somebody who reads now sees rows without their offsets, or numbers without their rows."""
        if not (self.folder / "warehouse.duckdb").exists():
            return False
        try:
            found = self.tables()
        except duckdb.CatalogException:  # killed before there were tables
            return False
        lengths = (one.partition(":")[2].split("-") for one in self.offsets())
        read = sum(int(end) - int(start) for start, end in lengths)
        return (read, len(found["silver"])) != (
            len(found["bronze"]),
            sum(row[1] for row in found["gold"]),
        )

    def offsets(self) -> list[str]:
        """The ranges of all batches that are done."""
        with duckdb.connect(self.folder / "warehouse.duckdb", read_only=True) as con:
            query = "SELECT entry FROM ledger"
            entries = [json.loads(entry) for (entry,) in con.execute(query).fetchall()]
        done = {one["unit"]: one for one in entries if one["status"] == "done"}
        return sorted(item["file"] for one in done.values() for item in one["detail"]["items"])


@pytest.fixture
def project(tmp_path: Path, templates: source.Templates, kafka: str) -> Project:
    assert any(choice["source"] == "kafka" for choice in every())
    return Project(made(tmp_path / "shop", templates, answers([CHOICE])), topic(kafka))


def never(project: Project) -> Project:
    """The same project, before anything ran."""
    other = project.folder.with_name("never")
    shutil.copytree(project.folder, other, ignore=shutil.ignore_patterns("warehouse*"))
    return Project(other, project.topic)


def without_gaps(ranges: Sequence[str]) -> bool:
    """Whether each partition was read from its first message on, each message once."""
    ends: dict[str, int] = {}
    for one in ranges:
        lane, _, span = one.partition(":")
        start, end = map(int, span.split("-"))
        if start != ends.get(lane, 0):
            return False
        ends[lane] = end
    return bool(ends)


def test_a_project_has_what_its_broker_needs_and_no_word_of_where_it_is(
    templates: source.Templates, tmp_path: Path
) -> None:
    folder = made(tmp_path / "shop", templates, answers([CHOICE]))
    assert list(yaml.safe_load((folder / "compose.yaml").read_text())["services"]) == ["kafka"]
    assert "docker compose up" in (folder / "Makefile").read_text()
    assert "PIPELINE_KAFKA__OPTIONS" in (folder / "README.md").read_text()
    packages = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert [one for one in packages["dependencies"] if one.startswith("confluent-kafka>=")]
    assert "kafka" not in tomllib.loads((folder / "conf/defaults.toml").read_text())
    assert not re.search(r"\b9092\b|servers|password", (folder / ".copier-answers.yml").read_text())
    plain = made(tmp_path / "plain", templates, answers([CHOICE | {"source": "files"}]))
    assert "services" not in (plain / "Makefile").read_text()
    assert not [one for one in plain.rglob("*") if re.search("kafka|compose", one.name)]


@pytest.mark.slow
def test_two_partitions_of_a_broker_are_read_once_each_and_again_with_the_same_rows(
    project: Project,
) -> None:
    project.topic.send(some(0, 900, 1))
    first, _ = project.call("run", "p000")
    assert (first["rows"], first["rejected"], first["failed"]) == (910, 10, [])
    assert project.call("run", "p000")[0]["done"] == 0
    project.topic.send(some(900, 300, 2))
    assert project.call("status", "p000")[0]["due"] == {"new": 2}
    assert project.call("run", "p000")[0]["rows"] == 303
    assert without_gaps(project.offsets())
    before = project.tables()
    assert len(before["silver"]) == 400  # each key once
    assert sum(row[1] for row in before["gold"]) == 400
    project.call("backfill", "p000", "2025-01-01", "2026-01-01")
    assert project.tables() == before
    written = b"".join(one.read_bytes() for one in project.folder.rglob("*") if one.is_file())
    assert SECRET.encode() not in written
    assert project.topic.servers.encode() not in written


@pytest.mark.slow
def test_what_a_transaction_took_back_is_never_read_and_an_open_one_is_waited_for(
    project: Project,
) -> None:
    settings: dict[str, Any] = {"bootstrap.servers": project.topic.servers}
    producer = Producer(settings | {"transactional.id": uuid.uuid4().hex})
    producer.init_transactions(60)
    for version, end in ((1, "commit"), (2, "abort"), (3, "open")):
        producer.begin_transaction()
        for number in range(5):
            producer.produce(project.topic.name, value=message(number, version), partition=0)
        producer.flush(60)
        if end == "open":
            project.call("run", "p000")
            assert {row[3] for row in project.tables()["silver"]} == {1}
            producer.commit_transaction(60)
        else:
            (producer.commit_transaction if end == "commit" else producer.abort_transaction)(60)
    begun = time.monotonic()
    assert project.call("run", "p000")[0]["rows"] == 5
    assert time.monotonic() - begun < 9  # offsets without a message are no reason to wait
    assert {row[3] for row in project.tables()["silver"]} == {3}
    assert without_gaps(project.offsets())


@contextmanager
def following(project: Project) -> Iterator[subprocess.Popen[str]]:
    started = project.start("run", "p000", "--follow", "0.05")
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def at_work(started: subprocess.Popen[str]) -> None:
    """Wait until it has done its first batch, of several."""
    assert started.stderr
    while "units" not in (line := started.stderr.readline()):
        assert line, "it ended"


def killed(project: Project, kills: int) -> None:
    """Kill streaming runs at random instants while messages come, look at what is there then; and compare it at the end."""
    chance, number = random.Random(kills), 0
    wiring = project.folder / "src/shop/pipelines/p000/pipeline.py"
    whole = wiring.read_text(encoding="utf-8")
    wiring.write_text(whole.replace("most=20,", "most=2,"), encoding="utf-8")
    for version in range(kills):
        project.topic.send(some(number, 100, version))
        number += 100
        with following(project) as started:
            if version % 5:
                at_work(started)
            time.sleep(chance.uniform(0.0, 0.6))
            assert started.poll() is None
            started.send_signal(signal.SIGKILL)
            started.wait()
        assert not project.torn()
    assert project.call("run", "p000")[0]["failed"] == []
    other = never(project)
    (other.folder / wiring.relative_to(project.folder)).write_text(whole, encoding="utf-8")
    other.call("run", "p000")
    assert project.tables() == other.tables()
    assert without_gaps(project.offsets())
    assert len(project.offsets()) > 9 * len(other.offsets())
    assert len(project.tables()["bronze"]) == len(some(0, number, 0))
    assert {row[0] for row in project.tables()["silver"]} == set(range(min(number, 400)))


@pytest.mark.slow
def test_a_stream_that_is_killed_has_what_one_has_that_never_was(project: Project) -> None:
    killed(project, 6)


@pytest.mark.slow
@pytest.mark.matrix
def test_fifty_kills_at_any_instant_lose_and_double_nothing(project: Project) -> None:
    killed(project, 50)


@pytest.mark.slow
def test_a_broker_that_goes_is_said_and_the_next_run_heals(
    tmp_path: Path, templates: source.Templates
) -> None:
    folder = made(tmp_path / "shop", templates, answers([CHOICE]))
    with jvm.required(), services.broker() as broker:
        project = Project(folder, topic(broker.address))
        project.topic.send(some(0, 300, 1))
        assert project.call("run", "p000")[0]["rows"] == 304
        project.topic.send(some(300, 6_000, 2))
        started = project.start("run", "p000")
        while not list(folder.glob("warehouse.duckdb.wal")) and started.poll() is None:
            time.sleep(0.05)
        broker.stop()
        _, log = started.communicate(timeout=120)
        assert started.returncode == 3, log[-3000:]
        assert "cannot be read at the broker of PIPELINE_KAFKA__SERVERS" in log
        assert "Traceback" not in log
        assert not re.search(rf"127\.0\.0\.1|{broker.address}|{SECRET}", log)
        facts, _ = project.call("status", "p000")
        assert "the broker of PIPELINE_KAFKA__SERVERS" in facts["source"]
        broker.start()
        assert project.call("run", "p000")[0]["failed"] == []
        other = never(project)
        other.call("run", "p000")
        assert project.tables() == other.tables()
        assert without_gaps(project.offsets())


@pytest.mark.matrix
def test_its_proofs_pass_on_a_real_broker_as_well(project: Project) -> None:
    assert_proved(project.folder, PIPELINE_TEST_KAFKA=project.topic.servers)
