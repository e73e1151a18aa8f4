"""The fields of a protobuf message, without its schema (Protocol Buffers, "Encoding")."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.stores.base import Source

_FIXED = {1: 8, 5: 4}
_DELIMITED = 2
_STEP = 1 << 16
_WINDOW = 1 << 11
#: How deep messages nest that protobuf itself reads (google/protobuf/io/coded_stream.h).
_DEEPEST = 100
#: What is kept of one model in all: bytes of names and texts, and numbers in lists.
_MOST_LETTERS = 1 << 24
_MOST_NUMBERS = 1 << 20


class Field(NamedTuple):
    """One field: its number, its value where it is a number, and where its bytes lie."""

    number: int
    value: int | None
    start: int
    length: int


class Buffered(Borrowed):
    """A source that is read in larger steps than it is asked for, for readers that go forward."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = 0
        self._block = b""

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._source.size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        at = offset - self._start
        if at < 0 or at + length > len(self._block):
            if length > _STEP:
                return self._source.read(offset, length)
            self._start, at = offset, 0
            self._block = self._source.read(offset, _STEP)
        return self._block[at : at + length]


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
        field, position = _field(source, position, stop)
        yield field


def _field(source: Source, position: int, stop: int) -> tuple[Field, int]:
    window = source.read(position, min(32, stop - position))
    key, at = (window[0], 1) if window and window[0] < 0x80 else _varint(window, 0, position)
    number, wire = key >> 3, key & 7
    if number == 0:
        raise FormatError(Cause.BROKEN, "a protobuf field has the number 0", position)
    value: int | None = None
    length = 0
    if wire == 0:
        value, at = _varint(window, at, position)
    elif wire == _DELIMITED:
        if at < len(window) and window[at] < 0x80:
            length, at = window[at], at + 1
        else:
            length, at = _varint(window, at, position)
    elif wire in _FIXED:
        length = _FIXED[wire]
    else:
        raise FormatError(Cause.BROKEN, f"a protobuf field has the wire type {wire}", position)
    if position + at + length > stop:
        raise FormatError(Cause.TRUNCATED, f"a protobuf field promises {length:,} bytes", position)
    return Field(number, value, position + at, length), position + at + length


class _Fields:
    """Fields at any offset, read forward; most have a key and a length, or a value, of one byte each."""

    __slots__ = ("_source", "_start", "_window")

    def __init__(self, source: Buffered) -> None:
        self._source = source
        self._start = 0
        self._window = b""

    def at(self, position: int, stop: int) -> tuple[Field, int]:
        """The field at an offset, and where the next one is.

        Raises:
            FormatError: It is broken, or reaches beyond `stop`.
        """
        at = position - self._start
        if at < 0 or at + 2 > len(self._window):
            self._window, self._start, at = self._source.read(position, _WINDOW), position, 0
        window = self._window
        if at + 2 <= len(window):
            key, second = window[at], window[at + 1]
            if 8 <= key < 0x80 and second < 0x80:
                start, wire = position + 2, key & 7
                if wire == _DELIMITED and start + second <= stop:
                    return Field(key >> 3, None, start, second), start + second
                if wire == 0 and start <= stop:
                    return Field(key >> 3, second, start, 0), start
        return _field(self._source, position, stop)


class Step(NamedTuple):
    """A field met on a walk: the kind of message it stands in, and which message of the walk that is.

    The root has the number 0; a message is walked after the field that holds it was met.
    """

    kind: str
    message: int
    field: Field


