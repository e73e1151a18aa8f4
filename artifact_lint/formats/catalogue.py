"""The formats that are known, in the order in which their recognition is tried.

A pickle comes first: its opcodes may spell another format's magic number, and what runs code decides.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from artifact_lint.formats.archives import TAR, ZIP
from artifact_lint.formats.catboost import CATBOOST, CATBOOST_JSON
from artifact_lint.formats.flax import FLAX
from artifact_lint.formats.gguf import GGUF
from artifact_lint.formats.hdf5 import HDF5
from artifact_lint.formats.headers import TFLITE
from artifact_lint.formats.keras import KERAS
from artifact_lint.formats.lightgbm import LIGHTGBM
from artifact_lint.formats.npy import NPY, NPZ
from artifact_lint.formats.onnx import ONNX
from artifact_lint.formats.orbax import ORBAX
from artifact_lint.formats.packed import COMPRESSED
from artifact_lint.formats.pickles.kinds import JOBLIB, PICKLE, TORCH_LEGACY
from artifact_lint.formats.pmml import PMML
from artifact_lint.formats.safetensors import SAFETENSORS
from artifact_lint.formats.savedmodel import GRAPHDEF, SAVEDMODEL
from artifact_lint.formats.seven_zip import SEVEN_ZIP
from artifact_lint.formats.skops import SKOPS
from artifact_lint.formats.torch import PT2, TORCH_ZIP, TORCHSCRIPT
from artifact_lint.formats.xgboost import BINARY, JSON, UBJ

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import Format

_ALL = (
    TORCH_LEGACY,
    JOBLIB,
    PICKLE,
    PT2,
    TORCHSCRIPT,
    TORCH_ZIP,
    SKOPS,
    KERAS,
    NPZ,
    SAFETENSORS,
    GGUF,
    NPY,
    HDF5,
    TFLITE,
    CATBOOST,
    UBJ,
    JSON,
    CATBOOST_JSON,
    LIGHTGBM,
    SAVEDMODEL,
    GRAPHDEF,
    PMML,
    ONNX,
    BINARY,
    FLAX,
    ORBAX,
    ZIP,
    TAR,
    SEVEN_ZIP,
    COMPRESSED,
)

#: Every format by its name.
FORMATS: Mapping[str, Format] = MappingProxyType({format_.name: format_ for format_ in _ALL})

#: The formats that are zip archives, in the order in which their recognition is tried.
ZIP_FAMILY = tuple(format_.name for format_ in (PT2, TORCHSCRIPT, TORCH_ZIP, SKOPS, KERAS, NPZ, ZIP))

#: The formats that are pickles through and through.
PICKLE_FAMILY = frozenset(format_.name for format_ in (TORCH_LEGACY, JOBLIB, PICKLE))

#: The formats without a magic number: of bytes that nobody named so, their sign says little.
WEAKLY_TOLD = frozenset(format_.name for format_ in (ONNX, SAVEDMODEL, GRAPHDEF, FLAX, BINARY))

_ALIASES = {alias: format_.name for format_ in _ALL for alias in format_.aliases}


def aliases(text: str) -> str | None:
    """The format that somebody means by a name, a suffix or a title; None where it is none of ours."""
    key = text.strip().lower().removeprefix(".")
    for candidate in (key, key.replace("_", "-").replace(" ", "-")):
        if candidate in FORMATS:
            return candidate
        if candidate in _ALIASES:
            return _ALIASES[candidate]
    return next((format_.name for format_ in _ALL if format_.title.lower() == key), None)
