"""The heaps and trees of an HDF5 file, in which names, long values, links and attributes are kept.

After the HDF5 File Format Specification 3.0: sections III.A (B-trees), III.B (symbol table nodes), III.D to III.G
(local, global and fractal heaps).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.hdf5_objects import Cursor, Hdf5File

#: The most nodes of one tree, and entries of one heap, that are read.
_MOST_NODES = 20_000
_LONGEST_NAME = 1 << 12
_LONGEST_OBJECT = 1 << 25
_SOFT = 2
#: The levels of an index below its root, each of which has a dozen times as many entries as the one above at least; and
#: the signature, version, type and checksum of a node, in bytes.
_DEEPEST_INDEX = 8
_NODE_HEAD = 10


@dataclass(frozen=True, slots=True)
class Symbol:
    """One entry of an old-style group: the object's address, or None for a link to a path in the file."""

    name: bytes
    address: int | None
    offset: int


def heap_name(file: Hdf5File, heap: int, offset: int) -> bytes:
    """The name at an offset of a local heap.

    Raises:
        FormatError: There is none.
    """
    cursor = file.signed(heap, b"HEAP", 8 + 2 * file.widths[1] + file.widths[0])
    cursor.take(4)
    size = cursor.length()
    cursor.length()
    data = cursor.address()
    if data is None or offset >= size:
        raise FormatError(Cause.BROKEN, "a name lies beyond its heap", file.start + heap)
    return file.block(data + offset, max(0, min(_LONGEST_NAME, size - offset, file.source.size - data - offset))).text()


def symbols(file: Hdf5File, tree: int, heap: int) -> Iterator[Symbol]:
    """The entries of an old-style group.

    Raises:
        FormatError: Its tree cannot be read.
    """
    pending, visited = [tree], set[int]()
    while pending:
        address = pending.pop()
        if address in visited:
            raise FormatError(Cause.BROKEN, "the tree of a group leads back into itself", file.start + address)
        visited.add(address)
        if len(visited) > _MOST_NODES:
            raise FormatError(Cause.LIMIT, f"a group of more than {_MOST_NODES:,} nodes", file.start + address)
        if file.block(address, 4).data == b"SNOD":
            yield from _symbol_node(file, address, heap)
            continue
        cursor = file.signed(address, b"TREE", 8 + 2 * file.widths[0])
        cursor.take(2)
        used = cursor.number(2)
        cursor = file.block(address + 8 + 2 * file.widths[0], used * sum(file.widths))
        for _ in range(used):
            cursor.length()
            child = cursor.address()
            if child is not None:
                pending.append(child)


def _symbol_node(file: Hdf5File, address: int, heap: int) -> Iterator[Symbol]:
    cursor = file.signed(address, b"SNOD", 8)
    cursor.take(2)
    count = cursor.number(2)
    width = 2 * file.widths[0] + 24
    cursor = file.block(address + 8, count * width)
    for index in range(count):
        name, target = cursor.number(file.widths[0]), cursor.address()
        cached = cursor.number(4)
        cursor.take(20)
        shown = heap_name(file, heap, name)
        yield Symbol(shown, None if cached == _SOFT else target, file.start + address + 8 + index * width)


