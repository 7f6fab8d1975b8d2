"""Projects that write to Postgres, by their own commands, on a server of another version than their proofs have."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from scaffold import source
from tests.services import Database
from tests.shops import DAYS, OVER, REDO, ROWS, RUN, open_shop

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")


def test_a_project_has_what_its_server_needs_and_no_word_of_where_it_is(
    templates: source.Templates, tmp_path: Path
) -> None:
    folder = open_shop(tmp_path, templates, sink="postgres").folder
    assert list(yaml.safe_load((folder / "compose.yaml").read_text())["services"]) == ["postgres"]
    assert "docker compose up" in (folder / "Makefile").read_text()
    assert "PIPELINE_POSTGRES__PASSWORD" in (folder / "README.md").read_text()
    packages = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert [one for one in packages["dependencies"] if "postgres" in one]
    assert [one for one in packages["optional-dependencies"]["dev"] if "postgres" in one]
    assert not [one for one in packages["dependencies"] if "embedded" in one]
    assert (
        tomllib.loads((folder / "conf/defaults.toml").read_text()).keys().isdisjoint({"postgres"})
    )
    assert not re.search(r"\b5432\b|password|user", (folder / ".copier-answers.yml").read_text())
    (tmp_path / "plain").mkdir()
    plain = open_shop(tmp_path / "plain", templates).folder
    said = (plain / "Makefile").read_text() + (plain / "README.md").read_text()
    assert "services" not in said.lower()
    assert not [one for one in plain.rglob("*") if re.search("postgres|compose", one.name)]


@pytest.mark.slow
def test_a_project_runs_on_a_server_as_it_is(
    templates: source.Templates, postgres: Database, tmp_path: Path
) -> None:
    shop = open_shop(tmp_path, templates, postgres.fresh(), sink="postgres")
    shop.write(1)
    assert shop.call(*RUN)[0]["done"] == DAYS
    assert shop.call(*RUN)[0]["done"] == 0
    assert shop.torn() == []
    before = shop.content()
    shop.call(*REDO)
    assert shop.content() == before
    status, _ = shop.call("status", "p000", "--as-of", OVER)
    assert (status["rows"], status["failed"], status["due"]) == (DAYS * ROWS, [], {})
