"""Files of `torch.save` written by hand, for what the library itself would never write."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    encoded = value.to_bytes(9, "little", signed=True)
    return b"\x8a" + bytes([len(encoded)]) + encoded


def numbers(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(
    shape: Sequence[int],
    key: str = "0",
    *,
    strides: Sequence[int] | None = None,
    offset: int = 0,
    count: int | None = None,
) -> bytes:
    """The call that makes a tensor of floats of a storage with as many items as it needs, or with `count`."""
    steps = [math.prod(shape[position + 1 :]) for position in range(len(shape))] if strides is None else strides
    held = math.prod(shape) if count is None else count
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(held) + b"tQ"
    made_of = storage + number(offset) + numbers(shape) + numbers(steps) + b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + made_of + b"tR"


def entries(values: Mapping[str, bytes]) -> bytes:
    """A dict."""
    return b"}(" + b"".join(text(key) + value for key, value in values.items()) + b"u"


def saved(value: bytes, storages: Mapping[str, int]) -> bytes:
    """An archive around a value, with storages of so many bytes by their keys."""
    held = {f"archive/data/{key}": bytes(size) for key, size in storages.items()}
    return archive({"archive/data.pkl": b"\x80\x02" + value + b".", "archive/version": b"3\n", **held})


def archive(members: Mapping[str, bytes]) -> bytes:
    """An archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        for name, content in members.items():
            written.writestr(name, content)
    return stream.getvalue()
