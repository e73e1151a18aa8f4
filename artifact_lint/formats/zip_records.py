"""The records of a zip archive, each as it stands: end records, directories, local headers.

After APPNOTE.TXT 6.3.10 by PKWARE. The standard library's reader takes the whole directory into memory and trusts
what it says; this one reads a bounded part, and keeps apart what an archive says in several places.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.stores.base import Source

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
#: The record behind a member whose sizes its header leaves open; the signature is optional.
DESCRIPTOR = b"PK\x07\x08"
_FILLED = 0xFFFFFFFF
_FILLED_SHORT = 0xFFFF
_LONGEST_COMMENT = 0xFFFF
_END_SIZE = 22
_WINDOW = 1 << 20
#: General purpose bits: encrypted; the sizes stand behind the member; the name is UTF-8.
ENCRYPTED = 1
SIZE_FOLLOWS = 8
_UTF8 = 0x800
#: The hosts whose external attributes hold a POSIX mode in their upper half: Unix and macOS.
_POSIX_HOSTS = frozenset({3, 19})

#: How many entries of a second directory are looked at, and how many that lead to no member, to tell whether it is one.
_MOST_COMPARED = 50_000
_MOST_STRAY = 10_000

#: How much of a directory is read, in bytes: a hundred thousand entries with names of a hundred characters.
_LARGEST_DIRECTORY = 1 << 24

_CENTRAL_FIELDS = struct.Struct("<4sBBHHHIIIIHHHHHII")
_LOCAL_FIELDS = struct.Struct("<4sHHHIIIIHH")


class Entry(NamedTuple):
    """One member as the central directory or its local header tells: sizes in bytes, `header` the latter's offset.

    `raw` is the name before it was decoded, `mode` the POSIX file mode, 0 where none is told.
    """

    name: str
    flags: int
    method: int
    packed: int
    size: int
    header: int
    crc: int = 0
    mode: int = 0
    raw: bytes = b""

    @property
    def encrypted(self) -> bool:
        """Whether the member is marked as encrypted (general purpose bit 0)."""
        return bool(self.flags & ENCRYPTED)

    @property
    def open_ended(self) -> bool:
        """Whether the sizes stand behind the member (general purpose bit 3)."""
        return bool(self.flags & SIZE_FOLLOWS)


class Local(NamedTuple):
    """A member's local header as an entry of its own, and where the member's bytes start."""

    entry: Entry
    start: int


@dataclass(frozen=True, slots=True)
class Directory:
    """Where a central directory lies, and `shift`, the number of bytes that stand before the archive.

    `record` is where the records that end the archive begin, `end` where its comment ends.
    """

    start: int
    size: int
    count: int
    shift: int
    record: int
    end: int


def directories(source: Source) -> list[Directory]:
    """Every central directory that some reader takes for the one, by the last end record of the archive.

    Readers differ in whether they believe the short end record or the zip64 one, in how they find the latter, and in
    whether they count offsets from the start of the file or back from the end.

    Raises:
        FormatError: The record that ends an archive is not there, or points nowhere.
        StoreError: The bytes cannot be read.
    """
    reach = min(source.size, _LONGEST_COMMENT + _END_SIZE)
    tail = source.read(source.size - reach, reach)
    at = tail.rfind(END, 0, max(0, len(tail) - _END_SIZE + len(END)))
    if at < 0:
        raise FormatError(Cause.TRUNCATED, "the zip archive has no end-of-central-directory record", source.size)
    end = source.size - reach + at
    count, size, start, comment = struct.unpack_from("<HIIH", tail, at + 10)
    stop = end + _END_SIZE + comment
    found: dict[tuple[int, int], Directory] = {}
    for told in _tellings(source, end, (count, size, start)):
        for directory in _places(told, stop):
            key = (directory.start, directory.shift)
            if key in found or not _is_directory(source, directory):
                continue
            if not found or _is_another(source, directory, next(iter(found.values()))):
                found[key] = directory
    if not found:
        raise FormatError(Cause.BROKEN, "the zip archive's directory is not where its end record says", end)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Telling:
    """What one end record says, and where the directory has to end for it."""

    count: int
    size: int
    start: int
    before: int


def _tellings(source: Source, end: int, short: tuple[int, int, int]) -> Iterator[_Telling]:
    locator = source.read(end - 20, 20) if end >= 20 else b""
    if locator.startswith(_LOCATOR64) and len(locator) == 20:
        (located,) = struct.unpack_from("<Q", locator, 8)
        for place in dict.fromkeys((end - 76, located)):
            record = source.read(place, 56) if 0 <= place <= end - 76 else b""
            if record.startswith(_END64) and len(record) == 56:
                count, size, start = struct.unpack_from("<QQQ", record, 32)
                yield _Telling(count, size, start, place)
        if any(told == full for told, full in zip(short, (_FILLED_SHORT, _FILLED, _FILLED), strict=True)):
            return
        yield _Telling(*short, end - 76)
    yield _Telling(*short, end)


def _places(told: _Telling, stop: int) -> Iterator[Directory]:
    shift = told.before - told.size - told.start
    if shift >= 0:
        yield Directory(told.start + shift, told.size, told.count, shift, told.before, stop)
    if shift and told.start < told.before:
        yield Directory(told.start, told.size, told.count, 0, told.before, stop)


def _is_directory(source: Source, directory: Directory) -> bool:
    if not directory.size and not directory.count:
        return True
    return source.read(directory.start, len(CENTRAL)) == CENTRAL


def _is_another(source: Source, directory: Directory, first: Directory) -> bool:
    """Whether some reader gets a member by a directory that is not the first one: by its count, or by a member's name.

    Who passes over the zip64 records looks for a directory as many bytes further behind as these are long, and may
    land on an entry of the very directory that is there; the entries from there on end early and lead to no members.
    """
    if not directory.size and not directory.count:
        return bool(first.size or first.count) or source.read(directory.start, len(CENTRAL)) == CENTRAL
    seen = leading = 0
    breaks = False
    try:
        for entry in islice(entries(source, directory), _MOST_COMPARED):
            seen += 1
            head = source.read(entry.header, 30 + len(entry.raw)) if seen - leading < _MOST_STRAY else b""
            if head.startswith(LOCAL) and head[30:] == entry.raw:
                return True
            leading += head.startswith(LOCAL)
    except FormatError:
        breaks = True
    return bool(leading) and not breaks and seen % (_FILLED_SHORT + 1) == directory.count % (_FILLED_SHORT + 1)


def entries(source: Source, directory: Directory) -> Iterator[Entry]:
    """Every member of a central directory, in its order; also those beyond the size that its end record tells.

    Raises:
        FormatError: The directory is broken, or too long.
        StoreError: The bytes cannot be read.
    """
    position, stop = directory.start, directory.record
    told = min(stop, directory.start + directory.size)
    most = directory.start + _LARGEST_DIRECTORY
    buffer, base = b"", position
    while position < stop:
        if position - base + 46 + 3 * 0xFFFF > len(buffer) and base + len(buffer) < stop:
            buffer, base = source.read(position, min(_WINDOW, stop - position)), position
        if position > most:
            detail = f"the zip archive's directory has more than {_LARGEST_DIRECTORY:,} bytes"
            raise FormatError(Cause.LIMIT, detail, position)
        at = position - base
        if buffer[at : at + 4] != CENTRAL or len(buffer) < at + 46:
            if position < told:
                raise FormatError(Cause.BROKEN, "the zip archive's directory is broken", position)
            return
        (
            _,
            _,
            host,
            _,
            flags,
            method,
            _,
            crc,
            packed,
            size,
            name_length,
            extra_length,
            comment_length,
            _,
            _,
            outer,
            header,
        ) = _CENTRAL_FIELDS.unpack_from(buffer, at)
        length = 46 + name_length + extra_length + comment_length
        if len(buffer) < at + length:
            raise FormatError(Cause.BROKEN, "the zip archive's directory is cut", position)
        name = buffer[at + 46 : at + 46 + name_length]
        if extra_length and _FILLED in {packed, size, header}:
            extra = buffer[at + 46 + name_length : at + 46 + name_length + extra_length]
            size, packed, header = _widen((size, packed, header), extra)
        mode = outer >> 16 if host in _POSIX_HOSTS else 0
        yield Entry(_text(name, flags), flags, method, packed, size, header + directory.shift, crc, mode, name)
        position += length


def agreed_start(entry: Entry, head: bytes) -> int | None:
    """Where a member's bytes start, from its header, where that tells the very same as its entry; else None."""
    if len(head) < 30 or not head.startswith(LOCAL):
        return None
    _, _, flags, method, _, crc, packed, size, name_length, extra_length = _LOCAL_FIELDS.unpack_from(head)
    same = (flags, method, crc, packed, size) == (entry.flags, entry.method, entry.crc, entry.packed, entry.size)
    if not same or flags & (ENCRYPTED | SIZE_FOLLOWS) or head[30 : 30 + name_length] != entry.raw:
        return None
    start: int = entry.header + 30 + name_length + extra_length
    return start


