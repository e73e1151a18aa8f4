from __future__ import annotations

import ast
import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from weight_files import SYSTEM_CALL, imported, look, zipped

from artifact_lint.model import Cause, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable


def safetensors_file() -> bytes:
    tensors = {"weight": np.zeros((3, 4), np.float32), "bias": np.zeros(4, np.int64)}
    content: bytes = safetensors.numpy.save(tensors, {"framework": "pt"})
    return content


def npy_file(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz_file(*, compressed: bool = False, **arrays: np.ndarray[Any, Any]) -> bytes:
    members = {f"{name}.npy": npy_file(array) for name, array in arrays.items()}
    return zipped(members, compression=zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf_file() -> bytes:
    pairs = [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        text("llama.block_count") + struct.pack("<II", 4, 2),
        text("tokens") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("bc") + text(""),
        text("scores") + struct.pack("<IIQ", 9, 6, 2) + bytes(8),
        text("nested") + struct.pack("<IIQIQ", 9, 9, 1, 0, 3) + b"abc",
    ]
    tensors = [
        text("a") + struct.pack("<IQQIQ", 2, 64, 3, 2, 0),
        text("b") + struct.pack("<IQIQ", 1, 5, 0, 128),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs + tensors)
    return head + bytes(-len(head) % 32) + bytes(128 + 20)


def hdf5_file(version: int) -> bytes:
    size = 512
    addresses = struct.pack("<QQQQQQ", 0, 2**64 - 1, size, *[2**64 - 1] * 3)
    if version < 2:
        head = bytes([version, 0, 0, 0, 0, 8, 8, 0]) + bytes(8) + bytes(4 * version)
    else:
        head = bytes([version, 8, 8, 0])
    content = b"\x89HDF\r\n\x1a\n" + head + addresses
    return content + bytes(size - len(content))


def with_header(header: object, data: bytes = b"") -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + data


def test_safetensors_are_listed_exactly() -> None:
    content = safetensors_file()
    inspection = look(content, "m.safetensors")
    assert set(inspection.tensors) == {Tensor("weight", "F32", (3, 4)), Tensor("bias", "I64", (4,))}
    assert inspection.metadata["framework"] == "pt"
    assert inspection.extent == len(content)
    assert not inspection.pickled
    assert not inspection.incomplete


@pytest.mark.parametrize(
    "content",
    [
        with_header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(8)),
        with_header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        with_header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
        with_header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}, bytes(8)),
        with_header(
            {
                "a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
                "b": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]},
            },
            bytes(6),
        ),
        with_header({"a": 1}),
        with_header(b'{"a":1,"a":2}'),
        with_header(b'{"a": ' + b"[" * 100_000),
        with_header({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}, bytes(9)),
        with_header(b'{"\xff": 1}'),
    ],
)
def test_safetensors_that_break_the_format_are_told(content: bytes) -> None:
    inspection = look(content, "m.safetensors")
    assert inspection.format == "safetensors"
    assert {gap.cause for gap in inspection.incomplete} == {Cause.BROKEN}


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 4)])
@pytest.mark.parametrize("dtype", ["<f4", ">i8", "|b1", "<U7", "|S3", "<c16", "<M8[ns]"])
def test_an_array_promises_its_size(shape: tuple[int, ...], dtype: str) -> None:
    content = npy_file(np.zeros(shape, dtype))
    inspection = look(content, "a.npy")
    assert inspection.tensors == (Tensor("", dtype, shape),)
    assert inspection.extent == len(content)
    assert (inspection.pickled, inspection.incomplete) == (False, ())


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 4)])
@pytest.mark.parametrize(
    "dtype",
    [
        np.dtype([("a", "<i8"), ("b", "<f4", (2, 3)), ("c", "<i2", 3), (("title", "d"), "|u1")]),
        np.dtype([("a", "|i1"), ("b", "<f8"), ("c", "<M8[ns]")], align=True),
        np.dtype([("a", [("b", "<U3"), ("c", "|S5")], (2,))]),
        np.dtype({"names": ["a", "b"], "formats": ["<i4", "<i4"], "offsets": [2, 8], "itemsize": 16}),
        np.dtype([]),
        np.dtype("longdouble"),
        np.dtype("V7"),
    ],
    ids=["subarrays", "aligned", "nested", "with gaps", "empty", "long double", "void"],
)
def test_an_array_of_any_type_promises_its_size(dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    content = npy_file(np.zeros(shape, dtype))
    inspection = look(content, "a.npy")
    assert inspection.extent == len(content)
    assert (inspection.pickled, inspection.incomplete, inspection.hazards) == (False, (), ())


def npy_of_type(descr: str, items: bytes) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + items


@pytest.mark.parametrize(
    "descr",
    [
        *("'d'", "'e'", "'<d'", "'?'", "'h'", "'i'", "'q'", "'F'", "'D'", "'m'", "'M8[25s]'", "'c'", "'U2'", "'V0'"),
        *("('<f8', (2, 3))", "('<f8', 2)", "('<f8', ())", "[('a', '<i8')]", "[('a', 'd', 3), (('t', 'b'), 'e')]"),
        "[('a', [('b', '<i8')], (2,))]",
    ],
)
def test_what_stands_behind_an_array_is_read_whatever_its_type(descr: str) -> None:
    size = np.dtype(ast.literal_eval(descr)).itemsize
    objects = npy_file(np.array([None], dtype=object))
    header = objects[: objects.index(b"\n") + 1]
    for behind in (SYSTEM_CALL, header + SYSTEM_CALL):
        inspection = look(npy_of_type(descr, bytes(size) + behind), "a.npy")
        assert "posix:system" in imported(inspection)
        assert not inspection.incomplete


@pytest.mark.parametrize("descr", ["'l'", "'g'", "'d8'", "'p'", "'<b4'", "'<f0'", "'i3'"])
def test_a_length_that_depends_on_the_reader_is_told(descr: str) -> None:
    (gap,) = look(npy_of_type(descr, bytes(8) + SYSTEM_CALL), "a.npy").incomplete
    assert gap.cause is Cause.UNSUPPORTED


@pytest.mark.parametrize("descr", ["'T'", "'O8'", "('O', 2)", "[('a', ('O', (2,)), 2)]", "('<i8', ('O', 1))"])
def test_what_may_be_objects_is_read_as_a_pickle(descr: str) -> None:
    assert "posix:system" in imported(look(npy_of_type(descr, SYSTEM_CALL), "a.npy"))


@pytest.mark.parametrize(
    "array",
    [np.array([1, None], dtype=object), np.zeros(2, dtype=[("a", "f4"), ("b", [("c", "O")])])],
    ids=["objects", "objects in a field"],
)
def test_an_array_of_objects_is_a_pickle(array: np.ndarray[Any, Any]) -> None:
    inspection = look(npy_file(array), "a.npy")
    assert inspection.pickled
    assert "numpy._core.multiarray:_reconstruct" in imported(inspection)
    assert not inspection.incomplete


def test_a_field_called_like_the_object_type_is_none() -> None:
    assert not look(npy_file(np.zeros(2, dtype=[("O", "f4")])), "a.npy").pickled


def test_the_offset_of_an_import_counts_from_the_start_of_the_file() -> None:
    content = npy_file(np.array([1, None], dtype=object))
    start = content.index(b"\n") + 1
    content = content[:start] + SYSTEM_CALL
    (found,) = look(content, "a.npy").imports
    assert content[found.offset :].startswith(b"cposix")


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_of_arrays(compressed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    content = npz_file(compressed=compressed, a=np.zeros((2, 3)), b=np.array([None], dtype=object))
    inspection = look(content, "m.npz")
    assert inspection.format == "npz"
    assert Tensor("a", "<f8", (2, 3)) in inspection.tensors
    assert inspection.pickled
    assert {found.member for found in inspection.imports} == {"b.npy"}


def test_gguf_keys_tensors_and_extent() -> None:
    content = gguf_file()
    inspection = look(content, "m.gguf")
    assert not inspection.incomplete
    assert inspection.tensors == (Tensor("a", "Q4_0", (3, 64)), Tensor("b", "F32", (5,)))
    assert inspection.metadata["general.architecture"] == "llama"
    assert inspection.metadata["tokens"] == "3 items"
    assert inspection.extent == len(content)


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_hdf5_promises_its_size(version: int) -> None:
    inspection = look(hdf5_file(version), "m.h5")
    assert (inspection.format, inspection.extent, inspection.incomplete) == ("hdf5", 512, ())


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("m.safetensors", safetensors_file),
        ("m.npy", lambda: npy_file(np.arange(5))),
        ("m.npz", lambda: npz_file(a=np.arange(5), b=np.array([None], dtype=object))),
        ("m.npz", lambda: npz_file(compressed=True, a=np.arange(50))),
        ("m.gguf", gguf_file),
        ("m.h5", lambda: hdf5_file(0)),
    ],
)
def test_a_file_cut_anywhere_is_told_by_its_extent_or_as_incomplete(name: str, build: Callable[[], bytes]) -> None:
    content = build()
    for end in range(1, len(content)):
        inspection = look(content[:end], name)
        shorter = inspection.extent is not None and inspection.extent > end
        assert inspection.format is None or shorter or inspection.incomplete


@given(data=st.data(), index=st.integers(0, 4))
@settings(max_examples=400, deadline=None)
def test_mutated_files_raise_nothing(data: st.DataObject, index: int) -> None:
    name, content = (
        ("m.safetensors", safetensors_file()),
        ("m.npy", npy_file(np.arange(5))),
        ("m.npz", npz_file(compressed=True, a=np.arange(5), b=np.array([None], dtype=object))),
        ("m.gguf", gguf_file()),
        ("m.h5", hdf5_file(2)),
    )[index]
    mutated = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, min(len(mutated), 400) - 1))] = data.draw(st.integers(0, 255))
    look(bytes(mutated), name)
