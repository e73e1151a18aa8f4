"""A JSON text of any size, walked forward: what is asked for is kept, the rest passes by (RFC 8259)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, parse_json
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

_STEP = 1 << 18
#: The longest key, string or object of few members that is kept, in bytes.
_LONGEST_STRING = 1 << 20
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_WORD = re.compile(rb"[-+.\w]*+")
#: All that holds no value of its own: numbers, punctuation, whole strings, and arrays without strings and containers.
_FLAT = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"|\[[^"\[\]{}]*+\])*+', re.DOTALL)
_QUOTE = ord('"')
_OPENING = b"{["


class JsonWalk:
    """Walks from one value to the next; each that is met has to be consumed, by `scalar`, `skip` or a loop over it.

    `most_bytes` and `most_values` bound what is walked over; arrays of numbers count as one value.
    """

    def __init__(self, source: Source, start: int, most_bytes: int, most_values: int) -> None:
        self._source = source
        self._base = start
        self._buffer = b""
        self._at = 0
        self._bytes_left = most_bytes
        self._values_left = most_values

    def members(self, *, opened: bool = False) -> Iterator[str]:
        """The keys of the object that comes next; the value of each is consumed before the next key is asked for.

        With `opened` the walk stands before the first key already.

        Raises:
            FormatError: There is no object, it is broken or cut, or a limit is reached.
        """
        if not opened:
            self._expect(b"{")
        if self._peek() == b'"':
            yield self._key()
        yield from self.remaining_members()

    def remaining_members(self) -> Iterator[str]:
        """The keys after the value at which the walk stands, up to the end of its object; as `members`."""
        while self._peek() != b"}":
            self._expect(b",")
            yield self._key()
        self._at += 1

    def elements(self) -> Iterator[None]:
        """A turn for each element of the array that comes next, which is consumed before the next; as `members`."""
        self._expect(b"[")
        if self._peek() == b"]":
            self._at += 1
            return
        while True:
            yield
            if self._peek() == b"]":
                self._at += 1
                return
            self._expect(b",")

    def is_array(self) -> bool:
        """Whether the next value is an array."""
        return self._peek() == b"["

    def is_object(self) -> bool:
        """Whether the next value is an object."""
        return self._peek() == b"{"

    def texts(self, most: int) -> list[str | None] | None:
        """The elements of the array that comes next, None for what is no string; None where there are more."""
        values = self.value(LONGEST_TEXT)
        if not isinstance(values, list):
            raise self._broken()
        return None if len(values) > most else [value if isinstance(value, str) else None for value in values]

    def scalars(self) -> dict[str, str | float | bool]:
        """The members of the object that comes next which are neither null nor containers."""
        values = self.value(_LONGEST_STRING)
        if not isinstance(values, dict):
            raise self._broken()
        return {key: value for key, value in values.items() if isinstance(value, str | int | float)}

    def scalar(self) -> str | float | bool | None:
        """The next value; None for a null, and for an object or array."""
        value = self.value(_LONGEST_STRING)
        return value if isinstance(value, str | int | float) else None

    def skip(self) -> None:
        """Pass over the next value."""
        first = self._peek()
        self._count()
        if first == b'"':
            self._skip_string()
        elif first in (b"{", b"["):
            self._skip_container()
        else:
            self._skip_word()

    def value(self, longest: int) -> object:
        """The next value as a whole, as `json.loads` makes it.

        Raises:
            FormatError: It is broken, longer than `longest` bytes, or larger or deeper than what is read.
        """
        return parse_json(self.raw(longest))

    def raw(self, longest: int) -> bytes:
        """The bytes of the next value.

        Raises:
            FormatError: It is cut, or longer than `longest` bytes.
        """
        self._peek()
        base, start = self._base, self._at
        self.skip()
        length = self.tell() - base - start
        if length > longest:
            raise FormatError(Cause.LIMIT, f"a JSON value of more than {longest:,} bytes", base + start)
        if self._base == base:
            return self._buffer[start : self._at]
        return self._source.read(base + start, length)

    def at_end(self) -> bool:
        """Whether nothing but white space follows."""
        return not self._peek()

    def tell(self) -> int:
        """The offset of the next byte."""
        return self._base + self._at

    def _key(self) -> str:
        self._count()
        key = self._string()
        self._expect(b":")
        return key

    def _string(self) -> str:
        if self._peek() != b'"':
            raise self._broken()
        while not (match := _STRING.match(self._buffer, self._at)):
            if len(self._buffer) - self._at > _LONGEST_STRING:
                raise FormatError(Cause.LIMIT, f"a string of more than {_LONGEST_STRING:,} bytes", self.tell())
            self._need_more()
        try:
            text = match[0].decode("utf-8", "backslashreplace")
            key = str(json.loads(text)) if "\\" in text else text[1:-1]
        except ValueError:
            raise self._broken() from None
        self._at = match.end()
        return key

    def _skip_word(self) -> None:
        start = self.tell()
        while True:
            match = _WORD.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer) or not self._more():
                break
        if self.tell() == start:
            raise self._broken() if self._buffer[self._at :] else self._cut()

    def _skip_container(self) -> None:
        depth = 0
        while True:
            depth += 1 if self._buffer[self._at] in _OPENING else -1
            self._at += 1
            if depth == 0:
                return
            self._to_bracket()
            self._count()

    def _to_bracket(self) -> None:
        while True:
            match = _FLAT.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at >= len(self._buffer):
                self._need_more()
            elif self._buffer[self._at] == _QUOTE:
                self._skip_string()
            else:
                return

    def _skip_string(self) -> None:
        self._at += 1
        while True:
            match = _INSIDE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer) and self._buffer[self._at] == _QUOTE:
                self._at += 1
                return
            self._need_more()

    def _peek(self) -> bytes:
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer) or not self._more():
                return self._buffer[self._at : self._at + 1]

    def _expect(self, byte: bytes) -> None:
        found = self._peek()
        if found != byte:
            raise self._broken() if found else self._cut()
        self._at += 1

    def _count(self) -> None:
        self._values_left -= 1
        if self._values_left < 0:
            raise FormatError(Cause.LIMIT, "the JSON text has more values than are looked at", self.tell())

    def _need_more(self) -> None:
        if not self._more():
            raise self._cut()

    def _more(self) -> bool:
        rest = self._buffer[self._at :]
        self._base += self._at
        self._at = 0
        if self._bytes_left <= 0:
            raise FormatError(Cause.LIMIT, "the JSON text is longer than what is looked at", self._base)
        more = self._source.read(self._base + len(rest), min(_STEP, self._bytes_left))
        self._bytes_left -= len(more)
        self._buffer = rest + more
        return bool(more)

    def _broken(self) -> FormatError:
        return FormatError(Cause.BROKEN, "the JSON text is broken", self.tell())

    def _cut(self) -> FormatError:
        return FormatError(Cause.TRUNCATED, "the JSON text ends early", self.tell())
