"""What headers alone tell of a model: safetensors and GGUF of any size, arrays, and what is wrong with them."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest

from artifact_lint.formats.describing import describe
from artifact_lint.formats.sources import Memory
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from artifact_lint.model.description import Description


class _Sparse(Borrowed):
    """A header, and fifty gigabytes of which nobody reads any."""

    def __init__(self, head: bytes, size: int) -> None:
        self._head = head
        self._size = size
        self.taken = 0

    @property
    def size(self) -> int:
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        self.taken += length
        return self._head[offset : offset + length]


def _safetensors(header: dict[str, object]) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


def _described(name: str, format_: str, data: bytes) -> Description:
    found = describe(name, Memory(data), format_)
    assert found is not None
    return found


def test_no_more_than_the_header_is_read_of_fifty_gigabytes() -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    each = 50 * (1 << 30) // 2000
    for number in range(2000):
        place = [number * each, (number + 1) * each]
        header[f"model.layers.{number}.weight"] = {"dtype": "U8", "shape": [each], "data_offsets": place}
    head = _safetensors(header)
    source = _Sparse(head, len(head) + 2000 * each)
    found = describe("model.safetensors", source, "safetensors")
    assert found is not None
    assert found.has_all_tensors
    assert len(found.tensors) == 2000
    assert found.parameters == 2000 * each
    assert source.taken < 2 * len(head)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", Cause.TRUNCATED),
        (struct.pack("<Q", 1 << 60) + b"{}", Cause.BROKEN),
        (struct.pack("<Q", 90_000_000) + b"{}", Cause.TRUNCATED),
        (struct.pack("<Q", 2) + b"[]", Cause.BROKEN),
        (_safetensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}), Cause.BROKEN),
        (_safetensors({"a": {"dtype": "F32", "shape": [1 << 62], "data_offsets": [0, 4]}}), Cause.BROKEN),
        (_safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}), Cause.BROKEN),
    ],
)
def test_a_header_that_is_none_is_said_to_be_none(data: bytes, cause: Cause) -> None:
    found = _described("model.safetensors", "safetensors", data)
    assert [gap.cause for gap in found.incomplete] == [cause]
    assert not found.has_all_tensors


def _gguf(pairs: bytes, count: int, tensors: bytes = b"", tensor_count: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensor_count, count) + pairs + tensors


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def test_what_was_read_of_a_gguf_before_it_breaks_off_is_kept() -> None:
    pair = _text("general.architecture") + struct.pack("<I", 8) + _text("llama")
    tensor = _text("token_embd.weight") + struct.pack("<IQQIQ", 2, 8, 16, 0, 0)
    found = _described("m.gguf", "gguf", _gguf(pair, 1, tensor, 3))
    assert found.metadata["general.architecture"] == "llama"
    assert [(one.name, one.dtype, one.shape) for one in found.tensors] == [("token_embd.weight", "F32", (16, 8))]
    assert not found.has_all_tensors
    assert found.parameters is None
    assert [gap.cause for gap in found.incomplete] == [Cause.TRUNCATED]


@pytest.mark.parametrize(
    "data",
    [
        _gguf(b"", 1 << 60),
        _gguf(b"", 0, b"", 1 << 60),
        _gguf(_text("many") + struct.pack("<IIQ", 9, 8, 1 << 60), 1),
        _gguf(_text("deep") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 50, 1),
        _gguf(struct.pack("<Q", 1 << 62), 1),
        _gguf(b"", 0, _text("wide") + struct.pack("<I", 1 << 30), 1),
    ],
)
def test_a_gguf_that_promises_too_much_is_left_alone(data: bytes) -> None:
    found = _described("m.gguf", "gguf", data)
    assert found.incomplete
    assert not found.has_all_tensors


def test_a_member_of_an_archive_that_is_no_array_hides_no_other() -> None:
    import io
    import zipfile

    import numpy as np

    packed = io.BytesIO()
    np.savez(packed, kernel=np.zeros((2, 3), "float32"))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("broken.npy", b"\x93NUMPY")
    found = _described("layers.npz", "npz", packed.getvalue())
    assert [(one.name, one.shape) for one in found.tensors] == [("kernel", (2, 3))]
    assert [(gap.cause, gap.member) for gap in found.incomplete] == [(Cause.TRUNCATED, "broken.npy")]
