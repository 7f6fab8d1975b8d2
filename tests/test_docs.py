"""The documentation site: built strictly from the repository, and true because it is made from what is tested."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from scaffold import catalogue as catalogues
from scaffold import chart as charts
from scaffold import cli, flowing, recommend
from scaffold.chart import UNKNOWN, Line
from scaffold.pattern import Pattern
from scripts.docs import (
    axes,
    build,
    chart,
    commands,
    diagrams,
    excerpts,
    links,
    messages,
    navigation,
    patterns,
)
from scripts.docs.excerpts import Broken
from scripts.docs.pages import Site
from scripts.docs.tree import Branch, Leaf
from tests.releases import copied

ROOT = Path(__file__).parent.parent
CATALOGUE = catalogues.of(ROOT)
CODING = sorted((ROOT / "docs" / "coding").rglob("*.md"))
SEED = {
    "functional", "factory", "strategy", "singleton", "object-pool", "tips",
    "python/typing", "python/dataclasses", "python/context-managers", "python/decorators", "python/pytest",
    "scala/traits", "scala/case-classes", "scala/type-classes", "scala/implicits", "scala/pattern-matching",
    "scala/functional", "scala/futures", "scala/scalatest",
}  # fmt: skip
PYTHON = '''\
LIMIT = 3

@decorated
class Shop:
    name: str

    def sell(self):
        """Sells."""
        return 1
'''
SCALA = """\
object Shop {
  val limit = 3
}

/** A shop. */
final case class Shop(
    name: String
) {

  /** Sells. */
  def sell(): Int = {
    1
  }
  def last: Int = 2
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, which has to be right."""
    out = tmp_path_factory.mktemp("docs")
    assert build.build(ROOT, out) == []
    return out


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, to be spoilt."""
    return copied(tmp_path / "copy")


def text(site: Path, page: str) -> str:
    return (site / "site" / page / "index.html").read_text(encoding="utf-8")


def test_the_site_is_built_strictly_and_every_link_in_it_leads_to_something(site: Path) -> None:
    assert len(list((site / "site").rglob("*.html"))) > len(SEED) + len(patterns.shown(CATALOGUE))


def test_the_search_looks_through_every_page(site: Path) -> None:
    found = json.loads((site / "site" / "search.json").read_text("utf-8"))["items"]
    places = {one["location"].partition("#")[0] for one in found}
    assert places == {
        place.removesuffix("index.md").removesuffix(".md")
        + ("/" if "index.md" not in place else "")
        for place in build.places(ROOT, CATALOGUE).values()
    }
    assert any("oldest first, with backoff" in one["text"] for one in found)


def test_every_page_is_in_the_navigation_once() -> None:
    said = json.dumps(navigation.tree(ROOT, CATALOGUE))
    listed = re.findall(r'"([\w/-]+\.md)"', said)
    assert sorted(listed) == sorted(build.places(ROOT, CATALOGUE).values())


def test_a_link_to_an_anchor_that_is_not_there_fails_the_build(copy: Path, tmp_path: Path) -> None:
    page = copy / "docs" / "updating.md"
    page.write_text(page.read_text("utf-8") + "\n[gone](benchmarks.md#gone)\n", "utf-8")
    (said,) = build.build(copy, tmp_path / "out")
    assert "updating.md" in said
    assert "benchmarks.md#gone" in said


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ("[gone](gone.md)", "links to gone.md, which is not there"),
        ("[gone](../examples/flights/gone.py)", "which is not there"),
        ("[gone](../examples/flights/src/flights/core/units.py#Gone)", "units.py has no Gone"),
        ("```include\nexamples/flights/src/flights/core/units.py#Gone\n```", "has no Gone"),
        ("```include\nexamples/gone.py\n```", "there is no file examples/gone.py"),
        ("```mermaid\nflowchart LR\n    a --> b\n```", "a diagram has no accTitle"),
    ],
)
def test_a_page_that_names_what_is_gone_is_refused_with_its_name(spoilt: str, reason: str) -> None:
    pages = Site(ROOT, build.places(ROOT, CATALOGUE))
    with pytest.raises(Broken, match=f"^docs/updating.md: .*{re.escape(reason)}"):
        pages.page("docs/updating.md", spoilt)


