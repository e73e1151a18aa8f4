"""Files that one loader takes for one thing and another for another."""

from __future__ import annotations

import io
import json
import pickle
import struct
from typing import TYPE_CHECKING

import pytest
from weight_files import SYSTEM_CALL, imported, look, torch_zip, zipped

from artifact_lint.model import HazardKind

if TYPE_CHECKING:
    from artifact_lint.model import Inspection

_SUPERBLOCK = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + bytes(200)


def safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def gguf_that_is_a_pickle() -> bytes:
    """The magic is an opcode with eight bytes of argument, and the count of tensors goes on as a pickle."""
    return b"GGUF" + struct.pack("<I", 3) + b"\0" + SYSTEM_CALL + bytes(40)


def readings(inspection: Inspection) -> list[str]:
    return [hazard.evidence for hazard in inspection.hazards if hazard.kind is HazardKind.POLYGLOT]


@pytest.mark.parametrize(
    ("name", "content", "first", "second"),
    [
        ("m.pt", SYSTEM_CALL + torch_zip(), "pickle", "PyTorch zip"),
        ("m.npz", pickle.dumps(1) + zipped({"a.npy": SYSTEM_CALL}), "pickle", "NumPy archive"),
        ("m.skops", pickle.dumps(1) + zipped({"schema.json": b"{}", "a": SYSTEM_CALL}), "pickle", "skops"),
        ("m.safetensors", safetensors() + torch_zip(SYSTEM_CALL), "safetensors", "PyTorch zip"),
        ("m.h5", SYSTEM_CALL.ljust(512, b"\0") + _SUPERBLOCK, "pickle", "HDF5"),
        ("m.pt", SYSTEM_CALL.ljust(2048, b"\0") + _SUPERBLOCK, "pickle", "HDF5"),
        ("m.gguf", gguf_that_is_a_pickle(), "pickle", "GGUF"),
    ],
)
def test_both_readings_are_told_and_read(name: str, content: bytes, first: str, second: str) -> None:
    inspection = look(content, name)
    assert f"the same bytes are {first} to one loader and {second} to another" in readings(inspection)
    assert "posix:system" in imported(inspection)


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_pickle_may_hold_an_archive(protocol: int, kind: type[bytes | bytearray]) -> None:
    inspection = look(pickle.dumps({"weights": kind(torch_zip())}, protocol), "m.pkl")
    assert readings(inspection) == []


def test_an_archive_in_a_pickle_is_looked_into() -> None:
    assert imported(look(pickle.dumps({"weights": torch_zip(SYSTEM_CALL)}), "m.pkl")) == {"posix:system"}


def test_a_tensorflow_lite_model_may_carry_its_labels_as_an_archive() -> None:
    inspection = look(b"\x1c\0\0\0TFL3" + bytes(40) + zipped({"labels.txt": b"cat\n"}), "m.tflite")
    assert inspection.format == "tflite"
    assert readings(inspection) == []


def test_object_arrays_in_an_archive_are_no_pickle_in_front_of_it() -> None:
    numpy = pytest.importorskip("numpy")
    buffer = io.BytesIO()
    numpy.savez(buffer, words=numpy.array(["a", None], dtype=object), numbers=numpy.zeros(3))
    inspection = look(buffer.getvalue(), "m.npz")
    assert inspection.format == "npz"
    assert readings(inspection) == []


def test_an_archive_behind_something_unknown_is_read() -> None:
    inspection = look(b"JUNK" * 4 + torch_zip(SYSTEM_CALL), "m.pt")
    assert (inspection.format, imported(inspection)) == ("torch-zip", {"posix:system"})
    assert readings(inspection)


@pytest.mark.parametrize("content", [safetensors(), torch_zip(), SYSTEM_CALL, _SUPERBLOCK, pickle.dumps([1, 2])])
def test_ordinary_files_have_one_reading(content: bytes) -> None:
    assert readings(look(content, "model.pt")) == []
