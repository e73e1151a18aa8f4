"""The object headers of an HDF5 file: the messages that say what an object is, holds and links to.

After the HDF5 File Format Specification 3.0: sections II.A (superblock) and IV.A (object headers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.hdf5 import superblock
from artifact_lint.formats.sources import Slice
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

#: The most messages of one object, and the most bytes of headers in one file, that are read.
_MOST_MESSAGES = 4096
_MOST_BYTES = 1 << 27
#: The most blocks, messages and entries of trees in one file: objects may share them, so that few bytes can be many.
#: A file of 10,000 datasets in 2,500 groups has 142,000.
_MOST_ENTRIES = 240_000
_CONTINUATION = 0x10
_SHARED = 2


class Cursor:
    """Reads little-endian numbers and bytes of a block, which may not end before they do."""

    def __init__(self, data: bytes, start: int, widths: tuple[int, int]) -> None:
        self.data = data
        self.position = 0
        self._start = start
        self._widths = widths

    def take(self, length: int) -> bytes:
        """The next bytes.

        Raises:
            FormatError: There are fewer.
        """
        if length < 0 or self.position + length > len(self.data):
            raise FormatError(Cause.TRUNCATED, "a block of the HDF5 file ends early", self._start + self.position)
        self.position += length
        return self.data[self.position - length : self.position]

    def number(self, width: int) -> int:
        """The next number of so many bytes."""
        return int.from_bytes(self.take(width), "little")

    def address(self) -> int | None:
        """The next address; None for the one that is undefined."""
        value = self.number(self._widths[0])
        return None if value == (1 << 8 * self._widths[0]) - 1 else value

    def length(self) -> int:
        """The next length."""
        return self.number(self._widths[1])

    def text(self, stop: bytes = b"\0") -> bytes:
        """The bytes up to a terminator, which is passed."""
        end = self.data.find(stop, self.position)
        text = self.take((len(self.data) if end < 0 else end) - self.position)
        self.position += len(stop)
        return text


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an object header: its type, whether it stands elsewhere, and where its bytes lie."""

    kind: int
    shared: bool
    start: int
    length: int


class Hdf5File:
    """A superblock, and blocks read by their addresses, within a budget of bytes.

    Raises:
        FormatError: There is no superblock that can be read.
    """

    def __init__(self, source: Source) -> None:
        start = superblock(source)
        if start is None:
            raise FormatError(Cause.BROKEN, "there is no HDF5 superblock")
        self.start = start
        self.source = Slice(source, start, source.size - start)
        self._left = _MOST_BYTES
        self._entries = _MOST_ENTRIES
        self._owners: dict[int, int] = {}
        block = self.source.read(0, 128)
        if len(block) < 16:
            raise FormatError(Cause.TRUNCATED, "the superblock is cut", start + len(block))
        version = block[8]
        if version > 3:
            raise FormatError(Cause.UNSUPPORTED, f"HDF5 superblock version {version}", start + 8)
        old = version < 2
        self.widths = (block[13], block[14]) if old else (block[9], block[10])
        if not set(self.widths) <= {2, 4, 8}:
            raise FormatError(Cause.BROKEN, f"addresses of {self.widths[0]} bytes", start + 9)
        cursor = Cursor(block, start, self.widths)
        cursor.position = (24 + 4 * version) if old else 12
        cursor.address()
        cursor.address()
        self.end = cursor.address()
        cursor.address() if old else None
        cursor.address() if old else None
        self.root = cursor.address()

    def block(self, address: int, length: int) -> Cursor:
        """So many bytes at an address.

        Raises:
            FormatError: They lie beyond the end, or too much has been read.
        """
        if length > self.source.size - address:
            raise FormatError(
                Cause.TRUNCATED, f"a block of {length:,} bytes reaches beyond the end", self.start + address
            )
        self.count(address)
        self._left -= length
        if self._left < 0:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_BYTES:,} bytes of headers", self.start + address)
        return Cursor(self.source.read(address, length), self.start + address, self.widths)

    def count(self, address: int) -> None:
        """Count a block, a message or an entry of a tree.

        Raises:
            FormatError: It is one too many.
        """
        self._entries -= 1
        if self._entries < 0:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_ENTRIES:,} entries in all", self.start + address)

    def signed(self, address: int, signature: bytes, length: int) -> Cursor:
        """A block that begins with a signature, which is passed.

        Raises:
            FormatError: It does not.
        """
        cursor = self.block(address, length)
        if cursor.take(len(signature)) != signature:
            detail = f"no {signature.decode('ascii')} block where the HDF5 file points to one"
            raise FormatError(Cause.BROKEN, detail, self.start + address)
        return cursor

    def messages(self, address: int) -> Iterator[Message]:
        """The messages of the object at an address.

        Raises:
            FormatError: Its header cannot be read.
        """
        head = self.block(address, min(16, self.source.size - address))
        modern = head.data.startswith(b"OHDR")
        chunks = [self._modern_chunk(address) if modern else self._first_chunk(head, address)]
        tracked = modern and bool(head.data[5] & 4)
        count = 0
        visited: set[int] = set()
        while chunks:
            start, length = chunks.pop(0)
            if start in visited:
                raise FormatError(Cause.BROKEN, "an object header goes on in itself", self.start + start)
            visited.add(start)
            if self._owners.setdefault(start, address) != address:
                raise FormatError(Cause.BROKEN, "two object headers go on in the same block", self.start + start)
            cursor = self.block(start, length)
            while length - cursor.position >= (4 if modern else 8):
                count += 1
                self.count(start)
                if count > _MOST_MESSAGES:
                    raise FormatError(
                        Cause.LIMIT, f"more than {_MOST_MESSAGES:,} messages in a header", self.start + start
                    )
                kind, size, flags = self._message_head(cursor, modern=modern, tracked=tracked)
                message = Message(kind, bool(flags & _SHARED), start + cursor.position, size)
                cursor.take(size)
                if kind == _CONTINUATION:
                    chunks.append(self._continuation(message, modern=modern))
                elif kind:
                    yield message

    def _first_chunk(self, head: Cursor, address: int) -> tuple[int, int]:
        if head.number(1) != 1:
            raise FormatError(Cause.BROKEN, "no object header where the HDF5 file points to one", self.start + address)
        head.take(7)
        return address + 16, head.number(4)

    def _modern_chunk(self, address: int) -> tuple[int, int]:
        head = self.block(address, min(40, self.source.size - address))
        head.take(5)
        flags = head.number(1)
        head.take((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
        length = head.number(1 << (flags & 3))
        return address + head.position, length

    @staticmethod
    def _message_head(cursor: Cursor, *, modern: bool, tracked: bool) -> tuple[int, int, int]:
        if not modern:
            kind, size, flags = cursor.number(2), cursor.number(2), cursor.number(1)
            cursor.take(3)
            return kind, size, flags
        kind, size, flags = cursor.number(1), cursor.number(2), cursor.number(1)
        cursor.take(2 if tracked else 0)
        return kind, size, flags

    def _continuation(self, message: Message, *, modern: bool) -> tuple[int, int]:
        cursor = self.block(message.start, message.length)
        address, length = cursor.address(), cursor.length()
        if address is None:
            raise FormatError(Cause.BROKEN, "an object header goes on nowhere", self.start + message.start)
        if not modern:
            return address, length
        self.signed(address, b"OCHK", 4)
        return address + 4, max(0, length - 8)
