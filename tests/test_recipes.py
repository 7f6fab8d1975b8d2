"""What projects and docs/updating.md give to CI is run here: its own shell lines, with stand-ins for pipx and gh alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.releases import PROJECT, ROOT, Releases, commit, git

WORKFLOW = PROJECT / ".github/workflows/templates.yml"
PIPX = f"""#!/bin/sh
test "$1 $2 $3 $4" = "run --spec pipeline-scaffold scaffold" || exit 99
shift 4
exec {sys.executable} -m scaffold "$@"
"""
GH = """#!/bin/sh
echo "$@" >>"$RUNNER_TEMP/gh.log"
test "$2" != list || cat "$RUNNER_TEMP/open"
"""


@dataclass(frozen=True)
class Runner:
    """A machine of CI, which checks a repository out anew for each run."""

    releases: Releases
    origin: Path
    temp: Path

    def run(self, workflow: dict[Any, Any], name: str, by: str = "v0.2.0") -> int:
        """The exit code of the first step that fails, as `shell: bash` has it."""
        git(self.temp, "clone", "--quiet", str(self.origin), name)
        (job,) = workflow["jobs"].values()
        for step in job["steps"]:
            if "run" in step:
                assert step["shell"] == "bash"
                code = self._step(step["run"], self.temp / name, by)
                if code:
                    return code
        return 0

    def _step(self, script: str, cwd: Path, by: str) -> int:
        own = {
            "PATH": f"{self.temp}/bin:/usr/local/bin:/usr/bin:/bin",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
        }
        command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
        env = self.releases.environment(by) | own
        return subprocess.run(command, cwd=cwd, env=env, check=False).returncode

    def opened(self) -> int:
        log = self.temp / "gh.log"
        return log.read_text().count("pr create") if log.exists() else 0


@pytest.fixture
def runner(releases: Releases, project: Path, tmp_path: Path) -> Runner:
    git(tmp_path, "clone", "--quiet", "--bare", str(project), "origin.git")
    git(project, "remote", "add", "origin", str(tmp_path / "origin.git"))
    for name, text in (("pipx", PIPX), ("gh", GH)):
        file = tmp_path / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    (tmp_path / "open").write_text("0\n")
    return Runner(releases, tmp_path / "origin.git", tmp_path)


def recipe(language: str) -> str:
    """The one block of a language in docs/updating.md."""
    text = (ROOT / "docs/updating.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


def checking() -> dict[Any, Any]:
    return dict(yaml.safe_load((ROOT / WORKFLOW).read_text(encoding="utf-8")))


def updating() -> dict[Any, Any]:
    return dict(yaml.safe_load(recipe("yaml")))


def test_the_check_of_a_project_fails_where_it_is_behind_and_says_so(runner: Runner) -> None:
    assert runner.run(checking(), "behind") == 1
    assert "behind: v0.1.0, the newest is v0.2.0" in (runner.temp / "summary.md").read_text()
    assert runner.run(checking(), "current", by="v0.1.0") == 0


def test_the_check_of_a_project_is_not_part_of_its_pushes() -> None:
    triggers = checking()[True]  # YAML 1.1 has `on` for true
    assert set(triggers) == {"schedule", "workflow_dispatch", "pull_request"}
    assert triggers["pull_request"] == {"paths": [".copier-answers.yml"]}


def test_the_update_opens_one_pull_request_and_renews_it(runner: Runner) -> None:
    assert runner.run(updating(), "first") == 0
    assert git(runner.origin, "show", "scaffold-update:added.md") == "Added."
    assert "from v0.1.0 to v0.2.0" in (runner.temp / "update.txt").read_text()
    assert runner.opened() == 1
    (runner.temp / "open").write_text("1\n")
    assert runner.run(updating(), "second", by="v0.3.0") == 0
    assert git(runner.origin, "show", "scaffold-update:shared.py") == "# all new"
    assert git(runner.origin, "rev-list", "--count", "main..scaffold-update") == "1"
    assert runner.opened() == 1


def test_the_update_of_what_is_current_opens_nothing(runner: Runner) -> None:
    assert runner.run(updating(), "current", by="v0.1.0") == 0
    assert git(runner.origin, "branch", "--list", "scaffold-update") == ""
    assert runner.opened() == 0


def test_an_update_with_conflicts_fails_and_pushes_nothing(runner: Runner, project: Path) -> None:
    (project / "shared.py").write_text("mine\n")
    commit(project)
    git(project, "push", "--quiet", "origin", "main")
    assert runner.run(updating(), "conflicts") == 1
    assert "shared.py" in (runner.temp / "update.txt").read_text()
    assert git(runner.origin, "branch", "--list", "scaffold-update") == ""


def test_the_recipe_for_renovate_is_of_its_manager_for_copier() -> None:
    found = json.loads(recipe("json"))
    assert [rule["matchManagers"] for rule in found["packageRules"]] == [["copier"]]
