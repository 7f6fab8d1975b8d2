"""The decision chart: whatever is answered, what is recommended is possible, has its reasons, and can be made."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold import answers, cli, facts, recommend, renewal, reproduce, rules
from scaffold import catalogue as catalogues
from scaffold import chart as charts
from scaffold.catalogue import Catalogue
from scaffold.chart import UNKNOWN
from scaffold.errors import UsageError
from scaffold.recommend import Recommendation
from scaffold.record import Record
from scaffold.source import Templates, templates_dir
from tests.combinations import PYSPARK, made
from tests.said import every, pairwise
from tests.test_rules import table
from tests.warm import python

CATALOGUE = catalogues.load()
ROOT = Path(__file__).parent.parent
RUNTIMES = [runtime.id for runtime in CATALOGUE.runtimes]
CHARTED = [
    pytest.param(one, marks=pytest.mark.matrix) if one == PYSPARK else one for one in RUNTIMES
]
"""In every run one of DuckDB and one of Spark: what the chart knows of the third is not its own."""
QUESTIONS = CATALOGUE.chart.questions
INHERITED = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
Said = Mapping[str, str]
Scaffold = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice is judged once: there are thousands of answers, and hundreds of choices."""
    judge, known = rules.judge, dict[tuple[str, str], rules.Verdict]()

    def look_up(choice: Mapping[str, Any], catalogue: Catalogue) -> rules.Verdict:
        key = (catalogue.runtime.id, json.dumps(choice, sort_keys=True))
        return known[key] if key in known else known.setdefault(key, judge(choice, catalogue))

    monkeypatch.setattr(rules, "judge", look_up)


def test_there_are_at_most_eight_questions_and_each_takes_i_do_not_know() -> None:
    assert len(QUESTIONS) <= 8
    for question in QUESTIONS:
        assert recommend.options(question, CATALOGUE)[UNKNOWN] == "I don't know"
        assert question.question.endswith("?")


@pytest.mark.slow
@pytest.mark.parametrize("runtime", CHARTED)
def test_whatever_is_answered_the_choice_is_allowed_and_every_pattern_has_its_reason(
    runtime: str, remembered: None
) -> None:
    catalogue = CATALOGUE.on(runtime)
    shown = {p.ref for axis in catalogue.asked for p in catalogue.of(axis.id)}
    outcomes: Counter[str] = Counter()
    for said in every(catalogue):
        found = recommend.recommend(said, {}, catalogue)
        refs = [one.pattern.ref for one in (*found.taken, *found.rejected)]
        assert sorted(refs) == sorted(shown), said
        for one in (*found.taken, *found.rejected):
            assert one.text, said
            assert one.text[0].islower(), one
            assert not one.text.endswith("."), one
        outcomes[json.dumps({**found.choice, "event_time": _timed(said)})] += 1
    assert sum(outcomes.values()) >= 3 * 4 * 4 * 6 * 3 * 3 * 3
    for outcome in outcomes:
        choice = json.loads(outcome)
        assert not rules.judge(choice, catalogue).refused, choice
        assert table(choice)[0], choice


def _timed(said: Said) -> str | None:
    return None if said["late"] == "untimed" else "at"


def test_every_line_of_the_chart_is_the_first_about_its_pattern_after_some_answers() -> None:
    """What stands below a wider line is said to nobody."""
    for lines in (CATALOGUE.chart.choose, CATALOGUE.chart.reject):
        for line in lines:
            own = [other for other in lines if other.pattern == line.pattern]
            asked = {question for other in own for question in other.when}
            known = [[(q, answer) for answer in spoken(q)] for q in sorted(asked)]
            every_ = (dict(said) for said in itertools.product(*known))
            assert any(charts.first(lines, line.pattern, said) is line for said in every_), line


