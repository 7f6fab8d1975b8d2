"""The questions, asked by a fake of a few lines: their order, going back, and changing one's mind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scaffold import answers, interview, talk
from scaffold.answers import Project
from scaffold.catalogue import load
from scaffold.new import Draft, Request
from scaffold.offers import Option
from scaffold.talk import GoBack

CATALOGUE = load()
BACK = object()
ENTER = object()


class Script:
    """Says what a script says to questions that contain a word, in order; to the others, Enter."""

    def __init__(self, *lines: tuple[str, Any]) -> None:
        self.lines = list(lines)
        self.asked: list[str] = []
        self.said: list[str] = []
        self.offered: dict[str, list[Option]] = {}

    def say(self, text: str) -> None:
        self.said.append(text)

    def text(self, question: str, default: str) -> str:
        return str(self._answer(question, default))

    def choose(self, question: str, options: Sequence[Option], default: str) -> str:
        self.offered[question] = list(options)
        free = [option.value for option in options if not option.obstacle]
        answer = self._answer(question, default if default in free else free[0])
        found = [o.value for o in options if answer in (o.value, o.title.partition(" ")[0])]
        assert found[0] in free, f"{answer} is disabled"
        return found[0]

    def pick(self, question: str, options: Sequence[Option], default: Sequence[str]) -> list[str]:
        self.offered[question] = list(options)
        return list(self._answer(question, default))

    def confirm(self, question: str, *, default: bool) -> bool:
        return bool(self._answer(question, default))

    def _answer(self, question: str, default: Any) -> Any:
        self.asked.append(question)
        assert len(self.asked) < 100, "this goes on for ever"
        if self.lines and self.lines[0][0] in question:
            _, answer = self.lines.pop(0)
            if answer is BACK:
                raise GoBack
            return default if answer is ENTER else answer
        return default


def ask(
    here: Path, script: Script, folder: str | None = None, **given: Any
) -> tuple[Draft | None, Script]:
    request = Request(folder=folder, layers=(), here=here, today=date(2026, 1, 1))
    values = {"pipelines": [given]} if given else {}
    found = interview.run(talk.begin(request, Draft(folder, values, {}), CATALOGUE, script))
    assert not script.lines, f"never asked: {script.lines}"
    return found, script


def project(found: Draft | None) -> Project:
    assert found is not None
    return answers.complete(found.values, CATALOGUE, found.folder or "")


def test_enter_to_everything_is_what_defaults_does(tmp_path: Path) -> None:
    found, _ = ask(tmp_path, Script())
    assert project(found).answers() == answers.complete({}, CATALOGUE, "flights").answers()


def test_every_choice_of_the_catalogue_is_offered(tmp_path: Path) -> None:
    _, script = ask(tmp_path, Script())
    for key in answers.choices(CATALOGUE):
        offered = {option.value for option in script.offered[key.help]}
        assert offered == {pattern.id for pattern in CATALOGUE.of(key.name)}


def test_what_flags_said_is_not_asked(tmp_path: Path) -> None:
    _, script = ask(tmp_path, Script(), folder="orders", sink="parquet")
    assert not any("which folder" in question or "rows go" in question for question in script.asked)


def test_back_asks_the_question_before_again_with_its_answer(tmp_path: Path) -> None:
    script = Script(
        ("folder", "first"),
        ("for people", "Mine"),
        ("package", BACK),
        ("Language", BACK),
        ("for people", BACK),
        ("folder", "second"),
        ("for people", ENTER),
    )
    found, _ = ask(tmp_path, script)
    assert found is not None
    assert found.folder == "second"
    assert project(found).project_name == "Mine"


def test_back_at_the_first_question_stays_there(tmp_path: Path) -> None:
    found, _ = ask(tmp_path, Script(("folder", BACK), ("folder", BACK), ("folder", "mine")))
    assert found is not None
    assert found.folder == "mine"


def test_back_from_the_summary_leads_to_the_last_question(tmp_path: Path) -> None:
    script = Script(("Make", BACK), ("Another", BACK), ("steps", []), ("Make", "make"))
    found, _ = ask(tmp_path, script)
    assert project(found).pipelines[0].answers["structure"] == []


def test_a_forbidden_choice_is_disabled_with_the_reason(tmp_path: Path) -> None:
    _, script = ask(tmp_path, Script(("rows go", "append_log")))
    (lookback,) = [o for o in script.offered["What does a run read?"] if o.value == "lookback"]
    assert "cannot overwrite" in lookback.obstacle
    assert "--accept lookback_append_only" in lookback.obstacle


def test_the_runtime_that_is_chosen_has_patterns_of_its_own(tmp_path: Path) -> None:
    found, _ = ask(tmp_path, Script(("Language", "scala_spark")))
    assert project(found).runtime == "scala_spark"
    assert project(found).pipelines[0].answers["sink"] == "delta"


def test_a_combination_that_does_not_work_is_asked_again(tmp_path: Path) -> None:
    script = Script(
        ("rows go", "parquet"),
        ("rerun", ["self_healing"]),
        ("rerun", ["idempotent", "self_healing"]),
    )
    found, _ = ask(tmp_path, script)
    assert any("twice" in text for text in script.said)
    assert project(found).pipelines[0].answers["behaviour"] == ["idempotent", "self_healing"]


def test_a_bad_value_is_asked_again_with_the_reason(tmp_path: Path) -> None:
    script = Script(("folder", "../x"), ("folder", "ok"), ("package", "class"), ("package", "ok"))
    found, _ = ask(tmp_path, script)
    assert any("class" in text for text in script.said)
    assert project(found).package == "ok"


def test_several_pipelines_are_asked_one_after_another(tmp_path: Path) -> None:
    script = Script(
        ("pipeline:", "one"), ("Another", True), ("pipeline:", "two"), ("rows go", "parquet")
    )
    found, _ = ask(tmp_path, script)
    first, second = project(found).pipelines
    assert (first.name, second.name) == ("one", "two")
    assert second.answers["sink"] == "parquet"


def test_no_other_pipeline_takes_a_second_one_back(tmp_path: Path) -> None:
    script = Script(("Another", True), ("data?", BACK), ("Another", False), ("Make", "make"))
    found, _ = ask(tmp_path, script)
    assert len(project(found).pipelines) == 1


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    lines = [
        "id,at_time,amount",
        *(f"{n},2025-01-{1 + n % 28:02d} 10:00:00,{n}" for n in range(200)),
    ]
    (tmp_path / "orders.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "orders.csv"


def test_what_a_sample_says_is_offered_to_be_confirmed(tmp_path: Path, sample: Path) -> None:
    found, script = ask(tmp_path, Script(("data?", "nowhere.csv"), ("data?", "orders.csv")))
    (only,) = project(found).pipelines
    assert only.name == "orders"
    assert (only.answers["key"], only.answers["event_time"]) == (["id"], "at_time")
    assert found is not None
    assert found.elsewhere == {"orders": str(sample)}
    assert any("does not exist" in text for text in script.said)
    for word in ("happened", "identify", "Zone", "Length", "first window"):
        assert any(word in question for question in script.asked)


def test_windows_follow_the_zone_and_the_time_that_the_user_says_instead(tmp_path: Path) -> None:
    lines = [f"{n},2025-01-{1 + n:02d} 23:30:00,2025-03-{1 + n:02d}" for n in range(9)]
    (tmp_path / "orders.csv").write_text("\n".join(["id,at_time,seen_on", *lines, ""]))
    data = ("data?", "orders.csv")
    zoned, _ = ask(tmp_path, Script(data, ("Zone", "America/New_York")))
    (only,) = project(zoned).pipelines
    assert (only.answers["since"], only.answers["until"]) == ("2025-01-02", "2025-01-11")
    assert zoned is not None
    assert not [note for note in zoned.notes if "--time-zone" in note]
    later, _ = ask(tmp_path, Script(data, ("happened", "seen_on"), ("first window", "2025-03-02")))
    (only,) = project(later).pipelines
    assert (only.answers["since"], only.answers["until"]) == ("2025-03-02", "2025-03-10")


@pytest.mark.parametrize(
    ("extraction", "questions"),
    [
        ("full_snapshot", {"take"}),
        ("time_ranged", {"every", "since"}),
        ("lookback", {"every", "since", "windows"}),
        ("streaming", set()),
    ],
)
def test_of_the_settings_that_are_read_a_few_are_worth_a_question(
    tmp_path: Path, sample: Path, extraction: str, questions: set[str]
) -> None:
    script = Script(("data?", "orders.csv"), ("run read", extraction))
    _, script = ask(tmp_path, script)
    asked = {s.key for s in CATALOGUE.settings if any(s.help in one for one in script.asked)}
    assert asked == questions


def test_a_choice_of_a_setting_is_offered_with_what_it_means(tmp_path: Path, sample: Path) -> None:
    lines = [("data?", "orders.csv"), ("run read", "full_snapshot"), ("snapshot", "newest")]
    found, script = ask(tmp_path, Script(*lines))
    assert project(found).pipelines[0].answers["take"] == "newest"
    (offered,) = [options for question, options in script.offered.items() if "snapshot" in question]
    assert [option.title for option in offered] == [
        "all_matching: All files together are one snapshot",
        "newest: The newest file is the whole snapshot",
    ]


def test_a_setting_goes_with_the_pattern_that_read_it(tmp_path: Path) -> None:
    script = Script(
        *[("Make", "change"), ("Which answer", "grace"), ("due", "6h")],
        *[("Make", "change"), ("Which answer", "extraction"), ("run read", "streaming")],
        ("Make", "make"),
    )
    found, _ = ask(tmp_path, script)
    (only,) = project(found).pipelines
    assert "grace" not in only.answers
    assert only.answers["watermark"] == "1d"


def test_a_sample_that_is_taken_back_leaves_nothing_behind(tmp_path: Path, sample: Path) -> None:
    script = Script(("data?", str(sample)), ("pipeline:", BACK), ("data?", ""))
    found, _ = ask(tmp_path, script)
    assert found is not None
    assert found.elsewhere == {}
    assert project(found).answers() == answers.complete({}, CATALOGUE, "flights").answers()


def test_any_answer_can_be_changed_in_the_summary(tmp_path: Path) -> None:
    script = Script(
        ("Make", "change"),
        ("Which answer", "grace"),
        ("due", "6h"),
        ("Make", "change"),
        ("Which answer", "columns"),
        ("Which column", "distance"),
        ("Which type", "VARCHAR"),
        ("Which type", "DECIMAL(9,1)"),
        ("Make", "change"),
        ("Which answer", BACK),
        ("Make", "make"),
    )
    found, _ = ask(tmp_path, script)
    (only,) = project(found).pipelines
    assert only.answers["grace"] == "6h"
    types = {column["name"]: column["type"] for column in only.answers["columns"]}
    assert types["distance"] == "DECIMAL(9,1)"
    assert only.answers["path"] == "data/flights/*.csv"


def test_the_summary_cannot_be_confirmed_while_something_is_wrong(tmp_path: Path) -> None:
    """Only a change can break what the questions kept whole: here, the column's type."""
    script = Script(
        ("Make", "change"),
        ("Which answer", "columns"),
        ("Which column", "time_hour"),
        ("Which type", "STRING"),
        ("Make", "leave"),
    )
    found, _ = ask(tmp_path, script)
    assert found is None
    make = script.offered["Make this project?"][0]
    assert make.obstacle
    assert any("TIMESTAMP" in text for text in script.said)


def test_leaving_gives_nothing(tmp_path: Path) -> None:
    found, _ = ask(tmp_path, Script(("Make", "leave")))
    assert found is None
