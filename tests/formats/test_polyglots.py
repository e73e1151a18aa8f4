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


#: CatBoost's magic number begins a constant of 66 bytes; its models go on with a size and a FlatBuffer.
_CATBOOST = b"CBM1" + struct.pack("<I", 3000) + bytes(range(1, 60)) + b"]K\x01aK\x02as" + bytes(3000)


@pytest.mark.parametrize("name", ["model.bin", "model.pkl", "model.joblib", "model.pt", "model.cbm", "model"])
def test_a_magic_number_that_is_made_of_opcodes_is_no_pickle(name: str) -> None:
    inspection = look(_CATBOOST, name)
    assert (inspection.format, inspection.hazards, inspection.incomplete) == ("catboost", (), ())


def test_nor_within_an_archive() -> None:
    inspection = look(zipped({"schema.json": b"{}", "1/model.bin": _CATBOOST}), "m.skops")
    assert (inspection.hazards, inspection.incomplete) == ((), ())


def test_headers_whose_length_is_an_opcode_are_no_pickles() -> None:
    for length in range(300):
        header = json.dumps({"__metadata__": {"note": "x" * length}}).encode()
        assert look(struct.pack("<Q", len(header)) + header, "model.bin").format == "safetensors"


def test_a_magic_number_before_a_payload_is_one() -> None:
    inspection = look(b"CBM1".ljust(68, b"x") + SYSTEM_CALL, "model.bin")
    assert "the same bytes are pickle to one loader and CatBoost binary to another" in readings(inspection)
    assert "posix:system" in imported(inspection)


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_pickle_may_hold_an_archive(protocol: int, kind: type[bytes | bytearray]) -> None:
    inspection = look(pickle.dumps({"weights": kind(torch_zip())}, protocol), "m.pkl")
    assert readings(inspection) == []


@pytest.mark.parametrize("behind", [0, 10, 20_000])
def test_what_stands_behind_such_an_archive_is_the_pickles_own(behind: int) -> None:
    content = pickle.dumps({"archive": zipped({"config.json": b"{}"}), "behind": list(range(behind))}, 4)
    inspection = look(content, "m.pkl")
    assert (inspection.hazards, inspection.incomplete) == ((), ())


def test_what_such_an_archive_holds_is_read() -> None:
    inspection = look(pickle.dumps([torch_zip(SYSTEM_CALL), 1], 4), "m.pkl")
    assert "posix:system" in imported(inspection)


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
