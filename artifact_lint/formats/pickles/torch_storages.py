"""The storages that follow the pickles of torch's legacy files: how many bytes they take.

After `_legacy_save` in torch/serialization.py (PyTorch 2.9): each storage is its number of items, in eight bytes, and
the items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNT: Final = 8
#: Bytes of an item by the storage's class; an untyped storage counts bytes.
_ITEM_SIZES: Final = {
    "DoubleStorage": 8,
    "FloatStorage": 4,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "LongStorage": 8,
    "IntStorage": 4,
    "ShortStorage": 2,
    "CharStorage": 1,
    "ByteStorage": 1,
    "BoolStorage": 1,
    "ComplexDoubleStorage": 16,
    "ComplexFloatStorage": 8,
    "QUInt8Storage": 1,
    "QInt8Storage": 1,
    "QInt32Storage": 4,
    "UntypedStorage": 1,
}


def stored_bytes(storages: Mapping[str, tuple[str, int]]) -> int | None:
    """How many bytes storages take, given the class and the number of items of each; None where that is not known."""
    total = 0
    for name, count in storages.values():
        size = _ITEM_SIZES.get(name)
        if size is None or count < 0:
            return None
        total += _COUNT + size * count
    return total
