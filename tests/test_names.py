"""Names: what would break Python, SQL, a path or a template is refused before anything is written."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import names
from scaffold.catalogue import load
from scaffold.errors import UsageError

RESERVED = load().reserved
TEXTS = st.text(max_size=60)
BAD = [
    "",
    " ",
    "my pipe",
    "my-pipe",
    "1pipe",
    "class",
    "select",
    "données",
    "../escape",
    "/absolute",
    "a/b",
    "a.b",
    "Upper",
    "_private",
    "a__b",
    "tail_",
    "😀",
    "it's",
    'say"so',
    "back`tick",
    "{{ name }}",
    "{% raw %}",
    "line\nbreak",
    "tab\there",
    "bell\x07",
    "null\x00",
    "\u202eright-to-left",
    "a" * 300,
]


def package(text: str) -> str:
    return names.package(text, RESERVED)


def pipeline(text: str) -> str:
    return names.pipeline(text, RESERVED)


def column(text: str) -> str:
    return names.column(text, RESERVED)


def refusal(read: Callable[[str], object], text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize("read", [package, pipeline])
@pytest.mark.parametrize("text", BAD)
def test_a_bad_name_is_refused_in_one_short_line(read: Callable[[str], object], text: str) -> None:
    error = refusal(read, text)
    assert len(error.what) < 200
    assert "\n" not in error.what
    assert error.what.isprintable()


@pytest.mark.parametrize("read", [package, pipeline])
@pytest.mark.parametrize("text", ["my pipe", "my-pipe", "1pipe", "class", "données", "Upper"])
def test_a_refusal_offers_a_name_that_would_do(read: Callable[[str], object], text: str) -> None:
    fix = refusal(read, text).fix
    assert read(fix.strip('".').split()[-1].strip('"')) != ""


@pytest.mark.parametrize("word", sorted(set(keyword.kwlist) | set(keyword.softkwlist) - {"_"}))
def test_no_word_of_python_is_a_package_or_a_pipeline(word: str) -> None:
    if word != "type":  # a soft one that imports well
        refusal(package, word)
        refusal(pipeline, word.lower())


@pytest.mark.parametrize("word", ["json", "types", "duckdb", "pytest", "tests", "src", "typing"])
def test_a_package_hides_no_module(word: str) -> None:
    assert "hide" in str(refusal(package, word)) or "needs itself" in str(refusal(package, word))


@pytest.mark.parametrize("word", sorted(names.FOLDERS))
def test_a_pipeline_is_not_called_what_the_project_needs_itself(word: str) -> None:
    assert refusal(pipeline, word).fix


@given(TEXTS)
def test_what_is_accepted_is_an_identifier_everywhere(text: str) -> None:
    try:
        package(text)
    except UsageError:
        return
    assert text.isidentifier()
    assert text.isascii()
    assert text == text.lower()
    assert not keyword.iskeyword(text)


@given(TEXTS)
def test_a_slug_is_empty_or_a_good_pipeline_name(text: str) -> None:
    free = names.free(text, RESERVED)
    assert free == "" or pipeline(free) == free


@given(TEXTS)
def test_what_is_shown_is_one_short_printable_line(text: str) -> None:
    shown = names.show(text)
    assert shown.isprintable()
    assert len(shown) < 500


@pytest.mark.parametrize("text", ["Orders", "Flüge & Züge, täglich", "a: b #c - 'd' \"e\"", "注文"])
def test_a_project_name_is_free_text(text: str) -> None:
    assert names.project_name(text) == text


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x1bb", "{{ x }}", "{% x %}", "a" * 300])
def test_a_project_name_is_one_line_that_nothing_else_reads(text: str) -> None:
    assert refusal(names.project_name, text).what


@pytest.mark.parametrize("text", ["order", "select", "Upper", "1st", "_x", "a b", "é" * 70, ""])
def test_a_column_that_sql_would_misread_is_refused(text: str) -> None:
    assert refusal(column, text).what


@pytest.mark.parametrize("text", ["order_id", "größe", "名前", "a1", "type", "class_"])
def test_a_column_can_have_letters_of_any_language(text: str) -> None:
    assert column(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/data/*.csv",
        "~/x.csv",
        "C:/x.csv",
        "../x.csv",
        "data/../../x.csv",
        "data/./x.csv",
        "data\\x.csv",
        "data/{{x}}.csv",
        "data/'x'.csv",
        'data/"x".csv',
        "data/x\n.csv",
        " data/x.csv",
        "$HOME/x.csv",
        "a" * 300,
    ],
)
def test_a_path_stays_inside_the_project(text: str) -> None:
    assert refusal(names.glob, text).what


def test_a_path_in_an_object_store_is_refused_with_the_source_that_reads_it() -> None:
    error = refusal(names.glob, "s3://shop/orders/*.csv")
    assert "--source object_store --objects" in error.fix


@pytest.mark.parametrize("text", ["data/orders/*.csv", "data/**/*.parquet", "data/my file.csv"])
def test_a_glob_inside_the_project_is_a_path(text: str) -> None:
    assert names.glob(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "..",
        "../escape",
        "a/../../b",
        "my pipe",
        "données",
        "😀",
        "{{x}}",
        "{%x%}",
        "a\nb",
        'a"b',
        "a'b",
        "a`b",
        "a$b",
        "-x",
        ".hidden",
        "a" * 300,
    ],
)
def test_a_bad_destination_is_refused(text: str, tmp_path: Path) -> None:
    assert refusal(lambda name: names.destination(name, tmp_path), text).what
    assert not list(tmp_path.iterdir())


def test_a_link_or_a_file_is_no_destination(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").touch()
    assert "link" in refusal(lambda name: names.destination(name, tmp_path), "link").what
    assert "file" in refusal(lambda name: names.destination(name, tmp_path), "file").what


@pytest.mark.parametrize("text", ["orders", "my-orders", "a/b/c", ".", "v1.2", "Orders"])
def test_a_folder_below_is_a_destination(text: str, tmp_path: Path) -> None:
    assert names.destination(text, tmp_path) == tmp_path / text
