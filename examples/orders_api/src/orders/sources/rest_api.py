"""A REST API: the pages of one endpoint, asked for with patience. It keeps and remembers nothing."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import stamina
from pydantic import SecretStr

from ..core.errors import EnvironmentFailure, NotReady, PipelineError, UsageError
from .paging import Number, Page, Paging, at

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it shows each address with its query
logging.getLogger("stamina").setLevel(logging.ERROR)  # that is said here, with the reason

LATER = (429, 502, 503, 504)
REFUSED = (401, 403)
BROKEN = (
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.RemoteProtocolError,  # fewer bytes than were promised
    httpx.DecodingError,
)


class Again(Exception):
    """What may work a moment later: `wait` seconds, if the server says so."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class RestApi:
    """One endpoint. A window goes into the query as `since` and `until`, in UTC.

    `rows` is the field that has the rows; None: the answer is a list of them. A page is asked for
    `attempts` times; the wait doubles from `backoff` seconds, or is what the server asks for, up to
    `patience` seconds. The token goes to the host of `url` only, as `header` takes it.
    """

    url: str
    paging: Paging
    token: SecretStr
    header: str = "Authorization"
    rows: str | None = "items"
    since: str = "since"
    until: str = "until"
    attempts: int = 6
    backoff: float = 1.0
    timeout: float = 60.0  # seconds without a byte
    patience: float = 300.0

    def pages(self, between: tuple[datetime, datetime] | None) -> Iterator[Page]:
        """All pages, or those of a range of event time (UTC, half-open), one by one."""
        url, last, same, before = self._first(between), None, 0, set[int]()
        with httpx.Client(headers=self._headers(), timeout=self.timeout) as client:
            while True:
                page = self._page(client, url)
                yield page
                new = (page.rows, None if page.rows else url)
                last, same = new, same + 1 if new == last else 0
                following = self._after(page)
                if following is None:
                    return
                if (seen := hash((url, repr(page.rows)))) in before:  # a cursor may stay the same
                    raise PipelineError(f"{place(url)} leads back to a page that was read before")
                before.add(seen)
                if same > 1:
                    raise PipelineError(f"{place(url)} gives the same page again and again")
                if place(following, path="") != place(url, path=""):
                    raise PipelineError(f"{place(url)} leads to {place(following)}: another host")
                url = following

    def _after(self, page: Page) -> httpx.URL | None:
        try:
            return self.paging.after(page)
        except (httpx.InvalidURL, ValueError):
            why = "leads to a next page whose address is none"
            raise PipelineError(f"{place(page.url)} {why}: see what it answers") from None

    def _first(self, between: tuple[datetime, datetime] | None) -> httpx.URL:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise UsageError("`url` of the API must be https://<host>/<path>, without a user")
        if between:
            names = (self.since, self.until)
            times = {n: f"{t.isoformat()}Z" for n, t in zip(names, between, strict=True)}
            url = url.copy_merge_params(times)
        return url

    def _headers(self) -> dict[str, str]:
        token = self.token.get_secret_value()
        if not re.fullmatch(r"[\x21-\x7e]*", token):
            raise UsageError("the token of the API has characters that no header can have")
        bearer = f"Bearer {token}" if self.header.lower() == "authorization" else token
        return {"Accept": "application/json"} | ({self.header: bearer} if token else {})

    def _page(self, client: httpx.Client, url: httpx.URL) -> Page:
        retry = stamina.retry_context(
            self._may_work,
            attempts=self.attempts,
            timeout=None,
            wait_initial=self.backoff,
            wait_max=60.0,
            wait_jitter=self.backoff,
        )
        try:
            for attempt in retry:
                with attempt:
                    return self._ask(client, url)
        except Again as error:
            raise EnvironmentFailure(f"{error}; gave up after {self.attempts} attempts") from None
        raise AssertionError("the last attempt has raised")

    def _may_work(self, error: Exception) -> bool | float:
        if isinstance(error, Again):
            log.warning("%s", error)
            return True if error.wait is None else error.wait
        return False

    def _ask(self, client: httpx.Client, url: httpx.URL) -> Page:
        where = place(url)
        try:
            answer = client.get(url)
            code = answer.status_code
            if code in LATER:
                wait = asked(answer)
                if wait is not None and wait > self.patience:
                    raise NotReady(f"{where} answers {code} and wants {wait:.0f} s of rest")
                raise Again(f"{where} answers {code}", wait)
            if code in REFUSED:
                raise EnvironmentFailure(
                    f"{where} refuses the token ({code}): it is missing, expired or not allowed to "
                    "read this. PIPELINE_PIPELINES__<NAME>__TOKEN has it."
                )
            if not answer.is_success:
                raise PipelineError(f"{where} answers {code} {answer.reason_phrase}")
            body = answer.json(parse_float=Number)
        except BROKEN as error:
            raise Again(f"{where} broke off: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise EnvironmentFailure(f"cannot ask {where}: {type(error).__name__}") from None
        except ValueError:
            raise Again(f"{where} answers half a page, or no JSON") from None
        rows = at(body, self.rows) if self.rows else body
        if not isinstance(rows, list):
            has = f"no list `{self.rows}`" if self.rows else "no list"
            raise PipelineError(f"{where} answers {has}: renamed or removed at the source")
        return Page(url, body, rows, answer.links)


def place(url: httpx.URL, path: str | None = None) -> str:
    """An address for people: without its query, which can have anything in it."""
    return f"{url.scheme}://{url.netloc.decode()}{url.path if path is None else path}"


def asked(answer: httpx.Response) -> float | None:
    """The seconds that `Retry-After` asks for, in its two forms; by the server's own clock."""
    text = answer.headers.get("Retry-After", "").strip()
    text = text.replace("-0000", "+0000")  # no zone, which is UTC as well
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(answer.headers["Date"])
    except KeyError:
        now = datetime.now(UTC)
    except ValueError:
        return None
    return max((until - now).total_seconds(), 0.0)
