"""Paging: where the next page of an API is, in the three ways that APIs have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from ..core.errors import PipelineError


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: where it was asked for, what it says, its rows, and its links by their `rel`."""

    url: httpx.URL
    body: Any
    rows: Sequence[Any]
    links: Mapping[str | None, Mapping[str, str]]

    @property
    def lines(self) -> Iterator[str]:
        """Its rows as JSON, each on a line of its own."""
        return map(written, self.rows)


class Number(str):
    """A number with a point or an exponent as it is spelled: a float would be another one."""

    __slots__ = ()


class Paging(Protocol):
    """How pages follow one another."""

    def after(self, page: Page) -> httpx.URL | None:
        """The address of the next page; None after the last one."""


@dataclass(frozen=True, slots=True)
class Links:
    """The header `Link: <address>; rel="next"` (RFC 8288); the address may be relative."""

    def after(self, page: Page) -> httpx.URL | None:
        for rel, link in page.links.items():
            if "next" in (rel or "").lower().split():
                return page.url.join(link["url"])
        return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A field of the answer has what the next request sends along, or the address: the whole one, or
    one that begins with the path of this page.

    The field of an object within it is `meta.next`. Nothing, null or empty: that was the last page.
    """

    field: str = "next_cursor"
    parameter: str = "cursor"

    def after(self, page: Page) -> httpx.URL | None:
        if not isinstance(page.body, dict):
            raise PipelineError(f"the answer has no `{self.field}`: it is no object")
        found = at(page.body, self.field)
        if found in (None, "", False):
            return None
        if str(found).startswith(("http://", "https://", page.url.path)):
            return page.url.join(str(found))
        return page.url.copy_set_param(self.parameter, found)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Pages have numbers from `first` on; an empty one ends them."""

    parameter: str = "page"
    first: int = 1

    def after(self, page: Page) -> httpx.URL | None:
        number = int(page.url.params.get(self.parameter, self.first))
        return page.url.copy_set_param(self.parameter, number + 1) if page.rows else None


def written(value: Any) -> str:
    """JSON for what was read, whose numbers stay as they came."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return value if isinstance(value, Number) else json.dumps(value)


def at(body: Any, field: str) -> Any:
    """A value of an answer, by its field or by the fields that lead to it; None if it has none."""
    for name in field.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body
