"""What the built site is checked for: each link leads to something, and nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

HERE = "https://site.invalid/"
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
STYLES = {"stylesheet", "preload", "preconnect", "prefetch", "icon", "modulepreload"}


class Page(HTMLParser):
    """The anchors of a page, where its links lead, and what a browser loads with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.anchors |= {value for name, value in attrs if name in ("id", "name") and value}
        if tag == "a" and said.get("href"):
            self.links.append(str(said["href"]))
        if tag == "link" and STYLES & set((said.get("rel") or "").split()):
            self.loaded.append(said.get("href") or "")
        self.loaded += [value for name, value in attrs if (tag, name) in LOADED and value]


def problems(site: Path) -> Iterator[str]:
    """What is wrong with the pages in a folder, one sentence each."""
    pages = {
        path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    for name, page in pages.items():
        for address in page.loaded:
            if urlsplit(urljoin(HERE, address)).netloc != "site.invalid":
                yield f"{name} loads {address} from elsewhere"
        for address in (*page.links, *page.loaded):
            if why := _dead(site, pages, name, address):
                yield f"{name} links to {address}: {why}"


def _dead(site: Path, pages: dict[str, Page], name: str, address: str) -> str:
    to = urlsplit(urljoin(HERE + name, address))
    if to.netloc != "site.invalid":
        return ""
    path = unquote(to.path).lstrip("/")
    if path.endswith("/") or not path:
        path += "index.html"
    if not (site / path).is_file():
        return "there is no such page"
    if to.fragment and path in pages and unquote(to.fragment) not in pages[path].anchors:
        return "that page has no such anchor"
    return ""
