from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters.pointers import POINTER_LIMIT, is_lfs_pointer, lfs_pointer
from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import DigestState, FileState, Options

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"version https://git-lfs.github.com/spec/v1\n"
OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
POINTER = HEAD + f"oid sha256:{OID}\nsize 12345\n".encode()


def git_lfs_is_missing() -> bool:
    return os.environ.get("CI") != "true" and shutil.which("git-lfs") is None


@pytest.mark.skipif(git_lfs_is_missing(), reason="git-lfs is not installed; where CI=true its absence is a failure")
def test_a_pointer_that_git_lfs_writes_is_read(tmp_path: Path) -> None:
    weights = os.urandom(5000)
    (tmp_path / "weights").write_bytes(weights)
    written = subprocess.run(
        ["git", "lfs", "pointer", "--file=weights"], cwd=tmp_path, capture_output=True, check=True, timeout=60
    ).stdout
    tree = plant(tmp_path, {"model.safetensors": written})
    (found,) = discover(tree)
    (file,) = assemble(tree, found, Options()).files
    assert (file.state, file.size) == (FileState.EXTERNAL, 5000)
    assert file.digest.value == f"sha256:{hashlib.sha256(weights).hexdigest()}"
    assert file.digest_state is DigestState.POINTER


def test_each_value_stands_where_it_is_written() -> None:
    pointer = lfs_pointer("m.bin", POINTER)
    assert pointer is not None
    assert pointer.digest is not None
    assert pointer.size is not None
    assert (pointer.digest.value, pointer.size.value) == (f"sha256:{OID}", 12345)
    assert (pointer.digest.origin.line, pointer.digest.origin.column) == (2, 5)
    assert (pointer.size.origin.line, pointer.size.origin.column, pointer.size.origin.end_column) == (3, 6, 11)


@pytest.mark.parametrize(
    "data",
    [
        POINTER.replace(b"\n", b"\r\n"),
        POINTER.replace(b"git-lfs.github.com", b"hawser.github.com"),
        HEAD + b"ext-0-foo sha256:aa\n" + POINTER.removeprefix(HEAD),
        POINTER.rstrip(),
    ],
)
def test_older_and_extended_pointers_are_read(data: bytes) -> None:
    pointer = lfs_pointer("m.bin", data)
    assert pointer is not None
    assert pointer.digest is not None
    assert pointer.digest.value == f"sha256:{OID}"


@pytest.mark.parametrize(
    "data", [b"", HEAD.rstrip(), b" " + POINTER, b"version 1\n", POINTER + b"x" * POINTER_LIMIT, b"\x80\x04" + POINTER]
)
def test_what_is_no_pointer_is_none(data: bytes) -> None:
    assert lfs_pointer("m.bin", data) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"oid\nsize\n",
        b"size -1\n",
        b"size 1e3\n",
        "size ²\n".encode(),
        b"size " + b"9" * 900 + b"\n",
        b"\xff\xff\n",
    ],
)
def test_a_pointer_without_its_values_is_still_one(body: bytes) -> None:
    pointer = lfs_pointer("m.bin", HEAD + body)
    assert pointer is not None
    assert pointer.digest is None


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_version_are_read(body: bytes) -> None:
    assert is_lfs_pointer(HEAD + body)
    pointer = lfs_pointer("m.bin", HEAD + body)
    assert pointer is not None
