"""The formats that are pickles through and through: plain, joblib's, and PyTorch's before its zip archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import PATH_FILES, PICKLE_SUFFIXES, Format, FormatError, ReadLimits
from artifact_lint.formats.pickles.opening import (
    TORCH_HEAD,
    describe_pickle,
    looks_like_pickle,
    may_open,
    read_pickle,
    unpacked,
)
from artifact_lint.formats.texts import is_plain_text

if TYPE_CHECKING:
    from artifact_lint.formats.base import Probe
    from artifact_lint.stores.base import Source

_JOBLIB_SUFFIXES = (".joblib", ".jbl")
_LZ4_FRAME_HEAD = 32
#: How far a compressed file is unpacked to see what is inside, in bytes.
_LIMITS = ReadLimits(unpacked=1 << 26)


#: Suffixes under which there is any data: what calls nothing under one has to show by itself that it is a pickle.
_ANY_DATA = frozenset({".bin", ".model"})


def _is_promised(probe: Probe) -> bool:
    """Whether the name makes it likely that a file is a pickle."""
    if probe.suffix == PATH_FILES and is_plain_text(probe.head):
        return False
    return probe.suffix in PICKLE_SUFFIXES - _ANY_DATA


def _is_plain(probe: Probe) -> bool:
    return may_open(probe.head) and looks_like_pickle(probe.source, promised=_is_promised(probe))


def _is_joblib(probe: Probe) -> bool:
    inner = unpacked(probe.source, probe.head, _LIMITS, promised=_is_promised(probe))
    if inner is None:
        return _is_promised(probe) or _shows_protocol(probe.head[7:_LZ4_FRAME_HEAD])
    if inner is not probe.source:
        return _unpacks_to_pickle(probe, inner)
    return probe.name.endswith(_JOBLIB_SUFFIXES) and _is_plain(probe)


def _shows_protocol(frame: bytes) -> bool:
    return any(head in frame for head in (b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5"))


def _unpacks_to_pickle(probe: Probe, inner: Source) -> bool:
    try:
        return looks_like_pickle(inner, promised=_is_promised(probe))
    except FormatError:
        # The reader then says where the stream breaks.
        return _is_promised(probe)


def _is_torch_legacy(probe: Probe) -> bool:
    return probe.head.startswith(TORCH_HEAD)


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
    describe=describe_pickle,
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
    describe=describe_pickle,
)
