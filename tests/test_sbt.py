"""Whole Scala projects through real sbt, from a folder that has nothing else: formatted, proved, assembled, submitted.

Three small ones in every run, which bring together a fat jar of each connector, with fewer kills than an owner has: what
else there is to prove is proved in one build (test_scala.py). The examples, whose proofs take a quarter of an hour each,
are in the matrix.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scaffold import source
from scripts.render_examples import EXAMPLES
from tests.combinations import SCALA, TABLE, Choice, answers, made
from tests.inherited import inherited
from tests.jvm import LIGHT, Sbt
from tests.services import Database
from tests.test_examples import of
from tests.test_faults import ANYBODY
from tests.test_kafka import message, topic

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("sbt"),
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]
PROVIDED = 'set libraryDependencies ~= (_.filter(_.configurations.contains("provided")))'
"""What spark-submit finds on its machine: Spark and what that needs, and nothing that the assembly has to bring."""
SMALL: Mapping[str, Choice] = {
    "files into Parquet": {"source": "files", "extraction": "time_ranged", "sink": "parquet"},
    "a topic into Postgres": {"source": "kafka", "extraction": "time_ranged", "sink": "postgres"},
    "a table into Delta": {"source": "postgres", "extraction": "full_snapshot", "sink": "delta"},
}
"""To write windows into Delta takes longest."""
PLAIN: Choice = {
    "behaviour": [],
    "structure": [],
    "accept": [],
    "format": "csv",
}


@dataclass(frozen=True)
class Submitted:
    """An assembly, and Spark as its machine has it."""

    sbt: Sbt
    project: Path
    jar: Path
    spark: str
    env: Mapping[str, str]

    def __call__(self, *words: str, **more: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and the facts of each pipeline."""
        ended = self.ended(words, more)
        lines = [json.loads(line) for line in ended.stdout.splitlines()]
        return ended.returncode, {line["pipeline"]: line for line in lines}

    def ended(
        self, words: Sequence[str], more: Mapping[str, str], through: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """What bin/spark-submit does: Spark's own class, with Spark's jars, and the assembly as the application."""
        build = (self.project / "build.sbt").read_text(encoding="utf-8")
        # spark-submit adds them by itself
        opened = re.findall(r'"(java[a-z.]*/[a-z0-9.]+)"', build)
        main = f"{self.jar.stem.replace('-', '_')}.Main"
        command = self.sbt.java.command(
            *(f"--add-opens={name}=ALL-UNNAMED" for name in opened),
            *(*LIGHT, "-cp", self.spark, "org.apache.spark.deploy.SparkSubmit"),
            *("--master", "local[2]", "--class", main, str(self.jar), *words, "--json"),
        )
        ended = subprocess.run(
            (*through, *command),
            cwd=self.project,
            env={**inherited(), **self.env, **more},
            check=False,
            capture_output=True,
            text=True,
        )
        assert " INFO SparkContext" not in ended.stderr, "logs are not as the project has them"
        assert "Exception" not in ended.stderr, ended.stderr
        return ended


def through(sbt: Sbt, project: Path, env: Mapping[str, str]) -> Submitted:
    """Formatted, proved and assembled by sbt; what comes of it can be submitted."""
    checks = ("scalafmtCheckAll", "scalafmtSbtCheck", "test", "assembly")
    path = (PROVIDED, "export Compile / managedClasspath")
    said = sbt(project, *checks, *path, env={"PROOFS": "any", **env}, timeout=3000)
    assert "All tests passed." in said
    (jar,) = (project / "target/scala-2.13").glob("*.jar")
    spark = next(line for line in reversed(said.splitlines()) if ".jar:" in line)
    assert not re.search("delta|kafka-clients|postgresql", spark)
    return Submitted(sbt, project, jar, spark, env)


@pytest.fixture
def servers(postgres: Database, kafka: str) -> Mapping[str, Mapping[str, str]]:
    """For the proofs, which have no embedded ones as root, and for the pipelines that know them."""
    return {
        "postgres": {
            "PIPELINE_TEST_POSTGRES": postgres.jdbc,
            "PIPELINE_POSTGRES__URL": postgres.fresh().jdbc,
        },
        "kafka": {"PIPELINE_TEST_KAFKA": kafka, "PIPELINE_KAFKA__SERVERS": kafka},
    }


@pytest.mark.parametrize("name", SMALL)
def test_a_small_project_goes_through_real_sbt(
    name: str,
    tmp_path: Path,
    templates: source.Templates,
    sbt: Sbt,
    servers: Mapping[str, Mapping[str, str]],
) -> None:
    choice = {**SMALL[name], **PLAIN}
    project = made(tmp_path / "shop", templates, answers([choice], "shop", SCALA))
    env = {"KILLS": "2", **servers.get(choice["source"], {}), **servers.get(choice["sink"], {})}
    submit = through(sbt, project, env)
    more = {}
    if choice["source"] == "kafka":
        orders = topic(env["PIPELINE_KAFKA__SERVERS"])
        orders.send([(number % 2, message(number, 1)) for number in range(4)])
        more["PIPELINE_PIPELINES__P000__TOPIC"] = orders.name
    elif choice["source"] == "postgres":
        table(env["PIPELINE_POSTGRES__URL"])
        more["PIPELINE_PIPELINES__P000__TABLE"] = "orders"
    else:
        publish(project / "data/p000/a.csv", [names(), *ROWS])
    run = ("run", "--as-of", "2025-03-02")
    code, facts = submit(*run, **more)
    assert (code, facts["p000"]["rows"]) == (0, 4)
    code, facts = submit(*run, **more)
    if choice["extraction"] == "full_snapshot":  # a version that is there is not replaced
        assert (code, facts) == (2, {})
    else:
        assert (code, facts["p000"]["rows"]) == (0, 0)
    assert submit("status", "--as-of", "2025-03-02", **more)[1]["p000"]["rows"] == 4
    assert submit("run", "nobody") == (2, {})
    if choice["source"] == "files":
        for what, said in (
            ("data/p000/a.csv", "a.csv (Permission denied)"),
            ("data", "data/p000: AccessDenied"),
        ):
            mode = (project / what).stat().st_mode
            (project / what).chmod(0)
            ended = submit.ended(("run", "--as-of", "2025-03-03"), more, ANYBODY)
            (project / what).chmod(mode)
            assert ended.returncode == 3, ended.stderr
            assert f"{said}. Give this user the right to it" in ended.stderr


def names() -> tuple[str, ...]:
    return tuple(f'"{column["source"]}"' for column in TABLE["columns"])


def table(jdbc: str) -> None:
    """The rows in a table of their own database."""
    ((port, name),) = re.findall(r":(\d+)/(\w+)\?", jdbc)
    types = {"STRING": "text", "DOUBLE": "float8"}
    columns = ", ".join(
        f'"{one["source"]}" {types.get(one["type"], one["type"])}' for one in TABLE["columns"]
    )
    values = ", ".join(map(str, ROWS))
    Database(int(port), name).execute(
        f"CREATE TABLE orders ({columns})", f"INSERT INTO orders VALUES {values}"
    )


ROWS: Sequence[tuple[Any, ...]] = [
    (n, f"2025-03-01T0{n}:00:00", "Ana", "10.50", 1.5, "true", "2025-03-05") for n in range(4)
]


@pytest.mark.matrix
@pytest.mark.parametrize("name", of(SCALA))
def test_a_scala_example_goes_through_real_sbt(
    name: str, tmp_path: Path, sbt: Sbt, servers: Mapping[str, Mapping[str, str]]
) -> None:
    project = alone(name, tmp_path)
    known = servers.values() if name == "bank_spark" else ()
    submit = through(sbt, project, {key: one for some in known for key, one in some.items()})
    if name == "bank_spark":  # its servers are there, and have nothing
        code, facts = submit("status")
        assert (code, [one["rows"] for one in facts.values()]) == (0, [0, 0])
        return
    for file, rows in DATA.get(name, {}).items():
        publish(project / file, rows)
    code, facts = submit("run", *AS_OF[name])
    assert (code, {pipeline: one["rows"] for pipeline, one in facts.items()}) == (0, READ[name])
    if name == "shop_spark":
        publish(project / "data/customers/a.parquet", DATA[name]["data/customers/a.parquet"][:2])
        code, facts = submit("run", "customers", "--as-of", "2025-01-04")
        assert (code, len(facts["customers"]["failed"])) == (1, 1)  # a suspiciously small snapshot


def alone(name: str, folder: Path) -> Path:
    """A copy of an example, without what was made from it."""
    made = shutil.ignore_patterns("target", "warehouse")
    return Path(shutil.copytree(EXAMPLES / name, folder / name, ignore=made))


DATA: Mapping[str, Mapping[str, list[tuple[Any, ...]]]] = {
    "clicks_spark": {
        "data/clicks/today/a.jsonl": [
            ("id", "ts", "page", "visitor"),
            ("a", "2025-01-01T10:00:00", "/", "ana"),
            ("b", "2025-01-01T10:00:01", "/prices", "ana"),
        ]
    },
    "shop_spark": {
        "data/orders/a.csv": [
            ("order_id", "ordered_at", "customer_id", "amount"),
            (1, "2025-01-01T10:00:00", 1, "10.50"),
            (2, "2025-01-02T10:00:00", 2, "0.01"),
            (3, "2025-01-02T11:00:00", 1, "7"),
        ],
        "data/customers/a.parquet": [
            ("customer_id", "name", "country"),
            (1, "Ana", "PT"),
            (2, "Bo", "SE"),
            (3, "Cleo", "FR"),
        ],
    },
}
"""What there is to read; the first row has the names of the columns. Flights come with their project."""
AS_OF = {
    "flights_spark": (),
    "clicks_spark": (),
    "shop_spark": ("--as-of", "2025-01-03"),
}
READ = {
    "flights_spark": {"flights": 4668},
    "clicks_spark": {"clicks": 2},
    "shop_spark": {"orders": 3, "orders_consumer": 3, "customers": 3},
}


def publish(file: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """A file of a source, in the format of its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    form = {".jsonl": "json"}.get(file.suffix, file.suffix[1:])
    with duckdb.connect() as con:
        values = ", ".join(map(str, rows[1:]))
        con.execute(
            f"COPY (FROM (VALUES {values}) AS t({', '.join(rows[0])})) TO '{file}' (FORMAT {form})"
        )
