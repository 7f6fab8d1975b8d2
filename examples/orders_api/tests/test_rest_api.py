"""REST API: what is asked for, how often, and that no secret shows."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from itertools import islice
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from . import api
from .support import PipelineError, World, having, ordered, stamp, windowed

Make = Callable[[str], World]
WORD = "s3cr3t-t0ken"
names = having(source="RawCapture")
each = pytest.mark.parametrize("name", names)
each_with_key = pytest.mark.parametrize("name", [n for n in names if World(n, Path()).key])


@pytest.fixture(autouse=True)
def _no_faults_left() -> Iterator[None]:
    yield
    api.FAULTS.clear()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a retry waited for, without waiting."""
    seconds = list[float]()
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=seconds.append))
    return seconds


def impatient(here: World, limit: int = 50, **fields: Any) -> World:
    """The same world with short time-outs and waits, and pages of `limit` rows."""
    source: Any = here.pipeline.source
    url = source.api.url.replace("_limit=50", f"_limit={limit}")
    limits: dict[str, Any] = {"backoff": 0.001, "timeout": 0.3, "url": url}
    return here.having("source", api=replace(source.api, **limits | fields))


def setting(here: World, name: str) -> str:
    """A setting of the pipeline, as the environment calls it."""
    return f"PIPELINE_PIPELINES__{here.name.upper()}__{name}"


@each
def test_a_window_goes_into_the_query_and_a_snapshot_asks_for_all(name: str, world: Make) -> None:
    here = impatient(world(name))
    here.write("a", here.rows(3))
    api.ASKED.clear()
    assert here.run(here.over(1)).exit == 0
    source: Any = here.pipeline.source
    bounds = [api.ASKED[0].get(one) for one in (source.api.since, source.api.until)]
    window = [f"{here.begin.isoformat()}Z", f"{here.end(1).isoformat()}Z"]
    assert bounds == (window if name in windowed() else [None, None])


@each
def test_all_pages_come(name: str, world: Make) -> None:
    here = impatient(world(name), limit=2)
    here.write("a", here.rows(7))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(7))


@each
def test_a_row_can_leave_out_what_it_has_not_and_be_a_page(name: str, world: Make) -> None:
    here = impatient(world(name), limit=2)
    rows = here.rows(3)
    rows[-1] = {k: v if k in here.needed else None for k, v in rows[-1].items()}
    path = here.write("a", rows)
    *lines, last = path.read_text("utf-8").splitlines()
    lines.append(json.dumps({k: v for k, v in json.loads(last).items() if v is not None}))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(rows)


@each
def test_a_row_is_kept_as_it_came(name: str, world: Make) -> None:
    source: Any = world(name).pipeline.source
    row = '{"a": 1.10, "b": [1E400, {"c": 90071992547409.93}], "d": "1.10", "e": [null, true, 7]}'
    content: Any = {} if source.api.rows else ["@"]
    if source.api.rows:
        api.put(content, source.api.rows, ["@"])
    body = json.dumps(content).replace('"@"', row).encode()
    api.FAULTS[:] = [lambda handler: handler.half(200, body, 0)]
    assert list(next(source.api.pages(None)).lines) == [row]


@each
@pytest.mark.parametrize(
    "fault",
    [*map(api.answers, (429, 502, 503, 504)), api.breaks_off, api.cuts, api.is_slow],
    ids=["429", "502", "503", "504", "half", "cut", "slow"],
)
def test_what_may_pass_is_asked_for_again(name: str, fault: api.Fault, world: Make) -> None:
    here = impatient(world(name), limit=2)
    here.write("a", here.rows(5))
    api.FAULTS[:] = [None, fault, fault]
    result = here.run(here.over(1))
    assert result.exit == 0
    assert here.silver() == ordered(here.rows(5))
    assert api.FAULTS == []


