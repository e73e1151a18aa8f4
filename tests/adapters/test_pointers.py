from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters.pointers import POINTER_LIMIT, BrokenPointer, is_lfs_pointer, lfs_pointer
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import DigestState, FileState, Options, Pointer

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model import WeightFile

HEAD = b"version https://git-lfs.github.com/spec/v1\n"
OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = HEAD + f"oid sha256:{OID}\nsize 12345\n".encode()
EXTENSION = f"ext-0-foo sha256:{'a' * 64}\n".encode()

POINTERS = [
    POINTER,
    POINTER.rstrip(),
    POINTER.replace(b"\n", b"\r\n"),
    POINTER.replace(b"size 12345", b"size 012345"),
    b"\n" + POINTER.replace(b"\noid", b"\n\noid") + b"\n\n",
    POINTER.replace(b"https://git-lfs.github.com", b"https://hawser.github.com"),
    POINTER.replace(b"https://git-lfs.github.com/spec/v1", b"http://git-media.io/v/2"),
    HEAD + EXTENSION + POINTER.removeprefix(HEAD),
    HEAD + EXTENSION.replace(b"-0-", b"-1-") + EXTENSION + POINTER.removeprefix(HEAD),
    HEAD + EXTENSION + EXTENSION + POINTER.removeprefix(HEAD),
]
BROKEN = {
    "it has no oid": HEAD,
    "it has no size": POINTER.partition(b"size")[0],
    "`size` stands where `oid` belongs": HEAD + b"size 5\noid sha256:" + OID.encode() + b"\n",
    "its oid has 63 digits, not 64": POINTER.replace(OID.encode(), OID[1:].encode()),
    "is not in lower-case hexadecimal digits": POINTER.replace(OID.encode(), OID.upper().encode()),
    "'md5:4d7a214614ab2935c943' is no sha256": POINTER.replace(b"sha256:" + OID.encode(), f"md5:{OID[:32]}".encode()),
    "'1e3' is no size": POINTER.replace(b"12345", b"1e3"),
    "'-1' is no size": POINTER.replace(b"12345", b"-1"),
    "'9223372036854775808' is no size": POINTER.replace(b"12345", b"9223372036854775808"),
    "`sha256` follows its last line": POINTER + b"sha256 x\n",
    "'oid' is no key and value": HEAD + b"oid\n",
    "'https://git-lfs.github.com/spec/v2' is no version": POINTER.replace(b"spec/v1", b"spec/v2"),
    "'https://git-media.io/v/2' is no version": POINTER.replace(b"git-lfs.github.com/spec/v1", b"git-media.io/v/2"),
    "two extensions have the order 0": HEAD + EXTENSION + EXTENSION.replace(b"foo", b"bar") + POINTER[len(HEAD) :],
    "`ext-10-foo` stands where": HEAD + EXTENSION.replace(b"-0-", b"-10-") + POINTER.removeprefix(HEAD),
    "its ext-0-foo has 2 digits": HEAD + b"ext-0-foo sha256:aa\n" + POINTER.removeprefix(HEAD),
}


def git_lfs_is_missing() -> bool:
    return os.environ.get("CI") != "true" and shutil.which("git-lfs") is None


needs_git_lfs = pytest.mark.skipif(
    git_lfs_is_missing(), reason="git-lfs is not installed; where CI=true its absence is a failure"
)


def the_file(root: Path, name: str, data: bytes) -> WeightFile:
    tree = plant(root, {name: data})
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    return file


@needs_git_lfs
def test_a_pointer_that_git_lfs_writes_is_read(tmp_path: Path) -> None:
    weights = os.urandom(5000)
    (tmp_path / "weights").write_bytes(weights)
    written = subprocess.run(
        ["git", "lfs", "pointer", "--file=weights"], cwd=tmp_path, capture_output=True, check=True, timeout=60
    ).stdout
    file = the_file(tmp_path, "model.safetensors", written)
    assert (file.state, file.size) == (FileState.EXTERNAL, 5000)
    assert file.digest.value == f"sha256:{hashlib.sha256(weights).hexdigest()}"
    assert file.digest_state is DigestState.POINTER


