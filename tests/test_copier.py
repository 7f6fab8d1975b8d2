"""Plain copier is a first-class way to make a project: without --trust, without `scaffold`."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pexpect
import pytest
import yaml
from copier import run_copy
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from scaffold import catalogue, defaults, facts, keys, rules, values
from scaffold import chart as charts
from scaffold.errors import UsageError
from tests.said import pairwise

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
PROJECT = TEMPLATES / "projects/python_duckdb"
COPIER = (sys.executable, "-m", "copier")
Copy = Callable[..., Path]

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")

THREE: dict[str, Any] = yaml.safe_load("""
    project_name: 'Three "ways" 😀'
    package: three_ways
    pipelines:
      - name: orders
        extraction: lookback
        structure: [multi_hop, disconnected]
        sink: parquet
        path: data/orders/*.csv
        delimiter: ";"
        quote: "'"
        columns:
          - {name: order_id, source: 'Order "ID": #1', type: BIGINT}
          - {name: ordered_at, source: "été 😀", type: TIMESTAMP}
          - {name: amount, source: "{{ amount }}", type: "DECIMAL(18,2)"}
        key: [order_id]
        event_time: ordered_at
        event_time_formats: ["%d/%m/%Y %H:%M", "%Y-%m-%d"]
        time_zone: Europe/London
        measure: amount
        every: 6h
        since: 2025-01-01
        windows: 5
      - name: clicks
        extraction: streaming
        structure: [multi_hop, conditional]
        sink: append_log
        path: data/clicks/**/*.jsonl
        format: jsonl
        columns: [{name: page, source: page, type: STRING}]
      - name: prices
        extraction: full_snapshot
        behaviour: []
        structure: []
        sink: parquet
        path: data/prices.parquet
        format: parquet
        columns:
          - {name: sku, source: SKU, type: STRING}
          - {name: price, source: price, type: "DECIMAL(9,2)"}
        key: [sku]
        measure: price
        grace: 0h  # of an older scaffold, which recorded what nothing reads
    """)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The templates as a folder that is no repository: copier clones nothing, which takes it a second."""
    folder = tmp_path_factory.mktemp("plain")
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(TEMPLATES, folder / "templates", symlinks=True)
    return folder


