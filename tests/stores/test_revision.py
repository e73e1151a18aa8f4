from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from git_changes import changed_paths, staged_paths

from artifact_lint.git import GitError, head_commit, open_repository
from artifact_lint.stores import Entry, EntryKind, StoreError
from artifact_lint.stores import revision as revision_module
from artifact_lint.stores.local import LocalStore
from artifact_lint.stores.revision import IndexStore, RevisionStore

if TYPE_CHECKING:
    from artifact_lint.stores import Store
    from stores.conftest import Workspace

WEIRD = ['quote".bin', "line\nbreak.bin", "tab\t.bin", "é ü/😀.bin", "-rf", " blank ", ":(glob)*", "back\\slash"]


def content(store: Store, path: str) -> bytes:
    with store.open(path) as source:
        return source.read(0, source.size)


def paths(store: Store, under: str = "") -> list[str]:
    return [entry.path for entry in store.entries(under)]


class TestIndex:
    def test_it_holds_what_is_staged_and_not_what_is_there(self, workspace: Workspace) -> None:
        workspace.write("partly.txt", "staged")
        workspace.write("deleted.txt", "kept in the index")
        workspace.git("add", "--all")
        workspace.write("partly.txt", "edited afterwards")
        (workspace.root / "deleted.txt").unlink()
        workspace.write("untracked.txt", "new")
        with IndexStore(workspace.root) as store:
            assert list(store.entries()) == [Entry("deleted.txt", 17), Entry("partly.txt", 6)]
            assert content(store, "partly.txt") == b"staged"
            assert content(store, "deleted.txt") == b"kept in the index"
            assert store.label == "index"
            with pytest.raises(StoreError, match=r"no such file in index: untracked\.txt"):
                store.open("untracked.txt")

    def test_every_name_works(self, workspace: Workspace) -> None:
        for name in WEIRD:
            workspace.write(name, name)
        workspace.write(os.fsdecode(b"mod\xe9le"), "latin")
        workspace.git("add", "--all")
        with IndexStore(workspace.root) as store:
            assert paths(store) == sorted([*WEIRD, os.fsdecode(b"mod\xe9le")])
            assert paths(store) == paths(LocalStore(workspace.root))
            for name in WEIRD:
                assert content(store, name) == name.encode()

    def test_an_empty_repository_has_an_empty_index(self, workspace: Workspace) -> None:
        with IndexStore(workspace.root) as store:
            assert paths(store) == []
            assert not store.is_directory("")

    def test_a_file_that_is_only_meant_to_be_added_is_not_there(self, workspace: Workspace) -> None:
        workspace.write("empty", "")
        workspace.git("add", "empty")
        workspace.write("d/meant", "content")
        workspace.git("add", "--intent-to-add", "d/meant")
        with IndexStore(workspace.root) as store:
            assert paths(store) == ["empty"]
        with IndexStore(workspace.root / "d") as store:
            assert paths(store) == []

    def test_a_conflict_shows_our_side(self, workspace: Workspace) -> None:
        workspace.write("x", "base")
        workspace.commit()
        workspace.git("checkout", "--quiet", "-b", "other")
        workspace.write("x", "theirs")
        workspace.commit()
        workspace.git("checkout", "--quiet", "main")
        workspace.write("x", "ours")
        workspace.commit()
        workspace.git("merge", "other", check=False)
        with IndexStore(workspace.root) as store:
            assert content(store, "x") == b"ours"

    def test_a_hook_of_a_partial_commit_sees_its_own_index(self, workspace: Workspace) -> None:
        workspace.write("a", "1")
        workspace.write("b", "1")
        workspace.commit()
        workspace.write("a", "2")
        workspace.write("b", "2")
        workspace.git("add", "b")
        script = (
            "import pathlib, sys\n"
            "from artifact_lint.stores.revision import IndexStore\n"
            "from artifact_lint.git import open_repository\n"
            "root = pathlib.Path.cwd()\n"
            "with IndexStore(root) as store, store.open('a') as a, store.open('b') as b, open_repository(root) as r:\n"
            "    print(a.read(0, 9), b.read(0, 9), r.staged(), file=open('seen', 'w'))\n"
        )
        hook = workspace.write(".git/hooks/pre-commit", f"#!/bin/sh\nexec '{sys.executable}' -c \"{script}\"\n")
        hook.chmod(0o755)
        workspace.git("commit", "--quiet", "--message", "only a", "--", "a")
        assert (workspace.root / "seen").read_text() == "b'2' b'1' ['a']\n"

    def test_a_temporary_index_is_the_one_to_look_at(
        self, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workspace.write("x", "1")
        workspace.write("y", "1")
        workspace.git("add", "x")
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "temporary"))
        subprocess.run(["git", "add", "y"], cwd=workspace.root, check=True)
        with IndexStore(workspace.root) as store:
            assert paths(store) == ["y"]
        monkeypatch.delenv("GIT_INDEX_FILE")
        with IndexStore(workspace.root) as store:
            assert paths(store) == ["x"]

    def test_another_repository_s_index_is_not_taken_for_this_one(
        self, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workspace.write("x", "1")
        workspace.git("add", "x")
        workspace.git("init", "--quiet", str(tmp_path / "other"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
        with pytest.raises(StoreError, match="unset GIT_INDEX_FILE"):
            IndexStore(workspace.root)
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
        with pytest.raises(StoreError, match="unset GIT_DIR"):
            IndexStore(workspace.root)


class TestRevision:
    def test_each_revision_has_its_own_files(self, workspace: Workspace) -> None:
        workspace.write("models/a.bin", "one")
        first = workspace.commit()
        workspace.write("models/a.bin", "second")
        workspace.write("b", "")
        workspace.commit()
        with RevisionStore(workspace.root, "HEAD~1") as old, RevisionStore(workspace.root, "main") as new:
            assert old.commit == first
            assert old.label == "HEAD~1"
            assert list(old.entries()) == [Entry("models/a.bin", 3)]
            assert list(new.entries()) == [Entry("b", 0), Entry("models/a.bin", 6)]
            assert content(old, "models/a.bin") == b"one"
            assert content(new, "models/a.bin") == b"second"
            assert content(new, "b") == b""
            assert new.entry("models") is None
            assert new.is_directory("models")
            assert not new.is_directory("model")
            assert paths(new, "models") == ["models/a.bin"]
            with pytest.raises(StoreError, match="no such directory in main: absent"):
                paths(new, "absent")

    def test_a_directory_is_listed_when_it_is_asked_for_and_many_at_once(self, workspace: Workspace) -> None:
        for number in range(40):
            workspace.write(f"d{number:02}/x", f"{number}")
        workspace.write("top", "0")
        workspace.write(":(glob)*/x", "odd")
        (workspace.root / "link").symlink_to("d39/x")
        workspace.commit()
        with RevisionStore(workspace.root, "HEAD") as store:
            assert [entry.path for entry in store.files("")] == ["link", "top"]
            assert content(store, ":(glob)*/x") == b"odd"
            assert content(store, "link") == b"39"
            assert not store.is_directory("d")
            assert [content(store, f"d{number:02}/x") for number in range(40)] == [b"%d" % n for n in range(40)]
            assert store.entry("d07/y") is None
            assert len(paths(store)) == 43
            assert paths(store) == sorted(paths(store))

    def test_a_subdirectory_can_be_the_root(self, workspace: Workspace) -> None:
        workspace.write("team/models/a.bin", "one")
        workspace.write("elsewhere", "two")
        workspace.commit()
        for store in (RevisionStore(workspace.root / "team", "HEAD"), IndexStore(workspace.root / "team")):
            with store:
                assert paths(store) == ["models/a.bin"]
                assert content(store, "models/a.bin") == b"one"

    def test_the_same_is_left_out_as_in_the_working_tree(self, workspace: Workspace) -> None:
        for path in ("my-env/pyvenv.cfg", "my-env/x.pkl", "a/site-packages/x.pkl", "keep/raw/x", "keep/y"):
            workspace.write(path, path)
        workspace.commit()
        with RevisionStore(workspace.root, "HEAD") as store:
            assert paths(store) == paths(LocalStore(workspace.root)) == ["keep/raw/x", "keep/y"]
            assert paths(store, "my-env") == paths(LocalStore(workspace.root), "my-env")
            assert store.entry("a/site-packages/x.pkl") is not None
        with RevisionStore(workspace.root, "HEAD", ("raw/",)) as store:
            assert "keep/raw/x" not in paths(store)

    def test_links_are_resolved_within_the_tree(self, workspace: Workspace) -> None:
        workspace.write("blobs/abc", "bytes")
        for link, target in {
            "models/good": "../blobs/abc",
            "models/chain": "good",
            "models/up": "../../outside",
            "models/absolute": "/etc/passwd",
            "models/gone": "nowhere",
            "models/me": "me",
            "folder": "blobs",
            "through": "folder/abc",
        }.items():
            place = workspace.root / link
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(target)
        workspace.commit()
        expected = [
            Entry("blobs/abc", 5),
            Entry("models/absolute", 0, EntryKind.ESCAPING_LINK),
            Entry("models/chain", 5, target="blobs/abc"),
            Entry("models/gone", 0, EntryKind.BROKEN_LINK),
            Entry("models/good", 5, target="blobs/abc"),
            Entry("models/me", 0, EntryKind.BROKEN_LINK),
            Entry("models/up", 0, EntryKind.ESCAPING_LINK),
            Entry("through", 5, target="blobs/abc"),
        ]
        with RevisionStore(workspace.root, "HEAD") as store:
            assert list(store.entries()) == expected == list(LocalStore(workspace.root).entries())
            assert content(store, "models/chain") == content(store, "through") == b"bytes"
            with pytest.raises(StoreError):
                store.open("models/up")

    def test_a_submodule_is_skipped(self, workspace: Workspace) -> None:
        commit = workspace.commit()
        workspace.write("x", "1")
        workspace.git("update-index", "--add", "--cacheinfo", f"160000,{commit},library")
        workspace.git("add", "x")
        workspace.git("commit", "--quiet", "--message", "module")
        with RevisionStore(workspace.root, "HEAD") as store, IndexStore(workspace.root) as index:
            assert paths(store) == paths(index) == ["x"]

    def test_great_blobs_go_through_a_temporary_file(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(revision_module, "IN_MEMORY", 1 << 20)
        data = os.urandom(3 << 20)
        workspace.write("model.bin", data)
        workspace.commit()
        with RevisionStore(workspace.root, "HEAD") as store, store.open("model.bin") as source:
            assert source.size == len(data)
            assert source.read(0, 1 << 60) == data
            assert source.read(2 << 20, 10) == data[2 << 20 : (2 << 20) + 10]
            assert source.read(1 << 70, 1) == b""

    def test_a_closed_source_says_so(self, workspace: Workspace) -> None:
        workspace.write("x", "1")
        workspace.commit()
        with RevisionStore(workspace.root, "HEAD") as store:
            source = store.open("x")
            source.close()
            source.close()
            with pytest.raises(StoreError, match="closed"):
                source.read(0, 1)

    def test_an_object_that_is_gone_is_an_error_of_its_own(self, workspace: Workspace) -> None:
        workspace.write("x", "lost")
        workspace.write("y", "kept")
        workspace.git("add", "--all")
        oid = workspace.git("rev-parse", ":x")
        (workspace.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
        with IndexStore(workspace.root) as store:
            assert paths(store) == ["x", "y"]
            with pytest.raises(StoreError, match=f"no object {oid}.*: x"):
                store.open("x")
            assert content(store, "y") == b"kept"


def test_a_copy_that_fails_midway_does_not_spoil_the_next(workspace: Workspace) -> None:
    workspace.write("great", os.urandom(3 << 20))
    workspace.write("small", "1")
    workspace.commit()
    with open_repository(workspace.root) as repository, Path(os.devnull).open("rb") as unwritable:
        with pytest.raises(GitError, match="stopped"):
            repository.copy_blob(workspace.git("rev-parse", ":great"), unwritable)
        target = BytesIO()
        repository.copy_blob(workspace.git("rev-parse", ":small"), target)
        assert target.getvalue() == b"1"


class TestFailures:
    @pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD:x", "a\nb", ""])
    def test_an_unknown_revision(self, workspace: Workspace, revision: str) -> None:
        workspace.write("x", "1")
        workspace.commit()
        with pytest.raises(StoreError, match="no such revision"):
            RevisionStore(workspace.root, revision)

    def test_a_repository_without_a_commit(self, workspace: Workspace) -> None:
        with pytest.raises(StoreError, match="no such revision: HEAD"):
            RevisionStore(workspace.root, "HEAD")

    @pytest.mark.usefixtures("isolated_git")
    def test_no_repository(self, tmp_path: Path) -> None:
        for make in (lambda: IndexStore(tmp_path), lambda: RevisionStore(tmp_path, "HEAD")):
            with pytest.raises(StoreError, match="not a git repository"):
                make()

    @pytest.mark.usefixtures("isolated_git")
    def test_no_directory(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="no such directory"):
            IndexStore(tmp_path / "absent")

    def test_a_bare_repository_has_revisions_and_no_index(self, workspace: Workspace, tmp_path: Path) -> None:
        workspace.write("x", "1")
        workspace.commit()
        workspace.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
        with RevisionStore(tmp_path / "bare", "HEAD") as store:
            assert content(store, "x") == b"1"
        with pytest.raises(StoreError, match="bare repository"):
            IndexStore(tmp_path / "bare")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
    def test_a_repository_of_somebody_else(self, workspace: Workspace) -> None:
        os.chown(workspace.root, 65534, 65534)
        os.chown(workspace.root / ".git", 65534, 65534)
        with pytest.raises(StoreError, match=r"safe\.directory"):
            IndexStore(workspace.root)

    def test_git_is_not_installed(self, workspace: Workspace, tmp_path: Path) -> None:
        script = (
            "import pathlib\n"
            "from artifact_lint.git import GitError, open_repository\n"
            "try:\n    open_repository(pathlib.Path.cwd())\n"
            "except GitError as error:\n    print(error)\n"
        )
        finished = subprocess.run(
            [sys.executable, "-c", script],
            cwd=workspace.root,
            env={**os.environ, "PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert finished.stdout.startswith("git is not installed")

    def test_a_broken_index_is_one_line(self, workspace: Workspace) -> None:
        workspace.write(".git/index", b"garbage" * 10)
        with pytest.raises(StoreError, match=r"^git failed: [^\n]*$"):
            IndexStore(workspace.root)


class TestChanges:
    def test_staged_paths_name_what_the_commit_changes(self, workspace: Workspace) -> None:
        for name in ("same", "edited", "deleted", "moved"):
            workspace.write(f"d/{name}", f"{name}\n" * 20)
        workspace.commit()
        workspace.write("d/edited", "new")
        (workspace.root / "d/moved").rename(workspace.root / "d/moved-away")
        (workspace.root / "d/deleted").unlink()
        workspace.write("added\n", "1")
        workspace.git("add", "--all")
        workspace.write("d/same", "not staged")
        assert staged_paths(workspace.root) == ["added\n", "d/deleted", "d/edited", "d/moved", "d/moved-away"]
        assert staged_paths(workspace.root / "d") == ["deleted", "edited", "moved", "moved-away"]

    def test_staged_paths_before_the_first_commit(self, workspace: Workspace) -> None:
        workspace.write("x", "1")
        workspace.git("add", "x")
        assert staged_paths(workspace.root) == ["x"]

    def test_changed_paths_are_those_since_the_branch_left(self, workspace: Workspace) -> None:
        workspace.write("old", "1")
        workspace.write("gone", "1")
        workspace.commit()
        workspace.git("checkout", "--quiet", "-b", "feature")
        workspace.write("committed", "1")
        (workspace.root / "gone").unlink()
        workspace.commit()
        workspace.git("checkout", "--quiet", "main")
        workspace.write("elsewhere", "1")
        workspace.commit()
        workspace.git("checkout", "--quiet", "feature")
        workspace.write("old", "2")
        workspace.write("untracked", "1")
        workspace.write("ignored.log", "1")
        workspace.write(".gitignore", "*.log\n")
        expected = [".gitignore", "committed", "gone", "old", "untracked"]
        assert changed_paths(workspace.root, "main") == expected
        with pytest.raises(GitError, match="no such revision: nowhere"):
            changed_paths(workspace.root, "nowhere")

    def test_unrelated_histories_are_compared_directly(self, workspace: Workspace) -> None:
        workspace.write("a", "1")
        workspace.commit()
        workspace.git("checkout", "--quiet", "--orphan", "fresh")
        workspace.git("rm", "-r", "--force", "--quiet", ".")
        workspace.write("b", "1")
        workspace.commit()
        assert changed_paths(workspace.root, "main") == ["a", "b"]

    def test_the_commit_that_is_checked_out(self, workspace: Workspace, tmp_path: Path) -> None:
        assert head_commit(workspace.root) is None
        assert workspace.commit() == head_commit(workspace.root)
        assert head_commit(tmp_path) is None
        assert head_commit(tmp_path / "absent") is None

    def test_a_second_worktree(self, workspace: Workspace, tmp_path: Path) -> None:
        workspace.write("x", "1")
        workspace.commit()
        workspace.git("worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "second")
        with IndexStore(tmp_path / "second") as store:
            assert paths(store) == ["x"]
        assert head_commit(tmp_path / "second") == head_commit(workspace.root)


def test_nothing_a_repository_configures_is_run(workspace: Workspace, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch '{trace}'\n")
    script.chmod(0o755)
    workspace.write("x.bin", "1")
    workspace.write(".gitattributes", "*.bin diff=evil filter=evil\n")
    workspace.commit()
    for name in ("core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv"):
        workspace.git("config", name, str(script))
    workspace.write("x.bin", "2")
    with IndexStore(workspace.root) as store:
        assert content(store, "x.bin") == b"1"
    staged_paths(workspace.root)
    changed_paths(workspace.root, "HEAD")
    assert not trace.exists()


def test_the_process_behind_a_repository_ends_with_it(workspace: Workspace) -> None:
    workspace.write("x", "1")
    workspace.commit()
    with RevisionStore(workspace.root, "HEAD") as store:
        assert content(store, "x") == b"1"
        store.close()
        assert content(store, "x") == b"1"
    repository = open_repository(workspace.root)
    repository.close()


def test_gitpython_is_imported_only_for_git_work() -> None:
    script = "import sys, artifact_lint.git, artifact_lint.stores.revision; print('git' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout == "False\n"
