"""Zip and tar archives whose parts need not agree with one another.

Zip: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (end record).
"""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STORED = 0
DEFLATED = 8
BZIP2 = 12
LZMA = 14


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the local header and the directory tell of it; what is None follows from the content."""

    name: str
    content: bytes
    method: int = STORED
    flags: int = 0
    local_name: str | None = None
    local_flags: int | None = None
    local_method: int | None = None
    crc: int | None = None
    local_crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    local_size: int | None = None
    attributes: int = 0
    listed: bool = True
    stored: bool = True
    encrypted_header: bytes = b""


def pack(content: bytes, method: int) -> bytes:
    """A member's bytes as its method packs them."""
    if method == DEFLATED:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        return compressor.compress(content) + compressor.flush()
    if method == BZIP2:
        return bz2.compress(content)
    if method == LZMA:
        filters = [{"id": lzma.FILTER_LZMA1, "preset": 6}]
        alone = lzma.compress(content, lzma.FORMAT_ALONE, filters=filters)
        return b"\x09\x04\x05\x00" + alone[:5] + alone[13:]
    return content


def zipped(
    members: Iterable[Member], *, prefix: bytes = b"", between: bytes = b"", comment: bytes = b"", shifted: bool = True
) -> bytes:
    """An archive; `shifted` counts offsets from the start of the file, otherwise from the end of `prefix`."""
    body = bytearray(prefix)
    directory = bytearray()
    base = 0 if shifted else len(prefix)
    count = 0
    for member in members:
        offset = len(body) - base
        packed = member.encrypted_header + pack(member.content, member.method)
        crc = zlib.crc32(member.content) if member.crc is None else member.crc
        packed_size = len(packed) if member.packed_size is None else member.packed_size
        size = len(member.content) if member.size is None else member.size
        if member.stored:
            body += _local(member, crc, packed_size, size) + packed
        if member.listed:
            directory += _listed(member, crc, packed_size, size, offset)
            count += 1
    body += between
    start = len(body) - base
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), start, len(comment)
    )
    return bytes(body) + bytes(directory) + end + comment


def _local(member: Member, crc: int, packed_size: int, size: int) -> bytes:
    name = (member.name if member.local_name is None else member.local_name).encode()
    flags = member.flags if member.local_flags is None else member.local_flags
    method = member.method if member.local_method is None else member.local_method
    crc = crc if member.local_crc is None else member.local_crc
    if member.local_size is not None:
        packed_size = size = member.local_size
    fields = (b"PK\x03\x04", 20, flags, method, 0, 33, crc, packed_size, size, len(name), 0)
    return struct.pack("<4s5H3I2H", *fields) + name


def _listed(member: Member, crc: int, packed_size: int, size: int, offset: int) -> bytes:
    name = member.name.encode()
    made_by = 3 << 8 | 20
    fields = (b"PK\x01\x02", made_by, 20, member.flags, member.method, 0, 33, crc, packed_size, size, len(name))
    return struct.pack("<4s6H3I5H2I", *fields, 0, 0, 0, 0, member.attributes, offset) + name


def plain_zip(members: Mapping[str, bytes], method: int = STORED) -> bytes:
    """An archive with nothing wrong in its layout."""
    return zipped(Member(name, content, method) for name, content in members.items())


def tarred(members: Iterable[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> bytes:
    """A tar archive; times and owners are zero."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]  # the mode is text
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_file(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """A regular member."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def tar_link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    """A link or a device."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info, b""


def plain_tar(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar archive of regular members."""
    return tarred((tar_file(name, content) for name, content in members.items()), mode)
