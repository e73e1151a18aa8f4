from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from files import open_up, unprivileged

from artifact_lint.stores import Entry, EntryKind, StoreError
from artifact_lint.stores.base import SETTLED
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES
from artifact_lint.stores.local import LocalStore, find_root

if TYPE_CHECKING:
    from artifact_lint.stores import Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and special files as POSIX has them")


def fill(root: Path, *paths: str) -> None:
    for path in paths:
        place = root / path
        subprocess.run(["mkdir", "-p", place.parent], check=True)
        place.write_bytes(path.encode("utf-8", "surrogateescape"))


def paths(store: Store, under: str = "") -> list[str]:
    return [entry.path for entry in store.entries(under)]


@pytest.fixture
def open_root(tmp_path: Path) -> Path:
    """A directory that an unprivileged user reaches, too."""
    open_up(tmp_path)
    return tmp_path


class TestEntries:
    def test_every_file_in_the_order_of_whole_paths(self, tmp_path: Path) -> None:
        names = ["a-b", "a/x", "a/b/y", "a.txt", "b", "é/z", ".hidden"]
        fill(tmp_path, *names)
        store = LocalStore(tmp_path)
        assert paths(store) == sorted(names)
        assert next(iter(store.entries())) == Entry(".hidden", len(".hidden"))

    def test_below_a_directory(self, tmp_path: Path) -> None:
        fill(tmp_path, "a/x", "a/b/y", "ab/z")
        assert paths(LocalStore(tmp_path), "a") == ["a/b/y", "a/x"]

    def test_the_defaults_leave_out_what_nobody_wrote(self, tmp_path: Path) -> None:
        fill(
            tmp_path, ".git/config", "x/node_modules/m.pkl", ".venv/x.pkl", "p/.dvc/cache/ab", "p/.dvc/config", "m.dvc"
        )
        assert paths(LocalStore(tmp_path)) == ["m.dvc", "p/.dvc/config"]

    def test_a_virtual_environment_is_left_out_whatever_its_name(self, tmp_path: Path) -> None:
        fill(tmp_path, "my-env/pyvenv.cfg", "my-env/lib/x.pkl", "model.pkl")
        assert paths(LocalStore(tmp_path)) == ["model.pkl"]
        assert paths(LocalStore(tmp_path), "my-env") == ["my-env/lib/x.pkl", "my-env/pyvenv.cfg"]

    def test_a_name_of_ones_own_can_be_left_out(self, tmp_path: Path) -> None:
        fill(tmp_path, "data/raw/x.npy", "data/y.npy", "venv/z")
        assert paths(LocalStore(tmp_path, (*DEFAULT_EXCLUDES, "data/raw"))) == ["data/y.npy"]

    def test_a_directory_that_is_asked_for_is_listed(self, tmp_path: Path) -> None:
        fill(tmp_path, "venv/models/x.pkl")
        assert paths(LocalStore(tmp_path), "venv") == ["venv/models/x.pkl"]

    def test_deep_trees_need_no_recursion(self, tmp_path: Path) -> None:
        deep = "/".join(["d"] * 1200)
        fill(tmp_path, f"{deep}/model.pkl")
        assert paths(LocalStore(tmp_path)) == [f"{deep}/model.pkl"]
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)

    @pytest.mark.parametrize("under", ["absent", "file", "../elsewhere", "/etc"])
    def test_what_is_no_directory_cannot_be_listed(self, tmp_path: Path, under: str) -> None:
        fill(tmp_path, "file")
        with pytest.raises(StoreError, match=under):
            list(LocalStore(tmp_path).entries(under))

    def test_a_root_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="no such file or directory"):
            list(LocalStore(tmp_path / "absent").entries())

    def test_a_directory_that_may_not_be_listed_is_told(self, open_root: Path) -> None:
        fill(open_root, "a/x", "closed/y")
        (open_root / "closed").chmod(0)
        with unprivileged():
            entries = list(LocalStore(open_root).entries())
            with pytest.raises(StoreError, match="permission denied: closed"):
                list(LocalStore(open_root).entries("closed"))
        (open_root / "closed").chmod(0o755)
        assert entries == [Entry("a/x", 3), Entry("closed", 0, EntryKind.UNREADABLE)]

    def test_names_that_are_no_utf8_can_be_opened(self, tmp_path: Path) -> None:
        name = os.fsdecode(b"mod\xe9le.pkl")
        fill(tmp_path, name)
        store = LocalStore(tmp_path)
        assert paths(store) == [name]
        with store.open(name) as source:
            assert source.size > 0