def test_a_link_leads_to_the_site_or_to_the_line_of_a_file_in_the_repository() -> None:
    pages = Site(ROOT, build.places(ROOT, CATALOGUE))
    assert pages.link("docs/coding/factory.md", "../../README.md#start") == "../index.md#start"
    assert pages.link("docs/updating.md", "../LICENSE").endswith("/blob/main/LICENSE")
    line = pages.link("docs/updating.md", "../scaffold/errors.py#ScaffoldError.exit_code")
    assert re.search(r"/blob/main/scaffold/errors\.py#L(\d+)-L\1$", line)
    assert pages.link("docs/updating.md", "https://example.org/#x") == "https://example.org/#x"


def test_what_a_page_loads_from_elsewhere_and_a_dead_link_are_found_in_built_pages(
    tmp_path: Path,
) -> None:
    (tmp_path / "index.html").write_text(
        '<script src="https://cdn.example/x.js"></script><link rel="stylesheet" href="gone.css">'
        '<a href="#here" id="here">a</a><a href="#gone">b</a><a href="https://example.org">c</a>',
        encoding="utf-8",
    )
    assert list(links.problems(tmp_path)) == [
        "index.html loads https://cdn.example/x.js from elsewhere",
        "index.html links to #gone: that page has no such anchor",
        "index.html links to gone.css: there is no such page",
    ]