def test_the_chart_speaks_of_patterns_that_there_are() -> None:
    assert charts.named(CATALOGUE.chart) <= set(CATALOGUE.patterns)
    for line in (*CATALOGUE.chart.choose, *CATALOGUE.chart.reject):
        for question, said in line.when.items():
            assert set(said) <= set(spoken(question)), line


def spoken(question: str) -> tuple[str, ...]:
    """What can be said to a question, in some runtime or some day."""
    (found,) = (one for one in QUESTIONS if one.id == question)
    patterns = CATALOGUE.of(found.axis, hidden=True) if found.axis else ()
    return (*found.answers, *(pattern.id for pattern in patterns), UNKNOWN)


@pytest.mark.parametrize(
    ("said", "extraction", "reason"),
    [
        ({}, "time_ranged", "nothing that you said asks for more"),
        ({"late": "never"}, "time_ranged", "nothing is late"),
        ({"late": "day"}, "time_ranged", "a day after it"),
        ({"late": "week"}, "lookback", "a week late"),
        ({"late": "any"}, "streaming", "by its arrival"),
        ({"late": "untimed"}, "streaming", "by the order of the source"),
        ({"late": "untimed", "volume": "little"}, "full_snapshot", "so little"),
        ({"history": "now", "volume": "little"}, "full_snapshot", "only how things are now"),
        ({"changes": "changed"}, "lookback", "corrected"),
        ({"changes": "deleted"}, "full_snapshot", "what is gone"),
        ({"changes": "deleted", "volume": "much"}, "lookback", "too much to read"),
        ({"volume": "minutes"}, "streaming", "within minutes"),
        ({"late": "week", "target": "append_only"}, "streaming", "new part"),
    ],
    ids=lambda value: "-".join(value.values()) or "nothing" if isinstance(value, dict) else "",
)
def test_the_extraction_follows_from_the_answers(said: Said, extraction: str, reason: str) -> None:
    found = recommend.recommend(said, {}, CATALOGUE)
    assert found.choice["extraction"] == extraction
    assert reason in why(found, f"extraction/{extraction}")


def why(found: Recommendation, ref: str) -> str:
    return next(one.text for one in (*found.taken, *found.rejected) if one.pattern.ref == ref)


def test_a_topic_is_followed_from_offset_to_offset() -> None:
    catalogue = CATALOGUE.on("scala_spark")
    for late, watermark in (("any", "365d"), ("week", "7d"), ("day", None)):
        found = recommend.recommend({"source": "kafka", "late": late}, {}, catalogue)
        assert found.choice["extraction"] == "streaming"
        assert found.settings.get("watermark") == watermark
        assert "ordered by arrival" in why(found, "extraction/lookback")
    assert why(found, "source/files") == "your data is not there"


@pytest.mark.parametrize(
    ("runtime", "reason"),
    [("python_duckdb", "every change of a row sets"), ("scala_spark", "has none")],
)
def test_a_table_shows_deletions_in_snapshots_and_is_not_streamed(
    runtime: str, reason: str
) -> None:
    """Nothing that is asked says whether its event time is a time of changes."""
    catalogue = CATALOGUE.on(runtime)
    found = recommend.recommend({"source": "postgres", "changes": "deleted"}, {}, catalogue)
    assert found.choice["extraction"] == "full_snapshot"
    found = recommend.recommend({"source": "postgres", "volume": "minutes"}, {}, catalogue)
    assert found.choice["extraction"] == "time_ranged"
    assert found.settings["every"] == "15m"
    assert reason in why(found, "extraction/streaming")


def test_what_rules_refuse_is_rejected_with_their_reason() -> None:
    found = recommend.recommend({"late": "week", "target": "append_only"}, {}, CATALOGUE)
    assert "cannot overwrite" in why(found, "extraction/lookback")
    assert [finding.need.compensation for finding in found.verdict.added] == ["dedupe_key"] * 2
    assert not found.verdict.accepted


