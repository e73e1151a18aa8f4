"""HDF5, in which Keras wrote models until version 3.

After the HDF5 File Format Specification 3.0, section II.A: the superblock stands at 0, 512, 1024, 2048, ... and holds
the address of the end of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.stores.base import Source

_MAGIC = b"\x89HDF\r\n\x1a\n"
_KERAS = (b"keras_version", b"model_config", b"layer_names")
_PREVIEW = 1 << 16
_LATEST_START = 1 << 16


def _recognise(probe: Probe) -> bool:
    if probe.head.startswith(_MAGIC):
        return True
    return probe.suffix in {".h5", ".hdf5"} and _superblock(probe.source) is not None


def _superblock(source: Source) -> int | None:
    start = 0
    while start <= min(_LATEST_START, source.size):
        if source.read(start, len(_MAGIC)) == _MAGIC:
            return start
        start = max(512, start * 2)
    return None


def _read(job: Job, findings: Findings) -> None:
    start = _superblock(job.source)
    if start is None:
        raise FormatError(Cause.BROKEN, "there is no HDF5 superblock")
    block = job.source.read(start, 96)
    preview = job.source.read(start, _PREVIEW)
    if job.name.endswith(".weights.h5") or any(word in preview for word in _KERAS):
        findings.framework = "keras"
    end = _end_of_file(block)
    if end is None:
        raise FormatError(Cause.TRUNCATED, "the superblock is cut", start + len(block))
    if not job.member:
        findings.extent = end


def _end_of_file(block: bytes) -> int | None:
    if len(block) < 16:
        return None
    version = block[8]
    if version in {0, 1}:
        width, fixed, before = block[13], 24 + 4 * version, 2
    elif version in {2, 3}:
        width, fixed, before = block[9], 12, 2
    else:
        raise FormatError(Cause.UNSUPPORTED, f"HDF5 superblock version {version}", 8)
    if width not in {2, 4, 8}:
        raise FormatError(Cause.BROKEN, f"addresses of {width} bytes", 9)
    place = fixed + before * width
    return int.from_bytes(block[place : place + width], "little") if len(block) >= place + width else None


HDF5 = Format(
    "hdf5",
    "HDF5",
    (".h5", ".hdf5"),
    _recognise,
    _read,
    frameworks=("keras", "tensorflow"),
    aliases=("h5",),
    generic=True,
)
