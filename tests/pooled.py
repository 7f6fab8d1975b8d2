"""Many Scala projects in one sbt build: one compiler, one JVM for their suites, and so one Spark session.

Each project has a package of its own. sbt for each of them alone would start, resolve and fork anew; three of them go that
way elsewhere, and the others this one. Processes that are killed start in half the time with an archive of classes, as
Java calls it, which `perform` leaves for what comes after it.
"""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.jvm import SILENT, Sbt
from tests.mutations import Mutation

SETTINGS = "conf/defaults.yml"
LOGS = "log4j2.properties"
OF_THE_BUILD = ("build.sbt", "project", ".scalafmt.conf")
POOLED = """\
val pooled = Seq(
{folders}
).map(file)
val own = file("{resources}")

Compile / unmanagedSourceDirectories := pooled.map(_ / "src/main/scala")
Compile / unmanagedResourceDirectories := pooled.map(_ / "src/main/resources") :+ own
Test / unmanagedSourceDirectories := pooled.map(_ / "src/test/scala")
Test / unmanagedResourceDirectories := pooled.map(_ / "src/test/resources")

// what stands outside of a package (log4j2.properties) is the pool's own
def alone(file: File) = file.getParentFile.getName != "resources" || file.getParentFile == own
Compile / unmanagedResources ~= (_.filter(alone))
Test / unmanagedResources ~= (_.filter(alone))

exportJars := true // classes of folders go into no archive

// our own: tests/Mutants.scala compiles what a mutation changed
Test / unmanagedSources ++= Seq({beside}).map(file)
libraryDependencies += "org.scala-lang" % "scala-compiler" % scalaVersion.value % Test
"""
CHECKS = ("scalafmtCheckAll", "Test/compile")


@dataclass(frozen=True)
class Suite:
    """What ScalaTest reported of one suite: the names of its tests."""

    passed: tuple[str, ...]
    failed: Mapping[str, str]
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str


@dataclass(frozen=True)
class Pool:
    """One build of several projects, that nobody edits."""

    folder: Path
    projects: Sequence[Path]
    sbt: Sbt

    def check(self) -> None:
        """All of them are formatted, and compile under their own flags: warnings are errors there."""
        builds = self._copies_of_builds()
        self.sbt(self.folder, f"scalafmtOnly {' '.join(builds)}", *CHECKS, timeout=3000)
        for copy, build in builds.items():
            assert (self.folder / copy).read_text() == build.read_text(), f"not formatted: {build}"

    def prove(
        self, *suites: str, env: Mapping[str, str] | None = None, timeout: float = 3000
    ) -> Mapping[str, Suite]:
        """The suites of these names (`shop.*`), by name, whether they passed or not."""
        reports = self.folder / "target" / "test-reports"
        shutil.rmtree(reports, ignore_errors=True)
        only = f"testOnly {' '.join(suites)}"
        ended = self.sbt.attempt(self.folder, *self._archived(), only, env=env, timeout=timeout)
        found = dict(_suite(path) for path in sorted(reports.glob("TEST-*.xml")))
        failed = any(suite.failed for suite in found.values())
        if not found or bool(ended.code) != failed:
            pytest.fail(f"sbt {only} in {self.folder}\n{ended.problems}", pytrace=False)
        return found

    def perform(self, steps: Sequence[Sequence[str]], timeout: float = 3000) -> Sequence[Said]:
        """Commands of the project that tests/Script.scala knows, and copies of folders between them, in one JVM."""
        asked, found = self.folder / "steps.json", self.folder / "said.json"
        asked.write_text(json.dumps(steps))
        archiving = _java(f"-XX:ArchiveClassesAtExit={self._archive}", *SILENT)
        run = f"Test / runMain script.Script {asked} {found}"
        self.sbt(self.folder, archiving, run, timeout=timeout)
        return [Said(**one) for one in json.loads(found.read_text())]

    def judge(
        self,
        project: Path,
        mutations: Sequence[tuple[Mutation, Sequence[str]]],
        env: Mapping[str, str] | None = None,
        timeout: float = 3000,
    ) -> Mapping[str, str]:
        """What is wrong with mutations of a project, or with the proofs that must notice: nothing, if they do.

        Beside each mutation the pipelines to prove it with, the best one first."""
        mutants = self.folder / "mutants"
        shutil.rmtree(mutants, ignore_errors=True)
        asked = []
        for number, (one, pipelines) in enumerate(mutations):
            (code,) = (project / "src/main/scala").glob(f"*/{one.file}")
            changed = mutants / str(number) / code.name
            changed.parent.mkdir(parents=True)
            changed.write_text(one.applied(code.read_text(encoding="utf-8")), encoding="utf-8")
            asked.append({"fails": one.fails, "pipelines": pipelines, "source": str(changed)})
        package = code.relative_to(project / "src/main/scala").parts[0]
        tests = str((project / "src/test/scala").resolve())
        wanted, found = mutants / "wanted.json", mutants / "found.json"
        wanted.write_text(json.dumps({"package": package, "tests": tests, "mutants": asked}))
        command = f"Test / runMain mutants.Mutants {wanted} {found}"
        self.sbt(self.folder, *self._archived(), command, env=env, timeout=timeout)
        problems = zip(mutations, json.loads(found.read_text()), strict=True)
        return {str(one): problem for (one, _), problem in problems if problem is not None}

    @property
    def _archive(self) -> Path:
        return self.folder / "classes.jsa"

    def _archived(self) -> tuple[str, ...]:
        """The setting for a JVM and its children, if there is an archive: they do without one as well."""
        found = self._archive.exists()
        return (_java(f"-XX:SharedArchiveFile={self._archive}", *SILENT),) if found else ()

    def _copies_of_builds(self) -> Mapping[str, Path]:
        """For the formatter, which knows only one build.sbt here."""
        builds = {f"builds/{n}.sbt": one / "build.sbt" for n, one in enumerate(self.projects)}
        for copy, build in builds.items():
            (self.folder / copy).parent.mkdir(exist_ok=True)
            shutil.copy(build, self.folder / copy)
        return builds