def test_what_has_no_code_for_the_runtime_is_rejected_for_that() -> None:
    found = recommend.recommend({}, {}, CATALOGUE.on("scala_spark"))
    assert found.choice["sink"] == "delta"
    assert why(found, "sink/duckdb") == "it is not for Scala and Spark"


@pytest.mark.parametrize(("every", "windows"), [("1d", 7), ("6h", 28), ("7d", 1), ("30d", 1)])
def test_lookback_covers_the_lateness_whatever_the_length_of_a_window(
    every: str, windows: int
) -> None:
    found = recommend.recommend({"late": "week"}, {"every": every, "event_time": "at"}, CATALOGUE)
    assert found.settings == {"windows": windows}


def test_data_without_a_time_of_events_gets_no_windows_whatever_is_said() -> None:
    found = recommend.recommend({"late": "week"}, {"event_time": None}, CATALOGUE)
    assert found.choice["extraction"] == "streaming"
    assert "no column is named" in why(found, "extraction/lookback")


@pytest.mark.parametrize(
    ("provides", "extraction", "behaviour"),
    [
        (["current_state"], "full_snapshot", []),
        (["replayable"], "time_ranged", ["idempotent", "self_healing"]),
        (["replayable", "ordered"], "streaming", ["idempotent", "self_healing"]),
    ],
)
def test_a_source_that_the_chart_does_not_know_is_taken_for_what_it_provides(
    provides: list[str], extraction: str, behaviour: list[str]
) -> None:
    said = {"source": "poll", "volume": "minutes"}
    found = recommend.recommend(said, {}, with_source(provides))
    assert found.choice["source"] == "poll"
    assert (found.choice["extraction"], found.choice["behaviour"]) == (extraction, behaviour)


def test_nothing_is_recommended_where_every_choice_takes_a_risk() -> None:
    with pytest.raises(UsageError, match="Nothing can be recommended"):
        recommend.recommend({"source": "poll"}, {}, with_source(["ordered"]))


def with_source(provides: list[str]) -> Catalogue:
    """The catalogue with a source that does not exist yet."""
    found = facts.read(templates_dir())
    poll = {"id": "poll", "axis": "source", "order": 99, "title": "Poll", "summary": "Now only."}
    found["patterns"].append(poll | {"provides": provides, "runtimes": RUNTIMES})
    return facts.parse(found)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"when": {"late": "never_ever"}}, "late=never_ever"),
        ({"when": {"weather": "fine"}}, "weather=fine"),
        ({"settings": {"windows": 3}}, "has no windows"),
    ],
)
def test_a_chart_that_points_nowhere_is_not_loaded(change: dict[str, Any], word: str) -> None:
    found = facts.read(templates_dir())
    found["chart"]["choose"].append({"pattern": "sink/parquet", "reason": "x"} | change)
    with pytest.raises(ValueError, match=word):
        facts.parse(found)


# --- what is printed can be made