@needs_git_lfs
def test_with_extensions_the_digest_is_that_of_the_file_and_not_of_what_is_stored(tmp_path: Path) -> None:
    def git(*arguments: str) -> bytes:
        command = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout

    git("init", "-q")
    git("lfs", "install", "--local")
    for priority, (name, clean) in enumerate({"upper": "tr a-z A-Z", "twice": "cat - /dev/null"}.items()):
        git("config", f"lfs.extension.{name}.clean", clean)
        git("config", f"lfs.extension.{name}.smudge", "cat")
        git("config", f"lfs.extension.{name}.priority", str(priority))
    git("lfs", "track", "*.bin")
    (tmp_path / "m.bin").write_bytes(b"weights")
    git("add", "-A")
    pointer = lfs_pointer("m.bin", git("cat-file", "-p", ":m.bin"))
    assert isinstance(pointer, Pointer)
    assert pointer.digest is not None
    assert pointer.digest.value == f"sha256:{hashlib.sha256(b'weights').hexdigest()}"
    assert pointer.digest.origin.line == 2
    assert pointer.size is None


@needs_git_lfs
@pytest.mark.parametrize("data", [*POINTERS, *BROKEN.values()])
def test_what_git_lfs_takes_for_a_pointer_is_one_and_nothing_else(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "pointer").write_bytes(data)
    command = ["git", "lfs", "pointer", "--check", "--file=pointer"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert isinstance(lfs_pointer("pointer", data), Pointer) == (checked.returncode == 0)


def test_each_value_stands_where_it_is_written() -> None:
    pointer = lfs_pointer("m.bin", POINTER)
    assert isinstance(pointer, Pointer)
    assert pointer.digest is not None
    assert pointer.size is not None
    assert (pointer.digest.value, pointer.size.value) == (f"sha256:{OID}", 12345)
    assert (pointer.digest.origin.line, pointer.digest.origin.column) == (2, 5)
    assert (pointer.size.origin.line, pointer.size.origin.column, pointer.size.origin.end_column) == (3, 6, 11)


@pytest.mark.parametrize("data", POINTERS[:7])
def test_older_pointers_are_read(data: bytes) -> None:
    pointer = lfs_pointer("m.bin", data)
    assert isinstance(pointer, Pointer)
    assert pointer.digest is not None
    assert pointer.size is not None
    assert (pointer.digest.value, pointer.size.value) == (f"sha256:{OID}", 12345)


@pytest.mark.parametrize("data", [b"", HEAD.rstrip(), b"version 1\n", b"\x80\x04" + POINTER, b"x" + POINTER])
def test_what_does_not_begin_like_a_pointer_is_none(data: bytes) -> None:
    assert lfs_pointer("m.bin", data) is None


@pytest.mark.parametrize(("reason", "data"), BROKEN.items())
def test_a_broken_pointer_is_present_and_says_what_is_wrong(tmp_path: Path, reason: str, data: bytes) -> None:
    broken = lfs_pointer("m.safetensors", data)
    assert isinstance(broken, BrokenPointer)
    assert reason in broken.reason.value
    file = the_file(tmp_path, "m.safetensors", data)
    assert (file.state, file.pointer, file.size) == (FileState.PRESENT, None, len(data))
    (fault,) = [fault for mention in file.mentions for fault in mention.malformed]
    assert reason in fault.value
    assert fault.origin == broken.reason.origin


def test_a_pointer_with_something_behind_it_is_none(tmp_path: Path) -> None:
    data = POINTER + b" " * POINTER_LIMIT + b"PK\x03\x04"
    broken = lfs_pointer("m.bin", data[:POINTER_LIMIT], len(data))
    assert isinstance(broken, BrokenPointer)
    assert broken.reason.value == f"it has {len(data):,} bytes, and a pointer at most 1,024"
    assert the_file(tmp_path, "model.pt", data).state is FileState.PRESENT


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="version oidsz:ext-0\r\n \t0123456789ab").map(str.encode)))
def test_any_bytes_behind_the_version_are_read(body: bytes) -> None:
    assert is_lfs_pointer(HEAD + body)
    pointer = lfs_pointer("m.bin", HEAD + body)
    assert pointer is not None
    if isinstance(pointer, BrokenPointer):
        assert pointer.reason.value
        assert pointer.reason.origin.line <= (HEAD + body).count(b"\n") + 1
