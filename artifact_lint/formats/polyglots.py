"""What else a loader would take a file for: the same bytes may be a pickle to one, and an archive to another.

`torch.load` tells a zip by its first four bytes, then tries a tar, then unpickles (serialization.py of PyTorch 2.9);
`torch.jit.load`, `zipfile`, skops and Keras find a zip from its end, whatever stands before it; `tarfile` goes by the
first header's checksum; h5py finds a superblock at 512, 1024, 2048, ... as well; everything else is unpickled.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.formats.base import HEAD, FormatError
from artifact_lint.formats.catalogue import PICKLE_FAMILY, WEAKLY_TOLD, ZIP_FAMILY
from artifact_lint.formats.sniffing import as_zip, formats_that_begin, members_by_end, probe_of, recognises
from artifact_lint.formats.tars import BLOCK, is_tar_header, opened, tar_members
from artifact_lint.formats.zip_records import END, directories, local_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.stores.base import Source

#: Formats whose first bytes are no magic number, and those that are looked for further behind.
_NO_MAGIC: Final = PICKLE_FAMILY | WEAKLY_TOLD | {"tar", "hdf5", "compressed"}
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_LATEST_SUPERBLOCK: Final = 1 << 16
#: TensorFlow Lite keeps the files that go with a model as a zip behind it (TFLite Metadata, "associated files").
_CARRIES_A_ZIP: Final = frozenset({"tflite"})
#: The opcodes before a bytes constant of a pickle, and the layout of its length.
_CONSTANTS: Final = ((b"B", "<I"), (b"\x8e", "<Q"), (b"\x96", "<Q"), (b"C", "<B"), (b"T", "<I"))
_MOST_HEADERS: Final = 10_000
#: Up to which size an array in an archive is looked through at once, in bytes.
_SHORT: Final = 1 << 12


class Reading(NamedTuple):
    """A format that a loader would take a file for, beside the one that it is read as.

    `start` is where an archive in it begins, and `end` where what holds it goes on, None where that is not known.
    `told` is false for what the file's own format has room for.
    """

    format: str
    start: int
    told: bool
    end: int | None = None


def other_readings(job: Job, main: str) -> Iterator[Reading]:
    """What else the bytes of a file of a known format are.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    if main == "npy" and job.member and _is_nothing_else(job.source):
        return
    probe = probe_of(job.name, job.source, inside=True)
    if main != "tar" and _is_tar(job, main, probe):
        yield Reading("tar", 0, told=True)
    if main in PICKLE_FAMILY:
        yield from _magic_readings(probe)
    if main not in {"hdf5", "tar", *ZIP_FAMILY} and _has_superblock(job.source):
        yield Reading("hdf5", 0, told=True)
    if main not in ZIP_FAMILY and not job.streamed:
        yield from _appended_zip(job, main, probe)


def _is_nothing_else(source: Source) -> bool:
    """Whether a short array holds none of the signatures that are looked for: an archive may have thousands of them."""
    if source.size > _SHORT:
        return False
    content = source.read(0, _SHORT)
    return END not in content and _HDF5 not in content and not is_tar_header(content[:HEAD])


def _magic_readings(probe: Probe) -> Iterator[Reading]:
    is_zip = probe.head.startswith(b"PK")
    for format_ in formats_that_begin(probe.head):
        is_other = format_.name not in _NO_MAGIC and (is_zip or format_.name not in ZIP_FAMILY)
        if is_other and recognises(format_, probe):
            yield Reading(format_.name, 0, told=True)
            return


def _is_tar(job: Job, main: str, probe: Probe) -> bool:
    if is_tar_header(probe.head):
        return True
    if main not in PICKLE_FAMILY:
        return False
    source = opened(job.source, probe.head, job.limits)
    return source is not None and source is not job.source and is_tar_header(source.read(0, BLOCK))


def _has_superblock(source: Source) -> bool:
    start = 512
    while start <= min(_LATEST_SUPERBLOCK, source.size):
        if source.read(start, len(_HDF5)) == _HDF5:
            return True
        start *= 2
    return False


def _appended_zip(job: Job, main: str, probe: Probe) -> Iterator[Reading]:
    members = members_by_end(job.source)
    headers = sorted(entry.header for entry in members)[:_MOST_HEADERS]
    start = next((header for header in headers if local_header(job.source, header) is not None), None)
    if start is None:
        return
    if main == "tar" and _lies_in_a_member(job.source, start):
        return
    end = _end(job.source)
    is_constant = main in PICKLE_FAMILY and _is_constant(job.source, start, end)
    told = main not in _CARRIES_A_ZIP and not is_constant
    yield Reading(as_zip(probe, members) or "zip", start, told, end if is_constant else None)


def _end(source: Source) -> int:
    return directories(source)[0].end


def _lies_in_a_member(source: Source, start: int) -> bool:
    try:
        for found in tar_members(source, _MOST_HEADERS):
            if found.start <= start < found.start + found.size:
                return True
    except FormatError:
        return False
    return False


def _is_constant(source: Source, start: int, end: int) -> bool:
    """Whether the opcode and length of a bytes constant stand before a stretch: a pickle may well hold an archive."""
    for opcode, layout in _CONSTANTS:
        length = 1 + struct.calcsize(layout)
        before = source.read(start - length, length) if start >= length else b""
        if before[:1] == opcode and struct.unpack(layout, before[1:])[0] == end - start:
            return True
    return False
