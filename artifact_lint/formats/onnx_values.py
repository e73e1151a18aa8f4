"""The values of an ONNX graph: what goes in and out, and the tensors that it holds (onnx/onnx.proto, IR version 13).

Names of element types are those of numpy and of ml_dtypes for what goes in and out, and ONNX's own for tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.extents import items_of
from artifact_lint.formats.protobuf import signed
from artifact_lint.model import Cause
from artifact_lint.model.description import ExternalData, TensorSpec

if TYPE_CHECKING:
    from artifact_lint.formats.protobuf import Field, Messages

_LONGEST_NAME = 4096
_MOST_DIMENSIONS = 64


@dataclass(frozen=True, slots=True)
class ElementType:
    """An element type of `TensorProto.DataType`: ONNX's name, numpy's, the bits that one takes (None: it varies)."""

    name: str
    numpy: str
    bits: int | None


#: `TensorProto.DataType` of onnx/onnx.proto.
TYPES: dict[int, ElementType] = {
    1: ElementType("FLOAT", "float32", 32),
    2: ElementType("UINT8", "uint8", 8),
    3: ElementType("INT8", "int8", 8),
    4: ElementType("UINT16", "uint16", 16),
    5: ElementType("INT16", "int16", 16),
    6: ElementType("INT32", "int32", 32),
    7: ElementType("INT64", "int64", 64),
    8: ElementType("STRING", "string", None),
    9: ElementType("BOOL", "bool", 8),
    10: ElementType("FLOAT16", "float16", 16),
    11: ElementType("DOUBLE", "float64", 64),
    12: ElementType("UINT32", "uint32", 32),
    13: ElementType("UINT64", "uint64", 64),
    14: ElementType("COMPLEX64", "complex64", 64),
    15: ElementType("COMPLEX128", "complex128", 128),
    16: ElementType("BFLOAT16", "bfloat16", 16),
    17: ElementType("FLOAT8E4M3FN", "float8_e4m3fn", 8),
    18: ElementType("FLOAT8E4M3FNUZ", "float8_e4m3fnuz", 8),
    19: ElementType("FLOAT8E5M2", "float8_e5m2", 8),
    20: ElementType("FLOAT8E5M2FNUZ", "float8_e5m2fnuz", 8),
    21: ElementType("UINT4", "uint4", 4),
    22: ElementType("INT4", "int4", 4),
    23: ElementType("FLOAT4E2M1", "float4_e2m1fn", 4),
    24: ElementType("FLOAT8E8M0", "float8_e8m0fnu", 8),
    25: ElementType("UINT2", "uint2", 2),
    26: ElementType("INT2", "int2", 2),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A tensor of the model: `type_` numbers its element type, `external` is where its bytes lie, if not here."""

    name: str
    type_: int
    shape: tuple[int, ...]
    external: ExternalData | None = None

    @property
    def items(self) -> int:
        """The number of elements."""
        count = 1
        for dimension in self.shape:
            count *= dimension
        return count

    @property
    def size(self) -> int | None:
        """The number of bytes that so many elements take; None where that varies or is not known."""
        known = TYPES.get(self.type_)
        return None if known is None or known.bits is None else -(-self.items * known.bits // 8)


def value_info(messages: Messages, field: Field) -> TensorSpec:
    """A `ValueInfoProto`: name, element type and shape. What is no tensor (a sequence, a map) has neither of these.

    Raises:
        FormatError: It is broken.
    """
    name, dtype = "", None
    shape: tuple[int | str | None, ...] | None = None
    for found in messages.inside(field):
        if found.number == 1:
            name = messages.text(found, _LONGEST_NAME)
        elif found.number == 2 and found.value is None:
            for kind in messages.inside(found):
                if kind.number in {1, 8} and kind.value is None:  # a tensor, a sparse one
                    dtype, shape = _tensor_type(messages, kind)
    return TensorSpec(name, dtype, shape)


def _tensor_type(messages: Messages, field: Field) -> tuple[str | None, tuple[int | str | None, ...] | None]:
    dtype = None
    shape: tuple[int | str | None, ...] | None = None
    for found in messages.inside(field):
        if found.number == 1 and found.value is not None:
            known = TYPES.get(found.value)
            dtype = known.numpy if known else None
        elif found.number == 2 and found.value is None:
            shape = tuple(_dimension(messages, one) for one in messages.inside(found) if one.number == 1)
    return dtype, shape


def _dimension(messages: Messages, field: Field) -> int | str | None:
    """A dimension: its size, its name, or None; exporters write -1, too, for what is free."""
    size: int | str | None = None
    for found in messages.inside(field):
        if found.number == 1 and found.value is not None:
            number = signed(found.value)
            size = number if number >= 0 else None
        elif found.number == 2 and found.value is None:
            size = messages.text(found, _LONGEST_NAME) or None
    return size


def tensor(messages: Messages, field: Field) -> Held:
    """A `TensorProto` without its values.

    Raises:
        FormatError: It is broken.
    """
    name, type_, is_external = "", 0, False
    shape: list[int] = []
    where: dict[str, str] = {}
    for found in messages.inside(field):
        match found.number:
            case 1:
                shape += messages.numbers(found, _MOST_DIMENSIONS - len(shape))
            case 2 if found.value is not None:
                type_ = found.value
            case 8 if found.value is None:
                name = messages.text(found, _LONGEST_NAME)
            case 13 if found.value is None:
                key, value = entry(messages, found)
                where[key] = value
            case 14:
                is_external = found.value == 1
            case _:
                pass
    if any(dimension < 0 for dimension in shape):
        raise FormatError(Cause.BROKEN, f"the tensor {name!r} has a negative dimension", field.start)
    items_of(shape, field.start)
    held = Held(name, type_, tuple(shape))
    return Held(name, type_, tuple(shape), _external(held, where, field.start)) if is_external else held


def entry(messages: Messages, field: Field) -> tuple[str, str]:
    """A `StringStringEntryProto`.

    Raises:
        FormatError: It is broken.
    """
    key, value = "", ""
    for found in messages.inside(field):
        if found.number == 1:
            key = messages.text(found, _LONGEST_NAME)
        elif found.number == 2:
            value = messages.text(found, 1 << 16)
    return key, value


def _external(held: Held, where: dict[str, str], start: int) -> ExternalData:
    """Where the bytes of a tensor are (onnx/docs/ExternalData.md): without a length, as many as its shape asks for."""
    offset = _number(where.get("offset", "0"), held.name, start)
    stated = where.get("length")
    length = (held.size or 0) if stated is None else _number(stated, held.name, start)
    return ExternalData(where.get("location", ""), held.name, offset, length)


def _number(text_: str, name: str, start: int) -> int:
    if len(text_) > 20 or not (text_.isascii() and text_.isdigit()):
        raise FormatError(
            Cause.BROKEN, f"the external data of {name!r} are at {text_[:40]!r}, which is no offset", start
        )
    return int(text_)