@each
@pytest.mark.parametrize("code", [400, 404, 500])
def test_what_is_wrong_is_asked_for_once(name: str, code: int, world: Make) -> None:
    here = impatient(world(name))
    here.write("a", here.rows(3))
    api.ASKED.clear()
    api.FAULTS[:] = [api.answers(code)]
    result = here.run(here.over(1))
    assert (result.exit, len(api.ASKED)) == (1, 1)
    assert f"answers {code}" in result.log


@each
def test_a_server_that_stays_away_is_given_up_and_the_next_run_heals(
    name: str, world: Make, slept: list[float]
) -> None:
    here = impatient(world(name), backoff=1.0)
    here.write("a", here.rows(3))
    api.ASKED.clear()
    api.FAULTS[:] = [api.answers(503)] * 6
    result = here.run(here.over(1))
    assert (result.exit, len(api.ASKED)) == (3, 6)
    assert "gave up after 6 attempts" in result.log
    assert slept[4] > slept[0]
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(3))


@each
def test_a_server_that_is_not_there_is_said_so(name: str, world: Make, slept: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = impatient(world(name), url=f"http://127.0.0.1:{port}/orders").run(world(name).over(1))
    assert result.exit == 3
    assert f"http://127.0.0.1:{port}/orders broke off: ConnectError" in result.log
    assert len(slept) == 5


@each
def test_the_server_says_how_long_to_wait(name: str, world: Make, slept: list[float]) -> None:
    here = impatient(world(name))
    here.write("a", here.rows(3))
    date = formatdate(time() + 40, usegmt=True)
    api.FAULTS[:] = [
        api.answers(429, Retry_After="7"),
        api.answers(503, Retry_After=date),
        api.answers(503, Retry_After=formatdate(time() + 40)),  # its zone is -0000
        api.answers(503, Retry_After="soon"),
    ]
    assert here.run(here.over(1)).exit == 0
    assert slept[0] == 7
    assert 35 < slept[1] <= 41
    assert 35 < slept[2] <= 41
    assert slept[3] < 1


@each
def test_a_server_that_wants_a_long_rest_gets_it(
    name: str, world: Make, slept: list[float]
) -> None:
    here = impatient(world(name))
    api.FAULTS[:] = [api.answers(429, Retry_After="86400")]
    result = here.run(here.over(1))
    assert result.exit == 4
    assert "wants 86400 s of rest" in result.log
    assert slept == []


@each
def test_an_expired_token_is_said_so_and_nothing_is_lost(name: str, world: Make) -> None:
    here = impatient(world(name), limit=2)
    here.write("a", here.rows(5))
    api.FAULTS[:] = [None, api.answers(401)]
    result = here.run(here.over(1))
    assert result.exit == 3
    assert "refuses the token (401)" in result.log
    assert here.plan(here.over(1)) != {}
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(5))


