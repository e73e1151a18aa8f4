"""UBJSON of any size, walked forward as `json_walk` walks JSON (ubjson.org, Draft 12, as XGBoost writes it).

A container may state its length (`#`) and the one type of its values (`$`), which then have no marker of their own.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT
from artifact_lint.formats.pickles.window import Window
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

#: The longest string that is kept, in bytes, and how deep containers may nest.
_LONGEST_STRING = 1 << 20
_DEEPEST = 100
#: How many members are kept of an object of few.
_MOST_SCALARS = 1000
_INTEGERS: Final = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}
_NUMBERS: Final = {**_INTEGERS, b"d": ">f", b"D": ">d"}
_CONSTANTS: Final = {b"Z": None, b"T": True, b"F": False}
_WIDTHS: Final = {marker: struct.calcsize(layout) for marker, layout in _NUMBERS.items()} | {
    **dict.fromkeys(_CONSTANTS, 0),
    b"C": 1,
}


class UbjsonWalk:
    """Walks from one value to the next; as `JsonWalk`. Arrays of one type of number count as one value."""

    def __init__(self, source: Source, start: int, most_values: int) -> None:
        self._window = Window(source)
        self._window.seek(start)
        self._values_left = most_values
        self._given: bytes | None = None

    def members(self, *, opened: bool = False) -> Iterator[str]:
        """The keys of the object that comes next; as `JsonWalk.members`.

        Raises:
            FormatError: There is no object, it is broken or cut, or a limit is reached.
        """
        kind, count = None, None
        if not opened:
            if self._marker() != b"{":
                raise self._broken()
            kind, count = self._opening()
        yield from self._keys(kind, count)

    def remaining_members(self) -> Iterator[str]:
        """The keys after the value at which the walk stands, up to the end of its object, which states no length."""
        return self._keys(None, None)

    def elements(self) -> Iterator[None]:
        """A turn for each element of the array that comes next; as `JsonWalk.elements`."""
        if self._marker() != b"[":
            raise self._broken()
        kind, count = self._opening()
        for _ in self._turns(count, b"]"):
            self._given = kind
            yield

    def is_array(self) -> bool:
        """Whether the next value is an array."""
        return self._next() == b"["

    def is_object(self) -> bool:
        """Whether the next value is an object."""
        return self._next() == b"{"

    def texts(self, most: int) -> list[str | None] | None:
        """The elements of the array that comes next, None for what is no string; None where there are more."""
        found: list[str | None] = []
        start = self.tell()
        for _ in self.elements():
            value = self.scalar()
            if self.tell() - start > LONGEST_TEXT:
                raise FormatError(Cause.LIMIT, f"an array of more than {LONGEST_TEXT:,} bytes of text", start)
            if len(found) <= most:
                found.append(value if isinstance(value, str) else None)
        return found if len(found) <= most else None

    def scalars(self) -> dict[str, str | float | bool]:
        """The members of the object that comes next which are neither null nor containers."""
        found: dict[str, str | float | bool] = {}
        for key in self.members():
            value = self.scalar()
            if value is not None and len(found) < _MOST_SCALARS:
                found[key] = value
        return found

    def scalar(self) -> str | float | bool | None:
        """The next value; None for a null, and for an object or array, which is passed over."""
        if self._next() in (b"{", b"["):
            self.skip()
            return None
        marker = self._marker()
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker in _NUMBERS:
            return self._number(marker)
        return self._text(1 if marker == b"C" else self._string_length(marker))

    def skip(self) -> None:
        """Pass over the next value."""
        pending: list[tuple[Iterator[object], bytes | None]] = []
        self._skip_one(pending)
        while pending:
            turns, kind = pending[-1]
            if next(turns, self) is self:
                pending.pop()
                continue
            if len(pending) > _DEEPEST:
                raise FormatError(Cause.LIMIT, "the UBJSON nests too deep", self.tell())
            self._given = kind
            self._skip_one(pending)

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self._window.at_end()

    def tell(self) -> int:
        """The offset of the next byte."""
        return self._window.tell()

    def _skip_one(self, pending: list[tuple[Iterator[object], bytes | None]]) -> None:
        marker = self._marker()
        if marker == b"{":
            kind, count = self._opening()
            pending.append((self._keys(kind, count), None))
        elif marker == b"[":
            kind, count = self._opening()
            if kind in _CONSTANTS:  # which XGBoost refuses, and any number of which takes no byte
                raise self._broken()
            if kind in _WIDTHS and count is not None:
                self._window.skip(_WIDTHS[kind] * count)
            else:
                pending.append((self._turns(count, b"]"), kind))
        elif marker in _WIDTHS:
            self._window.skip(_WIDTHS[marker])
        else:
            self._window.skip(self._string_length(marker))

    def _keys(self, kind: bytes | None, count: int | None) -> Iterator[str]:
        for _ in self._turns(count, b"}"):
            key = self._text(self._length())
            self._given = kind
            yield key

    def _turns(self, count: int | None, end: bytes) -> Iterator[None]:
        while count is None or count > 0:
            if count is None and self._peek() == end:
                self._window.take(1)
                return
            self._values_left -= 1
            if self._values_left < 0:
                raise FormatError(Cause.LIMIT, "the UBJSON has more values than are looked at", self.tell())
            yield
            count = None if count is None else count - 1

    def _opening(self) -> tuple[bytes | None, int | None]:
        kind = None
        if self._peek() == b"$":
            self._window.take(1)
            kind = self._window.take(1)
            if self._peek() != b"#":
                raise self._broken()
        if self._peek() == b"#":
            self._window.take(1)
            return kind, self._length()
        return kind, None

    def _next(self) -> bytes:
        return self._given if self._given is not None else self._peek()

    def _marker(self) -> bytes:
        marker, self._given = self._given, None
        return self._window.take(1) if marker is None else marker

    def _peek(self) -> bytes:
        return self._window.peek(1)

    def _length(self) -> int:
        marker = self._window.take(1)
        length = self._number(marker) if marker in _INTEGERS else -1
        if not isinstance(length, int) or length < 0:
            raise self._broken()
        return length

    def _string_length(self, marker: bytes) -> int:
        if marker not in (b"S", b"H"):
            raise self._broken()
        return self._length()

    def _number(self, marker: bytes) -> float:
        layout = _NUMBERS[marker]
        (number,) = struct.unpack(layout, self._window.take(_WIDTHS[marker]))
        return number if isinstance(number, int) else float(number)

    def _text(self, length: int) -> str:
        if length > self._window.left():
            raise FormatError(Cause.TRUNCATED, f"a string promises {length:,} bytes", self.tell())
        if length > _LONGEST_STRING:
            raise FormatError(Cause.LIMIT, f"a string of more than {_LONGEST_STRING:,} bytes", self.tell())
        return self._window.take(length).decode("utf-8", "backslashreplace")

    def _broken(self) -> FormatError:
        return FormatError(Cause.BROKEN, "the UBJSON is broken", self.tell())
