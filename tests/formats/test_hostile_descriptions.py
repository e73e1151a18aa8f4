"""Whatever is done to a file, its description ends soon, in little memory, and with words instead of a traceback.

This runs for every format that is described, on the files that real libraries wrote. Nothing is timed: calls and reads
are counted, and memory is measured.
"""

from __future__ import annotations

import struct
import sys
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from described_files import CORPUS, ENVIRONMENTS, files_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated

from artifact_lint.formats.base import ReadLimits
from artifact_lint.formats.catalogue import FORMATS
from artifact_lint.formats.describing import describe
from artifact_lint.formats.sniffing import sniff
from artifact_lint.formats.sources import Memory
from artifact_lint.model.description import Description

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a description may take of a file of some kilobytes: peak memory in bytes, calls of functions, reads.
MEMORY: Final = 100_000_000
CALLS: Final = 3_000_000
READS: Final = 200_000
#: Larger files are not damaged here, in bytes.
LARGEST: Final = 1 << 16
#: How many cuts are made of a file that is not cut at every byte, and how many places are overwritten or get something
#: inserted.
CUTS: Final = 60
PLACES: Final = 30
INSERTIONS: Final = 5
EVERY_BYTE: Final = 4096
#: How many files of a format are tried.
SAMPLES: Final = 5

Sample: TypeAlias = tuple[str, str, str]


def samples() -> dict[str, list[Sample]]:
    """Files of each format that is described, as environment, name and format: the smallest, and some larger ones."""
    found: dict[str, list[tuple[int, Sample]]] = {}
    for environment in ENVIRONMENTS:
        for file in files_of(environment):
            path = CORPUS / environment / file
            size = path.stat().st_size
            format_ = sniff(path.name, Memory(path.read_bytes())) if size <= LARGEST else None
            if format_ is not None and FORMATS[format_].describe is not None:
                found.setdefault(format_, []).append((size, (environment, file, format_)))
    chosen = {}
    for format_, sized in found.items():
        sized.sort()
        step = max(1, len(sized) // SAMPLES)
        chosen[format_] = [sample for _, sample in sized[::step][:SAMPLES]]
    return chosen


CHOSEN: Final = samples()
SMALLEST: Final = [several[0] for several in CHOSEN.values()]
EVERY: Final = [sample for several in CHOSEN.values() for sample in several]


def name_of(sample: Sample) -> str:
    return f"{sample[2]}-{sample[0]}/{sample[1]}"


class Counted(Memory):
    """Bytes in memory that may not be asked for without end."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._left = READS

    def read(self, offset: int, length: int) -> bytes:
        assert offset >= 0
        self._left -= 1
        assert self._left > 0, f"more than {READS:,} reads"
        return super().read(offset, length)


@contextmanager
def few_calls() -> Iterator[None]:
    """Fail once more functions have been called than any small file is worth."""
    left = CALLS

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal left
        if event in {"call", "c_call"}:
            left -= 1
            assert left > 0, f"more than {CALLS:,} calls"

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)


def content_of(sample: Sample) -> bytes:
    return (CORPUS / sample[0] / sample[1]).read_bytes()


def described(sample: Sample, content: bytes) -> Description | None:
    """The description of damaged bytes, by the reader of what they were."""
    told = describe(sample[1].rpartition("/")[2], Counted(content), sample[2], ReadLimits())
    assert told is None or isinstance(told, Description)
    return told


def weighed(sample: Sample, content: bytes) -> None:
    """A description within its bounds."""
    tracemalloc.start()
    try:
        with few_calls():
            described(sample, content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= MEMORY, f"{peak:,} bytes of memory"


@pytest.mark.parametrize("sample", SMALLEST, ids=name_of)
def test_a_file_that_is_cut_at_any_byte_is_described_as_far_as_it_goes(sample: Sample) -> None:
    content = content_of(sample)
    for end in range(0, len(content), 1 + len(content) // EVERY_BYTE):
        described(sample, content[:end])


@pytest.mark.parametrize("sample", EVERY, ids=name_of)
def test_larger_files_are_cut_here_and_there(sample: Sample) -> None:
    content = content_of(sample)
    for end in range(0, len(content), 1 + len(content) // CUTS):
        described(sample, content[:end])


@pytest.mark.parametrize("sample", EVERY, ids=name_of)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_damage_is_told_and_raises_nothing(sample: Sample, data: st.DataObject) -> None:
    described(sample, data.draw(mutated(content_of(sample))))


#: Numbers that are larger than any file in the widths and orders in which formats write lengths, and what nests.
OVERWRITTEN: Final = {
    "ones": b"\xff" * 8,
    "zeros": bytes(8),
    "2^60, little-endian": struct.pack("<Q", 1 << 60),
    "2^60, big-endian": struct.pack(">Q", 1 << 60),
    "2^31 - 1, little-endian": struct.pack("<I", (1 << 31) - 1),
    "a negative number": struct.pack("<q", -16),
    "a varint of 2^63": b"\x80" * 9 + b"\x01",
}
INSERTED: Final = {
    "brackets": b"[" * 20_000,
    "braces": b'{"a":' * 10_000,
    "digits": b"9" * 20_000,
    "tuples": b"(" * 20_000,
    "tags": b"\x0a" * 20_000,
}


@pytest.mark.parametrize("sample", SMALLEST, ids=name_of)
@pytest.mark.parametrize("splice", OVERWRITTEN)
def test_lengths_that_lie_are_bounded(sample: Sample, splice: str) -> None:
    content = content_of(sample)
    written = OVERWRITTEN[splice]
    for start in range(0, len(content), 1 + len(content) // PLACES):
        weighed(sample, content[:start] + written + content[start + len(written) :])


@pytest.mark.parametrize("sample", SMALLEST, ids=name_of)
@pytest.mark.parametrize("splice", INSERTED)
def test_nesting_and_numbers_without_end_are_bounded(sample: Sample, splice: str) -> None:
    content = content_of(sample)
    for start in range(0, len(content) + 1, 1 + len(content) // INSERTIONS):
        weighed(sample, content[:start] + INSERTED[splice] + content[start:])


@pytest.mark.parametrize("format_", [name for name, known in FORMATS.items() if known.describe is not None])
@given(st.binary(max_size=300))
@settings(deadline=None)
def test_bytes_of_nothing_are_described_as_nothing(format_: str, content: bytes) -> None:
    described(("", "model", format_), content)


def test_every_format_that_is_described_has_files_of_its_library() -> None:
    assert {name for name, known in FORMATS.items() if known.describe is not None} == set(CHOSEN)
