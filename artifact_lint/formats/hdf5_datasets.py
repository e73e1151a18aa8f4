"""The datasets of an HDF5 file by their paths, with element type and shape, without their values.

After the HDF5 File Format Specification 3.0, sections IV.A.2.b (dataspace) and IV.A.2.d (datatype). Element types are
named as numpy does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.extents import items_of
from artifact_lint.formats.hdf5_heaps import fractal_objects, symbols
from artifact_lint.formats.hdf5_objects import Cursor
from artifact_lint.formats.hdf5_reader import attribute_name, attribute_text, attributes, dense
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.hdf5_objects import Hdf5File, Message

_MOST_OBJECTS: Final = 20_000
_LONGEST_PATH: Final = 1 << 10
#: H5S_MAX_RANK of HDF5 (src/H5Spublic.h).
_MOST_DIMENSIONS: Final = 32
#: Object header messages (section IV.A.2).
_DATASPACE, _LINK_INFO, _DATATYPE, _LINK, _LAYOUT, _SYMBOLS = 1, 2, 3, 6, 8, 17
#: Classes of datatypes.
_INTEGER, _FLOAT, _STRING, _OPAQUE, _COMPOUND, _ENUMERATION, _VARIABLE = 0, 1, 3, 5, 6, 8, 9


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: its path without the first slash, numpy's name of its type, its shape, the bytes of one element."""

    path: str
    dtype: str
    shape: tuple[int, ...]
    width: int

    @property
    def items(self) -> int:
        """The number of elements."""
        count = 1
        for dimension in self.shape:
            count *= dimension
        return count


def datasets(file: Hdf5File) -> Iterator[Dataset]:
    """Every dataset that hard links lead to, each once, in the order of the paths.

    Raises:
        FormatError: A part of the file cannot be read, or there is too much of it.
        StoreError: The bytes cannot be read.
    """
    pending = [("", file.root)] if file.root is not None else []
    visited: set[int] = set()
    while pending:
        path, address = pending.pop()
        if address in visited:
            continue
        visited.add(address)
        if len(visited) > _MOST_OBJECTS:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_OBJECTS:,} HDF5 objects", file.start + address)
        if len(path) > _LONGEST_PATH:
            raise FormatError(Cause.LIMIT, "HDF5 groups nest too deep", file.start + address)
        messages = list(file.messages(address))
        kinds = {message.kind for message in messages}
        if _LAYOUT in kinds:
            yield _dataset(file, path, address, messages)
            continue
        inner = {name: child for message in messages for name, child in _links(file, message)}
        pending += [(f"{path}/{name}" if path else name, inner[name]) for name in sorted(inner, reverse=True)]


def text_attributes(file: Hdf5File, address: int, wanted: frozenset[bytes]) -> dict[str, bytes]:
    """The texts of those attributes of an object that are wanted and are texts.

    Raises:
        FormatError: They cannot be read.
    """
    found = dict[str, bytes]()
    for start, data in attributes(file, address):
        name = attribute_name(data, file)
        if name in wanted:
            found[name.decode()] = attribute_text(file, data, start)[1]
    return found


def _links(file: Hdf5File, message: Message) -> Iterator[tuple[str, int]]:
    if message.kind == _SYMBOLS:
        cursor = file.block(message.start, message.length)
        tree, heap = cursor.address(), cursor.address()
        for symbol in symbols(file, tree, heap) if tree is not None and heap is not None else ():
            if symbol.address is not None:
                yield symbol.name.decode("utf-8", "backslashreplace"), symbol.address
    elif message.kind == _LINK:
        place = file.start + message.start
        yield from _link(Cursor(file.block(message.start, message.length).data, place, file.widths))
    elif message.kind == _LINK_INFO:
        heap, tree = dense(file, message, 8)
        for place, data in fractal_objects(file, heap, tree) if heap is not None and tree is not None else ():
            yield from _link(Cursor(data, place, file.widths))


def _link(cursor: Cursor) -> Iterator[tuple[str, int]]:
    cursor.take(1)
    flags = cursor.number(1)
    kind = cursor.number(1) if flags & 8 else 0
    cursor.take((8 if flags & 4 else 0) + (1 if flags & 0x10 else 0))
    name = cursor.take(cursor.number(1 << (flags & 3)))
    address = cursor.address() if kind == 0 else None
    if address is not None:
        yield name.decode("utf-8", "backslashreplace"), address


def _dataset(file: Hdf5File, path: str, address: int, messages: list[Message]) -> Dataset:
    shape: tuple[int, ...] = ()
    dtype, width = "unknown", 0
    for message in messages:
        if message.shared or message.kind not in {_DATASPACE, _DATATYPE}:
            continue
        cursor = file.block(message.start, message.length)
        if message.kind == _DATASPACE:
            shape = _shape(cursor)
        else:
            dtype, width = _datatype(cursor)
    if dtype == "opaque":
        # Keras writes types that numpy lacks as bytes, and their name beside them (keras/src/saving/saving_lib.py).
        dtype = text_attributes(file, address, frozenset({b"dtype"})).get("dtype", b"opaque").decode("utf-8", "replace")
    return Dataset(path, dtype, shape, width)


def _shape(cursor: Cursor) -> tuple[int, ...]:
    version, rank, _ = cursor.number(1), cursor.number(1), cursor.number(1)
    if rank > _MOST_DIMENSIONS:
        raise FormatError(Cause.BROKEN, f"a dataset of {rank} dimensions")
    if version == 1:
        cursor.take(5)
    elif cursor.number(1) == 2:  # no space at all
        return (0,)
    shape = tuple(cursor.length() for _ in range(rank))
    items_of(shape)
    return shape


def _datatype(cursor: Cursor) -> tuple[str, int]:
    """Numpy's name of a type, and the bytes that one element takes."""
    kind, bits = cursor.number(1) & 0x0F, cursor.number(3)
    width = cursor.number(4)
    if kind == _INTEGER:
        return f"{'int' if bits & 8 else 'uint'}{8 * width}", width
    if kind == _FLOAT:
        return f"float{8 * width}", width
    if kind == _ENUMERATION:
        return ("bool" if width == 1 and bits & 0xFFFF == 2 else "enum"), width
    names = {_STRING: "string", _VARIABLE: "string", _OPAQUE: "opaque", _COMPOUND: "compound"}
    return names.get(kind, "unknown"), width
