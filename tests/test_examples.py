"""examples/ is what the templates render now, and each project in it proves itself."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scaffold import catalogue
from scripts.render_examples import EXAMPLES, definitions, render_into
from tests.combinations import PYTHON, SCALA
from tests.jvm import LIGHT, Sbt
from tests.test_proofs import assert_proved

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning"),
]


def files(folder: Path) -> set[str]:
    """What git would have of a project."""
    made = {
        "target",
        ".bsp",
        ".sbt-launch",
        ".pytest_cache",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        "warehouse",
        ".venv",
    }
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if not made & set(path.parts)}


def test_examples_equal_a_fresh_render(tmp_path: Path) -> None:
    render_into(tmp_path)
    for name in definitions():
        fresh, kept = tmp_path / name, EXAMPLES / name
        assert files(fresh) == files(kept), f"{name}: run make examples"
        _, different, odd = filecmp.cmpfiles(fresh, kept, files(fresh), shallow=False)
        assert (different, odd) == ([], []), f"{name}: run make examples"


def of(runtime: str) -> list[str]:
    return [
        name
        for name, one in definitions().items()
        if one["answers"].get("runtime", PYTHON) == runtime
    ]


@pytest.mark.parametrize("name", of(PYTHON))
def test_an_example_s_own_tests_pass(name: str) -> None:
    assert_proved(EXAMPLES / name)


IN_EVERY_RUN = {"flights_spark", "clicks_spark"}
"""The others take a quarter of an hour each, and are in the matrix."""


@pytest.mark.xdist_group("scala")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in IN_EVERY_RUN else pytest.mark.matrix)
        for name in of(SCALA)
    ],
)
def test_a_scala_example_goes_through_real_sbt(
    name: str, tmp_path: Path, sbt: Sbt, request: pytest.FixtureRequest
) -> None:
    """From a folder that has nothing but the project: formatted, proved, assembled, and run by spark-submit."""
    project = alone(name, tmp_path)
    servers: dict[str, str] = {}
    if name == "bank_spark":
        postgres, kafka = (request.getfixturevalue(one) for one in ("postgres", "kafka"))
        servers["PIPELINE_POSTGRES__URL"] = servers["PIPELINE_TEST_POSTGRES"] = postgres.jdbc
        servers["PIPELINE_KAFKA__SERVERS"] = servers["PIPELINE_TEST_KAFKA"] = kafka
    checks = ("scalafmtCheckAll", "scalafmtSbtCheck", "test", "assembly")
    path = (PROVIDED, "export Compile / managedClasspath")
    said = sbt(project, *checks, *path, env={"PROOFS": "1", **servers}, timeout=3000)
    assert "All tests passed." in said
    (jar,) = (project / "target/scala-2.13").glob("*.jar")
    spark = next(line for line in reversed(said.splitlines()) if ".jar:" in line)
    assert "delta" not in spark

    def submit(*words: str) -> tuple[int, dict[str, Any]]:
        return submitted(sbt, spark, jar, *words, folder=project, env=servers)

    if name == "bank_spark":  # its servers are there, and have nothing
        code, facts = submit("status")
        assert (code, [one["rows"] for one in facts.values()]) == (0, [0, 0])
        return
    for file, rows in DATA.get(name, {}).items():
        publish(project / file, rows)
    code, facts = submit("run", *AS_OF[name])
    assert (code, {pipeline: one["rows"] for pipeline, one in facts.items()}) == (0, ROWS[name])
    if name == "shop_spark":
        publish(project / "data/customers/a.parquet", DATA[name]["data/customers/a.parquet"][:2])
        code, facts = submit("run", "customers", "--as-of", "2025-01-04")
        assert (code, len(facts["customers"]["failed"])) == (1, 1)  # a suspiciously small snapshot
        assert submit("run", "nobody") == (2, {})


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
ROWS = {
    "flights_spark": {"flights": 4668},
    "clicks_spark": {"clicks": 2},
    "shop_spark": {"orders": 3, "orders_consumer": 3, "customers": 3},
}
PROVIDED = 'set libraryDependencies ~= (_.filter(_.configurations.contains("provided")))'
"""What spark-submit finds on its machine: Spark and what that needs, and nothing that the assembly has to bring."""


def submitted(
    sbt: Sbt, spark: str, jar: Path, *words: str, folder: Path, env: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """What bin/spark-submit does: Spark's own class, with Spark's jars, and the assembly as the application."""
    build = (folder / "build.sbt").read_text(encoding="utf-8")
    opened = re.findall(r'"(java[a-z.]*/[a-z0-9.]+)"', build)  # spark-submit adds them by itself
    command = sbt.java.command(
        *(f"--add-opens={name}=ALL-UNNAMED" for name in opened),
        *(*LIGHT, "-cp", spark, "org.apache.spark.deploy.SparkSubmit", "--master", "local[2]"),
        *("--class", f"{jar.stem.replace('-', '_')}.Main", str(jar), *words, "--json"),
    )
    ended = subprocess.run(
        command, cwd=folder, env=os.environ | env, check=False, capture_output=True, text=True
    )
    assert " INFO SparkContext" not in ended.stderr, "logs are not as the project has them"
    assert "Exception" not in ended.stderr, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    return ended.returncode, {line["pipeline"]: line for line in lines}


def publish(file: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """A file of a source, in the format of its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    form = {".jsonl": "json"}.get(file.suffix, file.suffix[1:])
    with duckdb.connect() as con:
        values = ", ".join(map(str, rows[1:]))
        con.execute(
            f"COPY (FROM (VALUES {values}) AS t({', '.join(rows[0])})) TO '{file}' (FORMAT {form})"
        )


@pytest.mark.parametrize("runtime", [PYTHON, SCALA])
def test_the_examples_show_every_pattern_that_is_offered(runtime: str) -> None:
    known = catalogue.load().on(runtime)
    shown = {
        part
        for name in of(runtime)
        for pipeline in definitions()[name]["answers"].get(
            "pipelines", [{"extraction": "time_ranged"}]
        )
        for part in (
            pipeline["extraction"],
            pipeline.get("sink", next(p.id for p in known.of("sink", made=True) if p.default)),
            *pipeline.get("behaviour", []),
            *pipeline.get("structure", []),
        )
    }
    assert shown == {
        part.id
        for axis in known.asked
        if axis.id != "source"
        for part in known.of(axis.id, made=True)
    }
