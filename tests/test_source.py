"""Where the templates come from in a checkout. tests/test_package.py has the same for what is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scaffold import source
from scaffold.about import CANONICAL_URL, TAG

ROOT = Path(__file__).parent.parent


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=Tester", "-c", "user.email=tester@localhost")
    command = ("git", *person, *arguments)
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with this tree's templates, clean and tagged: never rely on tags of a clone."""
    root = tmp_path / "checkout"
    root.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "templates", root / "templates", ignore=ignored)
    shutil.copy(ROOT / "copier.yml", root)
    git(root, "init", "--quiet", "--template=")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "templates")
    git(root, "tag", TAG)
    monkeypatch.setattr(source, "CHECKOUT", root)
    monkeypatch.setattr(source, "SHIPPED", tmp_path / "none")
    return root


def test_a_clean_checkout_is_recorded_by_its_tag_and_the_canonical_url(checkout: Path) -> None:
    found = source.templates()
    assert found.path == checkout
    assert found.updatable
    assert found.recorded == {"_src_path": CANONICAL_URL, "_commit": TAG}


def test_a_commit_after_the_tag_is_recorded_as_git_describes_it(checkout: Path) -> None:
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "later")
    assert source.templates().commit == git(checkout, "describe", "--tags", "--always")


@pytest.mark.parametrize("name", ["copier.yml", "templates/new.yml"])
def test_uncommitted_changes_render_but_say_why_there_is_no_update(
    checkout: Path, name: str
) -> None:
    with (checkout / name).open("a") as file:
        file.write("# changed\n")
    found = source.templates()
    assert not found.updatable
    assert found.data == {}
    assert "not committed" in found.why_not


def test_a_change_outside_the_templates_does_not_matter(checkout: Path) -> None:
    (checkout / "README.md").write_text("hello")
    assert source.templates().updatable


def test_a_folder_without_git_cannot_be_updated_from(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")
    found = source.templates()
    assert not found.updatable
    assert "not a git checkout" in found.why_not


def test_rendering_the_plain_folder_equals_plain_copier(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copier import run_copy  # noqa: PLC0415 - slow to import; the other tests do not need it

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    theirs = tmp_path / "theirs"
    for ours in (tmp_path / "cold", tmp_path / "warm"):
        with source.open_templates() as templates:
            data = dict(templates.data)
            run_copy(str(templates.path), ours, data=data, defaults=True, quiet=True)
    run_copy(str(checkout), theirs, vcs_ref=TAG, defaults=True, quiet=True)
    assert contents(tmp_path / "cold") == contents(tmp_path / "warm")
    assert contents(tmp_path / "warm") == {
        name: text.replace(str(checkout), CANONICAL_URL) if name == answers else text
        for answers in (".copier-answers.yml",)
        for name, text in contents(theirs).items()
    }


def contents(folder: Path) -> dict[str, str]:
    """Each file's text; the checksum covers the source's path, so it is left out."""
    return {
        path.relative_to(folder).as_posix(): "\n".join(
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if not line.startswith("# checksum")
        )
        for path in folder.rglob("*")
        if path.is_file()
    }