@pytest.fixture
def copy(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Render with these answers as data, untrusted; pytest-copie would give them as defaults, trusted."""

    def render(**answers: Any) -> Path:
        project = tmp_path_factory.mktemp("project")
        run_copy(str(plain), project, data=answers, defaults=True, quiet=True)
        return project

    return render


def without_includes(_: Path) -> None:
    yaml.SafeLoader.add_constructor("!include", lambda loader, node: None)


def one(**changes: Any) -> dict[str, Any]:
    """The answers to one valid pipeline, with changes."""
    prices = dict(THREE["pipelines"][2])
    return {"package": "prices", "pipelines": [prices | changes]}


def read(project: Path) -> dict[str, bytes]:
    """Every file but the answers, which name a commit that an uncommitted template has only once."""
    files = (path for path in project.rglob("*") if path.is_file())
    found = {str(path.relative_to(project)): path.read_bytes() for path in files}
    del found[".copier-answers.yml"]
    return found


def answers_of(project: Path) -> dict[str, Any]:
    found = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    return {key: value for key, value in found.items() if not key.startswith("_")}


def clean(project: Path) -> str:
    """What black and ruff, as the project configures them, have to say."""
    commands = (("black", "--check"), ("ruff", "check", "--no-cache"))
    runs = [
        subprocess.run(
            (sys.executable, "-m", *command, "src", "tests"),
            cwd=project,
            check=False,
            capture_output=True,
            text=True,
        )
        for command in commands
    ]
    return "".join(run.stdout + run.stderr for run in runs if run.returncode)


# --- rendering


def test_copier_renders_the_defaults_without_trust(tmp_path: Path) -> None:
    command = (*COPIER, "copy", "--defaults", "--vcs-ref=HEAD", "--quiet", str(ROOT), "made")
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    files = read(tmp_path / "made")
    assert "src/flights/pipelines/flights/pipeline.py" in files
    assert "data/flights/2013-03-08.csv" in files
    assert "src/flights/patterns/lookback.py" not in files


def test_copie_renders_what_copier_renders(
    copie: Any, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It only looks for `_subdirectory`, but its `!include` knows no globs.
    monkeypatch.setattr("pytest_copie.plugin._add_yaml_include_constructor", without_includes)
    result = copie.copy(extra_answers=THREE, template_dir=ROOT)
    assert result.exception is None
    assert read(result.project_dir) == read(copy(**THREE))


def test_three_pipelines_share_what_they_have_in_common(copy: Copy) -> None:
    project = copy(**THREE)
    folders = {path.name for path in (project / "src/three_ways/pipelines").iterdir()}
    assert folders == {"__init__.py", "orders", "orders_consumer", "clicks", "prices"}
    files = read(project)
    assert {"test_dedupe_key.py", "test_recorded_decision.py"} <= {Path(f).name for f in files}
    assert "src/three_ways/sources/published.py" in files
    assert not any(name.startswith("data/") for name in files)
    assert not clean(project)


def test_spellings_of_the_data_survive_the_contract(copy: Copy) -> None:
    project = copy(**THREE)
    text = (project / "src/three_ways/pipelines/orders/contract.yml").read_text(encoding="utf-8")
    tables = {table["name"]: table["properties"] for table in yaml.safe_load(text)["schema"]}
    spelled = [column["physicalName"] for column in tables["source"]]
    assert spelled == [column["source"] for column in THREE["pipelines"][0]["columns"]]
    names = [column["name"] for column in tables["silver"]]
    assert names[:3] == ["order_id", "ordered_at", "amount"]
    assert {name[0] for name in names[3:]} == {"_"}


def test_recorded_answers_render_the_same_project(copy: Copy) -> None:
    project = copy(**THREE)
    again = copy(**answers_of(project))
    assert read(again) == read(project)
    assert answers_of(again) == answers_of(project) == THREE | {"runtime": "python_duckdb"}


def test_a_checksum_shows_that_answers_were_edited_by_hand(copy: Copy) -> None:
    text = (copy(**THREE) / ".copier-answers.yml").read_text(encoding="utf-8")
    *_, last = text.splitlines()
    answers = json.dumps(yaml.safe_load(text), sort_keys=True, default=str)
    assert last == f"# checksum {hashlib.sha256(answers.encode()).hexdigest()}"


def test_both_forms_of_the_same_answers_render_the_same_files(copy: Copy) -> None:
    asked = copy()
    flat = answers_of(asked)
    of_the_project = ("project_name", "package", "runtime", "pipelines", "pipeline")
    entry = {key: value for key, value in flat.items() if key not in of_the_project}
    assert read(copy(pipelines=[{"name": flat["pipeline"], **entry}])) == read(asked)


def test_answers_older_than_a_key_get_its_default(copy: Copy) -> None:
    project = copy(**one())
    wiring = (project / "src/prices/pipelines/prices/pipeline.py").read_text(encoding="utf-8")
    assert "ParquetFiles()" in wiring


def test_copier_updates_a_project_and_keeps_its_answers(
    tmp_path: Path, plain: Path, copy: Copy
) -> None:
    """A newer template asks for something new and renders something new: untrusted, with defaults."""
    template, project = tmp_path / "template", tmp_path / "project"
    git("clone", "--quiet", str(ROOT), str(template))
    git("rm", "-r", "-q", "copier.yml", "templates", cwd=template)
    shutil.copytree(plain, template, symlinks=True, dirs_exist_ok=True)  # uncommitted, too
    release(template, "v100.0.0")
    run_copy(str(template), project, data=THREE, vcs_ref="v100.0.0", defaults=True, quiet=True)
    git("init", "--quiet", cwd=project)
    release(project, "first")
    readme = PROJECT.relative_to(ROOT) / "README.md.jinja"
    (template / readme).write_text("# {{ new }}\n", encoding="utf-8")
    with (template / "copier.yml").open("a", encoding="utf-8") as file:
        file.write("new: {type: str, default: asked later}\n")
    release(template, "v101.0.0")
    command = (*COPIER, "update", "--defaults", "--quiet")
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    assert (project / "README.md").read_text(encoding="utf-8") == "# asked later\n"
    answers = answers_of(project)
    assert answers == THREE | {"runtime": "python_duckdb", "new": "asked later"}


def release(folder: Path, tag: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    git("add", "--all", cwd=folder)
    git(*who, "commit", "--quiet", "--allow-empty", "--message", tag, cwd=folder)
    git("tag", tag, cwd=folder)


def git(*arguments: str, cwd: Path | None = None) -> None:
    subprocess.run(("git", *arguments), cwd=cwd, check=True, capture_output=True)


# --- prompts


def test_prompts_show_what_is_forbidden_and_why(tmp_path: Path, copy: Copy) -> None:
    asked = ("extraction", "behaviour", "structure")
    said = answer_by_return(prompt(tmp_path, *given_but(copy(), *asked), "-d", "event_time="))
    assert "windows are ranges of event time, and no column is named for it" in said
    answers = answers_of(tmp_path / "made")
    assert (answers["extraction"], answers["event_time"]) == ("full_snapshot", None)


def test_every_question_can_be_answered_by_return(tmp_path: Path, copy: Copy) -> None:
    answer_by_return(prompt(tmp_path))
    assert answers_of(tmp_path / "made") == answers_of(copy())
    assert read(tmp_path / "made") == read(copy())


def prompt(folder: Path, *arguments: str) -> Any:
    command = [*COPIER, "copy", "--vcs-ref=HEAD", *arguments, str(ROOT), "made"]
    return pexpect.spawn(
        command[0],
        command[1:],
        cwd=str(folder),
        encoding="utf-8",
        timeout=60,
        dimensions=(60, 250),
    )


def given_but(project: Path, *asked: str) -> tuple[str, str]:
    """What a project recorded, as data: copier asks for these alone, and a question takes it a second."""
    file = project / "given.yml"
    recorded = {key: value for key, value in answers_of(project).items() if key not in asked}
    file.write_text(yaml.safe_dump(recorded), encoding="utf-8")
    return "--data-file", str(file)


def answer_by_return(shell: Any) -> str:
    """Take what is offered, once for each question; a prompt draws its question more than once."""
    said, asked = "", ""
    question = "🎤(?:\x1b\\[[0-9;]*m| )*([^\x1b\r\n]+)"
    while shell.expect([question, pexpect.EOF]) == 0:
        said += shell.before
        if shell.match[1] != asked:
            asked = shell.match[1]
            time.sleep(0.3)  # until the choices are drawn, so that they can be read
            shell.send("\r")
    return said + str(shell.before)


# --- refusals


@pytest.mark.parametrize(
    "name", ["../up", "/etc", "class", "order", "Ünï", "a" * 41, "a-b", "", "{{ a }}", "a\n"]
)
def test_bad_names_are_refused(copy: Copy, name: str) -> None:
    for answers in (one(name=name), {"pipeline": name}, {**one(), "package": name}):
        with pytest.raises(ValueError, match=r"must be|has more than|is a word"):
            copy(**answers)


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../outside/*.csv"},
        {"path": "/etc/passwd"},
        {"path": 'a"; import os; "'},
        {"path": "s3://bucket/a.csv"},
        {"delimiter": "ab"},
        {"quote": "\\"},
        {"nulls": "NA"},
        {"nulls": ["both ' and \""]},
        {"encoding": 'utf-8"'},
        {"header": "yes"},
        {"columns": []},
        {"columns": [{"name": "a", "source": "a"}]},
        {"columns": [{"name": "a", "source": "a", "type": "TEXT"}]},
        {"columns": [{"name": "order", "source": "a", "type": "STRING"}]},
        {"columns": [{"name": "_unit", "source": "a", "type": "STRING"}]},
        {"columns": [{"name": "a", "source": "a\nb", "type": "STRING"}]},
        {"columns": [{"name": n, "source": n, "type": "STRING"} for n in ("a", "a")]},
        {"key": ["nowhere"]},
        {"event_time": "sku"},
        {"measure": "sku"},
        {"time_zone": "../zone"},
        {"since": "2025-13-01"},
        {"every": "0d"},
        {"windows": 0},
        {"grace": "soon"},
        {"take": "oldest"},
        {"min_ratio": 1.5},
        {"min_ratio": "0.5"},
        {"retries": -1},
        {"files": True},
        {"extraction": "sideways"},
        {"source": "published"},
        {"behaviour": "idempotent"},
        {"unknown": 1},
        {"extraction": "time_ranged"},
        {"behaviour": ["self_healing"], "sink": "append_log"},
    ],
)
def test_data_answers_are_held_to_the_same_rules(copy: Copy, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Validation error for question 'problems'"):
        copy(**one(**changes))


@pytest.mark.parametrize("value", [{"name": "x"}, "x", ["x"], [[]], 1])
def test_pipelines_that_are_no_list_of_mappings_are_refused(copy: Copy, value: object) -> None:
    with pytest.raises(ValueError, match="problems"):
        copy(pipelines=value)


@pytest.mark.parametrize("computed", ["catalogue", "plan", "verdict", "problems", "reserved"])
def test_what_is_computed_cannot_be_given(copy: Copy, computed: str) -> None:
    with pytest.raises(ValueError, match="leave it out"):
        copy(**{computed: "x" if computed in {"verdict", "problems"} else []})


def test_two_pipelines_cannot_have_one_name(copy: Copy) -> None:
    prices = THREE["pipelines"][2]
    consumer = prices | {"name": "prices_consumer"}
    for pair in ([prices, prices], [prices | {"structure": ["disconnected"]}, consumer]):
        with pytest.raises(ValueError, match="same name"):
            copy(package="prices", pipelines=pair)


# --- rules, as the templates and as `scaffold` judge them


RUNTIMES = [runtime.id for runtime in catalogue.load().runtimes]


@cache
def jinja(runtime: str = "python_duckdb") -> SandboxedEnvironment:
    config = yaml.safe_load((ROOT / "copier.yml").read_text().replace("!include", ""))["_envops"]
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(ROOT),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        **{**config, "undefined": jinja2.StrictUndefined},
    )
    found = facts.read(ROOT)
    environment.globals.update(
        catalogue=found["patterns"],
        axes=found["axes"],
        runtimes=found["runtimes"],
        chart=[found["chart"]],
        runtime=runtime,
    )
    return environment


@pytest.mark.parametrize(
    "text",
    [
        *(
            "s3://shop/*.csv",
            "s3://a.b-c/in/**/[ab]-?.csv",
            "s3://shop/x",
            f"s3://shop/{'a' * 290}",
        ),
        *(
            "s3://shop",
            "s3://shop/",
            "s3://shop//x",
            "s3://shop/a/../x",
            "s3://shop/./x",
            "s3://s/x",
        ),
        *(
            "s3://Shop/x",
            "s3://shop/a b",
            "s3://shop/ä",
            "s3://shop/x\n",
            "s3:/shop/x",
            "data/x.csv",
        ),
        f"s3://shop/{'a' * 291}",
    ],
)
def test_copier_takes_the_globs_of_objects_that_scaffold_takes(text: str) -> None:
    (key,) = (one for one in keys.pipeline(catalogue.load()) if one.name == "objects")
    said = "{% import 'templates/checks.jinja' as c with context %}{{ c.problem('objects', text) }}"
    refused = jinja().from_string(said).render(text=text, reserved=[]).strip()
    try:
        assert values.parse(key, text, catalogue.load()) == text
        assert not refused
    except UsageError:
        assert refused


def combinations() -> Iterator[dict[str, Any]]:
    """Every one, but of those with several structures, which need nothing of one another, the one with all."""
    known = catalogue.load()
    choices = []
    for axis in known.asked:
        ids = [pattern.id for pattern in known.of(axis.id)]
        some = (0, 1, len(ids)) if axis.id == "structure" else range(len(ids) + 1)
        sizes = some if axis.many else (1,)
        sets = [set_ for size in sizes for set_ in itertools.combinations(ids, size)]
        choices.append([(axis.id, list(set_) if axis.many else set_[0]) for set_ in sets])
    columns = [{"name": "on", "source": "on", "type": "DATE"}]
    for at, key in itertools.product(("at", "on", None), (["id"], [])):
        for chosen in itertools.product(*choices):
            yield dict(chosen) | {"columns": columns, "event_time": at, "key": key}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_templates_and_command_judge_every_combination_alike(runtime: str) -> None:
    """Every one that the runtime has, and some of those that it refuses before any other rule."""
    template = jinja(runtime).from_string(
        "{% import 'templates/rules.jinja' as rules %}{% for e in entries %}"
        "{% set chosen = rules.parts(e) | from_json %}"
        "{% set whole = chosen + rules.stand_ins(chosen, e | list) | from_json %}"
        "{{ rules.judge(whole, rules.facts(e) | from_json, e.accept) }}\n{% endfor %}"
    )
    known = catalogue.load().on(runtime)
    entries = []
    for number, entry in enumerate(combinations()):
        refused = [f.need.rule for f in rules.judge(entry, known).refused]
        if "runtime" in refused and number % 7:
            continue
        entries.append(entry | {"accept": []})
        if refused:
            entries.append(entry | {"accept": refused})
    assert len(entries) > 500
    verdicts = template.render(entries=entries).splitlines()
    for entry, line in zip(entries, verdicts, strict=True):
        ours = rules.judge(entry, known)
        found = json.loads(line)
        for kind in ("added", "accepted", "refused"):
            assert [f["rule"] for f in found[kind]] == [
                finding.need.rule for finding in getattr(ours, kind)
            ], (entry, kind)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("apart", [11, pytest.param(1, marks=pytest.mark.matrix, id="each")])
def test_templates_and_command_choose_alike_where_nobody_chose(runtime: str, apart: int) -> None:
    """Whatever is left out, beside whatever was said, and also where all that was said is refused.

    In every run one draft of eleven, which is prime to what each axis has: so every two answers meet.
    """
    template = jinja(runtime).from_string(
        "{% import 'templates/compute.jinja' as compute with context %}"
        "{% for e in entries %}{{ compute.complete(e) }}\n{% endfor %}"
    )
    known, entries = catalogue.load().on(runtime), list(drafts())[::apart]
    assert len(entries) > 500
    for entry, line in zip(entries, template.render(entries=entries).splitlines(), strict=True):
        ours, theirs = defaults.suggested(entry, known), json.loads(line)
        assert {a.id: ours[a.id] for a in known.asked} == {a.id: theirs[a.id] for a in known.asked}


def drafts() -> Iterator[dict[str, Any]]:
    """Every combination, with each axis left out as well. Structures need nothing of other axes."""
    known = catalogue.load()
    choices: list[list[tuple[str, Any]]] = []
    for axis in known.asked:
        ids = [pattern.id for pattern in known.of(axis.id)]
        some = [list(n) for size in (0, 1, 2) for n in itertools.combinations(ids, size)]
        said: list[Any] = ids if not axis.many else some if axis.id != "structure" else [[]]
        choices.append([(axis.id, one) for one in [None, *said]])
    for chosen in itertools.product(*choices, (("event_time", "at"), ("event_time", None))):
        entry = {key: value for key, value in chosen if value is not None or key == "event_time"}
        for accept in ([], sorted(known.rules)):
            yield {"name": "x", "columns": [], "accept": accept, **entry}


def test_a_pattern_that_is_left_out_is_one_that_the_rules_allow(copy: Copy) -> None:
    answers = one()
    del answers["pipelines"][0]["extraction"]  # and there is no event time
    wiring = (copy(**answers) / "src/prices/pipelines/prices/pipeline.py").read_text()
    assert "FullSnapshot(" in wiring


# --- the settings of patterns


def test_the_questions_of_copier_are_the_settings_of_the_catalogue() -> None:
    known = catalogue.load()
    text = (ROOT / "copier.yml").read_text(encoding="utf-8").replace("!include", "")
    asked = {
        key: question
        for key, question in yaml.safe_load(text).items()
        if key[0] != "_" and re.search("extraction|behaviour|source ==", str(question.get("when")))
    }
    assert set(asked) == set(known.claimed)
    for setting in known.settings:
        question = asked[setting.key]
        owners = {owner.ref for owner in known.owners(setting.key)}
        beside = set(known.patterns) - setting.where
        assert {ref for ref in beside if is_asked(question["when"], ref, *setting.where)} == owners
        assert not any(is_asked(question["when"], ref) for ref in owners if setting.where)
        assert question.get("ask", True) or not setting.ask, setting.key
        choices = question.get("choices", {})
        assert {value: shown for shown, value in choices.items()} == setting.choices
        of_sample = str(question["default"]).startswith("{{ sample")
        assert of_sample or question["default"] == setting.default, setting.key


def is_asked(when: str, *refs: str) -> bool:
    """Whether a question is asked where these patterns are the only ones."""
    chosen: dict[str, Any] = {"extraction": "none", "behaviour": [], "source": "none"}
    chosen |= {"pipelines": [], "format": "csv"}
    for ref in refs:
        axis, _, id_ = ref.partition("/")
        chosen[axis] = [id_] if axis == "behaviour" else id_
    return jinja().from_string(when).render(chosen) == "True"


@pytest.mark.parametrize(
    ("answers", "wired", "unread"),
    [
        (
            {"extraction": "full_snapshot", "take": "newest", "retain": 3, "min_ratio": 0.25},
            ('take="newest"', "retain=3", "min_ratio=0.25"),
            ("every", "since", "until", "grace", "windows", "files", "watermark"),
        ),
        (
            {"extraction": "streaming", "files": 5, "watermark": "0h", "retries": 0},
            ("most=5", "watermark=timedelta(hours=0)", "SelfHealing(max_catch_up=30, retries=0)"),
            ("every", "since", "until", "grace", "windows", "take", "retain", "min_ratio"),
        ),
        (
            {"extraction": "lookback", "windows": 3, "behaviour": ["idempotent"]},
            ("windows=3", "every=timedelta(days=1)"),
            ("take", "retain", "min_ratio", "files", "watermark", "max_catch_up", "retries"),
        ),
    ],
    ids=["full_snapshot", "streaming", "lookback"],
)
def test_settings_are_wired_and_recorded_where_a_chosen_pattern_reads_them(
    copy: Copy, answers: dict[str, Any], wired: tuple[str, ...], unread: tuple[str, ...]
) -> None:
    project = copy(**answers)
    wiring = (project / "src/flights/pipelines/flights/pipeline.py").read_text()
    assert [line for line in wired if line not in wiring] == []
    assert ("take=" in wiring) == ("take" in answers)
    recorded = answers_of(project)
    assert {key: recorded[key] for key in answers} == answers
    assert not set(unread) & set(recorded)


def test_settings_that_older_projects_recorded_in_vain_change_nothing(copy: Copy) -> None:
    older = one(every="1d", since="2025-01-01", until=None, grace="0h", windows=7)
    assert read(copy(**older)) == read(copy(**one()))


# --- templates


def test_pattern_files_have_nothing_that_jinja_would_read() -> None:
    """They are included: a doubled brace of an f-string would be an expression. Add strings instead."""
    files = [
        path for kind in ("py", "scala") for path in TEMPLATES.glob(f"patterns/*/*/*/*.{kind}")
    ]
    found = [str(path) for path in files if re.search(r"\{[{%#]", path.read_text())]
    assert files
    assert not found


def test_names_of_loops_in_paths_are_no_answers() -> None:
    """Copier passes both to one call, which takes a name once."""
    loops = {
        match[1]
        for path in (TEMPLATES / "projects").rglob("*")
        for match in re.finditer(r"yield (\w+) from", str(path))
    }
    questions = re.findall(r"^([a-z]\w*):", (ROOT / "copier.yml").read_text(), re.MULTILINE)
    assert loops
    assert not loops & set(questions)


def test_no_feature_needs_trust() -> None:
    text = (ROOT / "copier.yml").read_text()
    assert not re.search(r"^_(tasks|migrations|jinja_extensions|external_data)", text, re.MULTILINE)


def test_reserved_words_are_one_list_for_templates_and_sampling() -> None:
    words = yaml.safe_load((TEMPLATES / "catalogue/reserved.yml").read_text())
    assert all(isinstance(word, str) for list_ in words.values() for word in list_)
    assert {"order", "select"} <= set(words["sql"])


# --- formatting does not depend on the answers

RESERVED: Mapping[str, list[str]] = yaml.safe_load(
    (TEMPLATES / "catalogue/reserved.yml").read_text()
)
identifiers = st.from_regex(r"\A[a-z][a-z0-9]{0,12}(_[a-z0-9]{1,6}){0,3}\Z").filter(
    lambda name: len(name) <= 40 and name not in {*RESERVED["python"], *RESERVED["sql"]}
)
long_names = st.integers(30, 40).map(
    lambda size: ("warehouse_of_everything_" * 2)[:size].rstrip("_")
)
spellings = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=20,
)
texts = st.text(st.sampled_from("aNA/é\\-'% {}"), max_size=12)


@st.composite
def pipelines(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(identifiers | long_names, min_size=2, max_size=12, unique=True))
    sources = draw(st.lists(spellings, min_size=len(names), max_size=len(names), unique=True))
    types = ["TIMESTAMP", "BIGINT", *(["DECIMAL(12,3)", "STRING", "DOUBLE"] * 5)]
    columns = [
        {"name": name, "source": source, "type": type_}
        for name, source, type_ in zip(names, sources, types, strict=False)
    ]
    return {
        "extraction": draw(
            st.sampled_from(["full_snapshot", "time_ranged", "lookback", "streaming"])
        ),
        "structure": draw(st.sampled_from([[], ["multi_hop"], ["multi_hop", "conditional"]])),
        "sink": draw(st.sampled_from(["duckdb", "parquet", "append_log"])),
        "accept": ["lookback_append_only"],
        "format": draw(st.sampled_from(["csv", "jsonl", "parquet"])),
        "delimiter": draw(st.sampled_from(",;|\t :")),
        "quote": draw(st.sampled_from(["", '"', "'"])),
        "nulls": draw(st.lists(texts, max_size=4, unique=True)),
        "event_time_formats": draw(
            st.lists(st.sampled_from(["%d.%m.%y", "%Y %H:%M"]), unique=True)
        ),
        "time_zone": draw(st.sampled_from(["UTC", "America/Argentina/ComodRivadavia"])),
        "columns": columns,
        "key": draw(st.sampled_from([[], names[:1], names[-2:], names])),
        "event_time": names[0],
        "measure": draw(st.sampled_from([None, names[1]])),
        "every": draw(st.sampled_from(["1h", "7d", "30m"])),
        "since": "2025-01-01T06:00",
    }


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # each example takes seconds: too slow to shrink
    suppress_health_check=list(HealthCheck),
)
@given(
    package=identifiers.filter(lambda name: name not in RESERVED["modules"]),
    named=st.dictionaries(identifiers | long_names, pipelines(), min_size=1, max_size=12),
)
def test_formatters_change_nothing_whatever_the_answers(
    copy: Copy, package: str, named: dict[str, dict[str, Any]]
) -> None:
    project = copy(
        package=package, pipelines=[{"name": name, **entry} for name, entry in named.items()]
    )
    assert not clean(project)
    for path in project.rglob("contract.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["schema"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_templates_and_command_give_the_same_reasons(runtime: str) -> None:
    """For every answer beside every other, and for every pattern, chosen or not."""
    template = jinja(runtime).from_string(
        "{% import 'templates/chart.jinja' as charts with context %}{% for said in every %}"
        "{% for key in keys %}{{ [charts.reason(chart[0].choose, key, said), "
        "charts.reason(chart[0].reject, key, said)] | to_json }}\n{% endfor %}{% endfor %}"
    )
    known = catalogue.load().on(runtime)
    every = pairwise(known)
    refs = list(known.patterns)
    lines = template.render(every=every, keys=refs).splitlines()
    for (said, key), line in zip(itertools.product(every, refs), lines, strict=True):
        ours = [charts.first(some, key, said) for some in (known.chart.choose, known.chart.reject)]
        assert json.loads(line) == [found.reason if found else "" for found in ours], (said, key)


@pytest.mark.parametrize(
    "because",
    [
        ["late={{ 7 * 7 }}"],
        ["late=week\n- more"],
        "late=week",
        [{"late": "week"}],
        ["late=week"] * 2,
    ],
)
def test_what_was_said_to_the_chart_is_words_and_nothing_else(copy: Copy, because: Any) -> None:
    prices = THREE["pipelines"][2] | {"because": because}
    with pytest.raises(ValueError, match="because"):
        copy(package="prices", pipelines=[prices])
