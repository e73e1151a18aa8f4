"""A window that moves forward over a source: what the pickle machine reads from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.sources import Slice
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.stores.base import Source

_FIRST_STEP = 1 << 12
_LARGEST_STEP = 1 << 18
#: The longest line of a text opcode that is read, in bytes.
LONGEST_LINE = 1 << 24
#: An opcode with a fixed argument fits within this many bytes, so that it need not ask for each.
MARGIN = 16


class Window:
    """A stretch of a source in memory, from `base` on; `position` is the next byte's place within `buffer`.

    Whenever `buffer` or `base` change, `safe` becomes -1, so that whoever keeps them at hand sees that they are stale.
    `shift` is added to every offset that is reported, for a source that is itself a part of something; `budget` bounds
    the bytes that are read, which those that are skipped are not. `step` is how many are read at a time at most.
    """

    __slots__ = ("_budget", "_ended", "_largest", "_step", "base", "buffer", "position", "safe", "shift", "source")

    def __init__(self, source: Source, shift: int = 0, budget: int | None = None, step: int = _LARGEST_STEP) -> None:
        self.source = source
        self.shift = shift
        self.base = 0
        self.buffer = b""
        self.position = 0
        self.safe = -1
        self._step = _FIRST_STEP
        self._budget = budget
        self._largest = step
        self._ended = False

    def tell(self) -> int:
        """The next byte's offset within the source."""
        return self.base + self.position

    def left(self) -> int:
        """How many bytes there can still be."""
        return self.source.size - self.base - self.position

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self.position >= len(self.buffer) and not self._load(1)

    def refill(self) -> None:
        """Bring the next bytes into the window.

        Raises:
            FormatError: There are none.
        """
        if len(self.buffer) - self.position <= MARGIN:
            self._load(MARGIN + 1)
        self.safe = len(self.buffer) - 1 - MARGIN
        if self.position > self.safe:
            self.safe = len(self.buffer) - 1
            if self.position > self.safe:
                raise self.cut()

    def take(self, length: int) -> bytes:
        """The next bytes; only for lengths that may stand in memory.

        Raises:
            FormatError: There are fewer.
        """
        stop = self.position + length
        if stop > len(self.buffer):
            if not self._load(length):
                raise self.cut()
            stop = self.position + length
        data = self.buffer[self.position : stop]
        self.position = stop
        return data

    def skip(self, length: int) -> None:
        """Pass over bytes without reading them.

        Raises:
            FormatError: There are fewer.
        """
        if length <= len(self.buffer) - self.position:
            self.position += length
            return
        if length > self.left():
            # A number of more than 4,300 digits has no text in Python.
            promised = f"{length:,}" if length < 1 << 64 else "more than 2^64"
            raise self.cut(f"{promised} bytes are promised and {max(0, self.left()):,} are left")
        self.seek(self.tell() + length)

    def seek(self, offset: int) -> None:
        """Go on at an offset of the source, which may lie before the window."""
        self.base = offset
        self.buffer = b""
        self.position = 0
        self.safe = -1
        self._step = _FIRST_STEP
        self._ended = False

    def line(self, longest: int = LONGEST_LINE) -> bytes:
        """The bytes up to the next newline, without it; no more of it is read once it is longer than `longest`.

        Raises:
            FormatError: There is no newline, or not within `LONGEST_LINE`.
        """
        stop = self.buffer.find(b"\n", self.position)
        if stop < 0:
            return self._long_line(longest)
        data = self.buffer[self.position : stop]
        self.position = stop + 1
        return data

    def _long_line(self, longest: int) -> bytes:
        pieces: list[bytes] = []
        length = 0
        stop = -1
        while stop < 0:
            pieces.append(self.buffer[self.position :])
            length += len(pieces[-1])
            if length > LONGEST_LINE:
                raise FormatError(Cause.LIMIT, "a line is too long", self.tell() + self.shift)
            self.position = len(self.buffer)
            if length > longest:
                return b"".join(pieces)
            if not self._load(1):
                raise self.cut()
            stop = self.buffer.find(b"\n")
        pieces.append(self.buffer[:stop])
        self.position = stop + 1
        return b"".join(pieces)

    def peek(self, length: int) -> bytes:
        """Up to `length` of the next bytes, which stay."""
        if length > len(self.buffer) - self.position:
            self._load(length)
        return self.buffer[self.position : self.position + length]

    def slice(self, length: int) -> Slice:
        """The next bytes as a source of their own."""
        return Slice(self.source, self.tell(), length)

    def cut(self, detail: str = "the stream ends early") -> FormatError:
        """The error for bytes that are not there."""
        return FormatError(Cause.TRUNCATED, detail, self.tell() + self.shift)

    def _load(self, length: int) -> bool:
        if not self._ended:
            rest = self.buffer[self.position :]
            self.base += self.position
            self.position = 0
            self.safe = -1
            self._step = min(self._step * 4, self._largest)
            wanted = max(length - len(rest), self._step)
            more = self.source.read(self.base + len(rest), wanted)
            self._ended = len(more) < wanted
            self._spend(len(more))
            self.buffer = rest + more
        return len(self.buffer) - self.position >= length

    def _spend(self, count: int) -> None:
        if self._budget is not None:
            self._budget -= count
            if self._budget < 0:
                raise FormatError(Cause.LIMIT, "more would have to be read", self.tell() + self.shift)
