"""Answers: layers, kinds, defaults, and every problem said at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import answers, defaults, drafts, fit, keys, reproduce, values
from scaffold.answers import Project
from scaffold.catalogue import load
from scaffold.commands import making
from scaffold.commands import new as command
from scaffold.errors import ScaffoldError, UsageError
from scaffold.problems import Problems

CATALOGUE = load()
KEYS = {key.name: key for key in (*keys.PROJECT, *keys.pipeline(CATALOGUE))}
COLUMNS = [
    {"name": "id", "source": "ID", "type": "BIGINT"},
    {"name": "placed", "source": "When, really?", "type": "TIMESTAMP"},
    {"name": "note", "source": 'it\'s "quoted" {{ x }}', "type": "STRING"},
    {"name": "amount", "source": "Betrag €", "type": "DECIMAL(18,2)"},
]
OWN = {
    "name": "orders",
    "columns": COLUMNS,
    "key": ["id"],
    "event_time": "placed",
    "since": "2025-01-01",
}


def merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    problems = Problems()
    draft = drafts.merge(layers, CATALOGUE, problems)
    problems.check()
    return draft


def project(*layers: Mapping[str, Any]) -> Project:
    return answers.complete(merged(*layers), CATALOGUE, "orders")


def pipeline(**given: Any) -> Mapping[str, Any]:
    whole = answers.complete({"pipelines": [given]}, CATALOGUE, "orders")
    return whole.pipelines[0].answers


def problems_of(*layers: Mapping[str, Any]) -> list[str]:
    with pytest.raises(UsageError) as caught:
        project(*layers)
    found = caught.value.problems or (caught.value,)
    return [str(problem) for problem in found]


def test_nothing_said_is_the_shipped_sample_with_the_defaults() -> None:
    found = project({}).answers()
    assert found["project_name"] == "Orders"
    assert found["package"] == "orders"
    (only,) = found["pipelines"]
    sample = next(iter(CATALOGUE.samples.values()))
    assert only["columns"] == sample["columns"]
    assert only["extraction"] == defaults.suggested({}, CATALOGUE)["extraction"]


def test_later_layers_win() -> None:
    found = merged({"sink": "duckdb", "every": "1d"}, {"sink": "parquet"})
    assert found["pipelines"] == [{"sink": "parquet", "every": "1d"}]


@pytest.mark.parametrize("key", ["colums", "extracton", "behavior", "project-nam", "sinks"])
def test_an_unknown_key_is_refused_with_the_nearest_known_one(key: str) -> None:
    (problem,) = problems_of({key: "x"})
    assert "Did you mean" in problem


def test_an_unknown_key_in_a_list_of_pipelines_is_refused_as_well() -> None:
    (problem,) = problems_of({"pipelines": [{"extracton": "lookback"}]})
    assert '"extraction"' in problem


def test_every_problem_is_said_at_once() -> None:
    found = problems_of(
        {
            "package": "class",
            "pipeline": "1pipe",
            "sink": "dukdb",
            "extraction": "lookback",
            "grace": "soon",
            "time_zone": "Europe/Lndon",
            "windows": "0",
            "key": "nowhere",
        }
    )
    for word in ("class", "1pipe", "dukdb", "soon", "Lndon", "--windows", "nowhere"):
        assert any(word in problem for problem in found), word
    assert any("Europe/London" in problem for problem in found)


def test_ids_take_a_dash_for_an_underscore() -> None:
    found = pipeline(extraction="full-snapshot", behaviour=["self-healing"], sink="duckdb")
    assert (found["extraction"], found["behaviour"]) == ("full_snapshot", ["self_healing"])


@pytest.mark.parametrize("nothing", ["none", "", [], ["none"], None])
def test_none_is_an_answer_to_what_takes_several(nothing: Any) -> None:
    assert pipeline(behaviour=nothing)["behaviour"] == []


@pytest.mark.parametrize("several", ["idempotent,self_healing", '["self-healing","idempotent"]'])
def test_several_come_with_commas_or_as_json(several: str) -> None:
    assert pipeline(behaviour=several)["behaviour"] == ["idempotent", "self_healing"]


def test_settings_of_patterns_that_were_not_chosen_are_not_recorded() -> None:
    assert "windows" not in pipeline(**OWN)
    assert pipeline(**OWN, extraction="lookback")["windows"] == 7
    given = {"since": "2025-01-01", "files": 5, "take": "newest", "retries": 9}
    assert pipeline(**OWN | given, extraction="streaming", behaviour=[]).keys() & given == {"files"}
    assert pipeline(**OWN | given, extraction="full-snapshot", behaviour=None)["take"] == "newest"


@pytest.mark.parametrize(
    "extraction", [pattern.id for pattern in CATALOGUE.of("extraction", made=True)]
)
def test_the_sample_says_nothing_that_a_pattern_does_not_read(extraction: str) -> None:
    found = pipeline(extraction=extraction, behaviour=["idempotent"])
    read = {s.key for s in CATALOGUE.patterns[f"extraction/{extraction}"].settings}
    assert {s.key for s in CATALOGUE.settings} & found.keys() == read


def unread(**said: Any) -> list[str]:
    entry, *_ = merged(said)["pipelines"]
    return [str(problem) for problem in fit.unread(said, entry, CATALOGUE)]


def test_a_setting_that_no_chosen_pattern_reads_was_said_in_vain() -> None:
    (problem,) = unread(extraction="time_ranged", watermark="1d", every="1d")
    assert "--watermark" in problem
    assert "choose the extraction streaming" in problem


def test_a_setting_may_come_before_the_pattern_that_reads_it() -> None:
    assert unread(watermark="1d", retries="2") == []
    assert len(unread(watermark="1d", retries="2", behaviour=[])) == 1


def test_windows_of_own_data_need_a_beginning() -> None:
    (problem,) = problems_of({"pipelines": [OWN | {"since": None}]})
    assert "--since" in problem


def test_data_of_ones_own_needs_its_columns() -> None:
    (problem,) = problems_of({"path": "data/mine/*.csv"})
    assert "--sample" in problem


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"key": ["nope"]}, "no such column"),
        ({"event_time": "note"}, "TIMESTAMP or DATE"),
        ({"measure": "note"}, "BIGINT or DECIMAL"),
        ({"until": "2024-01-01"}, "before"),
        ({"columns": []}, "columns"),
        ({"columns": "[{"}, "not JSON"),
        ({"columns": [{"name": "a"}]}, "name, source, type"),
        ({"columns": [COLUMNS[0], COLUMNS[0] | {"source": "x"}]}, "two columns"),
        ({"columns": [COLUMNS[0] | {"type": "VARCHAR"}]}, "no such type"),
        ({"columns": [COLUMNS[0] | {"name": "order"}]}, "word of SQL"),
        ({"columns": [COLUMNS[0] | {"source": "a\nb"}]}, "visible"),
        ({"delimiter": "ab"}, "one character"),
        ({"encoding": "utf 8"}, "encoding"),
        ({"header": "perhaps"}, "true or false"),
        ({"event_time_formats": ["day"]}, "strptime"),
        ({"since": "2025-02-30"}, "no date"),
        ({"since": "2025-01-01T00:00+01:00"}, "UTC"),
        ({"every": "0d"}, "30m, 6h or 1d"),
        ({"extraction": "streaming", "files": "0"}, "from 1 to 1000"),
        ({"extraction": "full_snapshot", "min_ratio": "50%"}, "0.5"),
        ({"extraction": "full_snapshot", "take": "oldest"}, "newest"),
        ({"retries": "-1"}, "from 0 to 1000"),
        ({"source": "object_store", "objects": "s3://Shop/*.csv"}, "no glob of objects"),
        ({"source": "object_store", "objects": "s3://shop/../x"}, "no glob of objects"),
        ({"source": "object_store", "objects": f"s3://shop/{'a' * 300}"}, "than 300"),
        ({"accept": ["nothing"]}, "no such choice"),
        ({"accept": ["lookback_without_idempotent"]}, "no such choice"),
        ({"extraction": "lookback", "sink": "append_log"}, "--accept lookback_append_only"),
        ({"event_time": None, "extraction": "time_ranged"}, "--event-time"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, Any], word: str) -> None:
    assert any(word in problem for problem in problems_of({"pipelines": [OWN | change]}))


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("delimiter", "\\t", "\t"),
        ("delimiter", "tab", "\t"),
        ("header", "no", False),
        ("nulls", "", [""]),
        ("nulls", '["", "NA"]', ["", "NA"]),
        ("event_time_formats", "%d.%m.%Y, %H:%M", ["%d.%m.%Y, %H:%M"]),
        ("key", "id, placed", ["id", "placed"]),
        ("windows", "12", 12),
        ("every", "06h", "6h"),
        ("watermark", "0h", "0h"),
        ("retries", "0", 0),
        ("min_ratio", "1", 1.0),
        ("min_ratio", 0.25, 0.25),
        ("take", "all-matching", "all_matching"),
        ("since", "2025-01-01 06:00", "2025-01-01T06:00:00"),
        ("measure", "none", None),
        ("quote", "none", ""),
    ],
)
def test_a_text_is_read_as_its_key_wants(key: str, raw: str, value: Any) -> None:
    assert values.parse(KEYS[key], raw, CATALOGUE) == value


def test_dates_in_yaml_are_texts_in_answers(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text("since: 2013-03-08\nuntil: 2013-03-09\n")
    (only,) = project(drafts.read(file)).pipelines
    assert (only.answers["since"], only.answers["until"]) == ("2013-03-08", "2013-03-09")


@pytest.mark.parametrize("text", ["- a\n- b\n", "{{", "a: [", "just words"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(text)
    with pytest.raises(UsageError):
        drafts.read(tmp_path / "a.yml")


def test_a_file_that_is_not_there_is_a_problem_with_a_name(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match=r"nowhere\.yml"):
        drafts.read(tmp_path / "nowhere.yml")


def test_one_answer_cannot_be_for_several_pipelines() -> None:
    (problem,) = problems_of({"pipelines": [OWN, OWN | {"name": "b"}]}, {"sink": "parquet"})
    assert "which" in problem


def test_two_pipelines_need_two_names_also_where_one_brings_a_consumer() -> None:
    assert "called" in problems_of({"pipelines": [OWN, OWN]})[0]
    publishing = OWN | {"structure": ["disconnected"]}
    assert (
        "orders_consumer"
        in problems_of({"pipelines": [publishing, OWN | {"name": "orders_consumer"}]})[0]
    )


def test_a_language_names_its_runtime() -> None:
    assert project({"language": "python"}).runtime == "python_duckdb"
    assert "python" in problems_of({"language": "cobol"})[0]


def test_every_setting_of_the_catalogue_has_a_key_and_a_kind() -> None:
    for setting in CATALOGUE.settings:
        value = setting.default
        parsed = values.parse(KEYS[setting.key], value, CATALOGUE)
        assert parsed == value


def again(found: Project) -> Project:
    """The project that the command says would be the same, read as the command line reads it."""
    words = reproduce.arguments(found, "orders", CATALOGUE)
    ctx = command.command().make_context("new", list(words[1:]))
    given = dict(ctx.params)
    request = making.request(given.pop("dest"), given, Problems(), defaults=False)
    assert not answers.missing(merged(*request.layers), CATALOGUE)
    return project(*request.layers)


def chosen(axis: str) -> st.SearchStrategy[Any]:
    ids = [pattern.id for pattern in CATALOGUE.of(axis, made=True)]
    if CATALOGUE.axis(axis).many:
        return st.lists(st.sampled_from(ids), unique=True)
    return st.sampled_from(ids)


DATA = st.fixed_dictionaries(
    {},
    optional={
        "delimiter": st.sampled_from(",;\t| "),
        "quote": st.sampled_from(["'", '"', ""]),
        "header": st.booleans(),
        "nulls": st.lists(st.sampled_from(["", "NA", "-", "--x", "a b"]), unique=True),
        "time_zone": st.sampled_from(["UTC", "Europe/London"]),
        "event_time_formats": st.lists(st.sampled_from(["%d/%m/%Y", "%H:%M, %d"]), unique=True),
        "measure": st.sampled_from(["id", "amount", None]),
        "key": st.lists(st.sampled_from(["id", "placed", "note"]), unique=True),
        "until": st.sampled_from(["2026-01-01", None]),
        "format": st.sampled_from(["csv", "jsonl", "parquet"]),
        "path": st.sampled_from(["data/x/*.csv", "data/my file.csv"]),
        "take": st.sampled_from(["all_matching", "newest"]),
        "min_ratio": st.sampled_from([0, 0.5, 0.25, 1.0]),
        "objects": st.sampled_from(["s3://shop/in/**/[ab]*.csv", None]),
        "files": st.integers(1, 1000),
        "watermark": st.sampled_from(["0h", "1d"]),
        "retries": st.integers(0, 5),
        "windows": st.integers(1, 9),
    },
)
PATTERNS = st.fixed_dictionaries({axis.id: chosen(axis.id) for axis in CATALOGUE.asked})


@given(PATTERNS, DATA, st.booleans(), st.sampled_from(["Orders", '-- it\'s "mine" & Flüge']))
def test_the_command_that_is_printed_gives_the_same_answers(
    patterns: dict[str, Any], data: dict[str, Any], own: bool, name: str
) -> None:
    accept = {"accept": [rule for rule, need in CATALOGUE.rules.items() if need.overridable]}
    entry = (OWN | data if own else {}) | patterns | accept
    try:
        found = project({"project_name": name, "pipelines": [entry]})
    except UsageError:
        return
    assert again(found).answers() == found.answers()


def test_the_command_gives_several_pipelines_again() -> None:
    entries = [OWN, {"name": "flights", "sink": "parquet"}, OWN | {"name": "c", "header": False}]
    found = project({"pipelines": entries})
    assert again(found).answers() == found.answers()


def test_a_command_for_the_shipped_sample_is_short() -> None:
    words = reproduce.arguments(project({}), "orders", CATALOGUE)
    assert "columns" not in " ".join(words)


def test_the_columns_of_a_command_are_json_that_others_can_read() -> None:
    words = reproduce.arguments(project({"pipelines": [OWN]}), "orders", CATALOGUE)
    (text,) = [word for word in words if word.startswith("columns=")]
    assert json.loads(text.removeprefix("columns=")) == COLUMNS
