"""The smallest HDF5 file whose root group has one text attribute.

HDF5 File Format Specification 3.0: superblock version 0 (II.A), object header version 1 (IV.A.1.a), symbol table
message (IV.A.2.r), attribute message version 1 (IV.A.2.m), B-tree version 1 (III.A.1) and local heap (III.D).
"""

from __future__ import annotations

import struct

_UNDEFINED = (1 << 64) - 1
_SUPERBLOCK = 96


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 8)


def _message(kind: int, content: bytes) -> bytes:
    content = _padded(content)
    return struct.pack("<HHB3x", kind, len(content), 0) + content


def _attribute(name: str, value: bytes) -> bytes:
    """A fixed-length string in a scalar dataspace."""
    encoded = name.encode() + b"\x00"
    datatype = struct.pack("<B3BI", 0x13, 0x00, 0, 0, len(value))
    dataspace = struct.pack("<BBB5x", 1, 0, 0)
    sizes = struct.pack("<BxHHH", 1, len(encoded), len(datatype), len(dataspace))
    return sizes + _padded(encoded) + _padded(datatype) + _padded(dataspace) + value


def with_attributes(attributes: dict[str, bytes]) -> bytes:
    """A file with these attributes at its root, each of at most 64,000 bytes, and no dataset."""
    heap_at_header = struct.pack("<QQ", 0, 0)
    messages = [_attribute(name, value) for name, value in attributes.items()]
    body = _message(0x11, heap_at_header) + b"".join(_message(0x0C, message) for message in messages)
    tree = _SUPERBLOCK + 16 + len(body)
    heap = tree + 24 + 8 + 32 * 16
    body = _message(0x11, struct.pack("<QQ", tree, heap)) + b"".join(_message(0x0C, message) for message in messages)
    header = struct.pack("<BxHII4x", 1, 1 + len(messages), 1, len(body)) + body
    node = b"TREE" + struct.pack("<BBHQQ", 0, 0, 0, _UNDEFINED, _UNDEFINED) + bytes(8 + 32 * 16)
    data = heap + 32
    names = bytes(8) + struct.pack("<QQ", 1, 80) + bytes(64 + 8)
    local_heap = b"HEAP" + struct.pack("<B3xQQQ", 0, 88, 8, data) + names
    end = data + len(names)
    superblock = b"\x89HDF\r\n\x1a\n" + struct.pack("<BBBxBBBxHHI", 0, 0, 0, 0, 8, 8, 4, 16, 0)
    superblock += struct.pack("<QQQQ", 0, _UNDEFINED, end, _UNDEFINED)
    superblock += struct.pack("<QQI4xQQ", 0, _SUPERBLOCK, 1, tree, heap)
    return superblock + header + node + local_heap