@pytest.mark.parametrize(
    ("name", "symbol", "lines"),
    [
        ("a.py", "LIMIT", (1, 1)),
        ("a.py", "Shop", (3, 9)),
        ("a.py", "Shop.name", (5, 5)),
        ("a.py", "Shop.sell", (7, 9)),
        ("a.scala", "Shop", (1, 3)),
        ("a.scala", "Shop.limit", (2, 2)),
        ("a.scala", "Shop.sell", (10, 13)),
        ("a.scala", "Shop.last", (14, 14)),
    ],
)
def test_an_excerpt_is_the_whole_of_what_is_named_and_no_more(
    name: str, symbol: str, lines: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(PYTHON if name.endswith(".py") else SCALA, encoding="utf-8")
    found = excerpts.find(tmp_path, f"{name}#{symbol}")
    assert (found.first, found.last) == lines


def test_there_is_a_page_for_every_coding_pattern_of_the_seed() -> None:
    written = {path.relative_to(ROOT / "docs/coding").with_suffix("").as_posix() for path in CODING}
    assert written == SEED | {"index", "helpers"}


@pytest.mark.parametrize("page", CODING, ids=lambda path: path.stem)
def test_a_coding_page_has_one_diagram_and_code_of_a_generated_project_and_pastes_none(
    page: Path,
) -> None:
    fences = re.findall(r"^```(\w*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    kinds = [kind for kind in fences if kind]
    assert kinds.count("mermaid") == 1
    assert set(kinds) <= {"mermaid", "include"}
    assert "include" in kinds or page.stem == "index"


@pytest.mark.parametrize("pattern", patterns.shown(CATALOGUE), ids=lambda one: one.ref)
def test_a_pattern_has_a_page_with_its_code_its_settings_and_what_its_proofs_say(
    pattern: Pattern, site: Path
) -> None:
    page = (site / "docs" / patterns.place(pattern)).read_text(encoding="utf-8")
    assert all(f"--{one.key.replace('_', '-')}" in page for one in pattern.settings)
    assert all(need.reason in page for need in pattern.needs)
    for runtime in pattern.runtimes:
        inside = ROOT / patterns.folder(pattern) / runtime
        code = next(inside.glob("code.*"))
        assert code.read_text(encoding="utf-8").strip() in page
        (test,) = inside.glob("test.*")
        assert patterns.sentences(test)
        assert all(f"- {proof}" in page for proof in patterns.sentences(test))


@pytest.mark.parametrize(
    ("axis", "asked"),
    [
        ("source", {"replayable", "ordered", "current_state"}),
        ("sink", {"overwritable", "safe_retry"}),
    ],
)
def test_sources_and_sinks_are_told_apart_by_what_they_can_do(
    axis: str, asked: set[str], site: Path
) -> None:
    page = (site / "docs" / axes.place(CATALOGUE.axis(axis))).read_text(encoding="utf-8")
    assert page.count("{ .diagram }") == 1
    (head,) = re.findall(r"^\| \| (`.*`) \|$", page, re.MULTILINE)
    names = head.replace("`", "").split(" | ")
    assert set(names) == asked
    for one in CATALOGUE.of(axis):
        able = " | ".join("yes" if name in CATALOGUE.provides(one) else "no" for name in names)
        assert f"| [{one.title}]({one.id}.md) | {able} |" in page
    for other in CATALOGUE.patterns.values():
        assert all(need.reason in page for need in other.needs if need.capability in asked)


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_the_reference_has_every_flag_that_help_shows(name: str) -> None:
    shown = CliRunner().invoke(cli.root, [name, "--help"]).output
    listed = [line.strip().split("  ")[0] for line in shown.splitlines() if line.startswith("  -")]
    flags = {flag for line in listed for flag in re.findall(r"--[a-z][a-z-]+", line)} - {"--help"}
    section = commands.page().partition(f"{{ #{name} }}")[2].partition("\n## ")[0]
    assert flags
    assert {flag for flag in flags if f"`{flag}`" not in section} == set()


def test_the_reference_has_every_command() -> None:
    page = commands.page()
    shown = CliRunner().invoke(cli.root, ["--help"]).output
    assert all(f"## {name} {{ #{name} }}" in page for name in cli.COMMANDS)
    assert all(f"  {name} " in shown for name in cli.COMMANDS)


@pytest.mark.parametrize(
    ("folder", "classes"),
    [("scaffold", messages.CLASSES), ("examples/shop/src/shop", messages.PROJECT)],
)
def test_every_place_that_makes_an_error_is_in_the_reference_with_what_to_do(
    folder: str, classes: dict[str, int], site: Path
) -> None:
    found = messages.found(ROOT, folder, classes)
    for file in sorted((ROOT / folder).rglob("*.py")):
        called = re.findall(
            rf"(?<!class )\b(?:{'|'.join(classes)})\((?!\)|\w*Error\)|Exception\))",
            file.read_text(encoding="utf-8"),
        )
        path = file.relative_to(ROOT).as_posix()
        assert len([one for one in found if one.path == path]) == len(called), path
    page = (site / "docs" / "errors.md").read_text(encoding="utf-8")
    assert all(row in page for row in messages.rows(found))
    assert all(messages.advice(one) for one in found)


def test_a_message_is_read_as_the_user_sees_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'def f(name, other):\n    fix = "Wrong."\n    if other:\n        fix = f"Say {name!r}: a" "b"\n'
        '        raise UsageError(f"No {other.name}.", fix=fix)\n    fix = "Later."\n',
        encoding="utf-8",
    )
    (found,) = messages.found(tmp_path, ".", {"UsageError": 2})
    assert (found.what, found.fix, found.line) == ("No ‹name›.", "Say ‹name›: ab", 5)


def test_a_diagram_is_drawn_without_a_browser_and_has_a_title() -> None:
    source = "accTitle: Two boxes\nflowchart LR\n    a[one] --> b[two]\n"
    assert diagrams.title(source) == "Two boxes"
    drawn = diagrams.draw(source)
    assert drawn.startswith("<svg")
    assert "one" in drawn
    assert "#FFFFFF" not in drawn[:300]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("a --> b[one]\n    a -->|a label that is longer| c[two]\n", "a box lies over the label"),
        ('a["one"] --> b["two"] -->|else| c["three"]\n', "was taken for text"),
    ],
)
def test_a_diagram_that_hides_its_words_is_refused(lines: str, problem: str) -> None:
    with pytest.raises(Broken, match=f"^Hidden: .*{problem}"):
        diagrams.draw(f"accTitle: Hidden\nflowchart TD\n    {lines}")