def global_object(file: Hdf5File, address: int, index: int) -> tuple[int, bytes]:
    """One object of a global heap collection, and its offset in the file.

    Raises:
        FormatError: It is not there, or too long.
    """
    cursor = file.signed(address, b"GCOL", 8 + file.widths[1])
    cursor.take(4)
    size = cursor.length()
    position = address + cursor.position
    end = min(address + size, file.source.size)
    head = 8 + file.widths[1]
    for _ in range(1 << 16):
        if position + head > end:
            break
        cursor = file.block(position, head)
        found = cursor.number(2)
        cursor.take(6)
        length = cursor.length()
        if found == index:
            if length > _LONGEST_OBJECT:
                raise FormatError(Cause.LIMIT, f"a value of {length:,} bytes", file.start + position)
            return file.start + position + head, file.block(position + head, length).data
        if found == 0:
            break
        position += head + -(-length // 8) * 8
    raise FormatError(Cause.BROKEN, "a value is not in its heap", file.start + address)


@dataclass(frozen=True, slots=True)
class _Fractal:
    """What the header of a fractal heap says; widths in bytes."""

    filtered: bool
    huge: int
    width: int
    first: int
    largest: int
    offset_width: int
    length_width: int
    root: int | None
    rows: int


def fractal_objects(file: Hdf5File, heap: int, tree: int) -> Iterator[tuple[int, bytes]]:
    """Every object of a fractal heap that a version 2 B-tree names, with its offset in the file.

    Raises:
        FormatError: One of them cannot be read, or is kept in a way that is not read here.
    """
    found = _fractal_header(file, heap)
    blocks: list[tuple[int, int, int]] | None = None
    for identifier in _records(file, tree):
        file.count(tree)
        kind = identifier[0] >> 4 & 3
        if kind == 2:
            length = (identifier[0] & 0x0F) + 1
            yield file.start + tree, identifier[1 : 1 + length]
            continue
        if kind != 0 or found.filtered:
            raise FormatError(Cause.UNSUPPORTED, "a huge or compressed object of an HDF5 heap", file.start + heap)
        if blocks is None:
            blocks = sorted(_direct_blocks(file, found))
        offset = int.from_bytes(identifier[1 : 1 + found.offset_width], "little")
        length = int.from_bytes(identifier[1 + found.offset_width :][: found.length_width], "little")
        index = bisect_right(blocks, offset, key=itemgetter(0)) - 1
        begin, size, at = blocks[index] if index >= 0 else (0, 0, 0)
        if not begin <= offset < begin + size:
            raise FormatError(Cause.BROKEN, "an object is not in its heap", file.start + heap)
        place = at + offset - begin
        yield file.start + place, file.block(place, length).data


def _fractal_header(file: Hdf5File, address: int) -> _Fractal:
    width = file.widths
    cursor = file.signed(address, b"FRHP", 26 + 3 * width[0] + 12 * width[1])
    cursor.take(3)
    filters = cursor.number(2)
    cursor.take(1)
    largest_object = cursor.number(4)
    cursor.take(10 * width[1] + 2 * width[0])
    columns, first, largest, bits = cursor.number(2), cursor.length(), cursor.length(), cursor.number(2)
    cursor.take(2)
    root, rows = cursor.address(), cursor.number(2)
    if not (0 < columns <= 1 << 12 and 0 < first <= largest <= 1 << 40 and 0 < bits <= 64 and rows <= 64):
        raise FormatError(Cause.BROKEN, "the header of an HDF5 heap is broken", file.start + address)
    length_width = min(_bytes_for(largest), _bytes_for(largest_object))
    return _Fractal(filters > 0, largest_object, columns, first, largest, -(-bits // 8), length_width, root, rows)


def _bytes_for(value: int) -> int:
    return max(1, -(-value.bit_length() // 8))


def _direct_blocks(file: Hdf5File, heap: _Fractal) -> Iterator[tuple[int, int, int]]:
    """Each direct block: its offset in the heap, its size, and its address."""
    if heap.root is None:
        return
    if heap.rows == 0:
        yield 0, heap.first, heap.root
        return
    pending = [(heap.root, heap.rows, 0)]
    count = 0
    while pending:
        address, rows, begin = pending.pop()
        cursor = file.signed(
            address, b"FHIB", 5 + file.widths[0] + heap.offset_width + rows * heap.width * file.widths[0]
        )
        cursor.take(1 + file.widths[0] + heap.offset_width)
        for row in range(rows):
            size = heap.first << max(0, row - 1)
            for _ in range(heap.width):
                count += 1
                if count > _MOST_NODES:
                    raise FormatError(Cause.LIMIT, f"a heap of more than {_MOST_NODES:,} blocks", file.start + address)
                child = cursor.address()
                if child is not None and size <= heap.largest:
                    yield begin, size, child
                elif child is not None:
                    inner = (size // (heap.first * heap.width)).bit_length()
                    pending.append((child, max(1, min(64, inner)), begin))
                begin += size


def _records(file: Hdf5File, address: int) -> Iterator[bytes]:
    """The heap identifiers in the records of a version 2 B-tree of links (type 5) or attributes (type 8)."""
    cursor = file.signed(address, b"BTHD", 22 + file.widths[0] + file.widths[1])
    cursor.take(1)
    kind, node, size, depth = cursor.number(1), cursor.number(4), cursor.number(2), cursor.number(2)
    cursor.take(2)
    root, count = cursor.address(), cursor.number(2)
    if root is None or count == 0:
        return
    if kind not in {5, 8} or not 8 <= size <= 64 or not 64 <= node <= 1 << 20:
        raise FormatError(Cause.BROKEN, "the index of an HDF5 heap is broken", file.start + address)
    if depth > _DEEPEST_INDEX:
        raise FormatError(Cause.BROKEN, f"an index of an HDF5 heap of {depth + 1:,} levels", file.start + address)
    pointers = _pointer_widths(node, size, depth, file.widths[0])
    pending, visited = [(root, count, depth)], set[int]()
    while pending:
        at, inside, level = pending.pop()
        if at in visited:
            raise FormatError(Cause.BROKEN, "the index of an HDF5 heap leads back into itself", file.start + at)
        visited.add(at)
        cursor = file.signed(at, b"BTIN" if level else b"BTLF", min(node, file.source.size - at))
        cursor.take(2)
        yield from _identifiers(cursor, kind, size, inside)
        for _ in range(inside + 1 if level else 0):
            child, records = cursor.address(), cursor.number(pointers[0])
            cursor.take(pointers[level])
            if child is not None:
                pending.append((child, records, level - 1))


def _pointer_widths(node: int, size: int, depth: int, address: int) -> list[int]:
    """The bytes of a count of records in a node; then, by the level of the node that points, of those below a child.

    As the library reckons them from the most records that fit (`H5B2__hdr_init` in src/H5B2hdr.c, HDF5 1.14).
    """
    fit = (node - _NODE_HEAD) // size
    below, width, widths = fit, 0, [_bytes_for(fit)]
    for _ in range(depth):
        widths.append(width)
        pointer = address + widths[0] + width
        most = max(0, node - _NODE_HEAD - pointer) // (size + pointer)
        below = (most + 1) * below + most
        width = _bytes_for(below)
    return widths


def _identifiers(cursor: Cursor, kind: int, size: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        record = cursor.take(size)
        yield record[4:] if kind == 5 else record[:8]
