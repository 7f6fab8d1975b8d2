"""The distribution, as a user gets it: built, installed in an empty environment, and tried.

Everything here works on a repository of its own, made from this tree: tags of a clone are nobody's to rely on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from scaffold.about import CANONICAL_URL, TAG, VERSION

ROOT = Path(__file__).parent.parent
TREE = (
    "copier.yml", "templates", "scaffold", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE",
    ".gitignore", ".gitattributes", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile",
)  # fmt: skip
BUNDLE = "scaffold/_templates.bundle"
SAMPLE = ROOT / "templates" / "samples" / "flights"
NOWHERE = "http://127.0.0.1:9"

pytestmark = [pytest.mark.package, pytest.mark.xdist_group("package")]


@dataclass(frozen=True)
class Installed:
    """An environment with the distribution in it, and nothing else of ours."""

    home: Path
    network: bool = True

    def run(
        self, program: str, *arguments: str, cwd: Path, more: Mapping[str, str] | None = None
    ) -> str:
        command = [str(self.home / "bin" / program), *arguments]
        if not self.network and may_unshare():
            command = ["unshare", "--net", "--map-root-user", *command]
        environment = clean_environment() | dict(more or {})
        if not self.network:
            environment |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE)
            environment |= {"GIT_ALLOW_PROTOCOL": "file"}
        return run(*command, cwd=cwd, environment=environment)

    def offline(self) -> Installed:
        return Installed(self.home, network=False)

    def answers(self, cwd: Path, *arguments: str) -> dict[str, object]:
        self.run("scaffold", "new", "made", "--defaults", *arguments, cwd=cwd)
        text = (cwd / "made" / ".copier-answers.yml").read_text(encoding="utf-8")
        found = yaml.safe_load(text)
        assert isinstance(found, dict)
        return found


def clean_environment() -> dict[str, str]:
    """No git identity, no import path of ours, no cache of copier's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PYTHON", "COPIER", "VIRTUAL_ENV"))
    }
    return kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def run(*command: str, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=dict(environment or clean_environment()),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=Tester", "-c", "user.email=tester@localhost")
    return run("git", *person, *arguments, cwd=folder).strip()


def may_unshare() -> bool:
    """Whether this machine lets us run a program without any network."""
    if shutil.which("unshare") is None:
        return False
    probe = ("unshare", "--net", "--map-root-user", "true")
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


def build(root: Path, destination: Path, *kinds: str) -> dict[str, Path]:
    """Distributions by suffix. Without build isolation: the backend is in this environment."""
    options = ("--no-isolation", "--outdir", str(destination), *kinds)
    run(sys.executable, "-m", "build", *options, ".", cwd=root)
    return {path.suffix: path for path in destination.iterdir()}


def install(home: Path, *what: str) -> Installed:
    venv.create(home, with_pip=True, symlinks=True)
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(str(home / "bin" / "python"), *pip, *what, cwd=home)
    return Installed(home)


def make_repository(root: Path) -> Path:
    root.mkdir(parents=True)
    for name in TREE:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "_template*", "_catalogue.json")
            shutil.copytree(ROOT / name, root / name, ignore=ignored, symlinks=True)
        else:
            shutil.copy(ROOT / name, root / name)
    git(root, "init", "--quiet", "--template=", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "all of it")
    return root


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout without tags."""
    return make_repository(tmp_path_factory.mktemp("repository") / "checkout")


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(repository, tmp_path_factory.mktemp("dist"), "--wheel")[".whl"]


@pytest.fixture(scope="module")
def sdist(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(repository, tmp_path_factory.mktemp("dist"), "--sdist")[".gz"]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("installed") / "venv", str(wheel))


def tags_of(distribution: Path, folder: Path) -> dict[str, str]:
    """The tags of the bundle in a wheel or an sdist, and the commit of each."""
    folder.mkdir(exist_ok=True)
    bundle = folder / "templates.bundle"
    if distribution.suffix == ".whl":
        with zipfile.ZipFile(distribution) as archive:
            bundle.write_bytes(archive.read(BUNDLE))
    else:
        with tarfile.open(distribution) as archive:
            member = next(name for name in archive.getnames() if name.endswith(BUNDLE))
            file = archive.extractfile(member)
            assert file is not None
            bundle.write_bytes(file.read())
    lines = run("git", "ls-remote", "--tags", str(bundle), cwd=folder).splitlines()
    return {name.removeprefix("refs/tags/"): commit for commit, name in map(str.split, lines)}


def test_the_wheel_lists_its_catalogue(installed: Installed, tmp_path: Path) -> None:
    shown = installed.run("scaffold", "list", cwd=tmp_path)
    assert "time_ranged" in shown or "time-ranged" in shown


def test_the_wheel_says_the_version_and_the_canonical_url(
    installed: Installed, tmp_path: Path
) -> None:
    code = "import importlib.metadata as m; print(m.metadata('pipeline-scaffold').as_string())"
    shown = installed.run("python", "-c", code, cwd=tmp_path)
    assert f"\nVersion: {VERSION}\n" in shown
    assert f"\nProject-URL: Repository, {CANONICAL_URL}\n" in shown


@pytest.mark.parametrize("network", [True, False], ids=["online", "offline"])
def test_a_project_of_the_wheel_records_the_canonical_url_and_the_version(
    installed: Installed, tmp_path: Path, network: bool
) -> None:
    found = (installed if network else installed.offline()).answers(tmp_path)
    assert found["_src_path"] == CANONICAL_URL
    assert found["_commit"] == TAG


def test_a_project_of_the_wheel_has_the_sample_s_data(installed: Installed, tmp_path: Path) -> None:
    installed.answers(tmp_path)
    shipped = {path.name: path.read_bytes() for path in SAMPLE.glob("*.csv")}
    made = {path.name: path.read_bytes() for path in (tmp_path / "made/data/flights").glob("*.csv")}
    assert made == shipped != {}


def test_two_projects_of_the_wheel_are_equal(installed: Installed, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        installed.answers(folder)
    run("diff", "-r", "--exclude=.git", "first/made", "second/made", cwd=tmp_path)


def test_plain_copier_finds_the_same_templates_in_the_bundle(
    installed: Installed, tmp_path: Path
) -> None:
    """What a team mate's `copier copy` would get from the URL, and what lies in the wheel, agree."""
    ours = installed.answers(tmp_path)
    environment = offline_environment(installed, tmp_path)
    copy = ("copy", "--defaults", "--quiet", f"--vcs-ref={TAG}", CANONICAL_URL, "theirs")
    installed.offline().run("copier", *copy, cwd=tmp_path, more=environment)
    theirs = yaml.safe_load((tmp_path / "theirs" / ".copier-answers.yml").read_text())
    assert {key: theirs[key] for key in ("_src_path", "_commit")} == {
        key: ours[key] for key in ("_src_path", "_commit")
    }


