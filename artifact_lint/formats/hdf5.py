"""HDF5, in which Keras wrote models until version 3, and keeps its weights since: how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source

#: The first bytes of a superblock (HDF5 File Format Specification 3.0, section II.A).
MAGIC = b"\x89HDF\r\n\x1a\n"
_LATEST_START = 1 << 16


def superblock(source: Source) -> int | None:
    """Where the superblock stands: at 0, 512, 1024, 2048, ...; None where there is none."""
    start = 0
    while start <= min(_LATEST_START, source.size):
        if source.read(start, len(MAGIC)) == MAGIC:
            return start
        start = max(512, start * 2)
    return None


def _recognise(probe: Probe) -> bool:
    if probe.head.startswith(MAGIC):
        return True
    return probe.suffix in {".h5", ".hdf5", ".keras"} and superblock(probe.source) is not None


def _read(job: Job, findings: Findings) -> None:
    from artifact_lint.formats.hdf5_reader import read_hdf5  # noqa: PLC0415 - few files are HDF5

    read_hdf5(job, findings)


def _describe(job: Job) -> Description | None:
    from artifact_lint.formats.keras_description import describe_hdf5  # noqa: PLC0415 - few runs ask for it

    return describe_hdf5(job)


HDF5 = Format(
    "hdf5",
    "HDF5",
    (".h5", ".hdf5"),
    _recognise,
    _read,
    frameworks=("keras", "tensorflow"),
    aliases=("h5",),
    generic=True,
    describe=_describe,
)
