"""The memo of a stream of which rows are passed over: what they keep is found out when an entry is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.rows import token, up_to_get, up_to_memoize, up_to_put
from artifact_lint.formats.pickles.values import OBJECT, UNKNOWN
from artifact_lint.formats.sources import Unpacked
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine
    from artifact_lint.formats.pickles.values import Value

#: How many rows are read for what they memoize.
_MOST_READ: Final = 1 << 9


@dataclass(frozen=True, slots=True)
class Row:
    """A row of values on the stack: where its opcodes stand in the source, and how many bytes they are."""

    offset: int
    length: int


class Kept(ABC):
    """What a stream keeps in its memo while rows of it are passed over, found out when an entry is asked for."""

    old: ClassVar[bool]

    def __init__(self, machine: Machine, indices: dict[int, Value]) -> None:
        self._source = machine.window.source
        self._streamed = isinstance(self._source, Unpacked)
        self._last: tuple[Row, bytes] | None = None
        self._indices = indices
        self._read: dict[Row, dict[int, Value]] = {}

    @abstractmethod
    def pass_over(self, row: Row, opcodes: bytes) -> None:
        """Note that the opcodes of a row are passed over."""
        self._last = (row, opcodes) if self._streamed else None

    @abstractmethod
    def append(self, value: Value) -> None:
        """Memoize a value behind all others."""

    @abstractmethod
    def put(self, index: int, value: Value) -> None:
        """Memoize a value at an index."""

    @abstractmethod
    def lookup(self, index: int) -> Value:
        """A value from the memo: `UNKNOWN` where that cannot be told, `OBJECT` where it is plain data.

        Raises:
            FormatError: There is no such entry.
        """

    def opcodes(self, row: Row) -> bytes:
        """The opcodes of a row.

        Raises:
            FormatError: They would have to be unpacked once more.
        """
        if not self._streamed:
            return self._source.read(row.offset, row.length)
        if self._last is None or self._last[0] != row:
            raise FormatError(Cause.LIMIT, "a value is taken that was passed over in a packed stream", row.offset)
        return self._last[1]

    def _in_row(self, row: Row, index: int) -> Value:
        """What a row memoizes, by its own index, or by the number of the entry within the row."""
        if row not in self._read:
            if self._streamed or len(self._read) >= _MOST_READ:
                return UNKNOWN
            self._read[row] = memoized_by(self.opcodes(row))
        return self._read[row].get(index, UNKNOWN)


class Put(Kept):
    """A memo of protocols before 4, which say where an entry is put."""

    old = True

    def __init__(self, machine: Machine, indices: dict[int, Value]) -> None:
        super().__init__(machine, indices)
        self._waiting: list[Row] = []
        self._rows: list[Row] = []
        #: For each row that puts anything, the first index, and the last of all.
        self._firsts: list[int] = []
        self._highest = -1
        self._sure = True

    def pass_over(self, row: Row, opcodes: bytes) -> None:
        """Note that the opcodes of a row are passed over."""
        super().pass_over(row, opcodes)
        if self._streamed:
            self._note(row, opcodes)
        else:
            self._waiting.append(row)

    def append(self, value: Value) -> None:  # noqa: ARG002  nothing of it is kept
        """Where this would be is not known: no pickler mixes the two ways."""
        self._sure = False

    def put(self, index: int, value: Value) -> None:
        """Memoize a value at an index; one that was put before is not told from the new one any more."""
        self._indices[index] = UNKNOWN if index in self._indices else value

    def lookup(self, index: int) -> Value:
        """A value from the memo."""
        waiting, self._waiting = self._waiting, []
        for row in waiting:
            self._note(row, self.opcodes(row))
        if not self._sure:
            return UNKNOWN
        if index in self._indices:
            return self._indices[index]
        if not self._firsts or not self._firsts[0] <= index <= self._highest:
            raise FormatError(Cause.BROKEN, f"memo entry {index} was never set")
        return self._in_row(self._rows[bisect_right(self._firsts, index) - 1], index)

    def _note(self, row: Row, opcodes: bytes) -> None:
        """Note what a row puts; where that is not behind all that other rows put, nothing is known any more."""
        found = [
            short[0] if short else int.from_bytes(long, "little")
            for short, long in up_to_put().findall(opcodes)
            if short or long
        ]
        if not found:
            return
        if min(found) <= self._highest or len(set(found)) < len(found):
            self._sure = False
        for index in self._indices.keys() & set(found):
            self._indices[index] = UNKNOWN
        self._rows.append(row)
        self._firsts.append(min(found))
        self._highest = max(found)


class Memoized(Kept):
    """A memo of protocol 4 on, whose entries are numbered as they are made: rows are counted when one is asked for."""

    old = False

    def __init__(self, machine: Machine, indices: dict[int, Value]) -> None:
        super().__init__(machine, indices)
        self._sure = not machine.sparse
        #: Rows, and between them how many values were memoized one by one; and these values.
        self._parts: list[Row | int] = []
        self._values: list[Value] = []
        #: For each part that was counted, the index of its first entry, and of its first value; at the end the next.
        self._counts = [len(indices)]
        self._firsts = [0]

    def pass_over(self, row: Row, opcodes: bytes) -> None:
        """Note that the opcodes of a row are passed over."""
        super().pass_over(row, opcodes)
        self._parts.append(row)
        if self._streamed:
            self._count_up_to(len(self._parts))

    def append(self, value: Value) -> None:
        """Memoize a value behind all others."""
        last = self._parts[-1] if self._parts else None
        if isinstance(last, int) and len(self._counts) <= len(self._parts):
            self._parts[-1] = last + 1
        else:
            self._parts.append(1)
        self._values.append(value)

    def put(self, index: int, value: Value) -> None:  # noqa: ARG002  nothing of it is kept
        """From here on, the count of entries no longer tells their indices: no pickler mixes the two ways."""
        self._sure = False

    def lookup(self, index: int) -> Value:
        """A value from the memo."""
        if not self._sure:
            return UNKNOWN
        if index in self._indices:
            return self._indices[index]
        while self._counts[-1] <= index and len(self._counts) <= len(self._parts):
            self._count_up_to(len(self._counts))
        if self._counts[-1] <= index:
            raise FormatError(Cause.BROKEN, f"memo entry {index} was never set")
        position = bisect_right(self._counts, index) - 1
        part, nth = self._parts[position], index - self._counts[position]
        return self._values[self._firsts[position] + nth] if isinstance(part, int) else self._in_row(part, nth)

    def _count_up_to(self, parts: int) -> None:
        for part in self._parts[len(self._counts) - 1 : parts]:
            is_row = isinstance(part, Row)
            count = up_to_memoize().findall(self.opcodes(part)).count(b"\x94") if isinstance(part, Row) else part
            self._counts.append(self._counts[-1] + count)
            self._firsts.append(self._firsts[-1] + (0 if is_row else count))


#: What makes a tuple of what stands before it: it holds what was fetched, where anything was.
_CLOSES_TUPLE: Final = b"t\x85\x86\x87"
#: What makes or fills a dict or a list, which may be changed by whoever fetches it.
_MUTABLE: Final = b"}]uesa"


def memoized_by(opcodes: bytes) -> dict[int, Value]:
    """What a row's opcodes memoize: by their indices where it has any, else by their number."""
    kept: dict[int, Value] = {}
    last = b""
    fetched = False
    for match in token().finditer(opcodes):
        code = match[0]
        if code[:1] in (b"q", b"r", b"\x94"):
            index = len(kept) if code == b"\x94" else int.from_bytes(code[1:], "little")
            kept[index] = _value_of(last, fetched=fetched)
        else:
            fetched = fetched or code[:1] in (b"h", b"j")
            last = code
    return kept


def has_fetched(opcodes: bytes) -> bool:
    """Whether a row takes anything from the memo."""
    return up_to_get().match(opcodes) is not None


def _value_of(code: bytes, *, fetched: bool) -> Value:
    first = code[:1]
    if first == b"\x8c":
        return code[2:].decode("utf-8", "replace")
    if first == b"X":
        return code[5:].decode("utf-8", "replace")
    return UNKNOWN if first in _MUTABLE or (fetched and first in _CLOSES_TUPLE) else OBJECT