@pytest.mark.slow
@pytest.mark.parametrize("runtime", CHARTED)
def test_the_printed_command_renders_after_any_two_answers(
    runtime: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = pairwise(CATALOGUE.on(runtime))
    assert len(rows) >= 4 * 6
    for said in rows:
        flags = [word for q, answer in said.items() for word in (f"--{q}", answer)]
        assert cli.run(["recommend", "--runtime", runtime, "--json", *flags]) == 0
        found = json.loads(capsys.readouterr().out)
        assert cli.run([*found["command"][1:], "--dry-run", "--json"]) == 0, said
        made_ = json.loads(capsys.readouterr().out)
        (pipeline,) = made_["answers"]["pipelines"]
        assert found["answers"].items() <= pipeline.items()
        assert "README.md" in made_["files"]


@pytest.fixture
def scaffold(tmp_path: Path) -> Scaffold:
    """The command in an empty folder, without a terminal."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        own = {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "GIT_CEILING_DIRECTORIES": str(here)}
        return python("scaffold", *words, cwd=here, env=INHERITED | own)

    return run


def test_a_recommendation_says_what_why_why_not_what_is_added_and_the_command(
    scaffold: Scaffold,
) -> None:
    done = scaffold("recommend", "--defaults", "--late", "week", "--target", "append-only")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "How long after it happened can a row still arrive? Up to a week" in text
    assert "Do you need the past, or only how things are now? I don't know" in text
    assert "Sink: Append log because what was written may only be added to." in text
    assert "Lookback it writes past windows again, and this sink cannot overwrite." in text
    assert "Compensation: Deduplicating key" in text
    words = shlex.split(done.stdout.strip().splitlines()[-1])
    assert words[:2] == ["scaffold", "new"]
    made_ = scaffold(*words[1:])
    assert made_.returncode == 0, made_.stderr


def test_what_the_data_cannot_say_has_its_reason_beside_i_do_not_know(
    scaffold: Scaffold, tmp_path: Path
) -> None:
    rows = [f"{n},2025-03-{20 - n:02d} 08:00:00" for n in range(1, 15)]
    (tmp_path / "here" / "orders.csv").write_text("\n".join(["order_id,ordered_at", *rows, ""]))
    done = scaffold("recommend", "--sample", "orders.csv", "--defaults")
    text = " ".join(done.stdout.split())
    assert "still arrive? I don't know (13 of 14 rows are older than one before them" in text


def test_without_a_terminal_every_missing_answer_is_said_with_the_command_that_has_them(
    scaffold: Scaffold,
) -> None:
    done = scaffold("recommend", "--late", "never")
    assert done.returncode == 2
    for question in QUESTIONS:
        asked = recommend.asked(question, CATALOGUE) and question.id != "late"
        assert (f"--{question.id} is missing" in done.stderr) == asked
    words = shlex.split(done.stderr.strip().splitlines()[-1])
    assert words[:4] == ["scaffold", "recommend", "--late", "never"]
    assert scaffold(*words[1:]).returncode == 0


def test_an_answer_that_is_wrong_is_not_missing_as_well(scaffold: Scaffold) -> None:
    done = scaffold("recommend", "--history", "foo", "--late", "day")
    others = [q for q in QUESTIONS if recommend.asked(q, CATALOGUE)]
    assert f"{len(others) - 1} answers are missing" in done.stderr
    assert 'Cannot use "foo" for --history' in done.stderr
    assert "--history is missing" not in done.stderr
    words = shlex.split(done.stderr.strip().splitlines()[-1])
    assert scaffold(*words[1:]).returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--late", "weak"], 'Did you mean "week"?'),
        (["-d", "histroy=past"], 'Did you mean "history"?'),
        (["-d", "late"], "it is no key=value"),
        (["--runtime", "cobol"], "no such choice"),
        (
            ["--source", "rest_api", "--language", "scala"],
            "Add --runtime python_duckdb or --runtime python_spark, or say one of: files, postgres, kafka",
        ),
        (["--sample", "nowhere.csv"], "does not exist"),
        (["--answers", "nowhere.yml"], "Cannot read the answers file"),
    ],
)
def test_wrong_words_are_refused_with_a_way_out(
    scaffold: Scaffold, words: list[str], told: str
) -> None:
    done = scaffold("recommend", "--defaults", *words)
    assert done.returncode in (2, 3)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_answers_come_from_a_file_from_pairs_and_from_flags_the_later_ones_first(
    scaffold: Scaffold, tmp_path: Path
) -> None:
    text = yaml.safe_dump({"late": "never", "history": "now", "language": "scala"})
    (tmp_path / "here" / "said.yml").write_text(text)
    words = ["--answers", "said.yml", "-d", "history=past", "--late", "week", "--defaults"]
    found = json.loads(scaffold("recommend", *words, "--json").stdout)
    said = {one["question"]: one["answer"] for one in found["said"]}
    assert (said["late"], said["history"], said["changes"]) == ("week", "past", "unknown")
    assert found["answers"]["sink"] == "delta"
    assert found["answers"]["because"] == ["history=past", "late=week"]
    assert "--runtime" in found["command"]


# --- the record of a project


def test_the_reasons_stand_in_the_project_s_decision_record(
    scaffold: Scaffold, tmp_path: Path
) -> None:
    words = ["recommend", "--defaults", "--json", "--late", "week", "--consumers", "others"]
    command = json.loads(scaffold(*words).stdout)["command"]
    done = scaffold(*command[1:])
    assert done.returncode == 0, done.stderr
    readme = (tmp_path / "here" / "flights" / "README.md").read_text()
    assert "- How long after it happened can a row still arrive? **Up to a week**" in readme
    assert "- Lookback: rows arrive up to a week late" in readme
    assert "- Not Time ranged: it reads a window once, and rows still arrive after that." in readme
    assert "- Disconnected: others read on a schedule of their own" in readme
    again = shlex.split(done.stdout.strip().splitlines()[-1])
    assert again[-4:] == ["--because", "late=week", "--because", "consumers=others"]


def test_a_project_that_was_asked_nothing_records_nothing(
    scaffold: Scaffold, tmp_path: Path
) -> None:
    assert scaffold("new", "plain", "--defaults", "--no-git").returncode == 0
    project = tmp_path / "here" / "plain"
    assert "because" not in (project / ".copier-answers.yml").read_text()
    assert "asked before" not in (project / "README.md").read_text()


def test_a_choice_against_the_chart_is_said_to_be_one(templates: Templates, tmp_path: Path) -> None:
    readme = rendered(templates, tmp_path, sink="parquet", because=["target=append_only"])
    assert "Parquet: chosen although nothing that was said asks for it." in readme


def test_what_is_no_longer_asked_changes_no_project(templates: Templates, tmp_path: Path) -> None:
    gone = ["late=week", "weather=fine", "history=sometimes"]
    readme = rendered(templates, tmp_path, extraction="lookback", because=gone)
    assert "weather" not in readme
    assert "sometimes" not in readme
    assert "Lookback: rows arrive up to a week late" in readme
    assert "Multi-hop: rows that are kept can be dropped later" in readme


def rendered(templates: Templates, tmp_path: Path, **said: Any) -> str:
    draft = {"pipelines": [{key: value for key, value in said.items() if key != "because"}]}
    found = answers.complete(draft, CATALOGUE, "x").answers()
    found["pipelines"][0]["because"] = said["because"]
    return (made(tmp_path / "project", templates, found) / "README.md").read_text()


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("weather=fine", "no such choice"),
        ("late=sometimes", "no such choice"),
        ("late", "no such choice"),
        ("late=week; rm -rf /", "no such choice"),
    ],
)
def test_only_answers_of_the_chart_are_recorded(scaffold: Scaffold, item: str, told: str) -> None:
    done = scaffold("new", "x", "--defaults", "--because", item)
    assert done.returncode == 2
    assert told in done.stderr


def test_i_do_not_know_is_not_recorded() -> None:
    found = recommend.recommend({"late": UNKNOWN, "source": "files"}, {}, CATALOGUE)
    assert "because" not in found.answers()
    assert not [word for word in reproduce.decisions(found.answers(), CATALOGUE) if "=" in word]


def test_an_update_leaves_out_what_is_no_longer_asked_and_says_so(templates: Templates) -> None:
    project = answers.complete({"pipelines": [{"because": ["late=week"]}]}, CATALOGUE, "x")
    found = project.answers()
    found["pipelines"][0]["because"] = ["late=week", "weather=fine"]
    new = renewal.renewed(Record(found, "v0.1.0", "", "", edited=False), templates)
    assert new.asked["pipelines"][0]["because"] == ["late=week"]
    assert [note.partition(" ")[0] for note in new.notes] == ["weather=fine"]
    same = Record(project.answers(), "v0.1.0", "", "", edited=False)
    assert not renewal.renewed(same, templates).notes