def local_header(source: Source, position: int, head: bytes | None = None) -> Local | None:
    """The local header at an offset, None where there is none; `head` are the bytes there, where they are at hand."""
    if head is None:
        head = source.read(position, 512)
    if len(head) < 30 or not head.startswith(LOCAL):
        return None
    _, _, flags, method, _, crc, packed, size, name_length, extra_length = _LOCAL_FIELDS.unpack_from(head)
    length = 30 + name_length + extra_length
    if length > len(head):
        head = source.read(position, length)
        if len(head) < length:
            return None
    name = head[30 : 30 + name_length]
    if _FILLED in {packed, size}:
        size, packed, _ = _widen((size, packed, 0), head[30 + name_length : length])
    entry = Entry(_text(name, flags), flags, method, packed, size, position, crc, 0, name)
    return Local(entry, position + length)


def local_entries(source: Source, most: int) -> Iterator[Entry]:
    """The first members by their local headers, for an archive whose directory is not there."""
    position = 0
    for _ in range(most):
        local = local_header(source, position) if position < source.size else None
        if local is None:
            return
        yield local.entry
        if local.entry.open_ended and not local.entry.packed:
            return
        position = local.start + local.entry.packed


def descriptor_length(between: bytes, crc: int) -> int:
    """How long the data descriptor is that bytes behind a member begin with; 0 where there is none.

    It holds the checksum and both sizes in 4 or 8 bytes, and its signature is optional (4.3.9).
    """
    signed = between.startswith(DESCRIPTOR)
    at = 4 if signed else 0
    if not signed and between[:4] != struct.pack("<I", crc):
        return 0
    for width in (8, 4):
        length = at + 4 + 2 * width
        if len(between) == length or between[length : length + 3] in {b"PK\x01", b"PK\x03", b"PK\x06"}:
            return length
    return at + 12 if len(between) >= at + 12 else 0


def _text(name: bytes, flags: int) -> str:
    if name.isascii():
        return name.decode("ascii")
    return name.decode("utf-8" if flags & _UTF8 else "cp437", errors="replace")


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