@each
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_the_token_goes_to_the_server_and_nowhere_else(name: str, header: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    secret = {setting(here, "TOKEN"): WORD, setting(here, "HEADER"): header}
    here = impatient(replace(here, settings={**secret, "PIPELINE_LOG_FORMAT": "json"}))
    api.SENT.clear()
    api.FAULTS[:] = [api.answers(429, Retry_After="0"), api.cuts, api.answers(401)]
    said = here.run(here.over(1)).log
    api.FAULTS[:] = [api.answers(500)]
    said += here.run(here.over(1)).log
    result = here.run(here.over(1))
    sent = {sent[header] for sent in api.SENT}
    assert sent == {f"Bearer {WORD}" if header == "Authorization" else WORD}
    said += result.log + str(result.facts) + str(here.status(here.over(1))) + repr(here.pipeline)
    assert WORD not in said
    files = [path for path in here.folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if WORD.encode() in path.read_bytes()] == []


@each
@pytest.mark.parametrize("token", ["a\nb-t0ken", "caf\u00e9-t0ken"])
def test_a_token_that_no_header_can_have_is_not_shown(name: str, token: str, world: Make) -> None:
    here = world(name)
    result = replace(here, settings={setting(here, "TOKEN"): token}).run(here.over(1))
    assert result.exit == 2
    assert "t0ken" not in result.log


@each
def test_a_token_in_a_file_is_refused(
    name: str, world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world(name)
    assert here.pipeline
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "defaults.toml").write_text(Path("conf/defaults.toml").read_text("utf-8"), "utf-8")
    (conf / "local.toml").write_text(f'[pipelines.{name}]\ntoken = "{WORD}"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    result = here.run(here.over(1))
    assert (result.exit, "conf/local.toml says a token" in result.log) == (2, True)
    assert WORD not in result.log


@each_with_key
def test_a_row_that_comes_twice_since_pages_shift_is_there_once(name: str, world: Make) -> None:
    here = impatient(world(name), limit=2)
    rows = here.rows(6)
    here.write("b", rows[1:])

    def shifted(handler: api.Handler) -> None:
        here.write("a", rows[:1])
        handler.page(api.ASKED[-1])

    api.ASKED.clear()
    api.FAULTS[:] = [None, shifted]
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(rows[1:])  # the new one comes when the API is asked again
    assert sum(row["rows"] for row in here.table("gold")) == 5
    assert here.again(1).exit in (0, 2)


@dataclass
class Astray:
    """Pages that lead to an address each, for ever."""

    leads: Callable[[httpx.URL], httpx.URL]

    def after(self, page: Any) -> httpx.URL:
        return self.leads(page.url)


def numbered(url: httpx.URL, change: Callable[[int], int]) -> httpx.URL:
    """The same address with another number."""
    return url.copy_set_param("n", change(int(url.params.get("n", 0))))


@each
@pytest.mark.parametrize(
    ("leads", "why"),
    [
        (lambda url: numbered(url, lambda n: n + 1), "the same page again and again"),
        (lambda _: httpx.URL("http://localhost/"), "another host"),
        (lambda _: httpx.URL("http://a:b"), "whose address is none"),
    ],
    ids=["same", "host", "none"],
)
def test_a_page_that_leads_astray_is_not_followed(
    name: str, leads: Callable[[httpx.URL], httpx.URL], why: str, world: Make
) -> None:
    here = impatient(world(name), paging=Astray(leads))
    here.write("a", here.rows(3))
    source: Any = here.pipeline.source
    here.env  # noqa: B018  # the server knows the world then
    with pytest.raises(PipelineError, match=why):
        list(source.api.pages(None))


def saying(body: Any) -> Callable[[Any], None]:
    """An answer with this body."""
    return lambda handler: handler.answer(200, body)


def back(url: httpx.URL) -> httpx.URL:
    """Of two addresses the other one."""
    return numbered(url, lambda n: 1 - n)


@each
def test_pages_in_a_circle_end_and_an_address_that_stays_goes_on(name: str, world: Make) -> None:
    here = world(name)
    here.env  # noqa: B018  # the server knows the world then
    for leads, others in ((back, 2), (lambda url: url, 9)):
        source: Any = impatient(here, paging=Astray(leads)).pipeline.source
        key = source.api.rows
        bodies = [{key: [n % others]} if key else [n % others] for n in range(9)]
        api.FAULTS[:] = [saying(body) for body in bodies]
        pages = source.api.pages(None)
        if others == 2:
            with pytest.raises(PipelineError, match="leads back to a page"):
                list(pages)
        else:
            assert len(list(islice(pages, 9))) == 9


@each
@pytest.mark.parametrize("url", ["", "ftp://a/b", "https://me:word@host/x", "https://a:b"])
def test_an_address_that_is_none_is_a_usage_error(name: str, url: str, world: Make) -> None:
    result = impatient(world(name), url=url).run(world(name).over(1))
    assert result.exit == 2
    assert "word" not in result.log


@each
def test_rows_that_are_not_where_they_were_stop_the_unit(name: str, world: Make) -> None:
    here = impatient(world(name), rows="elsewhere")
    api.FAULTS[:] = [lambda handler: handler.answer(200, {"items": []})]
    result = here.run(here.over(1))
    assert result.exit == 1
    assert "no list `elsewhere`" in result.log
    assert stamp(here.over(1))
