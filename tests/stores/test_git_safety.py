"""No program that a repository's own configuration names is started, whichever question is asked of git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from git_changes import changed_paths, staged_paths

from artifact_lint.changes import changes_since, staged_changes
from artifact_lint.git import GitError, head_commit, open_repository
from artifact_lint.stores.revision import IndexStore, RevisionStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stores.conftest import Workspace


def read_index(root: Path) -> None:
    with IndexStore(root) as store:
        list(store.entries())
        store.open("model.pkl").close()


def read_revision(root: Path) -> None:
    with RevisionStore(root, "HEAD") as store:
        list(store.entries())
        store.open("model.pkl").close()


QUESTIONS: dict[str, Callable[[Path], object]] = {
    "changed_paths": lambda root: changed_paths(root, "HEAD"),
    "staged_paths": staged_paths,
    "changes_since": lambda root: changes_since(root, "HEAD"),
    "staged_changes": staged_changes,
    "IndexStore": read_index,
    "RevisionStore": read_revision,
    "head_commit": head_commit,
}
DRIVERS = ["e", "a.b", "..", "", "a=b", 'quo"te', "it's", "back\\slash", "Upper", "é", "clean", "$(x)", "#;", "a b"]


class Trap:
    """A repository with a committed model whose time stamp is stale, and a program that leaves a mark when it runs."""

    def __init__(self, workspace: Workspace, outside: Path) -> None:
        self.workspace = workspace
        self.root = workspace.root
        self.mark = outside / "it-ran"
        self.program = outside / "program"
        self.program.write_text(f"#!/bin/sh\necho ran >> '{self.mark}'\nexec cat\n", "utf-8")
        self.program.chmod(0o755)
        workspace.write("model.pkl", "weights")
        workspace.write("empty.txt")
        workspace.commit()
        self.make_stale()

    def make_stale(self) -> None:
        os.utime(self.root / "model.pkl", (1_577_836_800, 1_577_836_800))

    def configure(self, key: str, value: str) -> None:
        self.workspace.git("config", key, value)

    def attribute(self, value: str) -> None:
        self.workspace.write(".git/info/attributes", f"* {value}\n")

    def has_sprung(self) -> bool:
        return self.mark.exists()


@pytest.fixture
def trap(workspace: Workspace, tmp_path: Path) -> Trap:
    return Trap(workspace, tmp_path)


@pytest.fixture(params=QUESTIONS)
def ask(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    return QUESTIONS[request.param]


@pytest.mark.parametrize("variable", ["clean", "smudge", "process"])
def test_no_filter_runs(trap: Trap, ask: Callable[[Path], object], variable: str) -> None:
    trap.attribute("filter=e")
    trap.configure(f"filter.e.{variable}", str(trap.program))
    trap.configure("filter.e.required", "true")
    ask(trap.root)
    assert not trap.has_sprung()


def test_the_trap_is_real(trap: Trap) -> None:
    trap.attribute("filter=e")
    trap.configure("filter.e.clean", str(trap.program))
    trap.workspace.git("diff", "HEAD")
    assert trap.has_sprung()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_filter_may_have_any_name(trap: Trap, driver: str) -> None:
    trap.attribute(f"filter={driver}")
    trap.configure(f"filter.{driver}.clean", str(trap.program))
    trap.configure(f"filter.{driver}.process", str(trap.program))
    trap.configure(f"filter.{driver}.required", "true")
    assert changed_paths(trap.root, "HEAD") == []
    with IndexStore(trap.root) as store:
        assert [entry.path for entry in store.entries()] == ["empty.txt", "model.pkl"]
    assert not trap.has_sprung()


def test_a_filter_whose_name_is_not_text_does_not_run(trap: Trap) -> None:
    trap.workspace.write(".git/info/attributes", b"* filter=\xe9\n")
    with (trap.root / ".git/config").open("ab") as config:
        config.write(b'[filter "\xe9"]\n\tclean = ' + os.fsencode(trap.program) + b"\n")
    assert changed_paths(trap.root, "HEAD") == []
    assert not trap.has_sprung()


def test_a_filter_of_an_included_file_does_not_run(trap: Trap, tmp_path: Path) -> None:
    (tmp_path / "more").write_text(f'[filter "e"]\n\tclean = {trap.program}\n', "utf-8")
    trap.configure("includeIf.onbranch:main.path", str(tmp_path / "more"))
    trap.attribute("filter=e")
    assert changed_paths(trap.root, "HEAD") == []
    assert not trap.has_sprung()


def test_a_filter_of_the_environment_does_not_run(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "filter.e.clean")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap.program))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'filter.f.clean'='{trap.program}'")
    for driver in "ef":
        trap.attribute(f"filter={driver}")
        assert changed_paths(trap.root, "HEAD") == []
    assert not trap.has_sprung()


def test_more_filters_than_a_command_can_switch_off_are_refused(trap: Trap) -> None:
    with (trap.root / ".git/config").open("a", encoding="utf-8") as config:
        config.writelines(f'[filter "{number:0500}"]\n\tclean = {trap.program}\n' for number in range(15_000))
    with pytest.raises(GitError, match="git cannot be started"):
        changed_paths(trap.root, "HEAD")


@pytest.mark.parametrize("place", [".git/hooks", "hooks"])
def test_no_hook_runs(trap: Trap, ask: Callable[[Path], object], place: str) -> None:
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        trap.workspace.write(f"{place}/{name}").unlink()
        (trap.root / place / name).symlink_to(trap.program)
    if place == "hooks":
        trap.configure("core.hooksPath", place)
    ask(trap.root)
    assert not trap.has_sprung()


@pytest.mark.parametrize(
    "key",
    [
        "core.fsmonitor", "core.pager", "pager.diff", "diff.external", "diff.e.command", "diff.e.textconv",
        "merge.e.driver", "core.sshCommand", "core.askPass", "core.editor",
        "interactive.diffFilter", "credential.helper",
    ],
)  # fmt: skip
def test_no_other_program_runs(trap: Trap, ask: Callable[[Path], object], key: str) -> None:
    trap.attribute("diff=e merge=e")
    trap.configure(key, str(trap.program))
    trap.workspace.write("empty.txt", "changed")
    ask(trap.root)
    assert not trap.has_sprung()


@pytest.mark.parametrize("command", ["diff", "config", "rev-parse", "ls-files", "cat-file", "ls-tree"])
def test_no_alias_runs(trap: Trap, ask: Callable[[Path], object], command: str) -> None:
    trap.configure(f"alias.{command}", f"!{trap.program}")
    ask(trap.root)
    assert not trap.has_sprung()


@pytest.mark.parametrize("url", ["ext::{program}", "ssh://host/repository"])
def test_a_missing_object_is_not_fetched(trap: Trap, url: str) -> None:
    oid = trap.workspace.git("rev-parse", "HEAD:model.pkl")
    (trap.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    trap.configure("core.repositoryFormatVersion", "1")
    trap.configure("extensions.partialClone", "origin")
    trap.configure("remote.origin.promisor", "true")
    trap.configure("remote.origin.url", url.format(program=trap.program))
    trap.configure("protocol.allow", "always")
    trap.configure("core.sshCommand", str(trap.program))
    with open_repository(trap.root) as repository, pytest.raises(GitError):
        repository.run("cat-file", "blob", oid)
    assert not trap.has_sprung()


def test_a_file_that_is_only_intended_is_told_from_an_empty_one_without_the_work_tree(trap: Trap) -> None:
    trap.workspace.write("intended.txt", "later")
    trap.workspace.write("staged-empty.txt")
    trap.workspace.git("add", "--intent-to-add", "intended.txt")
    trap.workspace.git("add", "staged-empty.txt")
    (trap.root / "staged-empty.txt").unlink()
    with IndexStore(trap.root) as store:
        assert [entry.path for entry in store.entries()] == ["empty.txt", "model.pkl", "staged-empty.txt"]


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
class TestGitLfs:
    @pytest.fixture
    def tracked(self, workspace: Workspace) -> Workspace:
        workspace.git("lfs", "install", "--local")
        workspace.git("lfs", "track", "*.bin")
        for name in ("same.bin", "other.bin", "shorter.bin"):
            workspace.write(name, f"weights of {name}")
        workspace.commit()
        for name in ("same.bin", "other.bin", "shorter.bin"):
            os.utime(workspace.root / name, (1_577_836_800, 1_577_836_800))
        return workspace

    def test_files_as_committed_are_not_changed(self, tracked: Workspace) -> None:
        assert changed_paths(tracked.root, "HEAD") == []
        assert staged_paths(tracked.root) == []

    def test_edited_files_are_changed(self, tracked: Workspace) -> None:
        tracked.write("other.bin", "WEIGHTS of other.bin")
        tracked.write("shorter.bin", "w")
        assert changed_paths(tracked.root, "HEAD") == ["other.bin", "shorter.bin"]

    def test_a_pointer_that_was_replaced_by_its_content_in_a_commit_is_changed(self, tracked: Workspace) -> None:
        tracked.write(".gitattributes", "")
        tracked.git("add", "--renormalize", ".")
        tracked.commit()
        assert "same.bin" in changed_paths(tracked.root, "HEAD~")
        with RevisionStore(tracked.root, "HEAD") as store:
            assert store.open("same.bin").size == len("weights of same.bin")


@pytest.mark.skipif(sys.platform == "win32", reason="the program that stands for git is a shell script")
def test_windows_is_told_not_to_look_for_git_in_the_working_directory(tmp_path: Path) -> None:
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nenv >'{tmp_path}/seen'\nexec '{shutil.which('git')}' \"$@\"\n", "utf-8")
    program.chmod(0o755)
    (tmp_path / "work/.git").mkdir(parents=True)
    environment = os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "artifact_lint", "check", "--staged"]
    subprocess.run(command, cwd=tmp_path / "work", env=environment, capture_output=True, check=False)
    assert "NODEFAULTCURRENTDIRECTORYINEXEPATH=1" in (tmp_path / "seen").read_text("utf-8").splitlines()
