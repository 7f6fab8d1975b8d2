"""Python on Spark: the same commands, the same ledger and the same rows as Python on DuckDB, value by value."""

from __future__ import annotations

import json
import os
import pickle
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from scaffold import source
from tests.combinations import PYSPARK, PYTHON, Choice, answers, compared, cover, every, made, title
from tests.inherited import inherited
from tests.jvm import Java
from tests.mutations import DEFAULT, Mutation, mutations, nearest
from tests.pooled import Said
from tests.releases import Releases, commit
from tests.services import Database
from tests.shops import SPARK
from tests.test_kafka import message, topic
from tests.test_parity import BAD, GOOD, LATER, facts, ledger, write
from tests.test_proofs import assert_noticed, assert_proved

pytestmark = pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
EXAMPLES = Path(__file__).parent.parent / "examples"
PERFORM = Path(__file__).with_name("perform.py")


def perform(folder: Path, todo: Sequence[Sequence[str]], place: Path, **env: str) -> Any:
    """What the commands of a project say, all in one process, and what its tables have then."""
    place.with_suffix(".todo").write_text(json.dumps(todo))
    subprocess.run(
        (sys.executable, str(PERFORM), str(place.with_suffix(".todo")), str(place)),
        cwd=folder,
        env={**inherited(), "PYTHONPATH": str(folder / "src"), **env},
        check=True,
    )
    said, tables = pickle.loads(place.read_bytes())
    return [Said(*one) for one in said], tables


def published(tables: Mapping[str, Any]) -> dict[str, Any]:
    """What consumers read: not what came, nor the words of what went wrong, which are the engine's."""
    return {name: rows for name, rows in tables.items() if "silver" in name or "gold" in name}


@pytest.mark.slow
@pytest.mark.xdist_group("pyspark")
def test_spark_publishes_the_same_rows_and_says_the_same(
    tmp_path: Path, templates: source.Templates, jdk: Java
) -> None:
    """And it goes on in a folder of files that DuckDB wrote: that of q004."""
    for pipeline in compared(PYTHON)["pipelines"]:
        name, form = pipeline["name"], pipeline["format"]
        some = [*GOOD, *BAD] if form != "parquet" else GOOD
        write(tmp_path / "data" / "first" / name, form, "a", some)
        write(tmp_path / "data" / "later" / name, form, "b", LATER)
    said, tables, ledgers, files = {}, {}, {}, {}
    for runtime, env in ((PYTHON, {}), (PYSPARK, SPARK)):
        here = made(tmp_path / runtime, templates, compared(runtime))
        shutil.copytree(tmp_path / "data" / "first", here / "data", dirs_exist_ok=True)
        later, place = str(tmp_path / "data" / "later"), Path("warehouse", "q004")
        todo = [
            ["run", "--as-of", "2025-03-31"],
            ["copy", later, str(here / "data")],
            ["plan", "--as-of", "2025-04-01"],
            ["run", "--as-of", "2025-04-01"],
            ["backfill", "q000", "2025-03-28", "2025-03-29"],
            ["status", "--as-of", "2025-04-01"],
            *([["copy", str(tmp_path / PYTHON / place), str(here / place)]] if env else []),
            ["backfill", "q004", "2025-03-28", "2025-03-29"],
        ]
        said[runtime], tables[runtime] = perform(here, todo, tmp_path / f"{runtime}.pickle", **env)
        ledgers[runtime] = ledger(here / "warehouse")
        files[runtime] = sorted(file.name for file in (here / place).glob("*/*.parquet"))
    assert [*map(facts, said[PYSPARK])] == [*map(facts, said[PYTHON])]
    assert published(tables[PYSPARK]) == published(tables[PYTHON])
    assert all(rows for name, rows in published(tables[PYTHON]).items() if name.endswith("gold"))
    assert ledgers[PYSPARK] == ledgers[PYTHON]
    assert files[PYSPARK] == files[PYTHON] != []


