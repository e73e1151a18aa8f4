"""The memo of a stream of which rows are passed over: what they keep is found out when an entry is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.rows import opcode, up_to_memoize, up_to_put
from artifact_lint.formats.pickles.values import OBJECT, UNKNOWN
from artifact_lint.formats.sources import Unpacked
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.pickles.machine import Machine
    from artifact_lint.formats.pickles.values import Value

#: How many memo entries are looked up in rows.
_MOST_LOOKUPS: Final = 1 << 10


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
        """A value from the memo: `UNKNOWN` where that cannot be told, `OBJECT` where it is plain data."""

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


class Put(Kept):
    """A memo of protocols before 4, which say where an entry is put."""

    old = True

    def __init__(self, machine: Machine, indices: dict[int, Value]) -> None:
        super().__init__(machine, indices)
        self._waiting: list[Row] = []
        self._sure = True

    def pass_over(self, row: Row, opcodes: bytes) -> None:
        """Note that the opcodes of a row are passed over."""
        super().pass_over(row, opcodes)
        if self._streamed:
            self._overwrite(opcodes)
        else:
            self._waiting.append(row)

    def append(self, value: Value) -> None:  # noqa: ARG002  nothing of it is kept
        """Where this would be is not known: no pickler mixes the two ways."""
        self._sure = False

    def put(self, index: int, value: Value) -> None:
        """Memoize a value at an index."""
        self._indices[index] = value

    def lookup(self, index: int) -> Value:
        """A value from the memo; plain data where a row put it there."""
        waiting, self._waiting = self._waiting, []
        for row in waiting:
            self._overwrite(self.opcodes(row))
        return self._indices.get(index, OBJECT) if self._sure else UNKNOWN

    def _overwrite(self, opcodes: bytes) -> None:
        """Forget what a row puts something else in place of, or did so before that was put there."""
        for short, long in up_to_put().findall(opcodes):
            index = short[0] if short else int.from_bytes(long, "little")
            if index in self._indices and (short or long):
                self._indices[index] = UNKNOWN


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
        self._texts: dict[int, Value] = {}

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
        """A value from the memo; of a row only texts are told from plain data.

        Raises:
            FormatError: There is no such entry.
        """
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
        if isinstance(part, int):
            return self._values[self._firsts[position] + nth]
        if index not in self._texts:
            if self._streamed or len(self._texts) >= _MOST_LOOKUPS:
                return UNKNOWN
            self._texts[index] = _memoized(self.opcodes(part), nth)
        return self._texts[index]

    def _count_up_to(self, parts: int) -> None:
        for part in self._parts[len(self._counts) - 1 : parts]:
            is_row = isinstance(part, Row)
            count = up_to_memoize().findall(self.opcodes(part)).count(b"\x94") if isinstance(part, Row) else part
            self._counts.append(self._counts[-1] + count)
            self._firsts.append(self._firsts[-1] + (0 if is_row else count))


def _memoized(opcodes: bytes, index: int) -> Value:
    """The text that the MEMOIZE with this index among some opcodes keeps; plain data where it keeps something else."""
    found = next(islice(up_to_memoize().finditer(opcodes), index, None))
    last = b""
    for match in opcode().finditer(opcodes, found.start(), found.end() - 1):
        last = match[0]
    return last[2:].decode("utf-8", "replace") if last.startswith(b"\x8c") else OBJECT
