"""Formats that are told by their first bytes and of which no more than a version is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

_LIGHTGBM = re.compile(rb"tree\r?\nversion=(v\d+)\r?\n")
_CATBOOST_JSON = re.compile(rb'\s*\{\s*"(?:features_info|model_info|oblivious_trees|ctr_data|scale_and_bias)"\s*:')
#: FlatBuffers put the file identifier behind the root's offset (schema.fbs of TensorFlow Lite).
_TFLITE = b"TFL3"


def _is_lightgbm(probe: Probe) -> bool:
    return _LIGHTGBM.match(probe.head) is not None


def _read_lightgbm(job: Job, findings: Findings) -> None:
    findings.framework = "lightgbm"
    match = _LIGHTGBM.match(job.source.read(0, 64))
    if match:
        findings.metadata["format_version"] = match[1].decode("ascii")


def _is_catboost(probe: Probe) -> bool:
    return probe.head.startswith(b"CBM1")


def _is_catboost_json(probe: Probe) -> bool:
    return _CATBOOST_JSON.match(probe.head) is not None and b'"' in probe.head[64:]


def _read_catboost(_: Job, findings: Findings) -> None:
    findings.framework = "catboost"


def _is_tflite(probe: Probe) -> bool:
    return probe.head[4:8] == _TFLITE


def _read_tflite(_: Job, findings: Findings) -> None:
    findings.framework = "tensorflow"


LIGHTGBM = Format(
    "lightgbm",
    "LightGBM text",
    (".txt", ".lgb", ".model"),
    _is_lightgbm,
    _read_lightgbm,
    ("lightgbm",),
    ("lgb", "lgbm"),
)
CATBOOST = Format("catboost", "CatBoost binary", (".cbm",), _is_catboost, _read_catboost, ("catboost",), ("cbm",))
CATBOOST_JSON = Format("catboost-json", "CatBoost JSON", (".json",), _is_catboost_json, _read_catboost, ("catboost",))
TFLITE = Format("tflite", "TensorFlow Lite", (".tflite",), _is_tflite, _read_tflite, ("tensorflow",), ("litert",))
