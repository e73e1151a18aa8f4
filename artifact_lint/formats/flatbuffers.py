"""Tables of FlatBuffers, read without their schema's code ("FlatBuffers Internals", flatbuffers.dev).

Every offset is checked against the bytes there are before it is followed, and every length before it is used.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

_U8: Final = struct.Struct("<B")
_U16: Final = struct.Struct("<H")
_U32: Final = struct.Struct("<I")
_I32: Final = struct.Struct("<i")
#: Tables lie in any order, so that small blocks are read and the last ones kept; how many are read in all is bounded.
_BLOCK: Final = 1 << 12
_KEPT_BLOCKS: Final = 1 << 11
_MOST_BLOCKS: Final = 1 << 17
_MOST_LETTERS: Final = 1 << 24
#: How many fields of a table are known by their places, and how many tables of places are kept.
_MOST_FIELDS: Final = 64
_KEPT_PLACES: Final = 1 << 10


class _Blocks(Borrowed):
    """A source that is read in blocks, of which the last ones stay in memory."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._blocks: dict[int, bytes] = {}
        self._places: dict[int, tuple[int, ...]] = {}
        self._left = _MOST_BLOCKS
        self._letters = _MOST_LETTERS

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._source.size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`.

        Raises:
            FormatError: So many different places were read that this is no model of any use.
        """
        number, at = divmod(offset, _BLOCK)
        if at + length > _BLOCK:
            self._spend(1 + length // _BLOCK)
            return self._source.read(offset, length)
        block = self._blocks.get(number)
        if block is None:
            self._spend(1)
            if len(self._blocks) >= _KEPT_BLOCKS:
                self._blocks.clear()
            block = self._blocks[number] = self._source.read(number * _BLOCK, _BLOCK)
        return block[at : at + length]

    def number(self, place: int, layout: struct.Struct) -> int:
        """The number at a place.

        Raises:
            FormatError: The place is beyond the end.
        """
        index, at = divmod(place, _BLOCK)
        block = self._blocks.get(index, b"")
        if at + layout.size > len(block):
            block, at = _bytes(self, place, layout.size), 0
        (number,) = layout.unpack_from(block, at)
        return int(number)

    def fields(self, start: int) -> tuple[int, ...]:
        """The places of the fields of tables of one shape, which many tables share, from the tables' beginnings.

        Raises:
            FormatError: There are none.
        """
        places = self._places.get(start)
        if places is None:
            size = self.number(start, _U16)
            if size < 4:
                raise FormatError(Cause.BROKEN, "a FlatBuffers table has no fields' table", max(0, start))
            count = min((size - 4) // 2, _MOST_FIELDS)
            places = struct.unpack(f"<{count}H", _bytes(self, start + 4, 2 * count))
            if len(self._places) >= _KEPT_PLACES:
                self._places.clear()
            self._places[start] = places
        return places

    def spend_letters(self, count: int) -> None:
        """Count the bytes of a text: many offsets may lead to the same one.

        Raises:
            FormatError: All texts together are longer than what is read.
        """
        self._letters -= count
        if self._letters < 0:
            raise FormatError(Cause.LIMIT, f"names and texts of more than {_MOST_LETTERS:,} bytes in all")

    def _spend(self, blocks: int) -> None:
        self._left -= blocks
        if self._left < 0:
            raise FormatError(Cause.LIMIT, "the FlatBuffer lies in more places than are looked at")


class Table:
    """A table: its fields by their number in the schema. Absent ones are None, or empty."""

    __slots__ = ("_fields", "_position", "_source")

    def __init__(self, source: _Blocks, position: int) -> None:
        self._source = source
        self._position = position
        self._fields = source.fields(position - source.number(position, _I32))

    def _place(self, field: int) -> int | None:
        offset = self._fields[field] if field < len(self._fields) else 0
        return self._position + offset if offset else None

    def integer(self, field: int) -> int | None:
        """A field of 32 bits, signed."""
        place = self._place(field)
        return None if place is None else self._source.number(place, _I32)

    def byte(self, field: int) -> int | None:
        """A field of 8 bits, unsigned."""
        place = self._place(field)
        return None if place is None else self._source.number(place, _U8)

    def integers(self, field: int, most: int) -> tuple[int, ...] | None:
        """A vector of 32-bit signed integers.

        Raises:
            FormatError: It has more than `most` of them, or reaches beyond the end.
        """
        place = self._place(field)
        if place is None:
            return None
        start = _follow(self._source, place)
        count = self._source.number(start, _U32)
        if count > most:
            raise FormatError(Cause.LIMIT, f"a FlatBuffers vector of more than {most:,} numbers", start)
        return struct.unpack(f"<{count}i", _bytes(self._source, start + 4, 4 * count))

    def text(self, field: int, longest: int) -> str | None:
        """A string.

        Raises:
            FormatError: It is longer than `longest` bytes, or reaches beyond the end.
        """
        place = self._place(field)
        return None if place is None else _text(self._source, _follow(self._source, place), longest)

    def table(self, field: int) -> Table | None:
        """A table that is a field."""
        place = self._place(field)
        return None if place is None else Table(self._source, _follow(self._source, place))

    def count(self, field: int) -> int:
        """How many items a vector states, unchecked."""
        place = self._place(field)
        return 0 if place is None else self._source.number(_follow(self._source, place), _U32)

    def tables(self, field: int) -> Iterator[Table]:
        """The tables of a vector.

        Raises:
            FormatError: They are more than there are bytes for.
        """
        place = self._place(field)
        if place is None:
            return
        start = _follow(self._source, place)
        count = self._source.number(start, _U32)
        if count * 4 > self._source.size - start - 4:
            raise FormatError(Cause.TRUNCATED, f"a FlatBuffers vector promises {count:,} tables", start)
        for item in range(count):
            yield Table(self._source, _follow(self._source, start + 4 + 4 * item))


def root(source: Source) -> Table:
    """The outermost table.

    Raises:
        FormatError: The bytes are no FlatBuffer.
        StoreError: The bytes cannot be read.
    """
    blocks = _Blocks(source)
    return Table(blocks, _follow(blocks, 0))


def _follow(source: _Blocks, place: int) -> int:
    return place + source.number(place, _U32)


def _text(source: _Blocks, place: int, longest: int) -> str:
    length = source.number(place, _U32)
    if length > source.size - place - 4:
        raise FormatError(Cause.TRUNCATED, f"a FlatBuffers string promises {length:,} bytes", place)
    if length > longest:
        raise FormatError(Cause.LIMIT, f"a FlatBuffers string of more than {longest:,} bytes", place)
    source.spend_letters(length)
    return _bytes(source, place + 4, length).decode("utf-8", "backslashreplace")


def _bytes(source: Source, place: int, length: int) -> bytes:
    data = source.read(place, length) if place >= 0 else b""
    if len(data) != length:
        raise FormatError(Cause.TRUNCATED, "a FlatBuffers offset leads beyond the end", max(0, place))
    return data
