"""`scaffold update` and `scaffold diff`, as their users meet them: a process, its exit code, and the repository after."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold import history
from scaffold.about import CANONICAL_URL
from scaffold.errors import EnvironmentProblem
from tests.releases import PROJECT, SHARED, Done, Releases, commit, git, record, tree

CONFLICTS = 1
USAGE = 2
ENVIRONMENT = 3


def update(releases: Releases, project: Path, *words: str, to: str = "v0.2.0") -> Done:
    return releases.scaffold(to, "update", *words, cwd=project)


def state(project: Path) -> tuple[str, str, dict[str, bytes]]:
    """Everything that an update could change."""
    return git(project, "rev-parse", "HEAD"), git(project, "ls-files", "--stage"), tree(project)


def refused(done: Done, code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


# --- a project that its owner left alone


def test_an_untouched_project_becomes_what_is_rendered_anew(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    done = update(releases, project)
    assert done.returncode == 0, done.stderr
    assert tree(project) == tree(releases.project("v0.2.0", tmp_path, "fresh"))


def test_the_result_is_staged_and_the_named_command_undoes_it(
    releases: Releases, project: Path
) -> None:
    before = state(project)
    done = update(releases, project)
    assert state(project)[0] == before[0]
    assert git(project, "diff", "--name-only") == ""
    assert "R  moved.md -> placed.md" in git(project, "status", "--short")
    undo = done.stdout.rsplit("Undo all of it: ")[-1].strip()
    assert undo == "git reset --hard HEAD"
    git(project, *undo.split()[1:])
    assert state(project) == before


def test_a_second_update_has_nothing_to_do(releases: Releases, project: Path) -> None:
    update(releases, project, "--commit")
    before = state(project)
    done = update(releases, project)
    assert (done.returncode, "up to date: v0.2.0" in done.stdout) == (0, True)
    assert state(project) == before


def test_new_questions_take_their_default_and_are_reported(
    releases: Releases, project: Path
) -> None:
    done = update(releases, project)
    assert "New question flavour: its default was taken, 'plain'" in done.stdout


def test_the_mode_of_a_file_is_updated(releases: Releases, project: Path) -> None:
    update(releases, project)
    assert (project / "tool.sh").stat().st_mode & stat.S_IXUSR


def test_commit_and_branch_leave_the_owners_branch_alone(releases: Releases, project: Path) -> None:
    before = git(project, "rev-parse", "main")
    done = update(releases, project, "--commit", "--branch", "newer")
    assert done.returncode == 0, done.stderr
    assert git(project, "rev-parse", "main") == before
    assert git(project, "branch", "--show-current") == "newer"
    assert git(project, "rev-parse", "newer~1") == before
    assert git(project, "status", "--short") == ""
    refused(update(releases, project, "--branch", "newer", to="v0.3.0"), USAGE, "branch")


@pytest.mark.parametrize("name", ["scaffold", "@{-1}", "-x", "HEAD"])
def test_a_branch_that_cannot_be_made_is_refused_before_anything_is_changed(
    releases: Releases, project: Path, name: str
) -> None:
    git(project, "branch", "scaffold/x")
    git(project, "switch", "--quiet", "--create", "other")
    git(project, "switch", "--quiet", "main")
    before = state(project)
    done = update(releases, project, "--commit", f"--branch={name}")
    refused(done, USAGE, "branch", name, "Take another name: --branch NAME")
    assert state(project) == before
    assert git(project, "branch", "--format=%(refname:short)").split() == [
        "main",
        "other",
        "scaffold/x",
    ]


@pytest.mark.parametrize("where", ["on a branch whose name a tag has", "on none"])
def test_the_named_command_leaves_a_branch_for_where_it_was_made(
    releases: Releases, project: Path, where: str
) -> None:
    if where == "on none":
        git(project, "switch", "--quiet", "--detach")
    else:
        git(project, "tag", "main")
    before, head = state(project), (project / ".git/HEAD").read_text()
    done = update(releases, project, "--commit", "--branch", "newer")
    assert done.returncode == 0, done.stderr
    shell(done.stdout.rsplit("Undo all of it: ")[-1], project)
    assert (state(project), (project / ".git/HEAD").read_text()) == (before, head)
    assert git(project, "branch", "--list", "newer") == ""


# --- the owner's edits


def test_edits_elsewhere_in_a_file_are_merged(releases: Releases, project: Path) -> None:
    edit(project / "guide.md", "Line 3 of", "My line of")
    edit(project / "moved.md", "Line 9 of", "My line of")
    commit(project)
    found = json.loads(update(releases, project, "--json").stdout)
    assert found["state"] == "updated"
    assert "My line of" in (project / "guide.md").read_text()
    assert "Line twenty of" in (project / "guide.md").read_text()
    placed = (project / "placed.md").read_text()
    assert ("My line of" in placed, "And one more." in placed) == (True, True)
    assert not (project / "moved.md").exists()
    kinds = {c["path"]: (c["kind"], c["was"], c["edited"]) for c in found["changes"]}
    assert kinds["guide.md"] == ("changed", "", True)
    assert kinds["placed.md"] == ("renamed", "moved.md", True)
    assert kinds["shared.py"] == ("changed", "", False)


def test_a_conflict_is_left_as_git_leaves_it_with_labels_to_read(
    releases: Releases, project: Path
) -> None:
    edit(project / "shared.py", "second = first", "second = first * 2")
    commit(project)
    done = update(releases, project)
    assert done.returncode == CONFLICTS
    assert "shared.py  (you and the templates changed the same lines)" in done.stdout
    assert git(project, "ls-files", "--unmerged").count("\tshared.py") == 3
    text = (project / "shared.py").read_text()
    assert "<<<<<<< yours\n    second = first * 2\n" in text
    assert "    second = first + 1\n>>>>>>> template v0.2.0\n" in text
    git(project, "checkout", "--theirs", "shared.py")
    assert (project / "shared.py").read_text() == SHARED.replace("= first", "= first + 1")


def test_diff3_labels_are_words_too(releases: Releases, project: Path) -> None:
    git(project, "config", "merge.conflictStyle", "diff3")
    edit(project / "shared.py", "second = first", "second = first * 2")
    commit(project)
    update(releases, project)
    assert "\n||||||| template v0.1.0\n" in (project / "shared.py").read_text()


def test_a_file_that_was_modified_and_then_dropped_is_a_conflict(
    releases: Releases, project: Path
) -> None:
    edit(project / "dropped.md", "Line 3 of", "My line of")
    commit(project)
    done = update(releases, project)
    assert done.returncode == CONFLICTS
    assert "you changed it, and the templates dropped it" in done.stdout
    assert "My line of" in (project / "dropped.md").read_text()


def test_what_the_owner_deleted_stays_deleted_and_is_said(
    releases: Releases, project: Path
) -> None:
    git(project, "rm", "--quiet", "guide.md", "moved.md")
    commit(project)
    done = update(releases, project)
    assert done.returncode == 0, done.stdout
    assert not {"guide.md", "moved.md", "placed.md"} & set(tree(project))
    assert "kept deleted  guide.md" in done.stdout


@pytest.mark.parametrize("instead", ["a link", "a folder"])
def test_what_the_templates_change_is_put_beside_what_the_owner_has_in_its_place(
    releases: Releases, project: Path, instead: str
) -> None:
    guide, beside = project / "guide.md", project / "guide.md~template-v0.2.0"
    guide.unlink()
    if instead == "a link":
        guide.symlink_to("README.md")
    else:
        guide.mkdir()
        (guide / "mine.md").write_text("mine\n")
    commit(project)
    done = update(releases, project)
    assert done.returncode == CONFLICTS, done.stderr
    assert f"{beside.name}  (you have something else in its place" in done.stdout
    assert "kept deleted" not in done.stdout
    assert beside.name in git(project, "ls-files", "--unmerged")
    assert "Line twenty of" in beside.read_text()
    assert (guide.is_symlink(), guide.is_dir()) == (instead == "a link", instead == "a folder")


def test_a_file_that_both_have_added_is_a_conflict(releases: Releases, project: Path) -> None:
    (project / "added.md").write_text("Mine.\n")
    commit(project)
    done = update(releases, project)
    assert done.returncode == CONFLICTS
    assert "Mine." in (project / "added.md").read_text()


def test_files_that_are_written_once_stay_the_owners(releases: Releases, project: Path) -> None:
    edit(project / "guide.md", "Line 2 of", "My line of")
    git(project, "rm", "--quiet", "tool.sh")
    commit(project)
    before = (project / "guide.md").read_bytes()
    done = update(releases, project, to="v0.3.0")
    assert done.returncode == 0, done.stdout
    assert (project / "guide.md").read_bytes() == before
    assert (project / "tool.sh").exists()  # copier makes such a file anew


# --- refusals: each its own message, and nothing changed


def test_an_answer_that_would_change_unasked_stops_the_update(
    releases: Releases, project: Path
) -> None:
    before = state(project)
    done = update(releases, project, to="v0.4.0")
    refused(done, USAGE, "colour: 'red' would become 'green'")
    assert state(project) == before


def test_a_dirty_tree_is_refused(releases: Releases, project: Path) -> None:
    edit(project / "guide.md", "Line 2 of", "My line of")
    before = state(project)
    refused(update(releases, project), USAGE, "not committed: guide.md", "git stash")
    assert state(project) == before


@pytest.mark.parametrize("command", ["merge", "cherry-pick", "rebase", "revert"])
def test_a_merge_under_way_is_refused(releases: Releases, project: Path, command: str) -> None:
    git(project, "switch", "--quiet", "--create", "other")
    edit(project / "guide.md", "Line 2 of", "Their line of")
    commit(project)
    git(project, "switch", "--quiet", "main")
    edit(project / "guide.md", "Line 2 of", "My line of")
    commit(project)
    what = "HEAD~1" if command == "revert" else "other"
    if command == "revert":
        edit(project / "guide.md", "My line of", "My own line of")
        commit(project)
    with pytest.raises(Exception, match="returned non-zero"):
        git(project, command, what)
    before = state(project)
    refused(update(releases, project), USAGE, f"A {command} is under way")
    assert state(project) == before


def test_answers_edited_by_hand_are_refused(releases: Releases, project: Path) -> None:
    edit(project / ".copier-answers.yml", "colour: red", "colour: green")
    commit(project)
    refused(update(releases, project), USAGE, "edited by hand")


def test_folders_that_are_no_project_are_refused(releases: Releases, project: Path) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    refused(update(releases, outside), USAGE, "is not a project of scaffold")
    refused(update(releases, project, "nowhere"), USAGE, "There is no folder")
    shutil.rmtree(project / ".git")
    refused(update(releases, project), USAGE, "not in a git repository")
    git(project, "init", "--quiet")
    refused(update(releases, project), USAGE, "has no commit yet")


@pytest.mark.parametrize(
    ("commit_", "code", "words"),
    [
        ("v0.0.7", USAGE, 'no version "v0.0.7"'),
        ("v9.0.0", ENVIRONMENT, "pip install -U pipeline-scaffold"),
        ("", USAGE, "no version"),
    ],
)
def test_versions_that_cannot_be_updated_are_refused(
    releases: Releases, project: Path, commit_: str, code: int, words: str
) -> None:
    record(project, _commit=commit_)
    before = state(project)
    refused(update(releases, project), code, words)
    assert state(project) == before


def test_a_project_of_other_templates_is_refused(releases: Releases, project: Path) -> None:
    record(project, _src_path="https://example.org/other.git")
    refused(update(releases, project), USAGE, "made from other templates")


@pytest.mark.parametrize("ignored", [False, True])
def test_a_file_in_the_way_that_no_commit_has_is_refused(
    releases: Releases, project: Path, ignored: bool
) -> None:
    if ignored:
        (project / ".git/info").mkdir(exist_ok=True)
        (project / ".git/info/exclude").write_text("added.md\n")
    (project / "added.md").write_text("Mine, and in no commit.\n")
    before = state(project)
    refused(update(releases, project), USAGE, "in the way: added.md")
    assert state(project) == before


def test_edits_that_git_was_told_to_overlook_are_not_lost(
    releases: Releases, project: Path
) -> None:
    git(project, "update-index", "--assume-unchanged", "guide.md")
    edit(project / "guide.md", "Line 2 of", "My line of")
    before = state(project)
    refused(update(releases, project), USAGE, "told not to look")
    assert state(project) == before


def test_templates_that_are_not_committed_are_nothing_to_update_to(
    releases: Releases, project: Path
) -> None:
    file = releases.at("v0.3.0") / "copier.yml"
    text = file.read_text()
    file.write_text(text + "\n# changed\n")
    try:
        refused(update(releases, project, to="v0.3.0"), ENVIRONMENT, "no templates to update to")
    finally:
        file.write_text(text)


def test_a_record_that_is_in_no_commit_is_refused(releases: Releases, project: Path) -> None:
    git(project, "rm", "--quiet", "--cached", ".copier-answers.yml")
    (project / ".gitignore").write_text("/.copier-answers.yml\n")
    commit(project)
    before = state(project)
    for words in (["update"], ["switch", "flights", "--sink", "parquet"]):
        done = releases.scaffold("v0.1.0", *words, cwd=project)
        refused(done, USAGE, ".copier-answers.yml is in no commit", "git add --force")
    assert state(project) == before


def test_the_command_that_git_refuses_is_named(releases: Releases, project: Path) -> None:
    git(project, "status")  # so that git has no reason to look into the files
    git(project, "config", "filter.broken.clean", "false")
    git(project, "config", "filter.broken.required", "true")
    (project / ".git/info").mkdir(exist_ok=True)
    (project / ".git/info/attributes").write_text("guide.md filter=broken\n")
    refused(update(releases, project), ENVIRONMENT, "git refused: git add\n")


def test_what_git_cannot_commit_is_not_changed(releases: Releases, project: Path) -> None:
    git(project, "config", "user.useConfigOnly", "true")
    before, named = state(project), {"GIT_AUTHOR_NAME": "Tester", "GIT_AUTHOR_EMAIL": "tester@here"}
    done = releases.scaffold("v0.2.0", "update", "--commit", cwd=project, env=named)
    refused(done, ENVIRONMENT, "git cannot commit it. Nothing was changed.", "leave --commit out")
    assert state(project) == before


# --- diff


def test_diff_says_what_update_does_and_touches_nothing(releases: Releases, project: Path) -> None:
    edit(project / "guide.md", "Line 3 of", "My line of")
    edit(project / "shared.py", "second = first", "second = first * 2")
    git(project, "rm", "--quiet", "tool.sh")
    commit(project)
    before, objects = state(project), files(project / ".git")
    done = releases.scaffold("v0.2.0", "diff", "--json", "--patch", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (state(project), files(project / ".git")) == (before, objects)
    found = json.loads(done.stdout)
    assert "+Line twenty of the guide." in found["patch"]
    told = json.loads(update(releases, project, "--json").stdout)
    assert found["changes"] == told["changes"]
    assert [change["path"] for change in found["conflicts"]] == ["shared.py"]


def test_a_dry_run_is_a_diff(releases: Releases, project: Path) -> None:
    before = state(project)
    done = update(releases, project, "--dry-run")
    assert "nothing was touched" in done.stdout
    assert done.stdout == releases.scaffold("v0.2.0", "diff", cwd=project).stdout
    assert state(project) == before


def test_names_and_lines_that_are_not_utf_8_are_shown_as_they_are(
    releases: Releases, project: Path
) -> None:
    guide = project / "guide.md"
    guide.write_bytes(guide.read_bytes().replace(b"Line 19 of", b"Caf\xe9 of"))
    (project / "shared.py").unlink()
    (project / os.fsdecode(b"caf\xe9.py")).write_text(SHARED.replace("= first", "= first * 2"))
    commit(project)

    def said(*words: str) -> bytes:
        command = (sys.executable, "-m", "scaffold", *words)
        env = releases.environment("v0.2.0") | {"PYTHONIOENCODING": "utf-8:strict"}
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, check=False)
        assert done.returncode == (words[0] != "diff"), done.stderr
        return done.stdout

    assert b"\n Caf\xe9 of the guide." in said("diff", "--patch")
    assert b"conflict      caf\xe9.py" in said("update")
    assert b"caf\xe9.py" in said("check")


# --- where templates come from


def test_remote_takes_the_newest_release_at_the_canonical_url(
    releases: Releases, project: Path
) -> None:
    config = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{releases.root}.insteadOf",
        "GIT_CONFIG_VALUE_0": CANONICAL_URL,
    }
    git(releases.root, "tag", "--force", "v0.5.0rc1", "v0.3.0")
    git(releases.root, "tag", "--force", "no-version", "v0.3.0")
    done = releases.scaffold("v0.1.0", "update", "--remote", cwd=project, env=config)
    refused(done, USAGE, "The templates v0.4.0 no longer take")


def test_a_remote_that_cannot_be_reached_is_said(releases: Releases, project: Path) -> None:
    config = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "url./nowhere.insteadOf",
        "GIT_CONFIG_VALUE_0": CANONICAL_URL,
    }
    done = releases.scaffold("v0.1.0", "update", "--remote", cwd=project, env=config)
    refused(done, ENVIRONMENT, "Cannot read the history")


@pytest.mark.parametrize("version", ["v0.1.0", "v0.1.0-1-g"])
def test_a_bundle_has_every_version(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """What an installation has; tests/test_package.py tries the whole of one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle = tmp_path / "templates.bundle"
    git(releases.root, "bundle", "create", "--quiet", str(bundle), "--all")
    described = version.endswith("-g")
    name = version + git(releases.root, "rev-parse", "v0.2.0") if described else version
    found = history.History(str(bundle)).at(name)
    assert (found.path / "copier.yml").is_file()
    assert (found.path / PROJECT / "added.md").exists() == described
    shutil.rmtree(found.path)
    bundle.unlink()
    with pytest.raises(EnvironmentProblem, match="Cannot read the history"):
        history.History(str(bundle)).at(name)


