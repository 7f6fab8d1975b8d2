"""A fake API for the proofs: on 127.0.0.1, in a thread of the process that asks.

It gives the rows of all files in a world's `data/`, of the range that it is asked for, and pages them
in all three ways at once. What a test puts into FAULTS happens to the next requests instead.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

Fault = Callable[["Handler"], None]
FAULTS: list[Fault | None] = []
ASKED: list[dict[str, str]] = []  # the queries so far
SENT: list[dict[str, str]] = []  # the headers that came with them
PIPELINES: dict[str, Any] = {}


class Server(ThreadingHTTPServer):
    """A client that broke off is nothing to write about."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        asked = {name: one for name, (one, *_) in parse_qs(urlsplit(self.path).query).items()}
        ASKED.append(asked)
        SENT.append(dict(self.headers))
        fault = FAULTS.pop(0) if FAULTS else None
        if fault:
            fault(self)
        else:
            self.page(asked)

    def page(self, asked: dict[str, str]) -> None:
        """A page of `limit` rows, by number or by cursor, with a link and a cursor to the next."""
        path = Path(unquote(urlsplit(self.path).path))
        pipeline, limit = PIPELINES[asked["_pipeline"]], int(asked["_limit"])
        api = pipeline.source.api
        number = int(asked.get(getattr(api.paging, "parameter", ""), asked.get("_number", 1)))
        files = sorted((path / "data").glob("[!_]*.jsonl"))
        every = [json.loads(line) for f in files for line in f.read_text("utf-8").splitlines()]
        rows = [row for row in every if "_all" in asked or within(row, asked, pipeline)]
        first, more = (number - 1) * limit, len(rows) > number * limit
        body: Any = rows[first : first + limit]
        if api.rows:
            content: dict[str, Any] = {}
            put(content, api.rows, body)
            put(content, getattr(api.paging, "field", "next"), number + 1 if more else None)
            body = content
        link = f"?{urlencode(asked | {'_number': number + 1})}"
        self.answer(200, body, {"Link": f'<{link}>; rel="next"'} if more else {})

    def answer(self, code: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        """A whole answer."""
        self.half(code, json.dumps(body).encode(), 0, headers)

    def half(
        self, code: int, content: bytes, lacking: int = 1, headers: dict[str, str] | None = None
    ) -> None:
        """An answer that promises more bytes than it gives."""
        self.send_response(code)
        for name, one in (headers or {}).items():
            self.send_header(name, one)
        self.send_header("Content-Length", str(len(content) + lacking))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = bool(lacking)


def put(body: dict[str, Any], field: str, value: Any) -> None:
    """Set a field, or one of the objects that lead to it."""
    *outer, last = field.split(".")
    for name in outer:
        body = body.setdefault(name, {})
    body[last] = value


def within(row: dict[str, Any], asked: dict[str, str], pipeline: Any) -> bool:
    """Whether a row happened in the range that is asked for, if one is."""
    source = pipeline.source
    if source.api.since not in asked:
        return True
    column = next(c for c in pipeline.contract.source if c.name == source.event_time)
    text, formats = row[column.source], source.when.formats
    zone = UTC if column.type == "DATE" else ZoneInfo(source.when.zone)
    if formats:
        at = datetime.strptime(text, formats[0]).replace(tzinfo=zone)
    else:
        at = datetime.fromisoformat(text).replace(tzinfo=zone)
    start, end = (datetime.fromisoformat(asked[n]) for n in (source.api.since, source.api.until))
    return start <= at < end


def settings(name: str, folder: Path, pipeline: Any, limit: int = 50) -> dict[str, str]:
    """The settings that lead a pipeline to the rows of a folder, if it asks an API for them."""
    if not hasattr(pipeline.source, "api"):
        return {}
    PIPELINES[name] = pipeline
    mine = f"PIPELINE_PIPELINES__{name.upper()}"
    return {
        f"{mine}__URL": f"{server()}{quote(str(folder))}?_pipeline={name}&_limit={limit}",
        f"{mine}__PATH": str(folder / "captures"),
        f"{mine}__REFETCH": "true",  # the proofs of other parts correct rows at the source
        "NO_PROXY": "127.0.0.1",
    }


@cache
def server() -> str:
    """The address; it is served as long as this process lives."""
    made = Server(("127.0.0.1", 0), Handler)
    Thread(target=made.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{made.server_port}"


def answers(code: int, **headers: str) -> Fault:
    """An answer without rows. `Retry_After` is the header with a hyphen."""
    named = {name.replace("_", "-"): one for name, one in headers.items()}
    return lambda handler: handler.answer(code, None, named)


def breaks_off(handler: Handler) -> None:
    """Fewer bytes than were promised."""
    handler.half(200, b'{"items": [', 100)


def cuts(handler: Handler) -> None:
    """All bytes that were promised, and half of the rows."""
    handler.half(200, b'{"items": [{"a": 1}, {"a":', 0)


def is_slow(handler: Handler) -> None:
    """Nothing for longer than the client waits, in the proofs."""
    time.sleep(1)
    handler.close_connection = True