@pytest.mark.slow
@pytest.mark.xdist_group("pyspark")
def test_a_project_that_outgrew_duckdb_moves_with_its_rows_and_its_owner_s_sql(
    tmp_path: Path, releases: Releases, jdk: Java
) -> None:
    """Moved after its first days, it has at the end what a project has that stayed."""
    here, stayed = tmp_path / "made", tmp_path / "stayed"
    words = ("new", "made", "--defaults", "--until", "none")
    assert releases.scaffold("v0.1.0", *words, cwd=tmp_path).returncode == 0
    sql = here / "src/made/pipelines/flights/silver.sql"
    sql.write_text(f"-- mine\n{sql.read_text()}")
    commit(here)
    days = sorted((here / "data" / "flights").iterdir())
    later = tmp_path / "later" / days[-1].name
    later.parent.mkdir()
    shutil.copy(days[-1], later)
    later.write_text(later.read_text().replace("2013-03-12", "2013-03-14"))
    perform(here, [["run", "--as-of", "2013-03-12"]], tmp_path / "before.pickle")
    shutil.copytree(here, stayed)
    switch = ("switch", "--runtime", "python-spark", "--commit")
    done = releases.scaffold("v0.1.0", *switch, cwd=here)
    assert done.returncode == 0, done.stderr
    assert "-m made.sinks.from_duckdb warehouse.duckdb" in done.stdout
    assert sql.read_text().startswith("-- mine\n")
    then = [
        ["plan", "--as-of", "2013-03-12"],
        ["copy", str(later.parent), "data/flights"],
        ["run", "--as-of", "2013-03-16"],
        ["backfill", "flights", "2013-03-09", "2013-03-10"],
        ["status", "--as-of", "2013-03-16"],
    ]
    expected, kept = perform(stayed, then, tmp_path / "stayed.pickle")
    carry = [["carry", "warehouse.duckdb"], ["carry", "warehouse.duckdb"]]
    (first, again, *said), tables = perform(here, [*carry, *then], tmp_path / "m.pickle", **SPARK)
    assert (first, again.code) == (Said(0, "flights: 4 units of warehouse.duckdb\n"), 2)
    assert [*map(facts, said)] == [*map(facts, expected)]
    assert said[0].out.count("{}") == 1, "what was done stays done"
    assert tables == kept
    assert all(tables.values()) or tables["flights.quarantine"] == []


@pytest.mark.matrix
@pytest.mark.xdist_group("pyspark")
def test_spark_goes_on_in_a_database_that_duckdb_wrote(
    tmp_path: Path, templates: source.Templates, jdk: Java, postgres: Database
) -> None:
    """At its end it has what one has that stayed with DuckDB."""
    said, tables = {}, {}
    for runtime, spark in ((PYTHON, {}), (PYSPARK, SPARK)):
        given = answers([DEFAULT | {"sink": "postgres", "format": "csv"}], runtime=runtime)
        given["pipelines"][0]["since"] = "2025-03-28"
        began = made(tmp_path / f"before_{runtime}", templates, given | {"runtime": PYTHON})
        goes_on = made(tmp_path / runtime, templates, given)
        env = {"PIPELINE_POSTGRES__URL": postgres.fresh().url}
        for here in (began, goes_on):
            write(here / "data" / "p000", "csv", "a", [*GOOD, *BAD])
        write(goes_on / "data" / "p000", "csv", "b", LATER)
        perform(began, [["run", "--as-of", "2025-03-31"]], tmp_path / "before", **env)
        then = [
            ["plan", "--as-of", "2025-04-01"],
            ["run", "--as-of", "2025-04-01"],
            ["backfill", "p000", "2025-03-28", "2025-03-29"],
            ["status", "--as-of", "2025-04-01"],
        ]
        said[runtime], tables[runtime] = perform(goes_on, then, tmp_path / "a", **env, **spark)
    assert [*map(facts, said[PYSPARK])] == [*map(facts, said[PYTHON])]
    assert [one.code for one in said[PYSPARK]] == [0] * 4
    assert published(tables[PYSPARK]) == published(tables[PYTHON])
    assert all(published(tables[PYTHON]).values())


DELTA_S = (
    "tests/test_delta.py",
    "tests/test_idempotent.py",
    "-k",
    "refused or taken_back or killed",
)
"""What only Delta does; what all engines do is proved on DuckDB in every run, and the way from there by the move."""


@pytest.mark.xdist_group("pyspark")
@pytest.mark.parametrize(
    ("chosen", "kills"),
    [
        pytest.param(DELTA_S, "1", id="some", marks=pytest.mark.slow),
        pytest.param((), "4", id="all", marks=pytest.mark.matrix),
    ],
)
def test_the_example_s_own_tests_pass(chosen: Sequence[str], kills: str, jdk: Java) -> None:
    assert_proved(EXAMPLES / "orders_pyspark", *chosen, KILLS=kills)


@pytest.mark.matrix
@pytest.mark.xdist_group("pyspark")
def test_spark_s_files_are_as_they_were_where_the_disk_is_full(
    tmp_path: Path, templates: source.Templates, jdk: Java
) -> None:
    """Of the proofs of plain folders that in which the disk is full; one with kills takes a minute and a half."""
    choice = DEFAULT | {"sink": "parquet"}
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    assert_proved(folder, "tests/test_part_files.py", "-k", "disk")


CONNECTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "kafka": ("kafka", ("messages_are_read_by_their_offsets", "messages_that_went")),
    "postgres": ("postgres_source", ("a_read_sees_one_moment", "a_server_that_goes")),
}
"""Of the proofs of each connector those that only a server of its own can give: the file, and words of their names."""


@pytest.fixture(scope="module")
def servers(kafka: str, postgres: Database) -> Mapping[str, str]:
    return {"PIPELINE_TEST_KAFKA": kafka, "PIPELINE_TEST_POSTGRES": postgres.url}


