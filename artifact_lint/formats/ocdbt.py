"""The values of a database in TensorStore's OCDBT format, an ordered tree of keys over files of a directory.

After the description of the format in TensorStore's documentation (kvstore/ocdbt, "Storage format"), version 0 of each
structure. A manifest names the root of the newest tree; nodes and values lie in data files. Checksums are not verified.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.formats.base import FormatError, ReadLimits
from artifact_lint.formats.sources import Memory, Unpacked, can_unpack, how_to_unpack
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.base import Beside
    from artifact_lint.stores.base import Source

MANIFEST: Final = "manifest.ocdbt"
_MANIFEST_MAGIC: Final = b"\x0c\xdb\x3a\x2a"
_NODE_MAGIC: Final = b"\x0c\xdb\x20\xde"
#: Magic number, length, version and compression before the content, and the checksum behind it, in bytes.
_HEAD, _TAIL = 14, 4
#: The nodes and files of one database, their bytes as they are kept and unpacked, and the keys, up to which it is read.
_MOST_NODES: Final = 1000
_MOST_FILES: Final = 200
_MOST_PACKED: Final = 16 << 20
_MOST_UNPACKED: Final = 16 << 20
_MOST_KEYS: Final = 300_000
_LONGEST_KEY: Final = 65535
#: What the keys of a database, or those of one node, have together at most once they are spelled out, in bytes.
_MOST_KEY_BYTES: Final = 32 << 20
_LONGEST_VALUE: Final = 1 << 20
_MISSING: Final = (1 << 64) - 1
#: How a git-LFS pointer begins, which stands for a file that is not here (git-lfs, docs/spec.md).
POINTER: Final = b"version https://git-lfs.github.com/spec/"


class _Place(NamedTuple):
    """Where bytes lie: the directory of a data file, its path within that, and the stretch of it."""

    base: str
    path: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class _Node:
    """A node that is to be read: the start that its keys leave out, and how far it is from the leaves."""

    place: _Place
    prefix: bytes
    height: int


def values(beside: Beside, is_wanted: Callable[[bytes], bool]) -> dict[bytes, bytes]:
    """The values of the keys that are wanted, in the order of the keys.

    `beside` opens files by their paths from the directory of the database.

    Raises:
        FormatError: The database is broken, is kept in a way that is not read, or reaches a limit.
        StoreError: A file of it cannot be read.
    """
    with ExitStack() as stack:
        return _Database(beside, stack).values(is_wanted)


class _Database:
    """A database while it is read; counts what was read of it."""

    def __init__(self, beside: Beside, stack: ExitStack) -> None:
        self._beside = beside
        self._stack = stack
        self._opened: dict[str, Source] = {}
        self._packed = _MOST_PACKED
        self._unpacked = _MOST_UNPACKED
        self._keys = _MOST_KEYS
        self._key_bytes = _MOST_KEY_BYTES

    def values(self, is_wanted: Callable[[bytes], bool]) -> dict[bytes, bytes]:
        """As the function of the module."""
        root = self._root()
        pending = [] if root is None else [root]
        found: dict[bytes, bytes | _Place] = {}
        read = 0
        while pending:
            node = pending.pop()
            read += 1
            if read > _MOST_NODES:
                raise FormatError(Cause.LIMIT, f"an OCDBT database of more than {_MOST_NODES:,} nodes")
            pending += reversed(self._read_node(node, is_wanted, found))
        return {key: self._bytes_at(value) if isinstance(value, _Place) else value for key, value in found.items()}

    def _root(self) -> _Node | None:
        """The root of the newest version of the tree; None where that is empty."""
        source = self._open(MANIFEST)
        cursor = self._content(_Place("", MANIFEST, 0, min(source.size, _LONGEST_VALUE)), _MANIFEST_MAGIC)
        cursor.take(16)  # the database's identifier
        if cursor.byte():
            raise FormatError(Cause.UNSUPPORTED, "an OCDBT database with numbered manifests")
        cursor.varints(2)
        cursor.byte()
        if cursor.varint():  # the compression of what is yet to be written
            cursor.take(4)
        files = cursor.data_files("")
        count = cursor.count()
        if not count:
            raise FormatError(Cause.BROKEN, "an OCDBT database without a version")
        cursor.varints(count)
        heights = cursor.take(count)
        indices, offsets, lengths = (cursor.varints(count) for _ in range(3))
        if offsets[-1] == _MISSING:
            return None
        return _Node(_place(files, indices[-1], offsets[-1], lengths[-1]), b"", heights[-1])

    def _read_node(
        self, node: _Node, is_wanted: Callable[[bytes], bool], found: dict[bytes, bytes | _Place]
    ) -> list[_Node]:
        """Add the wanted keys of a leaf; of any other node, the nodes below it."""
        cursor = self._content(node.place, _NODE_MAGIC)
        if cursor.byte() != node.height:
            raise FormatError(Cause.BROKEN, "an OCDBT node at another height than its parent says")
        files = cursor.data_files(node.place.base)
        count = cursor.count()
        self._keys -= count
        if self._keys < 0:
            raise FormatError(Cause.LIMIT, f"an OCDBT database of more than {_MOST_KEYS:,} keys")
        prefixes, suffixes = [0, *cursor.varints(count - 1)] if count else [], cursor.varints(count)
        shared = cursor.varints(count) if node.height else []
        keys = cursor.texts(prefixes, suffixes)
        self._key_bytes -= sum(map(len, keys))
        if self._key_bytes < 0:
            raise FormatError(Cause.LIMIT, f"an OCDBT database whose keys have more than {_MOST_KEY_BYTES:,} bytes")
        if node.height:
            indices, offsets, lengths = (cursor.varints(count) for _ in range(3))
            return [
                _Node(_place(files, index, offset, length), node.prefix + key[:common], node.height - 1)
                for key, common, index, offset, length in zip(keys, shared, indices, offsets, lengths, strict=True)
            ]
        lengths = cursor.varints(count)
        kinds = cursor.take(count)
        outside = [length for length, kind in zip(lengths, kinds, strict=True) if kind]
        indices, offsets = cursor.varints(len(outside)), cursor.varints(len(outside))
        places = iter(zip(indices, offsets, outside, strict=True))
        for key, length, kind in zip(keys, lengths, kinds, strict=True):
            value = _place(files, *next(places)) if kind else cursor.take(length)
            if is_wanted(node.prefix + key):
                found[node.prefix + key] = value
        return []

    def _content(self, place: _Place, magic: bytes) -> _Cursor:
        """What a manifest or node holds behind its head."""
        self._packed -= place.length
        if self._packed < 0:
            raise FormatError(Cause.LIMIT, f"an OCDBT index of more than {_MOST_PACKED:,} bytes")
        data = self._read(place)
        version, compression = data[12:13], data[13:14]
        if data[:4] != magic or len(data) < _HEAD + _TAIL or int.from_bytes(data[4:12], "little") != len(data):
            raise FormatError(Cause.BROKEN, f"no OCDBT structure where one should be in {place.base}{place.path}")
        if version != b"\0" or compression not in {b"\0", b"\1"}:
            raise FormatError(Cause.UNSUPPORTED, "an OCDBT structure of a version or compression that is not known")
        content = data[_HEAD:-_TAIL]
        if compression == b"\1":
            content = _unpacked(content, self._unpacked)
        self._unpacked -= len(content)
        if self._unpacked < 0:
            raise FormatError(Cause.LIMIT, "an OCDBT index that is larger than what is read of one")
        return _Cursor(content)

    def _bytes_at(self, place: _Place) -> bytes:
        if place.length > _LONGEST_VALUE:
            raise FormatError(Cause.LIMIT, f"a value of more than {_LONGEST_VALUE:,} bytes")
        return self._read(place)

    def _read(self, place: _Place) -> bytes:
        path = place.base + place.path
        data = self._open(path).read(place.offset, place.length)
        if len(data) < place.length:
            raise FormatError(Cause.TRUNCATED, f"{path} ends before what the OCDBT database keeps there", place.offset)
        return data

    def _open(self, path: str) -> Source:
        if path not in self._opened:
            if len(self._opened) >= _MOST_FILES:
                raise FormatError(Cause.LIMIT, f"an OCDBT database of more than {_MOST_FILES:,} files")
            source = self._stack.enter_context(self._beside(path))
            if source.read(0, len(POINTER)) == POINTER:
                raise FormatError(Cause.ELSEWHERE, f"{path} is a git-LFS pointer")
            self._opened[path] = source
        return self._opened[path]


def _unpacked(content: bytes, most: int) -> bytes:
    if not can_unpack("zstd"):
        raise FormatError(Cause.UNSUPPORTED, f"an OCDBT database compressed with {how_to_unpack('zstd')}")
    return Unpacked(Memory(content), "zstd", ReadLimits(unpacked=most)).read(0, most + 1)


def _place(files: list[tuple[str, str]], index: int, offset: int, length: int) -> _Place:
    if index >= len(files):
        raise FormatError(Cause.BROKEN, "an OCDBT reference to a file that is not listed")
    return _Place(*files[index], offset, length)


class _Cursor:
    """A structure, read forward."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            FormatError: There are fewer.
        """
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise FormatError(Cause.TRUNCATED, "an OCDBT structure ends early", self._at)
        self._at += count
        return taken

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def varint(self) -> int:
        """The next number, seven bits to a byte, the lowest first."""
        return self.varints(1)[0]

    def varints(self, count: int) -> list[int]:
        """The next numbers."""
        data, at = self._data, self._at
        if count > len(data) - at:
            raise FormatError(Cause.TRUNCATED, "an OCDBT structure ends early", at)
        found = list[int]()
        try:
            for _ in range(count):
                value = data[at]
                at += 1
                shift = 7
                if value >= 0x80:
                    value &= 0x7F
                    while (byte := data[at]) >= 0x80:
                        value |= (byte & 0x7F) << shift
                        shift += 7
                        at += 1
                        if shift > 63:
                            raise FormatError(Cause.BROKEN, "an OCDBT number of more than 64 bits", at)
                    value |= byte << shift
                    at += 1
                found.append(value)
        except IndexError:
            raise FormatError(Cause.TRUNCATED, "an OCDBT structure ends early", at) from None
        self._at = at
        return found

    def count(self) -> int:
        """The next number, which tells how many things of at least a byte follow."""
        count = self.varint()
        if count > len(self._data) - self._at:
            raise FormatError(Cause.TRUNCATED, f"an OCDBT structure promises {count:,} entries and ends", self._at)
        return count

    def data_files(self, base: str) -> list[tuple[str, str]]:
        """The directory and the path of each data file that the structure refers to; `base` leads to them all."""
        count = self.count()
        prefixes = [0, *self.varints(count - 1)] if count else []
        suffixes, bases = self.varints(count), self.varints(count)
        found = list[tuple[str, str]]()
        for path, own in zip(self.texts(prefixes, suffixes), bases, strict=True):
            if own > len(path) or path.startswith(b"/") or b".." in path.split(b"/") or b"\\" in path or b"\0" in path:
                raise FormatError(Cause.BROKEN, "an OCDBT path that leaves the directory of the database", self._at)
            found.append((base + os.fsdecode(path[:own]), os.fsdecode(path[own:])))
        return found

    def texts(self, prefixes: list[int], suffixes: list[int]) -> list[bytes]:
        """The next texts, each of which shares its start with the one before."""
        found = list[bytes]()
        last = b""
        left = _MOST_KEY_BYTES
        for prefix, suffix in zip(prefixes, suffixes, strict=True):
            left -= prefix + suffix
            if prefix > len(last) or prefix + suffix > _LONGEST_KEY or left < 0:
                raise FormatError(Cause.BROKEN, "OCDBT keys or paths that are longer than they may be", self._at)
            last = last[:prefix] + self.take(suffix)
            found.append(last)
        return found
