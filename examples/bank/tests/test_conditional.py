"""Conditional: each clean row goes to exactly one table, by rules that are decided at run time."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .support import Row, World, having, looking, ordered, redone

Make = Callable[[str], World]
each = pytest.mark.parametrize("name", having(structure="Conditional"))
TEMPLATE = "SELECT input.*, CASE {} END AS _route FROM input CROSS JOIN settings"


def routed(world: World) -> dict[str, list[Row]]:
    """The routed tables, the remainder last."""
    names = [n for n in world.content() if n.startswith("silver_")]
    return {name: world.table(name) for name in names}


def ruled(world: World, rules: str, **settings: Any) -> World:
    """The same world with other rules and settings. FIRST stands for the first declared route."""
    first = next(iter(routed(world))).removeprefix("silver_")
    return world.routed(TEMPLATE.format(rules.replace("FIRST", f"'{first}'")), settings)


def details(world: World) -> list[dict[str, Any]]:
    """What the ledger knows of each unit that is done."""
    with world.pipeline.sink.open(world.pipeline, write=False) as store:
        return [entry.detail for entry in store.history().done.values()]


def sizes(world: World) -> list[int]:
    """How many rows each route has, the remainder last."""
    return [len(rows) for rows in routed(world).values()]


@each
def test_each_row_goes_to_exactly_one_table(name: str, world: Make) -> None:
    here = world(name)
    here.write("a", here.rows(40))
    here.write("b", here.rows(40, window=1))
    assert here.run(here.over(2)).exit == 0
    found = [row for rows in routed(here).values() for row in rows]
    assert ordered(found) == ordered(here.table("silver"))
    assert len(found) == 80


@each
def test_the_first_rule_that_is_true_wins(name: str, world: Make) -> None:
    here = ruled(world(name), "WHEN true THEN FIRST WHEN true THEN 'rest'")
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    assert sizes(here)[0] == 5
    assert sum(sizes(here)) == 5


@each
@pytest.mark.parametrize("rules", ["WHEN false THEN FIRST", "WHEN true THEN 'never declared'"])
def test_what_no_rule_takes_goes_to_the_remainder(name: str, world: Make, rules: str) -> None:
    here = ruled(world(name), rules)
    here.write("a", here.rows(5))
    assert here.run(here.over(1)).exit == 0
    assert sizes(here)[-1] == 5
    assert sum(sizes(here)) == 5


@each
def test_a_setting_decides_at_run_time(name: str, world: Make) -> None:
    rule = "WHEN settings.wanted = 1 THEN FIRST"
    here = ruled(world(name), rule, wanted=1)
    here.write("a", here.rows(5))
    here.run(here.over(1))
    assert sizes(here)[0] == 5
    later = ruled(here, rule, wanted=0)
    later.write("a", here.rows(5))
    later.write("b", here.rows(4, window=1))
    assert later.run(later.over(2)).exit == 0
    assert sizes(later)[-1] >= 4


@each
def test_the_settings_come_from_conf_and_the_environment(name: str, world: Make) -> None:
    here = world(name)
    values = here.pipeline.writing.values  # type: ignore[attr-defined]
    key = next(iter(values))
    setting = f"PIPELINE_PIPELINES__{name.upper()}__ROUTING__{key.upper()}"
    other = replace(here, settings={setting: "7"}, folder=here.folder.with_name("other"))
    assert other.pipeline.writing.values == {**values, key: 7}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", having(structure="Conditional")[:1])
def test_a_text_of_conf_stays_a_text(
    name: str, world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = shutil.copytree("conf", tmp_path / "conf") / "local.toml"
    there.write_text(f'[pipelines.{name}.routing]\ntext = "007"\nnumber = 7\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    values = world(name).pipeline.writing.values  # type: ignore[attr-defined]
    assert (values["text"], values["number"]) == ("007", 7)


@each
def test_each_decision_is_logged_and_counted_for_its_unit(name: str, world: Make) -> None:
    rule = "WHEN settings.wanted = 1 THEN FIRST"
    here = ruled(world(name), rule, wanted=1)
    here.write("a", here.rows(5))
    here.write("b", here.rows(3, window=1))
    result = here.run(here.over(2))
    first = next(iter(routed(here)))
    counted = [detail["routes"] for detail in details(here)]
    assert sum(routes[first] for routes in counted) == 8
    assert all(set(routes) == set(routed(here)) for routes in counted)
    if len(counted) == 2:
        assert sorted(routes[first] for routes in counted) == [3, 5]
    assert f"'{first}': " in result.log
    assert all(detail["settings"] == {"wanted": 1} for detail in details(here))


@pytest.mark.parametrize("name", having(structure="Conditional", source="Files"))
def test_a_corrected_row_leaves_the_table_that_it_went_to_before(name: str, world: Make) -> None:
    here = ruled(world(name), "WHEN _file LIKE 'a%' THEN FIRST")
    if name not in redone() or name not in looking():
        return  # a unit is not corrected, or not by a file of that name
    path = here.write("a", here.rows(5))
    here.run(here.over(1))
    assert sizes(here)[0] == 5
    if not here.key and not hasattr(here.pipeline.extraction, "retain"):
        return  # rows without a key have no versions
    here.write("b", here.rows(5, version=1))
    if "Streaming" not in type(here.pipeline.extraction).__name__:
        path.unlink()
    assert here.again(1).exit == 0
    assert (sizes(here)[0], sizes(here)[-1]) == (0, 5)
