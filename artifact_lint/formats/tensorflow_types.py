"""TensorFlow's element types and shapes (tensorflow/core/framework/types.proto and tensor_shape.proto)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.extents import items_of as count_items
from artifact_lint.formats.protobuf import signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.protobuf import Field, Messages

#: `DataType`: TensorFlow's name, numpy's or ml_dtypes's, and the bits of one element.
TYPES: Final[Mapping[int, tuple[str, str, int | None]]] = {
    1: ("DT_FLOAT", "float32", 32),
    2: ("DT_DOUBLE", "float64", 64),
    3: ("DT_INT32", "int32", 32),
    4: ("DT_UINT8", "uint8", 8),
    5: ("DT_INT16", "int16", 16),
    6: ("DT_INT8", "int8", 8),
    7: ("DT_STRING", "string", None),
    8: ("DT_COMPLEX64", "complex64", 64),
    9: ("DT_INT64", "int64", 64),
    10: ("DT_BOOL", "bool", 8),
    11: ("DT_QINT8", "qint8", 8),
    12: ("DT_QUINT8", "quint8", 8),
    13: ("DT_QINT32", "qint32", 32),
    14: ("DT_BFLOAT16", "bfloat16", 16),
    15: ("DT_QINT16", "qint16", 16),
    16: ("DT_QUINT16", "quint16", 16),
    17: ("DT_UINT16", "uint16", 16),
    18: ("DT_COMPLEX128", "complex128", 128),
    19: ("DT_HALF", "float16", 16),
    20: ("DT_RESOURCE", "resource", None),
    21: ("DT_VARIANT", "variant", None),
    22: ("DT_UINT32", "uint32", 32),
    23: ("DT_UINT64", "uint64", 64),
    24: ("DT_FLOAT8_E5M2", "float8_e5m2", 8),
    25: ("DT_FLOAT8_E4M3FN", "float8_e4m3fn", 8),
    29: ("DT_INT4", "int4", 4),
    30: ("DT_UINT4", "uint4", 4),
}
_MOST_RANK: Final = 255

Shape = tuple[int | str | None, ...]


def numpy_name(number: int | None) -> str | None:
    """Numpy's name of an element type; None where the number is not known."""
    known = TYPES.get(number or 0)
    return known[1] if known else None


def shape_of(messages: Messages, field: Field) -> Shape | None:
    """A `TensorShapeProto`: a size of -1 is free; None where the rank is unknown.

    Raises:
        FormatError: It is broken.
    """
    shape = list[int | str | None]()
    for found in messages.inside(field):
        if found.number == 3 and found.value:
            return None
        if found.number == 2 and found.value is None and len(shape) < _MOST_RANK:
            size = 0
            for part in messages.inside(found):
                if part.number == 1 and part.value is not None:
                    size = signed(part.value)
            shape.append(size if size >= 0 else None)
    count_items([size for size in shape if isinstance(size, int)], field.start)
    return tuple(shape)


def items_of(shape: Shape | None) -> int | None:
    """The number of elements; None where a dimension is free."""
    if shape is None:
        return None
    count = 1
    for dimension in shape:
        if not isinstance(dimension, int):
            return None
        count *= dimension
    return count
