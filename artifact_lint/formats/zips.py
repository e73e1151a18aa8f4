"""The directory of a zip archive, and its members as sources.

After APPNOTE.TXT 6.3.10 by PKWARE. The standard library's reader takes the whole directory into memory and trusts
what it says; this one reads a bounded part, and sees what an archive says twice.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.sources import Slice, Unpacked
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.stores.base import Source

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_FILLED = 0xFFFFFFFF
_FILLED_SHORT = 0xFFFF
_LONGEST_COMMENT = 0xFFFF
_METHODS = {8: "deflate", 12: "bz2"}
_WINDOW = 1 << 20
#: General purpose bit 3: the sizes stand behind the member.
_SIZE_FOLLOWS = 8
#: No deflate stream expands further.
_MOST_EXPANSION = 1032


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as the central directory (or, in a cut archive, its local header) tells; sizes in bytes."""

    name: str
    flags: int
    method: int
    packed: int
    size: int
    header: int

    @property
    def encrypted(self) -> bool:
        """Whether the member is encrypted (general purpose bit 0)."""
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies, and `shift`, the number of bytes that stand before the archive."""

    start: int
    size: int
    count: int
    shift: int
    end: int


def find_directory(source: Source) -> Directory:
    """The central directory's place.

    Raises:
        FormatError: The record that ends an archive is not there, or contradicts itself.
        StoreError: The bytes cannot be read.
    """
    reach = min(source.size, _LONGEST_COMMENT + 22)
    tail = source.read(source.size - reach, reach)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise FormatError(Cause.TRUNCATED, "the zip archive has no end-of-central-directory record", source.size)
    end = source.size - reach + at
    count, size, start, comment = struct.unpack_from("<HIIH", tail, at + 10)
    before = end
    locator = source.read(end - 20, 20) if end >= 20 else b""
    if locator.startswith(_LOCATOR64):
        before = end - 20 - 56
        record = source.read(before, 56) if before >= 0 else b""
        if not record.startswith(_END64):
            raise FormatError(Cause.BROKEN, "the zip64 end record is not before its locator", end - 20)
        short = (count, size, start)
        count, size, start = struct.unpack_from("<QQQ", record, 32)
        _check_end64(short, (count, size, start), struct.unpack_from("<Q", locator, 8)[0], end)
    shift = before - size - start
    if shift < 0:
        raise FormatError(Cause.BROKEN, "the zip archive's directory does not fit before its end record", end)
    return Directory(start + shift, size, count, shift, end + 22 + comment)


def _check_end64(short: tuple[int, int, int], wide: tuple[int, int, int], located: int, end: int) -> None:
    """Readers differ in which record they believe, so that an archive must say the same in both."""
    _, size, start = wide
    if located != start + size:
        raise FormatError(Cause.BROKEN, "the zip64 locator points elsewhere than behind the directory", end - 20)
    filled = (_FILLED_SHORT, _FILLED, _FILLED)
    if any(told not in {full, number} for told, full, number in zip(short, filled, wide, strict=True)):
        raise FormatError(Cause.BROKEN, "the zip64 end record contradicts the one for small archives", end)


def entries(source: Source, directory: Directory) -> Iterator[Entry]:
    """Every member of the central directory, in its order.

    Raises:
        FormatError: The directory is broken.
        StoreError: The bytes cannot be read.
    """
    position, stop = directory.start, directory.start + directory.size
    buffer, base = b"", position
    while position < stop:
        if position - base + 46 + 3 * 0xFFFF > len(buffer):
            buffer, base = source.read(position, min(_WINDOW, stop - position)), position
        at = position - base
        if buffer[at : at + 4] != _CENTRAL or len(buffer) < at + 46:
            raise FormatError(Cause.BROKEN, "the zip archive's directory is broken", position)
        flags, method = struct.unpack_from("<HH", buffer, at + 8)
        packed, size, name_length, extra_length, comment_length = struct.unpack_from("<IIHHH", buffer, at + 20)
        (header,) = struct.unpack_from("<I", buffer, at + 42)
        length = 46 + name_length + extra_length + comment_length
        if len(buffer) < at + length:
            raise FormatError(Cause.BROKEN, "the zip archive's directory is cut", position)
        name = buffer[at + 46 : at + 46 + name_length]
        extra = buffer[at + 46 + name_length : at + 46 + name_length + extra_length]
        size, packed, header = _widen((size, packed, header), extra)
        yield Entry(_text(name, flags), flags, method, packed, size, header + directory.shift)
        position += length


def local_entries(source: Source, most: int, reach: int) -> Iterator[Entry]:
    """The first members by their local headers, for an archive whose directory is not there.

    A member whose header leaves its size open ends where the next one begins, which is looked for within `reach` bytes.
    """
    position = 0
    for _ in range(most):
        head = source.read(position, 30 + 2 * 0xFFFF) if position < source.size else b""
        if not head.startswith(_LOCAL) or len(head) < 30:
            return
        flags, method = struct.unpack_from("<HH", head, 6)
        packed, size, name_length, extra_length = struct.unpack_from("<IIHH", head, 18)
        name = head[30 : 30 + name_length]
        size, packed, _ = _widen((size, packed, 0), head[30 + name_length : 30 + name_length + extra_length])
        start = position + 30 + name_length + extra_length
        end = start + packed
        if flags & _SIZE_FOLLOWS and not packed:
            end = _next_header(source, start, reach)
            packed = end - start
            size = packed if method == 0 else packed * _MOST_EXPANSION
        packed = min(packed, max(0, source.size - start))
        yield Entry(_text(name, flags), flags, method, packed, size if method else packed, position)
        position = end


def _next_header(source: Source, start: int, reach: int) -> int:
    stop = min(source.size, start + reach)
    position = start
    while position < stop:
        found = source.read(position, min(_WINDOW, stop - position)).find(_LOCAL)
        if found >= 0:
            return position + found
        position += max(1, min(_WINDOW, stop - position) - len(_LOCAL) + 1)
    return source.size


def member(source: Source, entry: Entry, limits: ReadLimits) -> Source:
    """The bytes of one member.

    Raises:
        FormatError: It is encrypted, compressed by something unknown, cut, or its local header tells another story.
        StoreError: The bytes cannot be read.
    """
    if entry.encrypted:
        raise FormatError(Cause.ENCRYPTED, "the member is encrypted", entry.header)
    head = source.read(entry.header, 30)
    if len(head) < 30 or not head.startswith(_LOCAL):
        raise FormatError(Cause.BROKEN, "the directory points to something that is no member", entry.header)
    name_length, extra_length = struct.unpack_from("<HH", head, 26)
    if _text(source.read(entry.header + 30, name_length), entry.flags) != entry.name:
        raise FormatError(Cause.BROKEN, "the member has another name than the directory gives it", entry.header)
    start = entry.header + 30 + name_length + extra_length
    if start + entry.packed > source.size:
        raise FormatError(Cause.TRUNCATED, "the member reaches beyond the end of the archive", start)
    packed = Slice(source, start, entry.packed)
    if entry.method == 0:
        return packed
    codec = _METHODS.get(entry.method)
    if codec is None:
        raise FormatError(Cause.UNSUPPORTED, f"compression method {entry.method} is not supported", start)
    return Unpacked(packed, codec, limits, entry.size)


def _text(name: bytes, flags: int) -> str:
    return name.decode("utf-8" if flags & 0x800 else "cp437", errors="replace")


def _widen(values: tuple[int, int, int], extra: bytes) -> tuple[int, int, int]:
    wide = iter(_zip64_numbers(extra))
    size, packed, header = (next(wide, value) if value == _FILLED else value for value in values)
    return size, packed, header


def _zip64_numbers(extra: bytes) -> tuple[int, ...]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            return struct.unpack_from(f"<{len(field) // 8}Q", field)
        at += 4 + length
    return ()
