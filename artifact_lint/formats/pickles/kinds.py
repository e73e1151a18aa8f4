"""The formats that are pickles through and through: plain, joblib's, and PyTorch's before its zip archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import PICKLE_SUFFIXES, Format, FormatError, ReadLimits
from artifact_lint.formats.pickles.reader import TORCH_MAGIC, read_pickle
from artifact_lint.formats.pickles.recognise import looks_like_pickle, may_open
from artifact_lint.formats.sources import Slice, Unpacked, compression

if TYPE_CHECKING:
    from artifact_lint.formats.base import Probe

#: PROTO 2 and LONG1 with torch's magic number, little-endian: how `torch.save` began before PyTorch 1.6.
_TORCH_HEAD = b"\x80\x02\x8a\x0a" + TORCH_MAGIC.to_bytes(10, "little") + b"."
_JOBLIB_SUFFIXES = (".joblib", ".jbl")
_LZ4_FRAME_HEAD = 32
#: How much of a compressed file is unpacked to see what is inside, in bytes.
_PREVIEW = 1 << 16


def _is_promised(probe: Probe) -> bool:
    return probe.suffix in PICKLE_SUFFIXES


def _is_plain(probe: Probe) -> bool:
    return may_open(probe.head) and looks_like_pickle(probe.source, promised=_is_promised(probe))


def _is_joblib(probe: Probe) -> bool:
    if probe.head.startswith(b"ZF") and probe.head[2:4] == b"0x":
        return True
    codec = compression(probe.head)
    if codec == "lz4":
        return _is_promised(probe) or any(
            probe.head[at : at + 1] == b"\x80" and probe.head[at + 1 : at + 2] in {b"\2", b"\3", b"\4", b"\5"}
            for at in range(7, _LZ4_FRAME_HEAD)
        )
    if codec is not None:
        return _unpacks_to_pickle(probe, codec)
    named = probe.name.endswith(_JOBLIB_SUFFIXES) or b"joblib.numpy_pickle" in probe.head
    return named and _is_plain(probe)


def _unpacks_to_pickle(probe: Probe, codec: str) -> bool:
    limits = ReadLimits(unpacked=1 << 22)
    unpacked = Slice(Unpacked(probe.source, codec, limits), 0, _PREVIEW)
    try:
        return looks_like_pickle(unpacked, promised=_is_promised(probe))
    except FormatError:
        return False


def _is_torch_legacy(probe: Probe) -> bool:
    return probe.head.startswith(_TORCH_HEAD)


TORCH_LEGACY = Format(
    "torch-legacy",
    "PyTorch legacy file",
    (".pt", ".pth", ".bin", ".ckpt"),
    _is_torch_legacy,
    read_pickle,
    frameworks=("pytorch",),
    pickled=True,
    safe_alternative="safetensors",
)

JOBLIB = Format(
    "joblib",
    "joblib",
    (".joblib", ".jbl", ".pkl.gz", ".pkl.z"),
    _is_joblib,
    read_pickle,
    frameworks=("scikit-learn",),
    aliases=("jbl",),
    pickled=True,
    safe_alternative="skops",
)

PICKLE = Format(
    "pickle",
    "pickle",
    (".pkl", ".pickle", ".sav", ".p", ".pk", ".dill", ".cloudpickle"),
    _is_plain,
    read_pickle,
    aliases=("pkl", "cloudpickle", "dill", "sav", "sklearn", "scikit-learn"),
    pickled=True,
    safe_alternative="skops",
)
