"""A file that is compressed as a whole around something else that is read: an archive, or a compressed file again.

`gzip.open` and its like hand any loader the bytes within. Compressed pickles and tars are formats of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import WEIGHT_SUFFIXES, Format, FormatError, ReadLimits
from artifact_lint.formats.sources import Unpacked, can_unpack, compression, how_to_unpack
from artifact_lint.formats.spooling import spooled
from artifact_lint.model import Cause
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

NAME: Final = "compressed"
_SUFFIXES: Final = (".gz", ".bz2", ".xz", ".lzma", ".z", ".lz4", ".zst")
#: Suffixes of weights that other compressed files have as often.
_AMBIGUOUS: Final = frozenset({".bin", ".model", ".p", ".th", ".sav", ".msgpack", ".npy", ".npz", ".h5", ".hdf5"})
_PEEK: Final = ReadLimits(unpacked=1 << 22)


def _promises(name: str) -> bool:
    """Whether a name has a suffix by which weights go, behind it that of a compression or not."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            inner = "." + name.removesuffix(suffix).rpartition(".")[2]
            return inner in WEIGHT_SUFFIXES - _AMBIGUOUS
    return "." + name.rpartition(".")[2] in WEIGHT_SUFFIXES


def _is_packed(probe: Probe) -> bool:
    codec = compression(probe.head)
    if codec is None:
        return False
    promises = _promises(probe.name)
    if not can_unpack(codec):
        return promises
    if not (promises or probe.inside or probe.asked):
        return False
    try:
        return probe.sniff("", Unpacked(probe.source, codec, _PEEK)) is not None
    except FormatError as error:
        return promises and error.cause is Cause.LIMIT


def _read(job: Job, findings: Findings) -> None:
    codec = compression(job.source.read(0, 64))
    if codec is None or not can_unpack(codec):
        raise FormatError(Cause.UNSUPPORTED, f"compressed with {how_to_unpack(codec or '')}")
    name = name_of(job.name)
    suffix = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    with spooled(Unpacked(job.source, codec, job.limits)) as source:
        job.descend(job.inner(source, name[: len(name) - len(suffix)]), findings)


COMPRESSED = Format(NAME, "compressed file", _SUFFIXES, _is_packed, _read, generic=True)