def test_plain_copier_updates_a_project_of_the_wheel_and_changes_nothing(
    installed: Installed, tmp_path: Path
) -> None:
    installed.answers(tmp_path)
    project = tmp_path / "made"
    environment = offline_environment(installed, tmp_path)
    update = ("update", "--defaults", "--quiet", f"--vcs-ref={TAG}")
    installed.offline().run("copier", *update, cwd=project, more=environment)
    assert git(project, "status", "--porcelain") == ""


def offline_environment(installed: Installed, folder: Path) -> dict[str, str]:
    code = (
        "import json, pathlib, scaffold.source as s;"
        f"print(json.dumps(s.offline_environment(pathlib.Path({str(folder / 'cache')!r}))))"
    )
    found = json.loads(installed.run("python", "-c", code, cwd=folder))
    assert isinstance(found, dict)
    return found


def test_an_sdist_without_git_makes_the_same_bundle(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    root = next((tmp_path / "unpacked").iterdir())
    assert not (root / ".git").exists()
    again = build(root, tmp_path / "dist", "--wheel")[".whl"]
    assert tags_of(again, tmp_path / "again") == tags_of(wheel, tmp_path / "wheel")
    with zipfile.ZipFile(again) as ours, zipfile.ZipFile(wheel) as theirs:
        assert sorted(ours.namelist()) == sorted(theirs.namelist())


def test_pip_installs_from_an_sdist(sdist: Path, tmp_path: Path) -> None:
    found = install(tmp_path / "venv", str(sdist)).answers(tmp_path)
    assert (found["_src_path"], found["_commit"]) == (CANONICAL_URL, TAG)


def test_pip_installs_from_a_git_url(repository: Path, tmp_path: Path) -> None:
    installed = install(tmp_path / "venv", f"git+file://{repository}")
    found = installed.answers(tmp_path)
    assert (found["_src_path"], found["_commit"]) == (CANONICAL_URL, TAG)


def test_building_tags_nothing_in_the_checkout(repository: Path, wheel: Path) -> None:
    assert wheel.exists()
    assert git(repository, "tag", "--list") == ""
    assert git(repository, "status", "--porcelain") == ""


def test_the_bundle_carries_earlier_releases_too(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "checkout")
    git(root, "tag", "v0.0.1")
    git(root, "tag", "unrelated")
    (root / "templates" / "later.txt").write_text("new in this version\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "later")
    built = build(root, tmp_path / "dist", "--wheel")[".whl"]
    tags = tags_of(built, tmp_path / "bundle")
    assert sorted(tags) == ["v0.0.1", TAG]
    assert len(set(tags.values())) == len(tags)


def test_a_build_of_its_own_tag_is_the_release(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "checkout")
    git(root, "tag", TAG)
    built = build(root, tmp_path / "dist")
    with zipfile.ZipFile(built[".whl"]) as archive:
        record = json.loads(archive.read("scaffold/_templates.json"))
    assert record == {"version": VERSION, "ref": TAG, "why_not": ""}


def test_an_installation_updates_a_project_of_an_earlier_release_offline(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "checkout")
    git(root, "tag", "v0.0.1")
    made = (sys.executable, "-m", "scaffold", "new", "made", "--defaults")
    run(*made, cwd=tmp_path, environment=clean_environment() | {"PYTHONPATH": str(root)})
    (root / "templates/projects/python_duckdb/later.md").write_text("new in this version\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "later")
    built = build(root, tmp_path / "dist", "--wheel")[".whl"]
    installed = install(tmp_path / "venv", str(built)).offline()
    shutil.rmtree(root)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    project = tmp_path / "made"
    installed.run("scaffold", "update", "--commit", cwd=project, more=environment)
    assert (project / "later.md").read_text() == "new in this version\n"
    assert f"up to date: {TAG}" in installed.run("scaffold", "check", cwd=project, more=environment)


def test_a_build_ahead_of_its_own_tag_is_not_taken_for_the_release(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "checkout")
    git(root, "tag", TAG)
    (root / "templates" / "later.txt").write_text("after the release\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "later")
    built = build(root, tmp_path / "dist", "--wheel")[".whl"]
    with zipfile.ZipFile(built) as archive:
        record = json.loads(archive.read("scaffold/_templates.json"))
    assert record["ref"] is None
    assert TAG in record["why_not"]


def test_equal_templates_make_equal_bundles(repository: Path, wheel: Path, tmp_path: Path) -> None:
    again = build(repository, tmp_path / "dist", "--wheel")[".whl"]
    assert tags_of(again, tmp_path / "again") == tags_of(wheel, tmp_path / "first")
