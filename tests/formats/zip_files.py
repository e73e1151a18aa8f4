"""Zip archives put together record by record, so that each record can tell another story."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from weight_files import torch_pickle


@dataclass
class Member:
    """A member, with what its local header and the directory say of it where that is not the truth."""

    name: str
    content: bytes
    method: int = 0
    packed: bytes | None = None
    flags: int = 0
    local_name: str | None = None
    local_flags: int | None = None
    local_method: int | None = None
    local_size: int | None = None
    listed: bool = True
    written: bool = True
    crc: int | None = None
    described: bool = False
    extra: bytes = b""
    mode: int = 0
    listed_size: int | None = None


@dataclass
class Archive:
    """The members of an archive, what stands before, between and behind them, and what the end record says."""

    members: list[Member] = field(default_factory=list)
    before: bytes = b""
    before_directory: bytes = b""
    between_records: bytes = b""
    after: bytes = b""
    comment: bytes = b""
    shift: int | None = None
    count: int | None = None
    directory_size: int | None = None

    def build(self) -> bytes:
        """The bytes; `shift` is what offsets are counted from, by default the start of the file."""
        base = 0 if self.shift is None else self.shift
        out = bytearray(self.before)
        directory = bytearray()
        listed = 0
        for member in self.members:
            offset = len(out) - base
            if member.written:
                out += _local(member)
            if member.listed:
                directory += _central(member, offset)
                listed += 1
        out += self.before_directory
        start = len(out) - base
        out += directory
        out += self.between_records
        count = listed if self.count is None else self.count
        size = len(directory) if self.directory_size is None else self.directory_size
        out += b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size, start, len(self.comment))
        return bytes(out + self.comment + self.after)


def _packed(member: Member) -> bytes:
    if member.packed is not None:
        return member.packed
    if member.method == 8:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        return deflate.compress(member.content) + deflate.flush()
    return member.content


def _crc(member: Member) -> int:
    return zlib.crc32(member.content) if member.crc is None else member.crc


def _local(member: Member) -> bytes:
    packed = _packed(member)
    name = (member.name if member.local_name is None else member.local_name).encode()
    flags = member.flags if member.local_flags is None else member.local_flags
    method = member.method if member.local_method is None else member.local_method
    size = len(member.content) if member.local_size is None else member.local_size
    told = (_crc(member), len(packed) if member.local_size is None or method else size, size)
    if member.described:
        flags |= 8
        told = (0, 0, 0)
    head = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 0, *told, len(name), len(member.extra))
    tail = b"PK\x07\x08" + struct.pack("<III", _crc(member), len(packed), len(member.content))
    return b"PK\x03\x04" + head + name + member.extra + packed + (tail if member.described else b"")


def _central(member: Member, offset: int) -> bytes:
    packed = _packed(member)
    name = member.name.encode()
    flags = member.flags | (8 if member.described else 0)
    size = len(member.content) if member.listed_size is None else member.listed_size
    head = struct.pack(
        "<BBHHHHHIIIHHH", 20, 3, 20, flags, member.method, 0, 0, _crc(member), len(packed), size, len(name), 0, 0
    )
    return b"PK\x01\x02" + head + struct.pack("<HHII", 0, 0, member.mode << 16, offset) + name


def model(*more: Member, **changes: object) -> Archive:
    """An archive as `torch.save` lays it out, with more members."""
    members = [
        Member("model/data.pkl", torch_pickle()),
        Member("model/version", b"3\n"),
        Member("model/data/0", bytes(24)),
        *more,
    ]
    archive = Archive(members)
    for name, value in changes.items():
        setattr(archive, name, value)
    return archive
