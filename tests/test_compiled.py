"""What is remembered must never be seen in a result: only in the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment

from scaffold import compiled


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every source that Jinja really compiles."""
    seen: list[str] = []
    generate = Environment._generate

    def note(self: Environment, source: object, *rest: object, **more: object) -> str:
        seen.append(str(source))
        return generate(self, source, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Environment, "_generate", note)
    return seen


def render(folder: Path, text: str, environment: Environment | None = None) -> str:
    with compiled.remembered(folder):
        return (environment or Environment()).from_string(text).render(name="x")


def test_the_second_run_compiles_nothing(tmp_path: Path, counted: list[str]) -> None:
    assert render(tmp_path, "hello {{ name }}") == render(tmp_path, "hello {{ name }}") == "hello x"
    assert len(counted) == 1


def test_other_options_are_compiled_anew(tmp_path: Path) -> None:
    text = "{% if true %}\n{{ name }}{% endif %}"
    assert render(tmp_path, text) == "\nx"
    assert render(tmp_path, text, Environment(trim_blocks=True)) == "x"


def test_jinja_is_as_it_was_afterwards(tmp_path: Path) -> None:
    before = Environment.compile
    with pytest.raises(ZeroDivisionError), compiled.remembered(tmp_path):
        raise ZeroDivisionError
    assert Environment.compile is before


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00\x01", b"N"])
def test_a_spoiled_cache_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    render(tmp_path, "{{ name }}")
    for file in tmp_path.iterdir():
        file.write_bytes(content)
    assert render(tmp_path, "{{ name }}") == "x"


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert render(tmp_path / "file" / "cache", "{{ name }}") == "x"


def test_what_is_met_twice_in_a_cold_run_is_prepared_twice_as_well(tmp_path: Path) -> None:
    """copier's yield tag resets itself in `preprocess`: without it, the next file looks like a yield."""
    seen: list[str] = []

    class Noting(Environment):
        def preprocess(self, source: str, *rest: str | None) -> str:
            seen.append(source)
            return super().preprocess(source, *rest)

    environment = Noting()
    with compiled.remembered(tmp_path):
        environment.from_string("pipeline.py").render()
        before = len(seen)
        environment.from_string("pipeline.py").render()
    assert len(seen) > before