class TestLinks:
    def test_a_link_within_the_root_is_followed(self, tmp_path: Path) -> None:
        fill(tmp_path, "blobs/abcdef")
        (tmp_path / "model.bin").symlink_to("blobs/abcdef")
        store = LocalStore(tmp_path)
        assert list(store.entries()) == [Entry("blobs/abcdef", 12), Entry("model.bin", 12, target="blobs/abcdef")]
        with store.open("model.bin") as source:
            assert source.read(0, 100) == b"blobs/abcdef"

    def test_links_out_of_the_root_are_told_and_not_followed(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        fill(tmp_path, "outside/secret", "root-twin/x", "root/x")
        (root / "file").symlink_to(tmp_path / "outside/secret")
        (root / "directory").symlink_to("../outside")
        (root / "twin").symlink_to("../root-twin/x")
        store = LocalStore(root)
        assert {entry.path: entry.kind for entry in store.entries()} == {
            "directory": EntryKind.ESCAPING_LINK,
            "file": EntryKind.ESCAPING_LINK,
            "twin": EntryKind.ESCAPING_LINK,
            "x": EntryKind.FILE,
        }
        with pytest.raises(StoreError, match="leads out"):
            store.open("file")
        with pytest.raises(StoreError, match="leads out"):
            store.open("directory/secret")
        assert store.entry("directory/secret") == Entry("directory/secret", 0, EntryKind.ESCAPING_LINK)
        assert not store.is_directory("directory")
        with pytest.raises(StoreError, match="directory"):
            list(store.entries("directory"))

    def test_broken_and_circular_links_are_told(self, tmp_path: Path) -> None:
        (tmp_path / "gone").symlink_to("nowhere")
        (tmp_path / "me").symlink_to("me")
        assert list(LocalStore(tmp_path).entries()) == [
            Entry("gone", 0, EntryKind.BROKEN_LINK),
            Entry("me", 0, EntryKind.BROKEN_LINK),
        ]
        for name in ("gone", "me"):
            with pytest.raises(StoreError, match=name):
                LocalStore(tmp_path).open(name)

    def test_links_to_directories_within_the_root_are_not_entered(self, tmp_path: Path) -> None:
        fill(tmp_path, "a/x")
        (tmp_path / "a/loop").symlink_to("..")
        (tmp_path / "b").symlink_to("a")
        store = LocalStore(tmp_path)
        assert paths(store) == ["a/x"]
        assert store.entry("b/x") == Entry("b/x", 3)

    def test_a_root_that_is_a_link_is_a_root(self, tmp_path: Path) -> None:
        fill(tmp_path, "real/x")
        (tmp_path / "link").symlink_to("real")
        store = LocalStore(tmp_path / "link")
        assert paths(store) == ["x"]
        store.open("x").close()


class TestSpecialFiles:
    def test_a_fifo_is_never_opened(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "model.pkl")
        store = LocalStore(tmp_path)
        assert list(store.entries()) == [Entry("model.pkl", 0, EntryKind.SPECIAL)]
        with pytest.raises(StoreError, match="not a regular file"):
            store.open("model.pkl")

    def test_a_socket_is_never_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s")
            assert list(LocalStore(tmp_path).entries()) == [Entry("s", 0, EntryKind.SPECIAL)]

    def test_a_link_to_a_device_leads_out(self, tmp_path: Path) -> None:
        (tmp_path / "model.pkl").symlink_to("/dev/zero")
        assert [entry.kind for entry in LocalStore(tmp_path).entries()] == [EntryKind.ESCAPING_LINK]


class TestEntryAndDirectory:
    def test_one_entry(self, tmp_path: Path) -> None:
        fill(tmp_path, "venv/x", "a/y")
        store = LocalStore(tmp_path)
        assert store.entry("venv/x") == Entry("venv/x", 6)
        for path in ("", "a", "absent", "a/y/z", "../x", "/etc/passwd", "a\0b", "x" * 5000):
            assert store.entry(path) is None

    def test_directories_hold_something(self, tmp_path: Path) -> None:
        fill(tmp_path, "a/y")
        (tmp_path / "empty").mkdir()
        store = LocalStore(tmp_path)
        assert store.is_directory("a")
        assert store.is_directory("")
        for path in ("empty", "a/y", "absent", "..", "a\0b"):
            assert not store.is_directory(path)

    def test_the_working_tree_has_no_label(self, tmp_path: Path) -> None:
        assert LocalStore(tmp_path).label == ""


class TestSource:
    def test_ranges(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(bytes(range(100)))
        with LocalStore(tmp_path).open("x") as source:
            assert source.size == 100
            assert source.read(10, 3) == bytes([10, 11, 12])
            assert source.read(98, 1 << 60) == bytes([98, 99])
            assert source.read(100, 5) == b""
            assert source.read(1 << 70, 5) == b""
            assert source.read(0, 0) == b""

    def test_a_closed_source_says_so(self, tmp_path: Path) -> None:
        fill(tmp_path, "x")
        source = LocalStore(tmp_path).open("x")
        source.close()
        source.close()
        with pytest.raises(StoreError, match="closed"):
            source.read(0, 1)

    def test_a_file_that_shrinks_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"x" * 100)
        with LocalStore(tmp_path).open("x") as source:
            (tmp_path / "x").write_bytes(b"y")
            with pytest.raises(StoreError, match="shrank"):
                source.read(0, 100)

    @pytest.mark.parametrize("path", ["absent", "a", "../x", "a\0b", "/etc/passwd", "x" * 5000])
    def test_what_is_no_file_cannot_be_opened(self, tmp_path: Path, path: str) -> None:
        fill(tmp_path, "a/y")
        with pytest.raises(StoreError):
            LocalStore(tmp_path).open(path)

    def test_a_file_that_may_not_be_read_says_so(self, open_root: Path) -> None:
        fill(open_root, "x.pkl")
        (open_root / "x.pkl").chmod(0)
        with unprivileged(), pytest.raises(StoreError, match=r"^permission denied: x\.pkl$"):
            LocalStore(open_root).open("x.pkl")


def test_the_root_of_a_repository_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "repo/a/b/x", "worktree/.git", "worktree/c/y")
    (tmp_path / "repo/.git").mkdir()
    assert find_root(tmp_path / "repo/a/b/x") == tmp_path / "repo"
    assert find_root(tmp_path / "worktree/c") == tmp_path / "worktree"
    monkeypatch.chdir(tmp_path / "repo/a")
    assert find_root(Path()) == tmp_path / "repo"


