"""The rules: every combination has a verdict, and the verdicts are those of the truth table."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold import facts, rules
from scaffold.catalogue import Catalogue, load
from scaffold.refusal import explain
from scaffold.source import templates_dir

CATALOGUE = load()
RUNTIMES = [runtime.id for runtime in CATALOGUE.runtimes]


def subsets(axis: str) -> list[list[str]]:
    ids = [pattern.id for pattern in CATALOGUE.of(axis)]
    return [list(some) for some in chain(*(combinations(ids, n) for n in range(len(ids) + 1)))]


def choices(axis: str) -> list[Any]:
    if CATALOGUE.axis(axis).many:
        return subsets(axis)
    return [pattern.id for pattern in CATALOGUE.of(axis)]


AXES = [axis.id for axis in CATALOGUE.asked]
COMBINATIONS = [dict(zip(AXES, c, strict=True)) for c in product(*(choices(a) for a in AXES))]
SHOWN = [p for axis in CATALOGUE.axes for p in CATALOGUE.of(axis.id, hidden=not axis.asked)]
DRAFTS = st.fixed_dictionaries(
    {axis: st.sampled_from(choices(axis)) for axis in AXES}
    | {
        "event_time": st.sampled_from(["at", None]),
        "key": st.sampled_from([["id"], []]),
        "accept": st.lists(st.sampled_from(sorted(CATALOGUE.rules)), unique=True),
    }
)


def judge(catalogue: Catalogue = CATALOGUE, **answers: Any) -> rules.Verdict:
    whole = {
        "source": "files",
        "sink": "duckdb",
        "extraction": "time_ranged",
        "behaviour": ["idempotent"],
        "structure": [],
        "event_time": "at",
        "key": ["id"],
    }
    return rules.judge(whole | answers, catalogue)


def refused(verdict: rules.Verdict) -> set[str]:
    return {finding.need.rule for finding in verdict.refused}


def added(verdict: rules.Verdict) -> set[str]:
    return {finding.need.compensation for finding in verdict.added}


def coded(answers: dict[str, Any], runtime: str) -> bool:
    """Whether all that a choice needs is made for the runtime: what it names, and what stands in for the rest."""
    named = {f"{axis}/{id_}" for axis in AXES for id_ in as_list(answers[axis])}
    every = CATALOGUE.patterns.values()
    stand_ins = {p.ref for p in every if p.instead_of and p.instead_of not in named}
    return all(runtime in CATALOGUE.patterns[ref].runtimes for ref in named | stand_ins)


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def table(answers: dict[str, Any], runtime: str = "python_duckdb") -> tuple[bool, set[str]]:
    """The truth table of the docs, written down a second time: whether it is allowed, and what is added."""
    sink, extraction, behaviour = answers["sink"], answers["extraction"], answers["behaviour"]
    source, idempotent, append_only = (
        answers["source"],
        "idempotent" in behaviour,
        sink == "append_log",
    )
    followed = runtime != "scala_spark" and answers["event_time"] and answers.get("key")
    one_transaction = sink in {"duckdb", "postgres"}
    allowed = (
        not (extraction in {"time_ranged", "lookback"} and not answers["event_time"])
        and not (extraction == "lookback" and (append_only or not idempotent))
        and not (extraction == "full_snapshot" and source == "kafka")
        and not (extraction == "streaming" and source == "rest_api")
        and not (extraction == "streaming" and source == "postgres" and not followed)
        and not ("self_healing" in behaviour and not idempotent and not one_transaction)
    )
    added = {"dedupe_key"} if append_only and (idempotent or extraction != "lookback") else set()
    if source == "rest_api":
        added |= {"raw_capture"}
    if "conditional" in answers["structure"] and idempotent:
        added |= {"recorded_decision"}
    return allowed, added


@pytest.mark.parametrize("key", [["id"], []])
@pytest.mark.parametrize("event_time", ["at", None])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_combination_is_judged_as_the_truth_table_says(
    key: list[str], event_time: str | None, runtime: str
) -> None:
    assert len(COMBINATIONS) >= 3 * 4 * 4 * 8
    catalogue = CATALOGUE.on(runtime)
    for combination in COMBINATIONS:
        answers = combination | {"event_time": event_time, "key": key}
        verdict = rules.judge(answers, catalogue)
        allowed, extra = table(answers, runtime)
        expected = (allowed and coded(answers, runtime), extra)
        assert (not verdict.refused, added(verdict)) == expected, answers


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_runtime_has_one_default_of_each_single_axis(runtime: str) -> None:
    catalogue = CATALOGUE.on(runtime)
    for axis in catalogue.asked:
        if not axis.many:
            made = catalogue.of(axis.id, made=True)
            assert len([pattern for pattern in made if pattern.default]) == 1, axis.id


def test_a_pattern_without_code_for_the_runtime_is_refused_with_those_that_have_it() -> None:
    catalogue = CATALOGUE.on("scala_spark")
    verdict = rules.judge({"sink": "duckdb"}, catalogue)
    finding = next(one for one in verdict.refused if one.by.ref == "sink/duckdb")
    error = explain(finding.by, finding.need, verdict.parts, catalogue)
    assert error.what == 'Cannot use "duckdb": it is not for Scala and Spark.'
    assert "delta" in error.fix
    assert "duckdb" not in error.fix
    assert "--accept" not in error.fix
    assert refused(judge(catalogue, sink="duckdb", accept=["runtime"])) == {"runtime"}


def test_what_is_not_chosen_is_not_offered_where_nothing_can_stand_in_for_it() -> None:
    found = facts.read(templates_dir())
    for raw in found["patterns"]:
        raw["runtimes"] = raw["runtimes"] if raw["id"] != "plain" else []
    catalogue = facts.parse(found)
    assert not judge(catalogue, behaviour=["idempotent", "self_healing"]).refused
    (finding,) = judge(catalogue, behaviour=["idempotent"]).refused
    error = explain(finding.by, finding.need, (), catalogue)
    assert "without self_healing" in error.what
    assert error.fix == "Choose the behaviour self_healing."


def test_every_refusal_says_what_why_and_a_way_out() -> None:
    for combination in COMBINATIONS:
        verdict = rules.judge(combination, CATALOGUE)
        for finding in verdict.refused:
            error = explain(finding.by, finding.need, verdict.parts, CATALOGUE)
            assert f'"{finding.by.id}"' in error.what
            assert finding.need.reason in error.what
            assert error.fix.endswith(".")
            assert ("--accept" in error.fix) == finding.need.overridable


@given(DRAFTS)
def test_what_a_verdict_adds_provides_what_was_missing(answers: dict[str, Any]) -> None:
    verdict = rules.judge(answers, CATALOGUE)
    parts = {part.ref for part in verdict.parts}
    for finding in verdict.added:
        compensation = CATALOGUE.patterns[f"compensation/{finding.need.compensation}"]
        assert finding.need.capability in compensation.provides
        assert compensation.ref in parts


@given(DRAFTS, st.randoms())
def test_the_verdict_does_not_depend_on_the_order_of_answers(
    answers: dict[str, Any], random: Any
) -> None:
    keys = list(answers)
    random.shuffle(keys)
    assert rules.judge({key: answers[key] for key in keys}, CATALOGUE) == rules.judge(
        answers, CATALOGUE
    )


@given(DRAFTS)
def test_accepting_a_rule_never_makes_another_one_refuse(answers: dict[str, Any]) -> None:
    without = rules.judge(answers | {"accept": []}, CATALOGUE)
    assert refused(rules.judge(answers, CATALOGUE)) <= refused(without)


@given(DRAFTS)
def test_only_an_overridable_rule_can_be_accepted(answers: dict[str, Any]) -> None:
    every = rules.judge(answers | {"accept": list(CATALOGUE.rules)}, CATALOGUE)
    assert all(not finding.need.overridable for finding in every.refused)


def test_the_defaults_are_allowed_and_need_nothing_added() -> None:
    verdict = judge(behaviour=["idempotent", "self_healing"], structure=["multi_hop"])
    assert (verdict.refused, verdict.added) == ((), ())


def test_lookback_on_an_append_only_sink_wants_the_users_word() -> None:
    verdict = judge(extraction="lookback", sink="append_log")
    assert refused(verdict) == {"lookback_append_only"}


def test_an_accepted_lookback_brings_versioned_rows_and_is_named() -> None:
    verdict = judge(extraction="lookback", sink="append_log", accept=["lookback_append_only"])
    assert not verdict.refused
    assert added(verdict) == {"dedupe_key"}
    assert [finding.need.rule for finding in verdict.accepted] == ["lookback_append_only"]


def test_the_key_that_idempotent_adds_does_not_silence_the_refusal_of_lookback() -> None:
    verdict = judge(extraction="lookback", sink="append_log", behaviour=["idempotent"])
    assert added(verdict) == {"dedupe_key"}
    assert refused(verdict) == {"lookback_append_only"}


def test_self_healing_without_idempotent_needs_one_transaction() -> None:
    alone, rule = ["self_healing"], "self_healing_without_idempotent"
    assert not judge(sink="duckdb", behaviour=alone).refused
    assert refused(judge(sink="parquet", behaviour=alone)) == {rule}
    taken = judge(sink="parquet", behaviour=alone, accept=[rule])
    assert not taken.refused
    assert not taken.added


def test_no_word_makes_lookback_work_without_idempotent() -> None:
    verdict = judge(extraction="lookback", behaviour=[], accept=["lookback_without_idempotent"])
    assert refused(verdict) == {"lookback_without_idempotent"}


def test_routes_are_recorded_only_where_a_rerun_is_promised_to_be_equal() -> None:
    assert added(judge(structure=["conditional"])) == {"recorded_decision"}
    assert added(judge(structure=["conditional"], behaviour=[])) == set()


def test_full_snapshot_with_self_healing_says_what_it_cannot_heal() -> None:
    verdict = judge(extraction="full_snapshot", behaviour=["idempotent", "self_healing"])
    assert any("missed" in note for note in verdict.notes)
    assert not any("missed" in note for note in judge(extraction="full_snapshot").notes)


def test_time_ranged_says_what_becomes_of_late_rows() -> None:
    assert any("late" in note.lower() for note in judge().notes)


def with_source(provides: list[str]) -> Catalogue:
    """The catalogue with a source that does not exist yet."""
    found = facts.read(templates_dir())
    poll = {"id": "poll", "axis": "source", "order": 99, "title": "Poll", "summary": "Now only."}
    found["patterns"].append(poll | {"provides": provides, "runtimes": RUNTIMES})
    return facts.parse(found)


@pytest.mark.parametrize("extraction", ["time_ranged", "lookback", "streaming"])
def test_a_source_that_cannot_be_read_again_is_refused_to_what_reads_again(extraction: str) -> None:
    verdict = judge(with_source(["ordered"]), source="poll", extraction=extraction)
    assert f"{extraction}_not_replayable" in refused(verdict)
    assert "idempotent_not_replayable" in refused(verdict)


def test_a_snapshot_needs_no_source_that_can_be_read_again() -> None:
    verdict = judge(
        with_source(["current_state"]), source="poll", extraction="full_snapshot", behaviour=[]
    )
    assert not verdict.refused


@pytest.mark.parametrize("extraction", ["full_snapshot", "time_ranged", "lookback"])
def test_an_api_is_captured_whatever_reads_it(extraction: str) -> None:
    verdict = judge(source="rest_api", extraction=extraction)
    assert not verdict.refused
    assert {finding.need.rule for finding in verdict.added} == {"rest_api_not_captured"}


def test_an_api_has_no_order_to_stream_by() -> None:
    assert refused(judge(source="rest_api", extraction="streaming")) == {"streaming_unordered"}


@pytest.mark.parametrize(
    ("said", "rules_"),
    [
        ({}, set()),
        ({"key": []}, {"postgres_streaming_keyless"}),
        ({"event_time": None}, {"postgres_streaming_untimed"}),
        ({"columns": [{"name": "at", "type": "DATE"}]}, {"postgres_streaming_untimed"}),
    ],
)
def test_a_table_is_followed_by_a_time_and_a_key_in_python(
    said: dict[str, Any], rules_: set[str]
) -> None:
    followed = {"source": "postgres", "extraction": "streaming"} | said
    assert refused(judge(**followed)) == rules_
    scala = CATALOGUE.on("scala_spark")
    assert refused(judge(scala, **followed, sink="delta")) == {"streaming_unordered"}


def test_streaming_needs_an_order() -> None:
    verdict = judge(with_source(["replayable"]), source="poll", extraction="streaming")
    assert refused(verdict) == {"streaming_unordered"}


def test_a_choice_is_open_as_long_as_a_later_one_can_mend_it() -> None:
    healing = CATALOGUE.patterns["behaviour/self_healing"]
    files = {"source": "files", "event_time": "at"}
    assert rules.obstacle(healing, files | {"sink": "parquet"}, [], CATALOGUE) is None
    lookback = CATALOGUE.patterns["extraction/lookback"]
    known = files | {"sink": "duckdb"}
    assert rules.obstacle(lookback, known, ["behaviour"], CATALOGUE) is None
    assert rules.obstacle(lookback, known | {"behaviour": []}, [], CATALOGUE) is not None


@given(DRAFTS)
def test_no_choice_is_closed_that_leads_to_an_allowed_pipeline(answers: dict[str, Any]) -> None:
    if rules.judge(answers, CATALOGUE).refused:
        return
    known = {key: answers[key] for key in ("accept", "event_time", "key")}
    for place, axis in enumerate(AXES):
        ids = answers[axis] if isinstance(answers[axis], list) else [answers[axis]]
        for id_ in ids:
            pattern = CATALOGUE.patterns[f"{axis}/{id_}"]
            assert rules.obstacle(pattern, known, AXES[place + 1 :], CATALOGUE) is None
        known[axis] = answers[axis]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"needs": [{"capability": "nothing_has_it", "rule": "r", "reason": "x"}]}, "nothing"),
        ({"brings": ["source/nowhere"]}, "unknown"),
        ({"notes": [{"with": ["sink/nowhere"], "text": "x"}]}, "unknown"),
        ({"settings": [{"key": "every", "type": "duration", "help": "x"}]}, "another every"),
    ],
)
def test_a_catalogue_that_is_at_odds_with_itself_is_not_loaded(
    change: dict[str, Any], word: str
) -> None:
    found = facts.read(templates_dir())
    found["patterns"][0] |= change
    with pytest.raises(ValueError, match=word):
        facts.parse(found)


WIDEST = 124


@pytest.mark.parametrize("pattern", SHOWN, ids=lambda pattern: pattern.ref)
def test_every_pattern_that_is_listed_has_a_page_with_a_diagram_and_its_traps(pattern: Any) -> None:
    page = pattern.page
    assert page.startswith(f"# {pattern.title}\n")
    headings = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["How it works", "When", "When not", "Traps"]
    diagram = page.partition("## How it works\n\n")[2].partition("\n\n")[0]
    assert all(line.startswith("    ") or not line for line in diagram.splitlines())
    assert max(map(len, page.splitlines())) <= WIDEST