@pytest.mark.parametrize("pattern", patterns.shown(CATALOGUE), ids=lambda one: one.ref)
def test_the_page_of_a_pattern_has_a_diagram_that_fits_a_terminal(pattern: Pattern) -> None:
    _, how, rest = pattern.page.partition("## How it works\n")
    assert how
    assert re.search(r"^    \S", rest.partition("\n## ")[0], re.MULTILINE)
    shown = flowing.flowed(pattern.page, 80)
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.split() == pattern.page.split()
    assert all(line in shown for line in pattern.page.splitlines() if line.startswith("    "))


def test_the_label_of_an_arrow_has_no_quotes_in_the_drawing() -> None:
    drawn = diagrams.draw('accTitle: A call\nflowchart LR\n    a -->|"plan(x)"| b\n')
    assert "plan(x)" in drawn
    assert "&quot;" not in drawn
    assert '"plan' not in drawn


def test_the_readme_s_table_of_patterns_is_that_of_the_catalogue() -> None:
    assert axes.table(CATALOGUE) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_chart_is_unrolled_into_the_smallest_tree_that_says_the_same() -> None:
    lines = [
        Line("sink/log", "x", {"target": ("added",)}),
        Line("sink/files", "x", {"readers": ("many", "few")}),
        Line("sink/file", "x", {"target": ("replaced", UNKNOWN)}),
    ]
    answers = {
        "readers": ("many", "few", "none"),
        "target": ("added", "replaced"),
        "other": ("a", "b"),
    }

    def decide(said: Mapping[str, str]) -> Leaf:
        return leaf(next(one.pattern for one in lines if charts.fits(one.when, said)))

    readers = Branch(
        "readers", ((("many", "few"), leaf("sink/files")), (("none",), leaf("sink/file")))
    )
    tree = Branch("target", ((("added",), leaf("sink/log")), (("replaced",), readers)))
    assert chart.smallest(answers, decide) == tree


def leaf(word: str) -> Leaf:
    return Leaf(((word, word),))


def test_the_picture_of_the_chart_leads_where_recommend_does(site: Path) -> None:
    """For files, of which everything can be asked: each way of the picture, in each runtime."""
    drawn = text(site, "choosing")
    for axis in ("sink", "extraction"):
        tree = chart.tree(CATALOGUE.axis(axis), CATALOGUE)
        for said, end in ways(tree):
            for runtime in CATALOGUE.runtimes:
                found = recommend.recommend(said, {}, CATALOGUE.on(runtime.id)).choice[axis]
                places = [to for _, to in end.ends]
                assert f"../patterns/{axis}/{found}/" in places, (said, runtime.id)
            assert all(f'href="{to}"' in drawn for _, to in end.ends)


def ways(tree: Branch | Leaf) -> Iterator[tuple[dict[str, str], Leaf]]:
    """What one says on each way, and where that ends."""
    if isinstance(tree, Leaf):
        yield {}, tree
        return
    for answers, end in tree.ways:
        for answer in answers:
            yield from ((said | {tree.question: answer}, leaf_) for said, leaf_ in ways(end))


def test_nothing_in_the_picture_of_the_chart_lies_outside_of_it(site: Path) -> None:
    for drawing in re.findall(r"<svg viewBox.*?</svg>", text(site, "choosing"), re.DOTALL):
        width, height = map(int, re.findall(r"viewBox=\"0 0 (\d+) (\d+)\"", drawing)[0])
        boxes = re.findall(r'<rect x="(\d+)" y="(-?\d+)" width="(\d+)" height="(\d+)"', drawing)
        assert boxes
        for x, y, wide, tall in (map(int, box) for box in boxes):
            assert y >= 0
            assert x + wide <= width
            assert y + tall <= height
