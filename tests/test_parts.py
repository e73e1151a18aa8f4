"""The digests of a file's parts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.formats.sources import Memory
from artifact_lint.model import DigestState, Fact, Origin, Part
from artifact_lint.parts import check_parts, unread_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACE = Origin("model.sig")


def parts(data: bytes, size: int, algorithm: str = "sha256") -> list[Part]:
    starts = range(0, len(data), size)
    pieces = [(start, data[start : start + size]) for start in starts]
    return [
        Part(start, start + len(piece), Fact(f"{algorithm}:{hashlib.new(algorithm, piece).hexdigest()}", PLACE))
        for start, piece in pieces
    ]


@given(st.binary(min_size=1, max_size=300), st.integers(1, 100))
def test_the_bytes_that_were_recorded_are_verified(data: bytes, size: int) -> None:
    assert check_parts(parts(data, size), Memory(data)).state is DigestState.VERIFIED


@given(st.binary(min_size=1, max_size=300), st.integers(1, 100), st.integers(0, 299))
def test_a_changed_byte_is_found_in_its_part(data: bytes, size: int, position: int) -> None:
    recorded = parts(data, size)
    changed = bytearray(data)
    changed[position % len(data)] ^= 1
    check = check_parts(recorded, Memory(bytes(changed)))
    start = position % len(data) // size * size
    assert check.state is DigestState.MISMATCH
    assert check.detail == f" in bytes {start:,} to {min(start + size, len(data)):,}"


def test_bytes_that_are_gone_are_a_mismatch() -> None:
    assert check_parts(parts(bytes(300), 100), Memory(bytes(250))).state is DigestState.MISMATCH


@pytest.mark.parametrize("recorded", [parts(bytes(20), 10, "sha3_256")])
def test_an_algorithm_that_is_not_known_is_said(recorded: Sequence[Part]) -> None:
    check = check_parts(recorded, Memory(bytes(20)))
    assert (check.state, check.trouble) == (
        DigestState.UNVERIFIABLE,
        "'sha3_256' is no digest algorithm known here",
    )


def test_unread_bytes_are_neither_right_nor_wrong() -> None:
    check = unread_parts(parts(bytes(20), 10), "permission denied")
    assert (check.state, check.trouble, check.unread) == (DigestState.UNVERIFIABLE, "permission denied", True)
