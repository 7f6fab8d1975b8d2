"""Real servers for tests: a Kafka broker, a PostgreSQL and an object store, each on a free port of the loopback address.

The first two come as artifacts of Maven Central (`tests/jvm.py`): the same on every machine, no rights and no package manager
needed. PostgreSQL refuses to run as root; there it runs as `nobody`.
"""

from __future__ import annotations

import lzma
import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_postgresql
import duckdb
from adbc_driver_manager import dbapi

from tests import jvm

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
POSTGRES = "io.zonky.test.postgres:embedded-postgres-binaries-{machine}:17.6.0"
START = 90.0
"""Seconds that a server may take: many times what it needs, as machines of tests are busy."""

NODE = """\
node.id=1
process.roles=broker,controller
listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{control}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{control}
log.dirs={folder}/data
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


@dataclass(frozen=True)
class Database:
    """A server whose user `postgres` needs no password."""

    port: int
    name: str = "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{self.name}"

    def fresh(self) -> Database:
        """A new, empty database of this server."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return Database(self.port, name)

    def execute(self, *statements: str) -> None:
        """Do something from outside of a project."""
        with self._connected() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What a query gives to somebody who reads."""
        with (
            self._connected() as connection,
            connection.cursor() as cursor,
            duckdb.connect() as con,
        ):
            cursor.execute(query)
            return con.from_arrow(cursor.fetch_arrow()).fetchall()

    def _connected(self) -> dbapi.Connection:
        return dbapi.connect(adbc_driver_postgresql._driver_path(), uri=self.url, autocommit=True)

    @property
    def jdbc(self) -> str:
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{self.name}?user=postgres"


@dataclass
class Broker:
    """A broker of one node, that is its own controller. What it has stays where it is stopped and started again."""

    command: tuple[str, ...]
    port: int
    log: Path
    running: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("a") as log:
            self.running = subprocess.Popen(self.command, stdout=log, stderr=log)
        _wait(self.port, self.running, self.log)

    def stop(self) -> None:
        """At once, as a machine that fails."""
        if self.running:
            self.running.kill()
            self.running.wait()


@dataclass
class Store:
    """moto's server, which speaks as S3 does and keeps nothing: what it has goes when it is stopped."""

    port: int
    log: Path
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **env: str) -> None:
        command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port))
        with self.log.open("a") as log:
            self.running = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | env)
        _wait(self.port, self.running, self.log)

    def stop(self) -> None:
        """At once, as a machine that fails."""
        if self.running:
            self.running.kill()
            self.running.wait()


@contextmanager
def store(**env: str) -> Iterator[Store]:
    """An object store for one test."""
    with tempfile.TemporaryDirectory(prefix="store-") as folder:
        (port,) = _free_ports(1)
        made = Store(port, Path(folder, "log"))
        try:
            made.start(**env)
            yield made
        finally:
            made.stop()


@contextmanager
def broker() -> Iterator[Broker]:
    java = jvm.java()
    classes = os.pathsep.join(map(str, jvm.jars(KAFKA)))
    plain, control = _free_ports(2)
    with tempfile.TemporaryDirectory(prefix="kafka-") as folder:
        settings = Path(folder, "node.properties")
        settings.write_text(NODE.format(plain=plain, control=control, folder=folder))
        command = java.command(*jvm.LIGHT, "-Xmx512m", "-cp", classes)
        storage = ("kafka.tools.StorageTool", "format", "-t", str(uuid.uuid4()), "-c")
        _run(*command, *storage, str(settings))
        made = Broker((*command, "kafka.Kafka", str(settings)), plain, Path(folder, "log"))
        try:
            made.start()
            yield made
        finally:
            made.stop()


@contextmanager
def kafka() -> Iterator[str]:
    """A broker for all tests; gives its bootstrap address."""
    with broker() as made:
        yield made.address


@contextmanager
def postgres() -> Iterator[Database]:
    """A server without durability, which no test needs: what it knows goes with it."""
    (archive,) = jvm.jars(POSTGRES.format(machine=_machine()))
    (port,) = _free_ports(1)
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        _unpack(archive, folder)
        owner = _owner(folder)
        data, log = str(folder / "data"), str(folder / "log")
        initdb, control = str(folder / "bin" / "initdb"), str(folder / "bin" / "pg_ctl")
        _run(
            initdb, "-D", data, "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", **owner
        )
        options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories= -c fsync=off"
        start = (control, "-D", data, "-l", log, "-t", f"{START:.0f}", "-w", "-o", options, "start")
        _run(*start, **owner)
        try:
            yield Database(port)
        finally:
            _run(control, "-D", data, "-m", "immediate", "stop", **owner)


def _machine() -> str:
    system = {"Darwin": "darwin"}.get(platform.system(), "linux")
    arm = platform.machine() in {"aarch64", "arm64"}
    return f"{system}-{'arm64v8' if arm else 'amd64'}"


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as jar:
        (packed,) = (name for name in jar.namelist() if name.endswith(".txz"))
        with jar.open(packed) as raw, lzma.open(raw) as plain, tarfile.open(fileobj=plain) as files:
            files.extractall(folder, filter="tar")


def _owner(folder: Path) -> dict[str, Any]:
    """Whom the server runs as; for root somebody else, who then owns the folder."""
    if os.geteuid():
        return {}
    shutil.chown(folder, "nobody")
    return {"user": "nobody", "extra_groups": ()}


def _run(*command: str, **owner: Any) -> None:
    """The output goes to a file: a server that is started inherits it, and would keep a pipe open."""
    with tempfile.TemporaryFile("w+") as said:
        ended = subprocess.run(command, check=False, stdout=said, stderr=said, cwd="/", **owner)
        said.seek(0)
        assert ended.returncode == 0, f"{' '.join(command[-4:])}: {said.read()[-2000:]}"


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it listens. A server that gave up, or takes for ever, says in its log why."""
    limit = time.monotonic() + START
    while server.poll() is None and time.monotonic() < limit:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"The server did not start: {log.read_text()[-2000:]}")
