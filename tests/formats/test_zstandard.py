"""Frames that Zstandard's own library wrote unpack to what was packed; all others end soon, and with words."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutated

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.zstandard import MAGIC, unpack
from artifact_lint.model import Cause

MOST: Final = 1 << 20
FRAMES: Final[list[dict[str, Any]]] = [
    json.loads(line) for line in (Path(__file__).parent / "zstandard_frames.jsonl").read_text("utf-8").splitlines()
]
PACKED: Final = [base64.b64decode(frame["frame"]) for frame in FRAMES]


def outcome(packed: bytes) -> bytes | Cause:
    """What frames unpack to, or why they do not."""
    try:
        return unpack(packed, MOST)
    except FormatError as error:
        return error.cause


@pytest.mark.parametrize("number", range(len(FRAMES)), ids=lambda number: f"{FRAMES[number]['content']}-{number}")
def test_a_frame_unpacks_to_what_was_packed(number: int) -> None:
    content = unpack(PACKED[number], MOST)
    assert len(content) == FRAMES[number]["length"]
    assert hashlib.sha256(content).hexdigest() == FRAMES[number]["sha256"]


def test_frames_in_a_row_are_one_content() -> None:
    numbers = [number for number, frame in enumerate(FRAMES) if frame["content"] in {"a byte", "few symbols", "keys"}]
    assert unpack(b"".join(PACKED[number] for number in numbers), MOST) == b"".join(
        unpack(PACKED[number], MOST) for number in numbers
    )


def test_more_than_is_wanted_is_not_unpacked() -> None:
    number = next(number for number, frame in enumerate(FRAMES) if frame["content"] == "one byte often")
    with pytest.raises(FormatError) as told:
        unpack(PACKED[number], 1000)
    assert told.value.cause is Cause.LIMIT


def test_a_frame_that_needs_a_dictionary_is_not_read() -> None:
    with pytest.raises(FormatError) as told:
        unpack(MAGIC + b"\x01\x00\x07\x01\x00\x00", MOST)
    assert told.value.cause is Cause.UNSUPPORTED


def test_blocks_of_nothing_without_end_are_not_read() -> None:
    with pytest.raises(FormatError) as told:
        unpack(MAGIC + b"\x00\x00" + b"\x00\x00\x00" * 100_000, MOST)
    assert told.value.cause is Cause.LIMIT


@pytest.mark.parametrize("number", range(0, len(FRAMES), 5))
def test_a_frame_that_is_cut_is_told_to_be_cut_or_broken(number: int) -> None:
    packed = PACKED[number]
    whole = unpack(packed, MOST)
    ends = [end for end in range(0, len(packed), 1 + len(packed) // 200) if outcome(packed[:end]) != whole]
    assert {outcome(packed[:end]) for end in ends[1:]} <= {Cause.TRUNCATED, Cause.BROKEN}
    assert len(packed) - max(ends) <= 5 + len(packed) // 200  # a checksum is not asked for


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([packed for packed in PACKED if len(packed) < 3000]).flatmap(mutated))
def test_damage_ends_in_words(packed: bytes) -> None:
    told = outcome(packed)
    assert isinstance(told, Cause) or len(told) <= MOST