def pool(folder: Path, sbt: Sbt, projects: Sequence[Path], beside: Sequence[Path] = ()) -> Pool:
    """A build of these, and of sources of our own beside their tests. The first one's build.sbt serves all, so it
    has to depend on whatever another one needs: make it of pipelines that have every part."""
    folder.mkdir()
    for name in OF_THE_BUILD:
        _copy(projects[0] / name, folder / name)
    folders = ",\n".join(f'  "{project.resolve()}"' for project in projects)
    own = ", ".join(f'"{source}"' for source in beside)
    resources = folder / "resources"
    resources.mkdir()
    (resources / LOGS).write_text(_logs(projects), encoding="utf-8")
    build = POOLED.format(folders=folders, beside=own, resources=resources.resolve())
    (folder / "pooled.sbt").write_text(build, encoding="utf-8")
    (folder / "conf").mkdir()
    (folder / SETTINGS).write_text(yaml.safe_dump(_settings(projects)), encoding="utf-8")
    return Pool(folder, tuple(projects), sbt)


def _java(*options: str) -> str:
    return f"set Test / javaOptions ++= Seq({', '.join(map(json.dumps, options))})"


def _logs(projects: Sequence[Path]) -> str:
    """How the first one logs, and the packages of the others beside its own."""
    packages = [next((one / "src/main/scala").iterdir()).name for one in projects]
    levels = (f"logger.{one}.name = {one}\nlogger.{one}.level = info\n" for one in packages[1:])
    return (projects[0] / "src/main/resources" / LOGS).read_text(encoding="utf-8") + "".join(levels)


def _settings(projects: Sequence[Path]) -> Mapping[str, Any]:
    """The settings of all projects in one, since the suites run in one folder. Where pipelines of two projects
    have one name they have the settings of both: tests set the place of their data themselves."""
    found: dict[str, Any] = {}
    for project in projects:
        settings = yaml.safe_load((project / SETTINGS).read_text(encoding="utf-8"))
        pipelines = found.pop("pipelines", {})
        for name, one in settings.pop("pipelines").items():
            pipelines[name] = {**pipelines.get(name, {}), **one}
        found |= {**settings, "pipelines": pipelines}
    return found


def _copy(old: Path, new: Path) -> None:
    """A build that was used has its own output beside it: nothing of that."""
    if old.is_dir():
        shutil.copytree(old, new, ignore=shutil.ignore_patterns("target", "project"))
    else:
        shutil.copy(old, new)


def _suite(path: Path) -> tuple[str, Suite]:
    root = ET.parse(path).getroot()
    cases = {
        case.get("name", ""): {part.tag: part for part in case} for case in root.iter("testcase")
    }
    failed = {
        name: problem.get("message", "")
        for name, parts in cases.items()
        if (problem := parts.get("failure", parts.get("error"))) is not None
    }
    skipped = tuple(name for name, parts in cases.items() if "skipped" in parts)
    passed = tuple(name for name in cases if name not in failed and name not in skipped)
    return root.get("name", path.stem), Suite(passed, failed, skipped)