# --- where projects are


@pytest.mark.parametrize("name", ["made", "with space/pröjekt ü"])
def test_a_folder_of_a_larger_repository_is_updated_alone(
    releases: Releases, tmp_path: Path, name: str
) -> None:
    (tmp_path / "large").mkdir()
    git(tmp_path / "large", "init", "--quiet", "--initial-branch=main")
    project = releases.project("v0.1.0", tmp_path / "large", name)
    shutil.rmtree(project / ".git")
    edit(project / "shared.py", "second = first", "second = first * 2")
    (tmp_path / "large/other.txt").write_text("one\n")
    commit(tmp_path / "large")
    (tmp_path / "large/other.txt").write_text("two\n")
    git(tmp_path / "large", "add", "other.txt")
    before = state(tmp_path / "large")
    done = update(releases, project)
    assert done.returncode == CONFLICTS, done.stderr
    assert "conflict      shared.py" in done.stdout
    assert (tmp_path / "large/other.txt").read_text() == "two\n"
    assert "Line twenty of" in (project / "guide.md").read_text()
    undo = done.stdout.rsplit("Undo all of it: git ")[-1].strip()
    shell(f"git {undo}", project)
    assert state(tmp_path / "large") == before


def test_committing_in_a_larger_repository_takes_the_project_only_and_so_does_the_undo(
    releases: Releases, tmp_path: Path
) -> None:
    """The folders are such that the wrong words of the undo would be taken, or those of the wrong folder."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for name in ("digit [1]", "digit 1"):
        shutil.rmtree(releases.project("v0.1.0", tmp_path, name) / ".git")
    commit(tmp_path)
    (tmp_path / "other.txt").write_text("two\n")
    (tmp_path / "digit 1/guide.md").write_text("mine\n")
    git(tmp_path, "add", "other.txt", "digit 1")
    before = state(tmp_path)
    done = update(releases, tmp_path, "digit [1]", "--commit")
    assert done.returncode == 0, done.stderr
    assert git(tmp_path, "status", "--short").split() == [
        "M",
        '"digit',
        '1/guide.md"',
        "A",
        "other.txt",
    ]
    shell(done.stdout.rsplit("Undo all of it: ")[-1], tmp_path)
    assert state(tmp_path) == before


def test_a_linked_work_tree_a_submodule_and_a_shallow_clone_are_updated(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    commit_edit(project)
    linked, shallow, super_ = tmp_path / "linked", tmp_path / "shallow", tmp_path / "super"
    git(project, "worktree", "add", "--quiet", str(linked))
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", str(shallow))
    super_.mkdir()
    git(super_, "init", "--quiet")
    allowed = ("-c", "protocol.file.allow=always")
    git(super_, *allowed, "submodule", "--quiet", "add", str(project), "inner")
    trees = []
    for folder in (linked, shallow, super_ / "inner", project):
        done = update(releases, folder)
        assert done.returncode == 0, done.stderr
        assert "My line of" in (folder / "guide.md").read_text()
        trees.append(git(folder, "write-tree"))
    assert len(set(trees)) == 1


def test_the_owners_configuration_of_git_is_in_nobodys_way(
    releases: Releases, project: Path, tmp_path: Path
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "post-index-change",
        "post-checkout",
        "pre-merge-commit",
    ):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    (project / ".git/info").mkdir(exist_ok=True)
    (project / ".git/info/attributes").write_text("tool.sh merge=own\n")
    for key, value in {
        "core.hooksPath": str(hooks),
        "core.autocrlf": "true",
        "core.safecrlf": "true",
        "core.fileMode": "false",
        "commit.gpgSign": "true",
        "gpg.program": "false",
        "merge.renames": "false",
        "diff.renames": "false",
        "merge.own.driver": "false",
        "status.showUntrackedFiles": "all",
        "diff.external": "false",
        "core.fsmonitor": "false",
    }.items():
        git(project, "config", key, value)
    edit(project / "moved.md", "Line 9 of", "My line of")
    git(
        project,
        "-c",
        "core.hooksPath=",
        "-c",
        "commit.gpgSign=false",
        "commit",
        "--quiet",
        "-am",
        "mine",
    )
    (tmp_path / "ran").unlink(missing_ok=True)
    done = update(releases, project, "--commit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "ran").exists()
    assert "My line of" in (project / "placed.md").read_text()
    assert git(project, "status", "--short") == ""


def test_a_checkout_with_windows_line_ends_is_merged(releases: Releases, project: Path) -> None:
    git(project, "rm", "--quiet", ".gitattributes")
    commit(project)
    git(project, "config", "core.autocrlf", "true")
    for name in git(project, "ls-files").splitlines():
        (project / name).unlink()
    git(project, "checkout", "--quiet", "--force", ".")
    edit(project / "guide.md", "Line 3 of", "My line of")
    git(project, "commit", "--quiet", "--all", "--message", "mine")
    done = update(releases, project)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project / "guide.md").read_bytes()
    assert b"My line of the guide.\r\n" in text
    assert b"Line twenty of the guide.\r\n" in text
    assert b"\r" not in git_bytes(project, "show", ":guide.md")
    assert git(project, "diff", "--name-only") == ""


def test_line_ends_that_were_committed_do_not_conflict(releases: Releases, project: Path) -> None:
    git(project, "rm", "--quiet", ".gitattributes")
    commit(project)
    for name in ("guide.md", "shared.py"):
        text = (project / name).read_bytes()
        (project / name).write_bytes(text.replace(b"\n", b"\r\n"))
    edit(project / "guide.md", "Line 3 of", "My line of")
    commit(project)
    done = update(releases, project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"My line of" in (project / "guide.md").read_bytes()


def test_an_older_git_gives_the_same(releases: Releases, project: Path, tmp_path: Path) -> None:
    edit(project / "guide.md", "Line 3 of", "My line of")
    edit(project / "shared.py", "second = first", "second = first * 2")
    edit(project / "dropped.md", "Line 3 of", "My line of")
    edit(project / "moved.md", "Line 9 of", "My line of")
    commit(project)
    older = tmp_path / "older"
    shutil.copytree(project, older)
    shim = tmp_path / "bin/git"
    shim.parent.mkdir()
    real = shutil.which("git")
    shim.write_text(
        f'#!/bin/sh\nfor word; do [ "$word" = --write-tree ] && exit 129; done\nexec {real} "$@"\n'
    )
    shim.chmod(0o755)
    path = {"PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}"}
    assert update(releases, project).returncode == CONFLICTS
    done = releases.scaffold("v0.2.0", "update", cwd=older, env=path)
    assert done.returncode == CONFLICTS, done.stderr
    assert state(older)[1:] == state(project)[1:]


# --- copier


def test_a_project_of_plain_copier_is_updated(releases: Releases, tmp_path: Path) -> None:
    from copier import run_copy  # noqa: PLC0415 - slow to import

    project = tmp_path / "plain"
    run_copy(str(releases.root), project, vcs_ref="v0.1.0", defaults=True, quiet=True)
    git(project, "init", "--quiet")
    text = (project / ".copier-answers.yml").read_text()
    (project / ".copier-answers.yml").write_text(text.replace(str(releases.root), CANONICAL_URL))
    commit(project)
    refused(update(releases, project), USAGE, "edited by hand")
    record(project, _src_path="gh:pipeline-scaffold/pipeline-scaffold")
    done = update(releases, project)
    assert done.returncode == 0, done.stderr
    assert (project / "added.md").exists()
    assert "_src_path: gh:pipeline-scaffold" in (project / ".copier-answers.yml").read_text()


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_bytes()
    assert old.encode() in text
    file.write_bytes(text.replace(old.encode(), new.encode()))


def commit_edit(project: Path) -> None:
    edit(project / "guide.md", "Line 3 of", "My line of")
    commit(project)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def shell(command: str, cwd: Path) -> None:
    subprocess.run(command, shell=True, cwd=cwd, check=True, capture_output=True)


def git_bytes(project: Path, *words: str) -> bytes:
    return subprocess.run(("git", *words), cwd=project, check=True, capture_output=True).stdout
