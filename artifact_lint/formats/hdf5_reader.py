"""What an HDF5 file holds: Keras wrote models in it until version 3, and keeps its weights so since.

After the HDF5 File Format Specification 3.0. What Keras loads from such a file is the JSON in attributes of the root
group (keras/src/legacy/saving/legacy_h5_format.py); what HDF5 itself opens beside the file are external links, raw
data in external files and the sources of virtual datasets.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.hdf5 import superblock
from artifact_lint.formats.hdf5_heaps import fractal_objects, global_object, heap_name, symbols
from artifact_lint.formats.hdf5_objects import Cursor, Hdf5File
from artifact_lint.formats.keras_config import read_config
from artifact_lint.formats.spooling import spooled
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.hdf5_objects import Message

_KERAS = (b"keras_version", b"model_config", b"layer_names")
_PREVIEW = 1 << 16
#: The attributes that Keras parses, and the names by which the text of one is known where attributes cannot be read.
_CONFIGURATIONS = frozenset({b"model_config", b"training_config"})
_LAMBDA = re.compile(rb'"class_name":\s*"(?:Lambda|__lambda__)"')
_SEARCHED = 1 << 26
_STEP = 1 << 20
_LONGEST_VALUE = 1 << 25
_MOST_OBJECTS = 20_000
#: Object header messages (section IV.A.2).
_LINK_INFO, _LINK, _EXTERNAL_FILES, _LAYOUT, _ATTRIBUTE, _SYMBOLS, _ATTRIBUTE_INFO = 2, 6, 7, 8, 12, 17, 21
_HARD, _EXTERNAL = 0, 64
_VIRTUAL = 3
_STRING, _VARIABLE = 3, 9


def read_hdf5(job: Job, findings: Findings) -> None:
    """State what an HDF5 file holds of Keras's, and what it opens beside itself.

    Raises:
        FormatError: The superblock cannot be read.
        StoreError: The bytes cannot be read.
    """
    with spooled(job.source) if job.streamed else nullcontext(job.source) as source:
        _read_file(replace(job, source=source), findings)


def _read_file(job: Job, findings: Findings) -> None:
    preview = job.source.read(superblock(job.source) or 0, _PREVIEW)
    if not job.member and (job.name.endswith(".weights.h5") or any(word in preview for word in _KERAS)):
        findings.framework = "keras"
    file = Hdf5File(job.source)
    if file.end is None:
        raise FormatError(Cause.TRUNCATED, "the superblock is cut", file.start)
    if not job.member:
        findings.extent = file.end
    try:
        _read_attributes(file, job, findings)
    except FormatError as error:
        findings.add_error(error, job.member)
        _search(job, findings)
    _read_links(file, job, findings)


def _read_attributes(file: Hdf5File, job: Job, findings: Findings) -> None:
    if file.root is None:
        return
    met = set[bytes]()
    for start, data in attributes(file, file.root):
        name = attribute_name(data, file)
        if name not in _CONFIGURATIONS:
            continue
        if name in met:
            # No library writes such a file, and each of thousands would have to be parsed.
            raise FormatError(Cause.BROKEN, f"two attributes of the name {name.decode()!r}", start)
        met.add(name)
        if findings.framework is None and not job.member:
            findings.framework = "keras"
        place, text = attribute_text(file, data, start)
        member = f"{job.member}@{name.decode()}" if job.member else f"@{name.decode()}"
        try:
            read_config(text, findings, job.member, place)
        except FormatError as error:
            findings.add_incomplete(error.cause, f"{error.detail} ({member})", place, job.member)


def attributes(file: Hdf5File, address: int) -> Iterator[tuple[int, bytes]]:
    """Each attribute of the object at an address as it is kept, and its offset in the file.

    Raises:
        FormatError: One of them cannot be read.
    """
    for message in file.messages(address):
        if message.kind == _ATTRIBUTE:
            if message.shared:
                raise FormatError(Cause.UNSUPPORTED, "an attribute that is shared between objects", message.start)
            yield file.start + message.start, file.block(message.start, message.length).data
        elif message.kind == _ATTRIBUTE_INFO:
            heap, tree = dense(file, message, 2)
            if heap is not None and tree is not None:
                yield from fractal_objects(file, heap, tree)


def dense(file: Hdf5File, message: Message, index_width: int) -> tuple[int | None, int | None]:
    """Where the heap and the index lie that an info message points to."""
    cursor = file.block(message.start, message.length)
    cursor.take(1)
    flags = cursor.number(1)
    cursor.take(index_width if flags & 1 else 0)
    return cursor.address(), cursor.address()


def _attribute_layout(data: bytes, file: Hdf5File) -> tuple[Cursor, int, list[int], int]:
    cursor = Cursor(data, file.start, file.widths)
    version, flags = cursor.number(1), cursor.number(1)
    sizes = [cursor.number(2) for _ in range(3)]
    cursor.take(1 if version > 2 else 0)
    return cursor, version, sizes, flags if version > 1 else 0


def attribute_name(data: bytes, file: Hdf5File) -> bytes:
    """The name of an attribute.

    Raises:
        FormatError: It is cut.
    """
    cursor, _, sizes, _ = _attribute_layout(data, file)
    return cursor.take(sizes[0]).partition(b"\0")[0]


def attribute_text(file: Hdf5File, data: bytes, start: int) -> tuple[int, bytes]:
    """The text of a string attribute, and its offset in the file.

    Raises:
        FormatError: It is no string, or cannot be read.
    """
    cursor, version, sizes, flags = _attribute_layout(data, file)
    parts = [cursor.take(-(-size // 8) * 8 if version == 1 else size) for size in sizes]
    if flags & 1:
        raise FormatError(Cause.UNSUPPORTED, "an attribute whose type stands elsewhere", start)
    kind = parts[1][0] & 0x0F if parts[1] else None
    size = int.from_bytes(parts[1][4:8], "little")
    if kind == _STRING:
        value = cursor.take(min(size, len(data) - cursor.position))
        return start + cursor.position - len(value), value.partition(b"\0")[0].rstrip()
    if kind != _VARIABLE:
        raise FormatError(Cause.UNSUPPORTED, "a configuration that is no text", start)
    length, heap = cursor.number(4), cursor.address()
    index = cursor.number(4)
    if heap is None or not length:
        return start, b"null"
    if length > _LONGEST_VALUE:
        raise FormatError(Cause.LIMIT, f"a configuration of {length:,} bytes", start)
    place, value = global_object(file, heap, index)
    return place, value[:length].rstrip(b"\0")


def _search(job: Job, findings: Findings) -> None:
    """Look for layers of code by their words, in a file whose attributes cannot be read."""
    position, kept = 0, b""
    while position < min(job.source.size, _SEARCHED):
        window = job.source.read(position, _STEP)
        if not window:
            return
        match = _LAMBDA.search(kept + window)
        if match:
            evidence = "a Lambda layer, of a configuration that cannot be read,"
            findings.add_hazard(
                HazardKind.LAMBDA_LAYER,
                f"{evidence} holds marshalled Python code",
                position - len(kept) + match.start(),
                job.member,
            )
            return
        kept = window[-64:]
        position += len(window)


def _read_links(file: Hdf5File, job: Job, findings: Findings) -> None:
    pending = [file.root] if file.root is not None else []
    visited: set[int] = set()
    while pending:
        address = pending.pop()
        if address in visited:
            continue
        visited.add(address)
        if len(visited) > _MOST_OBJECTS:
            findings.add_incomplete(Cause.LIMIT, f"more than {_MOST_OBJECTS:,} HDF5 objects", address, job.member)
            return
        try:
            for message in file.messages(address):
                pending += _linked(file, message, job, findings)
        except FormatError as error:
            findings.add_error(error, job.member)
            if error.cause is Cause.LIMIT:
                return


def _linked(file: Hdf5File, message: Message, job: Job, findings: Findings) -> list[int]:
    """The addresses of the objects that a message links to; what it opens in other files is stated."""
    if message.kind == _SYMBOLS:
        cursor = file.block(message.start, message.length)
        tree, heap = cursor.address(), cursor.address()
        if tree is None or heap is None:
            return []
        return [symbol.address for symbol in symbols(file, tree, heap) if symbol.address is not None]
    if message.kind == _LINK:
        place = file.start + message.start
        return _follow(Cursor(file.block(message.start, message.length).data, place, file.widths), place, job, findings)
    if message.kind == _LINK_INFO:
        heap, tree = dense(file, message, 8)
        found = fractal_objects(file, heap, tree) if heap is not None and tree is not None else ()
        return [
            address
            for place, data in found
            for address in _follow(Cursor(data, place, file.widths), place, job, findings)
        ]
    if message.kind == _EXTERNAL_FILES:
        _state_external_files(file, message, job, findings)
    elif message.kind == _LAYOUT:
        _state_virtual_sources(file, message, job, findings)
    return []


def _follow(cursor: Cursor, place: int, job: Job, findings: Findings) -> list[int]:
    cursor.take(1)
    flags = cursor.number(1)
    kind = cursor.number(1) if flags & 8 else _HARD
    cursor.take((8 if flags & 4 else 0) + (1 if flags & 0x10 else 0))
    cursor.take(cursor.number(1 << (flags & 3)))
    if kind == _HARD:
        address = cursor.address()
        return [] if address is None else [address]
    if kind == _EXTERNAL:
        cursor.take(3)
        _state(cursor.text(), place, job, findings)
    return []


def _state(path: bytes, place: int, job: Job, findings: Findings) -> None:
    findings.add_hazard(HazardKind.EXTERNAL_PATH, path.decode("utf-8", "backslashreplace"), place, job.member)


def _state_external_files(file: Hdf5File, message: Message, job: Job, findings: Findings) -> None:
    cursor = file.block(message.start, message.length)
    cursor.take(6)
    used, heap = cursor.number(2), cursor.address()
    for _ in range(used if heap is not None else 0):
        name = cursor.length()
        cursor.take(2 * file.widths[1])
        _state(heap_name(file, heap or 0, name), file.start + message.start, job, findings)


def _state_virtual_sources(file: Hdf5File, message: Message, job: Job, findings: Findings) -> None:
    cursor = file.block(message.start, message.length)
    version, kind = cursor.number(1), cursor.number(1)
    if version < 3 or kind != _VIRTUAL:
        return
    heap, index = cursor.address(), cursor.number(4)
    if heap is None:
        return
    place, block = global_object(file, heap, index)
    name = block[1 + file.widths[1] :].partition(b"\0")[0]
    if name != b".":
        _state(name, place, job, findings)