@pytest.mark.slow
@pytest.mark.xdist_group("pyspark")
@pytest.mark.parametrize("origin", CONNECTED)
def test_spark_s_own_connectors_read_real_servers(
    origin: str,
    tmp_path: Path,
    templates: source.Templates,
    jdk: Java,
    servers: Mapping[str, str],
) -> None:
    """All their proofs are in the matrix, with those of the combinations."""
    choice = DEFAULT | {"source": origin, "sink": "delta"}
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    file, words = CONNECTED[origin]
    chosen = (f"tests/test_{file}.py", "-k", " or ".join(words))
    assert_proved(folder, *chosen, **servers)


@pytest.mark.slow
@pytest.mark.xdist_group("pyspark")
def test_spark_s_rows_and_their_entry_are_in_a_database_together(
    tmp_path: Path, templates: source.Templates, jdk: Java, servers: Mapping[str, str]
) -> None:
    """Of the proofs of the sink `postgres` those of what Spark does by itself, with one kill; all are in the matrix."""
    choice = DEFAULT | {"sink": "postgres"}
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    words = ("killed", "in_the_middle", "values_come_back", "read_in_the_attempt", "refuses")
    chosen = ("tests/test_postgres_sink.py", "-k", " or ".join(words))
    assert_proved(folder, *chosen, KILLS="1", **servers)


@pytest.mark.slow
@pytest.mark.xdist_group("pyspark")
def test_the_readme_s_spark_submit_brings_what_reads_a_broker_and_writes_to_a_database(
    tmp_path: Path, templates: source.Templates, jdk: Java, kafka: str, postgres: Database
) -> None:
    choice = DEFAULT | {"source": "kafka", "sink": "postgres", "extraction": "streaming"}
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    orders, database = topic(kafka), postgres.fresh()
    orders.send([(0, message(number, 0)) for number in range(5)])
    env = inherited() | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PIPELINE_KAFKA__SERVERS": kafka,
        "PIPELINE_PIPELINES__P000__TOPIC": orders.name,
        "PIPELINE_POSTGRES__URL": database.url,
    }
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ +(spark-submit .+)$", readme, re.MULTILINE)
    for rows in (5, 0):
        ended = subprocess.run(
            (*shlex.split(command), "--json"),
            cwd=folder,
            env=env,
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr[-3000:]
        assert json.loads(ended.stdout.splitlines()[-1])["rows"] == rows
    assert database.ask("SELECT count(*) FROM p000.silver") == [(5,)]


@pytest.mark.matrix
@pytest.mark.xdist_group("pyspark")
def test_what_a_transaction_took_back_is_never_read_by_spark(
    tmp_path: Path, templates: source.Templates, jdk: Java, kafka: str
) -> None:
    choice = DEFAULT | {"source": "kafka", "sink": "delta", "extraction": "streaming"}
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    orders = topic(kafka)
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": orders.name})
    producer.init_transactions(60)
    for version, end in enumerate((producer.commit_transaction, producer.abort_transaction)):
        producer.begin_transaction()
        for number in range(5):
            producer.produce(orders.name, value=message(number, version), partition=0)
        producer.flush(60)
        end(60)
    producer.begin_transaction()
    producer.produce(orders.name, value=message(9, 9), partition=0)
    producer.flush(60)  # and it stays open
    env = {
        **SPARK,
        "PIPELINE_KAFKA__SERVERS": kafka,
        "PIPELINE_PIPELINES__P000__TOPIC": orders.name,
    }
    (first, again), tables = perform(folder, [["run"], ["run"]], tmp_path / "said", **env)
    assert (first.code, again.code) == (0, 0)
    assert (json.loads(first.out)["rows"], json.loads(again.out)["rows"]) == (5, 0)
    assert len(tables["p000.silver"]) == 5


@pytest.mark.matrix
@pytest.mark.xdist_group("pyspark")
@pytest.mark.parametrize("choice", cover(2, PYSPARK), ids=title)
def test_the_proofs_of_a_combination_pass(
    choice: Choice, tmp_path: Path, templates: source.Templates, jdk: Java
) -> None:
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    assert_proved(folder)


@pytest.mark.matrix
@pytest.mark.xdist_group("pyspark")
@pytest.mark.parametrize("mutation", mutations(PYSPARK), ids=str)
def test_a_proof_fails_without_its_mechanism(
    mutation: Mutation, tmp_path: Path, templates: source.Templates, jdk: Java
) -> None:
    choice = nearest(mutation.pattern, mutation.choice, every(PYSPARK), PYSPARK)[0]
    folder = made(tmp_path / "shop", templates, answers([choice], runtime=PYSPARK))
    assert_noticed(folder, mutation)


def test_a_machine_without_java_is_told_how_to_mend_it(
    tmp_path: Path, templates: source.Templates
) -> None:
    here = made(tmp_path / "shop", templates, compared(PYSPARK))
    write(here / "data" / "q000", "csv", "a", GOOD)
    env = {"PATH": str(tmp_path), "PYTHONPATH": str(here / "src")}
    ended = subprocess.run(
        (sys.executable, "-m", "parity", "run", "q000", "--as-of", "2025-03-31"),
        cwd=here,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 3, ended.stderr
    assert "Spark needs Java 17" in ended.stderr
    assert "JAVA_HOME" in ended.stderr
    assert "Traceback" not in ended.stderr
