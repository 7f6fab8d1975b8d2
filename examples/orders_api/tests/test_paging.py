"""Paging: where the next page is, and where there is none."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from .support import PipelineError, World, having

HERE = "https://api.test/v1/orders?since=2025-01-01"
apis: list[Any] = [World(name, Path()).pipeline.source for name in having(source="RawCapture")]
paging: Any = sys.modules[type(apis[0].api.paging).__module__] if apis else None
each = pytest.mark.parametrize("paging", [paging] if apis else [])


def after(how: Any, body: Any = None, rows: tuple[int, ...] = (1,), link: str = "") -> str | None:
    """The address after a page."""
    headers = {"Link": link} if link else {}
    links = httpx.Response(200, headers=headers).links
    url = how.after(paging.Page(httpx.URL(HERE), body, rows, links))
    return str(url) if url else None


@each
def test_a_link_leads_to_the_next_page_wherever_it_stands(paging: Any) -> None:
    first = '<https://api.test/v1/orders?page=1>; rel="first"'
    third = "https://api.test/v1/orders?page=3"
    assert after(paging.Links(), link=f'{first}, <{third}>; title="x"; rel="next"') == third
    assert after(paging.Links(), link='<?page=3>; rel="last NEXT"') == third
    assert after(paging.Links(), link=first) is None
    assert after(paging.Links()) is None


@each
def test_a_cursor_is_sent_along_or_is_an_address(paging: Any) -> None:
    how = paging.Cursor("meta.next", "after")
    assert after(how, {"meta": {"next": "a/b=="}}) == f"{HERE}&after=a%2Fb%3D%3D"
    assert after(how, {"meta": {"next": "/v1/orders?c=1"}}) == "https://api.test/v1/orders?c=1"
    assert after(how, {"meta": {"next": "/9j/4A"}}) == f"{HERE}&after=%2F9j%2F4A"
    assert after(how, {"meta": {"next": "https://api.test/x"}}) == "https://api.test/x"
    ends: list[Any] = [{"meta": {"next": None}}, {"meta": {"next": ""}}, {"meta": 1}, {}]
    assert [after(how, body) for body in ends] == [None] * 4
    with pytest.raises(PipelineError, match="no object"):
        after(how, [])


@each
def test_numbers_go_on_until_a_page_is_empty(paging: Any) -> None:
    assert after(paging.Numbers("n")) == f"{HERE}&n=2"
    assert after(paging.Numbers(first=0)) == f"{HERE}&page=1"
    assert after(paging.Numbers(), rows=()) is None
