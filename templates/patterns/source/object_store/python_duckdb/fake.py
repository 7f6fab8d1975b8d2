"""A fake object store for the proofs: on 127.0.0.1, in a thread of the process that asks.

The files of worlds are its objects: the key is the path of the file. Another time of change is
another version, whatever the content. What a test puts into FAULTS happens to the next requests of
a kind.
"""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape as spelled

Fault = Callable[["Handler"], None]
FAULTS: dict[str, list[Fault]] = {"list": [], "HEAD": [], "GET": []}
ASKED: list[tuple[str, str]] = []  # of which kind a request was, and the name of the object
BUCKET, PAGE = "worlds", 2
FOLDERS: set[str] = set()  # of worlds: nothing else is served
WORD = "s3cr3t-0f-the-st0re"


class Server(ThreadingHTTPServer):
    """A client that broke off is nothing to write about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits for 40 ms

    def log_message(self, *_: Any) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        bucket, _, key = unquote(urlsplit(self.path).path)[1:].partition("/")
        kind = self.command if key else "list"
        ASKED.append((kind, Path(key).name))
        if FAULTS[kind]:
            FAULTS[kind].pop(0)(self)
        elif bucket != BUCKET:
            self.refuse(404, "NoSuchBucket")
        elif key:
            self.give(self.file)
        else:
            self.list()

    @property
    def file(self) -> Path:
        """The file that is asked for."""
        return Path("/", unquote(urlsplit(self.path).path)[1:].partition("/")[2])

    def list(self) -> None:
        """A page of the files whose path begins so, and from where to go on."""
        asked = {name: one for name, (one, *_) in parse_qs(urlsplit(self.path).query).items()}
        start, after = f"/{asked.get('prefix', '')}", asked.get("continuation-token", "")
        every = (str(one) for some in FOLDERS for one in Path(some).rglob("*") if one.is_file())
        left = sorted(name for name in every if name.startswith(start) and name > after)
        lines = [
            f"<Contents><Key>{spelled(name[1:])}</Key><Size>{Path(name).stat().st_size}</Size>"
            f"<ETag>{version(Path(name))}</ETag><LastModified>{changed(Path(name))}</LastModified>"
            "</Contents>"
            for name in left[:PAGE]
        ]
        lines += ["<IsTruncated>true</IsTruncated>"] if len(left) > PAGE else []
        lines += [
            f"<NextContinuationToken>{spelled(one)}</NextContinuationToken>"
            for one in left[PAGE - 1 : PAGE]
        ]
        self.answer(200, f"<ListBucketResult>{''.join(lines)}</ListBucketResult>".encode())

    def give(self, path: Path, lacking: int = 0) -> None:
        """An object, if it is the version that is asked for; `lacking` bytes of it never come."""
        if not (served(path) and path.is_file()):
            self.refuse(404, "NoSuchKey")
        elif self.headers.get("If-Match", version(path)) != version(path):
            self.refuse(412, "PreconditionFailed")
        else:
            headers = {"ETag": version(path), "Last-Modified": formatdate(0, usegmt=True)}
            self.answer(200, path.read_bytes(), headers, lacking)

    def refuse(self, code: int, word: str) -> None:
        """An error, as the protocol has it."""
        self.answer(code, f"<Error><Code>{word}</Code><Message>{word}</Message></Error>".encode())

    def answer(
        self, code: int, body: bytes, headers: dict[str, str] | None = None, lacking: int = 0
    ) -> None:
        """An answer; of a body that lacks something the end never comes."""
        self.send_response(code)
        for name, one in (headers or {}).items():
            self.send_header(name, one)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) - lacking])
        self.close_connection = bool(lacking)


def served(path: Path) -> bool:
    """Whether a file is data of a world."""
    return any(Path(folder) in path.parents for folder in FOLDERS)


def version(path: Path) -> str:
    """The ETag of a file: that of the same content is another one when it was written again."""
    content = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return f'"{content}-{path.stat().st_mtime_ns}"'


def changed(path: Path) -> str:
    """When a file was changed."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat().replace("+00:00", "Z")


def settings(name: str, folder: Path, path: str) -> dict[str, str]:
    """The settings that lead a pipeline to the files of a folder as objects."""
    FOLDERS.add(str(folder / "data"))
    mine = f"PIPELINE_PIPELINES__{name.upper()}"
    where = {
        "AWS_ENDPOINT_URL": server(),
        "AWS_ACCESS_KEY_ID": "proofs",
        "AWS_SECRET_ACCESS_KEY": WORD,
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "127.0.0.1",
    }
    os.environ.update(where)  # a proof may ask a part itself, and not by a command
    return {**where, f"{mine}__PATH": f"s3://{BUCKET}{path}", f"{mine}__COPIES": f"{folder}/copies"}


@cache
def server() -> str:
    """The address; it is served as long as this process lives."""
    made = Server(("127.0.0.1", 0), Handler)
    Thread(target=made.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{made.server_port}"
