from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_lint import digests
from artifact_lint.model import DigestState, Fact, Origin, Pointer

if TYPE_CHECKING:
    from types import TracebackType

CHUNK = digests.CHUNK


@dataclass
class Bytes:
    """The simplest source there is."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass


def recorded(*values: str) -> list[Fact[str]]:
    return [Fact(value, Origin("model-artifact.yaml", line)) for line, value in enumerate(values, 1)]


def dos2unix(data: bytes) -> str:
    return digests.compute(Bytes(data), [digests.DOS2UNIX])[digests.DOS2UNIX].partition(":")[2]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@settings(deadline=None, max_examples=20)
@given(
    size=st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 3]),
    seed=st.binary(min_size=1, max_size=64),
)
def test_digests_are_those_of_hashlib_whatever_the_size(size: int, seed: bytes) -> None:
    data = (seed * (size // len(seed) + 1))[:size]
    algorithms = ["sha256", "sha512", "sha384", "sha1", "md5", "blake2b"]
    expected = {name: f"{name}:{hashlib.new(name, data, usedforsecurity=False).hexdigest()}" for name in algorithms}
    assert digests.compute(Bytes(data), algorithms) == expected


@pytest.mark.parametrize(
    ("data", "hashed"),
    [
        (b"", b""),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\rb\n", b"a\rb\n"),
        (b"a\r\nb\0", b"a\r\nb\0"),
        (b"\xff" * 3 + b"a\r\n" + b"a" * 4, b"\xff" * 3 + b"a\n" + b"a" * 4),
        (b"\xff" * 4 + b"a\r\n" + b"a" * 3, b"\xff" * 4 + b"a\r\n" + b"a" * 3),
    ],
)
def test_line_ends_of_texts_are_hashed_as_dvc_did(data: bytes, hashed: bytes) -> None:
    assert dos2unix(data) == md5(hashed)


def test_dvc_looks_at_each_chunk_by_itself() -> None:
    across = b"a" * (CHUNK - 1) + b"\r\n" + b"b\r\n"
    assert dos2unix(across) == md5(b"a" * (CHUNK - 1) + b"\r\n" + b"b\n")
    mixed = b"a" * (CHUNK - 2) + b"\r\n" + b"\0\r\n"
    assert dos2unix(mixed) == md5(b"a" * (CHUNK - 2) + b"\n" + b"\0\r\n")


def test_what_can_be_computed_is_told_from_what_cannot() -> None:
    facts = recorded("sha256:aa", "SHA1:bb", "md5-dos2unix:cc", "crc32:dd", "shake_128:ee", "nonsense", "")
    assert digests.computable(facts) == {"sha256", "sha1", "md5-dos2unix"}


def test_recorded_digests_are_held_against_the_bytes() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    facts = recorded(f"sha256:{digest}", f"SHA256:{digest.upper()}", "sha256:" + "0" * 64, "crc32:12", "nonsense")
    checks = digests.against_bytes(facts, digests.compute(Bytes(b"x"), digests.computable(facts)))
    assert [check.state for check in checks] == [
        DigestState.VERIFIED,
        DigestState.VERIFIED,
        DigestState.MISMATCH,
        DigestState.UNVERIFIABLE,
        DigestState.UNVERIFIABLE,
    ]
    assert checks[2].actual == f"sha256:{digest}"


def test_recorded_digests_are_held_against_a_pointer() -> None:
    own = Fact("sha256:" + "a" * 64, Origin("model.pkl", 2))
    pointer = Pointer("git-LFS", own, None)
    facts = recorded("SHA256:" + "A" * 64, "sha256:" + "b" * 64, "md5:" + "c" * 32, "nonsense")
    checks = digests.against_pointer([own, *facts], pointer)
    assert [check.state for check in checks] == [
        DigestState.POINTER,
        DigestState.POINTER,
        DigestState.MISMATCH,
        DigestState.UNVERIFIABLE,
        DigestState.UNVERIFIABLE,
    ]
    assert checks[2].detail == " according to its git-LFS pointer"


@pytest.mark.parametrize("pointer", [None, Pointer("DVC", None, None), Pointer("DVC", None, None, directory=True)])
def test_without_a_pointers_digest_nothing_is_verified(pointer: Pointer | None) -> None:
    facts = recorded("sha256:" + "a" * 64, "nonsense", "")
    assert {check.state for check in digests.against_pointer(facts, pointer)} == {DigestState.UNVERIFIABLE}
