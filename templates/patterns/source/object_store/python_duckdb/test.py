"""Objects: which are fetched, how often, and what happens when the store or its objects change."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from glob import glob
from pathlib import Path
from typing import Any

import pytest

from . import store
from .support import PipelineError, Result, World, having, ordered, rewriting, windowed

Make = Callable[[str], World]
names = having(source="Objects")
each = pytest.mark.parametrize("name", names)
one = pytest.mark.parametrize("name", names[:1])
again = pytest.mark.parametrize("name", [name for name in names if name in rewriting()])
by_window = pytest.mark.parametrize("name", [name for name in names if name in windowed()])
whole = pytest.mark.parametrize("name", having(extraction="FullSnapshot", source="Objects"))


@pytest.fixture(autouse=True)
def _no_faults_left() -> Iterator[None]:
    yield
    for some in store.FAULTS.values():
        some.clear()


def trying(here: World, **fields: Any) -> World:
    """The same world with other retries, if it has any."""
    has = hasattr(here.pipeline.behaviour, "retries")
    return here.having("behaviour", backoff=0.001, **fields) if has else here


def fetched() -> list[str]:
    """The files that were asked for since this was called last."""
    some = [name for kind, name in store.ASKED if kind == "GET"]
    store.ASKED.clear()
    return some


def half(handler: store.Handler) -> None:
    """An object whose last bytes never come."""
    handler.give(handler.file, lacking=9)


def nothing(handler: store.Handler) -> None:
    """No answer at all."""
    handler.close_connection = True


def refusing(code: int, word: str) -> store.Fault:
    """An error of the store."""
    return lambda handler: handler.refuse(code, word)


@again
def test_each_version_of_an_object_is_fetched_once(name: str, world: Make) -> None:
    here = world(name)
    a, b = here.write("a", here.rows(3)), here.write("b", here.rows(3, window=1))
    fetched()
    assert here.run(here.over(2)).exit == 0
    assert sorted(fetched()) == [a.name, b.name]
    assert here.again(2).exit == 0
    assert fetched() == []
    here.write("b", here.rows(3, window=1, version=2))  # as long as before
    assert here.again(3).exit == 0
    assert fetched() == [b.name]


@again
def test_copies_may_be_emptied_between_runs(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    here.run(here.over(1))
    shutil.rmtree(here.folder / "copies")
    assert here.again(1).exit == 0
    assert here.silver() == ordered(here.rows(3))


@each
def test_an_object_that_went_is_read_no_more_and_its_copy_goes(name: str, world: Make) -> None:
    here = world(name)
    a, b = here.write("a", here.rows(3)), here.write("b", here.rows(3, window=1))
    here.run(here.over(2))
    own = here.folder / "copies" / f"mine{a.suffix}"
    own.write_bytes(b"of somebody else")
    a.unlink()
    here.write("c", here.rows(2, window=2))
    assert here.run(here.over(3)).exit == 0
    there = {path.name for path in own.parent.glob("[!.]*")}
    newest = getattr(here.pipeline.source, "take", "") == "newest"
    assert there == {b.name, f"c{a.suffix}", own.name} - ({b.name} if newest else set())


@by_window
def test_an_object_that_changes_before_it_is_fetched_is_noticed(name: str, world: Make) -> None:
    here = trying(world(name), retries=0)
    path = here.write("a", here.rows(3))

    def overwritten(handler: store.Handler) -> None:
        here.write("a", here.rows(3, version=1))
        handler.give(path)

    store.FAULTS["GET"].append(overwritten)
    result = here.run(here.over(1))
    assert (result.exit, "changed, or went" in result.log) == (1, True), result.log
    assert here.silver() == []
    assert here.again(1).exit == 0
    assert here.silver() == ordered(here.rows(3, version=1))


@each
def test_an_object_that_breaks_off_is_not_taken_for_a_whole_one(name: str, world: Make) -> None:
    here = trying(world(name))
    here.write("a", here.rows(5))
    store.FAULTS["GET"] += [half] * 9  # more than there are retries
    result = here.run(here.over(1))
    store.FAULTS["GET"][1:] = []  # and now one less
    streamed = name in having(extraction="Streaming")  # it looks at contents before any unit
    assert (result.exit, "cannot be had now" in result.log) == (3 if streamed else 1, True)
    assert here.table("silver") == here.table("quarantine") == []
    if here.again(1).exit:  # without retries
        assert here.again(2).exit == 0
    assert here.silver() == ordered(here.rows(5))


@each
def test_a_store_that_does_not_answer_fails_no_unit(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    for fault in (refusing(503, "SlowDown"), refusing(500, "InternalError"), nothing):
        store.FAULTS["list"].append(fault)
        assert missing(here, here.run(here.over(1)))
    assert here.run(here.over(1)).exit == 0
    assert here.silver() == ordered(here.rows(3))


@one
@pytest.mark.parametrize(
    "word", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"]
)
def test_who_is_not_let_in_is_told_what_to_do(name: str, word: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    for before, kind in (([], "list"), ([store.Handler.list], "list"), ([], "GET")):
        store.FAULTS[kind] += [*before, refusing(403, word)]
        result = here.run(here.over(1))
        assert word in result.log
        assert "s3:GetObject" in result.log
        assert missing(here, result)
        assert store.WORD not in result.log


@one
def test_a_bucket_that_is_not_there_is_no_empty_one(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    place = f"PIPELINE_PIPELINES__{name.upper()}__PATH"
    elsewhere = here.env[place].replace(f"//{store.BUCKET}/", "//elsewhere/")
    result = replace(here, settings={place: elsewhere}).run(here.over(1))
    assert "there is no bucket elsewhere" in result.log
    assert missing(here, result)


@each
def test_a_bucket_without_objects_that_match_is_not_ready(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    path.rename(path.with_name(f"_a{path.suffix}"))
    assert here.run(here.over(1)).exit == 4


@one
def test_a_list_of_many_pages_is_read_to_its_end(name: str, world: Make) -> None:
    here = world(name)
    count = 2 * store.PAGE + 1
    for n in range(count):
        path = here.write(f"a{n}", here.rows(2, window=n))
    copies = here.pipeline.source.copies  # type: ignore[attr-defined]
    assert list(copies.objects()) == [f"a{n}{path.suffix}" for n in range(count)]


@one
def test_globs_match_as_those_of_folders_do(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    base = path.parent
    for file in ("b/a", "b/c/a", ".d/a", "_e/a", "f[1]"):
        other = base / f"{file}{path.suffix}"
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(path.read_bytes())
    source: Any = here.pipeline.source
    for place in ("*", "**/*", "**/a*", "*/a*", "b/**/*", "?", "[!f]*", "b/*/a*"):
        pattern = f"{base}/{place}" + (path.suffix if place[-1] == "*" else "*")
        copies = replace(source.copies, path=f"s3://{store.BUCKET}{pattern}")
        keys = sorted(f"/{one.key}" for one in copies.objects().values())
        found = glob(pattern, recursive=True)  # noqa: PTH207  # absolute, too
        assert keys == sorted(file for file in found if Path(file).is_file())


@one
def test_a_name_that_no_file_can_have_is_an_error(name: str, world: Make) -> None:
    here = world(name)
    copies = here.pipeline.source.copies  # type: ignore[attr-defined]
    path = here.write("a", here.rows(3))
    copies = replace(copies, path=copies.path.replace("*", "**/*"))
    inside = str(path.parent)[1:]
    for key, wrong in ((f"{inside}//a{path.suffix}", True), (f"{inside}/../a{path.suffix}", False)):
        contents = f"<Contents><Key>{key}</Key><Size>1</Size><ETag>1</ETag>"
        contents += "<LastModified>2025-01-01T00:00:00Z</LastModified></Contents>"
        body = f"<ListBucketResult>{contents}</ListBucketResult>".encode()
        store.FAULTS["list"].append(partial(store.Handler.answer, code=200, body=body))
        if wrong:
            with pytest.raises(PipelineError, match="empty name"):
                copies.objects()
        else:
            assert copies.objects() == {}


@whole
def test_of_the_newest_snapshot_no_older_one_is_fetched(name: str, world: Make) -> None:
    here = world(name).having("source", take="newest")
    for number, file in enumerate("cab"):
        path = here.write(file, here.rows(3, version=number))
        os.utime(path, (10**9 + number, 10**9 + number))
    fetched()
    assert here.run(here.over(1)).exit == 0
    assert fetched() == [path.name]
    assert here.silver() == ordered(here.rows(3, version=2))


def missing(here: World, result: Result) -> bool:
    """Whether a run ended for lack of a service, and the ledger knows nothing of it."""
    with here.pipeline.sink.open(here.pipeline, write=True) as opened:
        return result.exit == 3 and not opened.history().latest
