"""The fields of a protobuf message, without its schema (Protocol Buffers, "Encoding")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

_FIXED = {1: 8, 5: 4}
_DELIMITED = 2


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its number, its value where it is a number, and where its bytes lie."""

    number: int
    value: int | None
    start: int
    length: int


def fields(source: Source, start: int, stop: int, most: int) -> Iterator[Field]:
    """The fields between two offsets, up to `most` of them.

    Raises:
        FormatError: The bytes are no message (any more), or a field reaches beyond the end.
        StoreError: The bytes cannot be read.
    """
    position = start
    for _ in range(most):
        if position >= stop:
            return
        window = source.read(position, min(32, stop - position))
        key, at = _varint(window, 0, position)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise FormatError(Cause.BROKEN, "a protobuf field has the number 0", position)
        value: int | None = None
        length = 0
        if wire == 0:
            value, at = _varint(window, at, position)
        elif wire == _DELIMITED:
            length, at = _varint(window, at, position)
        elif wire in _FIXED:
            length = _FIXED[wire]
        else:
            raise FormatError(Cause.BROKEN, f"a protobuf field has the wire type {wire}", position)
        if position + at + length > stop:
            raise FormatError(Cause.TRUNCATED, f"a protobuf field promises {length:,} bytes", position)
        yield Field(number, value, position + at, length)
        position += at + length


def _varint(data: bytes, at: int, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(10):
        if at >= len(data):
            raise FormatError(Cause.TRUNCATED, "a protobuf number is cut", position)
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at
    raise FormatError(Cause.BROKEN, "a protobuf number is too long", position)
