"""examples/ is what the templates render now, and each project in it proves itself."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from scaffold import catalogue
from scripts.render_examples import EXAMPLES, definitions, render_into
from tests.combinations import PYTHON, SCALA
from tests.jvm import Sbt
from tests.services import Database
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


@pytest.mark.matrix  # until all of their proofs pass: then it belongs into every run
@pytest.mark.xdist_group("scala")
@pytest.mark.parametrize("name", of(SCALA))
def test_a_scala_example_goes_through_real_sbt(
    name: str, tmp_path: Path, sbt: Sbt, postgres: Database, kafka: str
) -> None:
    """From a folder that has nothing but the project: formatted, proved, assembled, and run by spark-submit."""
    project = tmp_path / name
    shutil.copytree(EXAMPLES / name, project, ignore=shutil.ignore_patterns("target", "warehouse"))
    servers = {
        "PIPELINE_TEST_POSTGRES": postgres.jdbc,
        "PIPELINE_TEST_KAFKA": kafka,
        "PIPELINE_POSTGRES__URL": postgres.jdbc,
        "PIPELINE_KAFKA__SERVERS": kafka,
    }
    said = sbt(
        project,
        "scalafmtCheckAll",
        "scalafmtSbtCheck",
        "test",
        "assembly",
        "export Compile/dependencyClasspath",
        env=servers,
        timeout=3000,
    )
    assert "*** FAILED ***" not in said
    (jar,) = (project / "target/scala-2.13").glob("*.jar")
    submitted = submit(sbt, said.splitlines(), jar, "status", "--json", folder=project, env=servers)
    lines = [json.loads(line) for line in submitted.stdout.splitlines() if line.startswith("{")]
    assert [line["pipeline"] for line in lines], submitted.stderr


def submit(
    sbt: Sbt, said: list[str], jar: Path, *words: str, folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What bin/spark-submit does: Spark's own class, with Spark's jars, and the assembly as the application."""
    path = next(line for line in reversed(said) if ".jar:" in line)
    spark = [one for one in path.split(":") if "/org/apache/spark/" in one or "delta" not in one]
    package = jar.stem.replace("-", "_")
    command = sbt.java.command(
        *("-cp", ":".join(spark), "org.apache.spark.deploy.SparkSubmit"),
        *("--master", "local[2]", "--class", f"{package}.Main", str(jar), *words),
    )
    return subprocess.run(
        command, cwd=folder, env=os.environ | env, check=False, capture_output=True, text=True
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
