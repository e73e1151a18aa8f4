"""Streams of every codec, and several in a row: what they hold is read to the end, and what cannot be is told."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import joblib
import lz4.frame
import pytest
from weight_files import SYSTEM_CALL, imported, look
from zip_files import Archive, Member

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.sources import Memory, Unpacked
from artifact_lint.model import Cause

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lz4.frame.compress,
    "zstd": zstd.compress,
}
#: A frame of four bytes that Zstandard's readers pass over (RFC 8878, 3.1.2).
SKIPPED: Final = b"\x5f\x2a\x4d\x18" + struct.pack("<I", 4) + b"none"
#: A frame with a window of 256 MiB and of more than that: no single segment, an exponent of 18 over 2 ** 10.
WIDE: Final = b"\x28\xb5\x2f\xfd\x00" + bytes([18 << 3]) + bytes([0x01, 0x00, 0x00])


def unpacked(data: bytes, codec: str, limits: ReadLimits | None = None) -> bytes:
    return Unpacked(Memory(data), codec, limits or ReadLimits()).read(0, 1 << 30)


@pytest.mark.parametrize("codec", PACKERS)
@pytest.mark.parametrize("size", [1, 200, 4000, 5000])
def test_several_streams_are_one_wherever_the_steps_of_reading_end(codec: str, size: int) -> None:
    parts = [os.urandom(size) for _ in range(1500 if size == 1 else 20_000 // size)]
    assert unpacked(b"".join(map(PACKERS[codec], parts)), codec) == b"".join(parts)


@pytest.mark.parametrize("codec", PACKERS)
def test_what_comes_before_a_cut_is_read(codec: str) -> None:
    data = PACKERS[codec](b"first") + PACKERS[codec](os.urandom(500))[:-40]
    source = Unpacked(Memory(data), codec, ReadLimits())
    assert source.read(0, 5) == b"first"
    with pytest.raises(FormatError) as told:
        source.read(0, 1000)
    assert told.value.cause in {Cause.TRUNCATED, Cause.BROKEN}


@pytest.mark.parametrize("codec", ["gzip", "bz2", "xz", "zstd"])
def test_streams_that_hold_nothing_end_at_a_limit(codec: str) -> None:
    with pytest.raises(FormatError) as told:
        unpacked(PACKERS[codec](b"") * 11_000, codec)
    assert told.value.cause is Cause.LIMIT


@pytest.mark.parametrize("name", ["model.pkl.zst", "model.pkl", "model.joblib", "model.zst"])
@pytest.mark.parametrize("before", [b"", SKIPPED, zstd.compress(b"") + SKIPPED], ids=["plain", "skipped", "empty"])
def test_a_pickle_in_zstandard_is_read(name: str, before: bytes) -> None:
    inspection = look(before + zstd.compress(SYSTEM_CALL), name)
    assert imported(inspection) == {"posix:system"}
    assert not inspection.incomplete


def test_what_joblib_dumps_into_zstandard_is_read(tmp_path: Path) -> None:
    import numpy as np

    with zstd.open(tmp_path / "model.joblib.zst", "wb") as stream:
        joblib.dump({"weights": np.ones(1000)}, stream)
    inspection = look((tmp_path / "model.joblib.zst").read_bytes(), "model.joblib.zst")
    assert "joblib.numpy_pickle:NumpyArrayWrapper" in imported(inspection)
    assert not inspection.incomplete


@pytest.mark.parametrize("name", ["model.tar.zst", "model.tzst"])
def test_a_tar_in_zstandard_is_read(name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("model/model.pkl")
        info.size = len(SYSTEM_CALL)
        archive.addfile(info, io.BytesIO(SYSTEM_CALL))
    inspection = look(zstd.compress(stream.getvalue()), name)
    assert imported(inspection) == {"posix:system"}
    assert not inspection.incomplete


@pytest.mark.parametrize("method", [20, 93])
def test_a_member_of_a_zip_in_zstandard_is_read(method: int) -> None:
    content = Archive([Member("model.pkl", SYSTEM_CALL, method=method, packed=zstd.compress(SYSTEM_CALL))]).build()
    inspection = look(content, "model.zip")
    assert imported(inspection) == {"posix:system"}
    assert not inspection.incomplete


def test_a_window_that_takes_too_much_memory_is_refused() -> None:
    (gap,) = look(WIDE, "model.pkl.zst").incomplete
    assert (gap.cause, "memory" in gap.detail) == (Cause.LIMIT, True)


def test_a_bomb_in_zstandard_ends_at_the_limits() -> None:
    content = zstd.compress(pickle.dumps(bytes(50_000_000)))
    limits = ReadLimits(ratio=100, ratio_from=1 << 20)
    assert [gap.cause for gap in look(content, "a.pkl", limits).incomplete] == [Cause.LIMIT]
    assert [gap.cause for gap in look(content, "a.pkl", ReadLimits(unpacked=1 << 24)).incomplete] == [Cause.LIMIT]


@pytest.mark.parametrize("end", range(1, 60))
def test_a_cut_frame_is_told(end: int) -> None:
    content = zstd.compress(pickle.dumps({"a": list(range(500))}))
    inspection = look(content[:-end], "model.pkl.zst")
    assert inspection.format is None or inspection.incomplete


def _without_zstandard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("name", ["frame.pkl.zst", "model.pkl", "model.pt", "model.tar.zst"])
def test_a_file_in_zstandard_is_told_where_nothing_unpacks_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = zstd.compress(SYSTEM_CALL)
    _without_zstandard(monkeypatch)
    (gap,) = look(content, name).incomplete
    assert gap.cause is Cause.UNSUPPORTED
    assert "zstd" in gap.detail


def test_a_member_in_zstandard_is_told_where_nothing_unpacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    content = Archive([Member("model.pkl", SYSTEM_CALL, method=93, packed=zstd.compress(SYSTEM_CALL))]).build()
    _without_zstandard(monkeypatch)
    (gap,) = look(content, "model.zip").incomplete
    assert (gap.cause, gap.member) == (Cause.UNSUPPORTED, "model.pkl")


def test_other_files_in_zstandard_are_no_weights() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"b")
    for content in (b"a,b\n" * 99, stream.getvalue()):
        assert look(zstd.compress(content), "notes.csv.zst").format is None