def walk(source: Source, root: str, schema: Mapping[str, Mapping[int, str]], most: int) -> Iterator[Step]:
    """Every field of a message and of the messages within it that the schema names, in the order of the bytes.

    Raises:
        FormatError: The bytes are no such message, nest too deep, or have more than `most` fields.
        StoreError: The bytes cannot be read.
    """
    decode = _Fields(Buffered(source)).at
    pending = [(root, 0, 0, source.size)]
    count, messages = 0, 0
    while pending:
        kind, message, position, stop = pending.pop()
        inner = schema[kind]
        while position < stop:
            count += 1
            if count > most:
                raise FormatError(Cause.LIMIT, f"more than {most:,} fields", position)
            field, position = decode(position, stop)
            yield Step(kind, message, field)
            child = inner.get(field.number)
            if child is not None and field.value is None and field.length:
                if len(pending) >= _DEEPEST:
                    raise FormatError(Cause.LIMIT, f"messages nest deeper than {_DEEPEST}", field.start)
                messages += 1
                pending.append((kind, message, position, stop))
                pending.append((child, messages, field.start, field.start + field.length))
                break


class Messages:
    """A source of messages, of which no more than so many fields are read in all, and no more text than fits."""

    def __init__(self, source: Source, most: int) -> None:
        self._letters = _MOST_LETTERS
        self._numbers = _MOST_NUMBERS
        self.source = Buffered(source)
        self._fields = _Fields(self.source)
        self._most = most
        self._left = most

    def all(self) -> Iterator[Field]:
        """The fields of the outermost message.

        Raises:
            FormatError: The bytes are none, or too many fields were read.
            StoreError: The bytes cannot be read.
        """
        return self._between(0, self.source.size)

    def inside(self, field: Field) -> Iterator[Field]:
        """The fields of the message in a field; none where it is a number. Raises as `all` does."""
        return self._between(field.start, field.start + field.length)

    def _between(self, position: int, stop: int) -> Iterator[Field]:
        decode = self._fields.at
        while position < stop:
            self._left -= 1
            if self._left < 0:
                raise FormatError(Cause.LIMIT, f"more than {self._most:,} fields", position)
            field, position = decode(position, stop)
            yield field

    def text(self, field: Field, longest: int = 512) -> str:
        """The text of a field, cut after so many bytes.

        Raises:
            FormatError: All texts together are longer than what is read.
        """
        self._letters -= min(field.length, longest)
        if self._letters < 0:
            raise FormatError(Cause.LIMIT, f"names and texts of more than {_MOST_LETTERS:,} bytes in all", field.start)
        return text(self.source, field, longest)

    def numbers(self, field: Field, most: int) -> list[int]:
        """The signed numbers of a repeated field.

        Raises:
            FormatError: There are more than `most`, one is cut, or all of the model's are more than what is read.
        """
        found = packed_numbers(self.source, field, most)
        self._numbers -= len(found)
        if self._numbers < 0:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_NUMBERS:,} numbers", field.start)
        return found

    def find(self, field: Field, longest: int) -> bytes:
        """The first bytes of a field, in which words can be looked for."""
        return self.source.read(field.start, min(field.length, longest))


def text(source: Source, field: Field, longest: int = 512) -> str:
    """The text of a field, cut after so many bytes."""
    return source.read(field.start, min(field.length, longest)).decode("utf-8", "backslashreplace")


def signed(value: int) -> int:
    """The number that an `int32` or `int64` field holds, as which negative ones take ten bytes."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def packed_numbers(source: Source, field: Field, most: int) -> list[int]:
    """The signed numbers of a repeated field, of which writers give each its own field or pack all into one.

    Raises:
        FormatError: There are more than `most`, or one is cut.
        StoreError: The bytes cannot be read.
    """
    if field.value is not None:
        if most < 1:
            raise FormatError(Cause.LIMIT, "too many numbers in a protobuf field", field.start)
        return [signed(field.value)]
    if field.length > 10 * most:
        raise FormatError(Cause.LIMIT, f"more than {most:,} numbers in a protobuf field", field.start)
    data, numbers, at = source.read(field.start, field.length), list[int](), 0
    while at < len(data):
        number, at = _varint(data, at, field.start)
        numbers.append(signed(number))
    if len(numbers) > most:
        raise FormatError(Cause.LIMIT, f"more than {most:,} numbers in a protobuf field", field.start)
    return numbers


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