class TestIdentity:
    def test_tells_the_states_of_files_apart(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.bin", "b.bin")
        store = LocalStore(tmp_path)
        first = store.identity("a.bin")
        assert first is not None
        assert (first.size, first.inode) == (5, (tmp_path / "a.bin").stat().st_ino)
        assert first == store.identity("a.bin")
        assert first != store.identity("b.bin")
        (tmp_path / "a.bin").write_bytes(b"longer than before")
        assert first != store.identity("a.bin")

    def test_is_that_of_the_file_that_a_link_leads_to(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.bin")
        (tmp_path / "link.bin").symlink_to("a.bin")
        store = LocalStore(tmp_path)
        assert store.identity("link.bin") == store.identity("a.bin")
        with store.open("link.bin") as source:
            assert source.identity == store.identity("a.bin")
            source.expect_unchanged()

    def test_is_none_of_what_is_no_file_within_the_root(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        fill(root, "directory/a.bin")
        (tmp_path / "outside.bin").write_bytes(b"")
        (root / "out.bin").symlink_to(tmp_path / "outside.bin")
        (root / "broken.bin").symlink_to("gone.bin")
        os.mkfifo(root / "fifo.bin")
        store = LocalStore(root)
        for path in (
            "gone.bin",
            "directory",
            "out.bin",
            "broken.bin",
            "fifo.bin",
            "../outside.bin",
            "/etc/hosts",
            "a\0",
        ):
            assert store.identity(path) is None

    def test_is_settled_a_minute_after_the_last_change(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.bin")
        identity = LocalStore(tmp_path).identity("a.bin")
        assert identity is not None
        changed = max(identity.modified_ns, identity.changed_ns)
        for later, is_settled in ((-1, False), (0, False), (SETTLED - 1, False), (SETTLED, True)):
            assert identity.is_settled(changed + later) is is_settled
        assert not replace(identity, inode=0).is_settled(changed + 10 * SETTLED)


class TestReadingIntoABuffer:
    def test_fills_it_and_tells_how_far(self, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(b"0123456789")
        buffer = bytearray(4)
        with LocalStore(tmp_path).open("a.bin") as source:
            assert (source.read_into(2, memoryview(buffer)), bytes(buffer)) == (4, b"2345")
            assert (source.read_into(8, memoryview(buffer)), bytes(buffer)) == (2, b"8945")
            assert source.read_into(10, memoryview(buffer)) == 0
            assert source.read_into(50, memoryview(buffer)) == 0

    def test_does_so_without_the_call_that_only_some_systems_have(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(os, "preadv")
        (tmp_path / "a.bin").write_bytes(b"0123456789")
        buffer = bytearray(4)
        with LocalStore(tmp_path).open("a.bin") as source:
            assert (source.read_into(8, memoryview(buffer)), bytes(buffer)) == (2, b"89\0\0")
