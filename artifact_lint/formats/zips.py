"""What the members of a zip archive hold: stored, deflated, and packed by bzip2, LZMA, xz and Zstandard."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.sources import Memory, Slice, Unpacked, can_unpack, how_to_unpack
from artifact_lint.formats.zip_records import DESCRIPTOR, Entry, local_header
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed

if TYPE_CHECKING:
    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.stores.base import Source

__all__ = ["Entry", "Joined", "content", "is_encrypted", "member"]

#: Compression methods (APPNOTE.TXT 4.4.5), by the codec that reads them.
_METHODS = {8: "deflate", 12: "bz2", 20: "zstd", 93: "zstd", 95: "xz"}
_STORED = 0
_DEFLATED = 8
_LZMA = 14
#: General purpose bit 1 of an LZMA member: an end marker closes the stream, so that its size may stay open (5.8.9).
_END_MARKER = 2
_NAMES = {1: "Shrink", 6: "Implode", 9: "Deflate64", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES"}
#: How much of a member is unpacked to see whether it is encrypted at all, in bytes.
_TRIED = 1 << 16


class Joined(Borrowed):
    """Some bytes, and a source behind them."""

    def __init__(self, head: bytes, rest: Source) -> None:
        self._head = Memory(head)
        self._rest = rest

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._head.size + self._rest.size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        first = self._head.read(offset, length)
        left = length - len(first)
        return first + self._rest.read(max(0, offset - self._head.size), left) if left > 0 else first


def member(source: Source, entry: Entry, limits: ReadLimits) -> Source:
    """The bytes of one member, as its entry in the directory has them.

    Raises:
        FormatError: It is encrypted, compressed by something unknown, cut, or not where the directory says.
        StoreError: The bytes cannot be read.
    """
    local = local_header(source, entry.header)
    if local is None:
        raise FormatError(Cause.BROKEN, "the directory points to something that is no member", entry.header)
    return content(source, entry, local.start, limits)


def content(source: Source, entry: Entry, start: int, limits: ReadLimits) -> Source:
    """The bytes of a member that begins at `start`; the encryption flag counts only where the bytes bear it out.

    Raises:
        FormatError: It is encrypted, cut, or compressed by something unknown.
        StoreError: The bytes cannot be read.
    """
    if start + entry.packed > source.size:
        raise FormatError(Cause.TRUNCATED, "the member reaches beyond the end of the archive", start)
    if entry.encrypted and is_encrypted(source, entry, start):
        raise FormatError(Cause.ENCRYPTED, "the member is encrypted", entry.header)
    packed = Slice(source, start, entry.packed)
    if entry.method == _STORED:
        return packed
    if entry.method == _LZMA:
        return Unpacked(_as_lzma_file(packed, entry, start), "lzma", limits, entry.size)
    codec = _METHODS.get(entry.method)
    if codec is None:
        name = f" ({_NAMES[entry.method]})" if entry.method in _NAMES else ""
        raise FormatError(Cause.UNSUPPORTED, f"compression method {entry.method}{name} is not supported", start)
    if not can_unpack(codec):
        raise FormatError(Cause.UNSUPPORTED, f"compressed with {how_to_unpack(codec)}", start)
    return Unpacked(packed, codec, limits, entry.size)


def is_encrypted(source: Source, entry: Entry, start: int) -> bool:
    """Whether a member that is marked as encrypted is: encryption puts 12 bytes before what it makes unreadable."""
    if entry.method == _STORED:
        return entry.packed != entry.size
    if entry.method != _DEFLATED:
        return True
    try:
        inner = zlib.decompressobj(-zlib.MAX_WBITS)
        unpacked = inner.decompress(source.read(start, min(entry.packed, _TRIED)), _TRIED)
    except zlib.error:
        return True
    ends_there = inner.eof and (not inner.unused_data or inner.unused_data.startswith(DESCRIPTOR))
    return not ends_there and len(unpacked) != min(entry.size, _TRIED) and entry.packed <= _TRIED


def _as_lzma_file(packed: Source, entry: Entry, start: int) -> Source:
    """A member packed by LZMA as a file of its own, whose header holds the same properties and the size (5.8.8)."""
    head = packed.read(0, 4)
    if len(head) < 4 or struct.unpack_from("<H", head, 2)[0] != 5:
        raise FormatError(Cause.BROKEN, "the LZMA properties are broken", start)
    size = (1 << 64) - 1 if entry.flags & _END_MARKER else entry.size
    return Joined(packed.read(4, 5) + struct.pack("<Q", size), Slice(packed, 9, packed.size))
