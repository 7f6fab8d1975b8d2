"""The feed of files: stable in its order, and not to be fooled about contents."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from .support import World, having

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(extraction="Streaming", source="Files"))


def feed(here: World) -> Any:
    """The feed of the pipeline."""
    extraction: Any = here.pipeline.extraction
    return extraction.feed


@each
def test_files_come_by_name_and_unfinished_ones_not_at_all(name: str, world: Make) -> None:
    here = world(name)
    for file in ("b", "a", "c"):
        path = here.write(file, here.rows(3))
    path.with_name(f"_d{path.suffix}").write_bytes(b"half")
    path.with_name(f"e{path.suffix}.tmp").write_bytes(b"half")
    assert [found.file for found in feed(here).items({})] == [f"{f}{path.suffix}" for f in "abc"]


@each
def test_other_content_of_the_same_size_and_age_is_noticed(name: str, world: Make) -> None:
    here = world(name)
    path = here.write("a", here.rows(3))
    (before,) = feed(here).items({})
    age = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns))
    (after,) = feed(here).items({(before.file, before.stamp): before.content})
    assert after.content != before.content


@each
def test_a_file_whose_stamp_is_known_is_not_read_again(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(3))
    (found,) = feed(here).items({})
    (known,) = feed(here).items({(found.file, found.stamp): "remembered"})
    assert known.content == "remembered"
