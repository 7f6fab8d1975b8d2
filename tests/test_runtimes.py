"""A second language: everything that the command and plain copier do with a Scala project, but run it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy
from hypothesis import given
from hypothesis import strategies as st

from scaffold import answers, catalogue, facts, keys, names, offers, source
from scaffold.errors import UsageError
from tests.combinations import PYTHON, SCALA, TABLE, every, made
from tests.releases import Releases, commit, git, tree
from tests.test_copier import answer_by_return, given_but, jinja, prompt

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")

ROOT = Path(__file__).parent.parent
CATALOGUE = catalogue.load()
RESOURCES = Path("src/main/resources/shop/pipelines")
SHARED = ("contract.yml", "silver.sql", "gold.sql", "routes.sql")
WORDS = """
    abstract case catch class def do else extends false final finally for forSome if implicit import lazy
    match new null object override package private protected return sealed super this throw trait try true
    type val var while with yield enum export given then
    """


@pytest.fixture
def scala(releases: Releases, tmp_path: Path) -> Path:
    """A committed Scala project of the first version."""
    done = releases.scaffold(
        "v0.1.0", "new", "made", "--language", "scala", "--defaults", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "made"


def shop(runtime: str, **changes: Any) -> dict[str, Any]:
    entry = {"name": "orders", "path": "data/orders/*.csv", **TABLE, **changes}
    return {"project_name": "Shop", "package": "shop", "runtime": runtime, "pipelines": [entry]}


# --- new


def test_a_language_makes_a_project_for_its_build_tool(scala: Path) -> None:
    files = tree(scala)
    assert "build.sbt" in files
    assert "src/main/scala/made/Main.scala" in files
    assert "data/flights/2013-03-08.csv" in files
    assert not [name for name in files if name.endswith((".py", ".toml"))]
    recorded = yaml.safe_load(files[".copier-answers.yml"])
    assert (recorded["runtime"], recorded["pipelines"][0]["sink"]) == (SCALA, "delta")


def test_it_says_how_a_scala_project_is_run(releases: Releases, tmp_path: Path) -> None:
    words = ("new", "made", "--runtime", "scala-spark", "--defaults", "--json", "--dry-run")
    found = json.loads(releases.scaffold("v0.1.0", *words, cwd=tmp_path).stdout)
    assert found["next_steps"] == ["cd made", 'sbt "run run"', "sbt test"]
    assert found["command"][:6] == ["scaffold", "new", "made", "--name", "Made", "--runtime"]


def test_what_has_no_code_for_it_is_refused_with_what_has(
    releases: Releases, tmp_path: Path
) -> None:
    words = ("new", "made", "--language", "scala", "--sink", "duckdb", "--defaults")
    done = releases.scaffold("v0.1.0", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert 'Cannot use "duckdb": it is not for Scala and Spark.' in done.stderr
    assert re.search(r"Choose the sink .*delta", done.stderr)
    assert not list(tmp_path.iterdir())


def test_plain_copier_renders_the_same_scala_project(
    tmp_path: Path, templates: source.Templates
) -> None:
    data = shop(SCALA)
    ours, theirs = made(tmp_path / "ours", templates, data), tmp_path / "theirs"
    run_copy(str(ROOT), theirs, data=data, vcs_ref="HEAD", defaults=True, quiet=True)
    found, other = tree(ours), tree(theirs)
    for each in (found, other):
        each.pop(".copier-answers.yml")  # a commit that an uncommitted template has only once
    assert found == other


def test_plain_copier_refuses_what_has_no_code_for_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"DuckDB: it is not for Scala and Spark .* delta"):
        run_copy(
            str(ROOT),
            tmp_path / "made",
            data=shop(SCALA, sink="duckdb"),
            vcs_ref="HEAD",
            defaults=True,
            quiet=True,
        )


def test_what_a_runtime_does_not_have_is_shown_disabled_with_the_reason(
    tmp_path: Path, templates: source.Templates
) -> None:
    (sink,) = (key for key in keys.axes(CATALOGUE) if key.name == "sink")
    options = offers.options(sink, TABLE, [], CATALOGUE.on(SCALA))
    obstacles = {option.value: option.obstacle for option in options}
    assert "it is not for Scala and Spark. Choose the sink" in obstacles["duckdb"]
    assert not obstacles["delta"]
    rest = given_but(made(tmp_path / "given", templates, {}), "runtime", "sink")
    shown = answer_by_return(prompt(tmp_path, *rest, "-d", f"runtime={SCALA}"))
    assert "DuckDB: it is not for Scala and Spark" in shown
    recorded = yaml.safe_load((tmp_path / "made/.copier-answers.yml").read_text(encoding="utf-8"))
    assert recorded["sink"] == "delta"


def test_data_elsewhere_goes_to_the_settings_of_the_machine(
    releases: Releases, tmp_path: Path
) -> None:
    data = tmp_path / "data" / 'my "own" {data}'
    data.mkdir(parents=True)
    (data / "größe.csv").write_text("Größe,名前,at\n1,x,2025-01-01\n2,y,2025-01-02\n")
    words = ("new", "made", "--language", "scala", "--defaults", "--sample", str(data))
    done = releases.scaffold("v0.1.0", *words, "--pipeline", "sizes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    local = yaml.safe_load((tmp_path / "made/conf/local.yml").read_text(encoding="utf-8"))
    assert local == {"pipelines": {"sizes": {"path": str(data / "*.csv")}}}
    recorded = yaml.safe_load((tmp_path / "made/.copier-answers.yml").read_text(encoding="utf-8"))
    columns = recorded["pipelines"][0]["columns"]
    assert [column["source"] for column in columns] == ["Größe", "名前", "at"]
    assert all(column["name"].isascii() for column in columns)
    assert "local.yml" in (tmp_path / "made/.gitignore").read_text()


def test_the_layout_of_scala_does_not_depend_on_the_name_of_its_package(
    tmp_path: Path, templates: source.Templates
) -> None:
    """What scalafmt breaks at 100 letters would be an edit in every update."""
    longest = "w" * names.LIMIT
    short = made(tmp_path / "short", templates, shop(SCALA) | {"package": "shop"})
    long = made(tmp_path / "long", templates, shop(SCALA) | {"package": longest})
    sources = [name for name in tree(long) if name.endswith((".scala", ".sbt"))]
    assert len(sources) > 20
    for name in sources:
        text = (long / name).read_text(encoding="utf-8")
        assert all(len(line) <= 100 for line in text.splitlines() if longest in line), name
        there = short / name.replace(longest, "shop")
        assert text.replace(longest, "shop") == there.read_text(encoding="utf-8"), name


# --- one source of truth


@pytest.mark.parametrize(
    "choice",
    [c for c in every(SCALA) if c["source"] == "files"][::7],
    ids=lambda c: "-".join(map(str, (c["extraction"], c["structure"]))),
)
def test_both_languages_have_the_same_sql_and_contract(
    choice: dict[str, Any], tmp_path: Path, templates: source.Templates
) -> None:
    here = made(tmp_path / "scala", templates, shop(SCALA, **choice)) / RESOURCES / "orders"
    python = shop(PYTHON, **{**choice, "sink": "duckdb"})
    there = made(tmp_path / "python", templates, python) / "src/shop/pipelines/orders"
    for name in SHARED:
        ours, theirs = here / name, there / name
        assert ours.exists() == theirs.exists()
        assert not ours.exists() or ours.read_bytes() == theirs.read_bytes()


# --- projects that exist


def test_a_pipeline_is_added_switched_and_removed_in_scala(releases: Releases, scala: Path) -> None:
    added = releases.scaffold("v0.1.0", "add", "more", "--defaults", "--commit", cwd=scala)
    assert added.returncode == 0, added.stderr
    assert 'sbt "run plan"' in added.stdout
    assert (scala / "src/main/scala/made/pipelines/more/Wiring.scala").is_file()
    assert '"more" -> pipelines.more.Wiring.pipeline' in wired(scala)
    words = ("switch", "more", "--retries", "7", "--commit")
    assert releases.scaffold("v0.1.0", *words, cwd=scala).returncode == 0
    text = (scala / "src/main/scala/made/pipelines/more/Wiring.scala").read_text()
    assert "retries = 7" in text
    refused = releases.scaffold("v0.1.0", "switch", "more", "--sink", "duckdb", cwd=scala)
    assert "it is not for Scala and Spark" in refused.stderr
    assert git(scala, "status", "--porcelain") == ""
    assert releases.scaffold("v0.1.0", "remove", "more", "--commit", cwd=scala).returncode == 0
    assert "more" not in wired(scala)
    assert not (scala / "src/main/scala/made/pipelines/more").exists()


@pytest.mark.parametrize(
    "patterns",
    [
        ("--extraction", "lookback", "--sink", "parquet", "--structure", "conditional"),
        ("--extraction", "streaming", "--sink", "append-log", "--no-behaviour"),
    ],
)
def test_a_scala_project_that_is_switched_is_what_is_rendered_with_the_new_answers(
    patterns: tuple[str, ...], releases: Releases, scala: Path, tmp_path: Path
) -> None:
    done = releases.scaffold("v0.1.0", "switch", "flights", *patterns, cwd=scala)
    assert done.returncode == 0, done.stderr
    words = ("--language", "scala", "--defaults", "--name", "Made", "--no-git", *patterns)
    assert releases.scaffold("v0.1.0", "new", "fresh", *words, cwd=tmp_path).returncode == 0
    assert tree(scala) == tree(tmp_path / "fresh")
    commit(scala)
    assert releases.scaffold("v0.1.0", "check", cwd=scala).returncode == 0


def test_a_conflict_with_the_owners_edit_of_scala_is_left_as_git_leaves_it(
    releases: Releases, scala: Path
) -> None:
    code = scala / "src/main/scala/made/sinks/Delta.scala"
    code.write_text(code.read_text() + "\n// mine\n")
    commit(scala)
    words = ("switch", "flights", "--sink", "parquet")
    done = releases.scaffold("v0.1.0", *words, cwd=scala)
    assert done.returncode == 1, done.stderr
    assert "// mine" in code.read_text()
    assert "sinks/Delta.scala" in git(scala, "status", "--short")


def wired(project: Path) -> str:
    return (project / "src/main/scala/made/Pipelines.scala").read_text()


def test_an_update_keeps_the_edits_of_a_scala_project(releases: Releases, scala: Path) -> None:
    wiring = scala / "src/main/scala/made/pipelines/flights/Wiring.scala"
    wiring.write_text(wiring.read_text().replace("ofDays(1)", "ofHours(12)"))
    commit(scala)
    assert releases.scaffold("v0.2.0", "check", cwd=scala).returncode == 1
    done = releases.scaffold("v0.2.0", "update", "--commit", cwd=scala)
    assert done.returncode == 0, done.stderr
    assert "ofHours(12)" in wiring.read_text()
    assert releases.scaffold("v0.2.0", "check", cwd=scala).returncode == 0
    assert yaml.safe_load((scala / ".copier-answers.yml").read_text())["runtime"] == SCALA


# --- sources that are servers


def served() -> catalogue.Catalogue:
    """The catalogue with every part on offer, whether or not its code is there."""
    found = facts.read(ROOT)
    for raw in found["patterns"]:
        raw["runtimes"] = sorted({*raw["runtimes"], SCALA})
    return facts.parse(found).on(SCALA)


def ordered(**said: Any) -> dict[str, Any]:
    entry = {"name": "orders", **TABLE, **said}
    whole = answers.complete({"runtime": SCALA, "pipelines": [entry]}, served(), "shop")
    return dict(whole.pipelines[0].answers)


@pytest.mark.parametrize(("source_", "own"), [("postgres", "table"), ("kafka", "topic")])
def test_a_server_is_asked_for_its_own_and_not_for_files(source_: str, own: str) -> None:
    found = ordered(source=source_, **{own: "public.orders"})
    assert found[own] == "public.orders"
    assert not found.keys() & {"path", "format", "delimiter", "nulls"}
    assert not ordered(source="files").keys() & {"table", "topic", "messages"}
    assert ordered(source=source_)[own] is None  # that of the pipeline's name


def test_a_batch_is_of_what_the_source_has() -> None:
    kafka = ordered(source="kafka", extraction="streaming", messages="2000000")
    assert kafka["messages"] == 2_000_000
    assert "files" not in kafka
    assert "messages" not in ordered(source="files", extraction="streaming")
    assert "messages" not in ordered(source="kafka", extraction="time_ranged")
    table = ordered(source="postgres", extraction="streaming", overlap="1d")
    assert (table["rows"], table["overlap"]) == (100_000, "1d")
    assert not table.keys() & {"files", "messages"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"source": "kafka", "extraction": "full_snapshot"}, "not a state"),
        ({"source": "postgres", "extraction": "streaming", "key": []}, "only a key says"),
        (
            {"source": "postgres", "extraction": "streaming", "event_time": None},
            "of type TIMESTAMP",
        ),
        ({"source": "rest_api", "extraction": "streaming"}, "this source has none"),
        ({"source": "postgres", "table": 'orders"; drop'}, "no name of a table"),
        ({"source": "postgres", "table": "a.b.c"}, "no name of a table"),
        ({"source": "kafka", "topic": ".."}, "no name of a topic"),
        ({"source": "kafka", "topic": "a/b"}, "no name of a topic"),
    ],
)
def test_what_a_server_cannot_do_or_be_called_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        ordered(**said)


def test_no_answer_takes_where_a_server_is_nor_a_secret() -> None:
    known = " ".join(key.name for key in (*keys.PROJECT, *keys.pipeline(served())))
    assert not re.search(r"password|secret|user|host|url|server|connection", known)
    for name in ("postgres", "kafka"):
        file = ROOT / f"templates/connections/{name}.yml"
        assert yaml.safe_load(file.read_text(encoding="utf-8")) is None  # the environment says it


def test_a_project_has_the_files_of_the_servers_that_it_needs(
    tmp_path: Path, templates: source.Templates
) -> None:
    def files(name: str, **chosen: Any) -> set[str]:
        made(tmp_path / name, templates, shop(SCALA, **chosen))
        return {path.name for path in (tmp_path / name).rglob("*") if path.is_file()}

    alone = files("files")
    assert not {name for name in alone if re.search("postgres|kafka|compose", name, re.IGNORECASE)}
    assert "services" not in (tmp_path / "files/Makefile").read_text(encoding="utf-8")
    of_kafka = files("kafka", source="kafka", extraction="streaming") - alone
    assert {"KafkaServer.scala", "KafkaConnection.scala", "compose.yaml"} < of_kafka
    assert not {name for name in of_kafka if "Postgres" in name}
    services = yaml.safe_load((tmp_path / "kafka/compose.yaml").read_text(encoding="utf-8"))
    assert list(services["services"]) == ["kafka"]
    assert "\nservices:\n" in (tmp_path / "kafka/Makefile").read_text(encoding="utf-8")
    readme = (tmp_path / "kafka/README.md").read_text(encoding="utf-8")
    assert "PIPELINE_KAFKA__SERVERS" in readme
    assert "POSTGRES" not in readme
    recorded = (tmp_path / "kafka/.copier-answers.yml").read_text(encoding="utf-8")
    assert not re.search(r"\b9092\b|servers|password|PIPELINE_", recorded, re.IGNORECASE)


# --- names and texts


@pytest.mark.parametrize("word", [*WORDS.lower().split(), "java", "scala"])
def test_no_word_of_scala_is_a_package_or_a_pipeline(word: str) -> None:
    for read in (names.package, names.pipeline):
        with pytest.raises(UsageError):
            read(word, CATALOGUE.reserved, "scala")


@pytest.mark.parametrize("word", ["org", "io", "sbt", "scopt"])
def test_a_package_hides_none_of_the_root(word: str) -> None:
    with pytest.raises(UsageError, match="hide"):
        names.package(word, CATALOGUE.reserved, "scala")


@pytest.mark.parametrize("word", ["val", "object", "given"])
def test_a_word_of_the_other_language_is_a_good_name(word: str) -> None:
    assert names.pipeline(word, CATALOGUE.reserved, "python") == word
    assert names.pipeline("pass", CATALOGUE.reserved, "scala") == "pass"


def test_templates_refuse_the_words_of_the_language_that_was_chosen() -> None:
    text = "{% import 'templates/checks.jinja' as c with context %}{{ c.problem('name', word) | trim }}"
    for word in CATALOGUE.reserved["scala"] - CATALOGUE.reserved["python"]:
        said = jinja(SCALA).from_string(text).render(reserved=[plain_words()], word=word)
        assert said == "is a word of Scala or SQL", word


def plain_words() -> dict[str, list[str]]:
    return {kind: sorted(words) for kind, words in CATALOGUE.reserved.items()}


@pytest.mark.parametrize("name", ["größe", "名前"])
def test_a_column_of_scala_has_letters_that_spark_takes(
    name: str, tmp_path: Path, templates: source.Templates
) -> None:
    with pytest.raises(UsageError, match="Spark takes"):
        names.column(name, CATALOGUE.reserved, "scala")
    columns = [{"name": name, "source": "a", "type": "BIGINT"}, *TABLE["columns"]]
    with pytest.raises(UsageError, match="Spark takes the letters a to z only"):
        made(tmp_path / "made", templates, shop(SCALA, columns=columns))


VISIBLE = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="\ufeff"), max_size=60
)
TRICKY = st.text(st.sampled_from("$\"\\{}u0041 é😀'\t"), max_size=40)


@given(VISIBLE | TRICKY)
def test_a_text_is_itself_as_a_literal_of_scala(text: str) -> None:
    macro = "{% from 'templates/scala.jinja' import text %}{{ text(value) }}"
    literal = jinja(SCALA).from_string(macro).render(value=text)
    assert read_literal(literal) == text
    assert len(literal) <= 2 * len(text) + 3
    assert not re.search(r"(?<!\$)\$(?!\$)[A-Za-z_{]", literal.replace("$$", "") + " ")


def read_literal(literal: str) -> str:
    """What the Scala compiler reads: of a plain literal, or of an interpolated one without arguments."""
    interpolated, body = literal[0] == "s", literal[literal.index('"') + 1 : -1]
    assert literal[-1] == '"'
    assert not re.search(r'(?<!\\)(\\\\)*"', body)
    if interpolated:
        assert not re.sub(r"\$\$", "", body).count("$")
        body = body.replace("$$", "$")
    return re.sub(r'\\(["\\tnbfr]|u[0-9a-fA-F]{4})', lambda found: escaped(found[1]), body)


def escaped(code: str) -> str:
    known = {"t": "\t", "n": "\n", "b": "\b", "f": "\f", "r": "\r"}
    return chr(int(code[1:], 16)) if code[0] == "u" else known.get(code, code)


@pytest.mark.parametrize(
    ("strptime", "java"),
    [
        ("%Y-%m-%d", "yyyy-M-d"),
        ("%d.%m.%y %H:%M:%S", "d.M.yy H:m:s"),
        ("%Y%m%d%H%M", "yyyyMMddHHmm"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "yyyy-M-d'T'H:m:s.SSSSSSXX"),
        ("%d %B %Y, %I:%M %p", "d MMMM yyyy, h:m a"),
        ("%d de %b", "d 'de' MMM"),
    ],
)
def test_a_format_of_times_is_spelled_as_java_does(strptime: str, java: str) -> None:
    macro = "{% from 'templates/scala.jinja' import pattern %}{{ pattern(value) }}"
    assert jinja(SCALA).from_string(macro).render(value=strptime) == java


def test_every_line_of_the_build_is_a_dependency_with_its_version(scala: Path) -> None:
    text = (scala / "build.sbt").read_text()
    lines = re.search(r"libraryDependencies \+\+= Seq\(\n(.*?)\n    \)", text, re.DOTALL)
    assert lines
    for line in lines[1].splitlines():
        assert re.fullmatch(
            r'      "[\w.-]+" %%? "[\w.-]+" % ("[\w.-]+"|\w+)( % \w+)?,?', line
        ), line
