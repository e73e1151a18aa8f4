"""XGBoost's models: JSON, UBJSON, and the binary layout that version 3.1 dropped.

After xgboost's doc/model.schema and "Introduction to Model IO" (3.0): an object of `learner` and `version`.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

_LEARNER = (
    rb'(?:"learner"\s*:\s*\{\s*"(?:attributes|feature_names|feature_types|gradient_booster|learner_model_param|objective)"'
    rb'|"version"\s*:\s*\[[\d,\s]*\]\s*,\s*"learner")'
)
_JSON: Final = rb"\s*\{\s*" + _LEARNER
_JSON_VERSION: Final = rb'"version"\s*:\s*\[\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*\]'
_UBJ: Final = rb"\{(?:L\x00{7}|l\x00{3}|I\x00|[iU])(?:\x07learner\{|\x07version\[)"
_UBJ_VERSION: Final = rb"(?s)\x07version\[#L\x00{7}\x03i(.)i(.)i(.)"
#: `LearnerModelParamLegacy` takes 136 bytes, then comes the objective's name after its 8-byte length (learner.cc).
_LEGACY_PARAMETERS = 136
_OBJECTIVE: Final = rb"[a-z]+:[a-z_]+"
_TAIL = 256


def _is_json(probe: Probe) -> bool:
    return re.match(_JSON, probe.head) is not None


def _is_ubj(probe: Probe) -> bool:
    return re.match(_UBJ, probe.head) is not None


def _is_binary(probe: Probe) -> bool:
    head = probe.head.removeprefix(b"binf")
    if len(head) < _LEGACY_PARAMETERS + 16:
        return False
    (length,) = struct.unpack_from("<Q", head, _LEGACY_PARAMETERS)
    name = head[_LEGACY_PARAMETERS + 8 : _LEGACY_PARAMETERS + 8 + min(length, 64)]
    return 4 <= length <= 64 and re.fullmatch(_OBJECTIVE, name) is not None


def _read_json(job: Job, findings: Findings) -> None:
    _read_version(job, findings, _JSON_VERSION, int)


def _read_ubj(job: Job, findings: Findings) -> None:
    _read_version(job, findings, _UBJ_VERSION, ord)


def _read_binary(_: Job, findings: Findings) -> None:
    findings.framework = "xgboost"


def _read_version(job: Job, findings: Findings, pattern: bytes, number: type[int] | object) -> None:
    findings.framework = "xgboost"
    size = job.source.size
    tail = job.source.read(max(0, size - _TAIL), _TAIL)
    match = re.search(pattern, tail) or re.search(pattern, job.source.read(0, _TAIL))
    if match and callable(number):
        findings.versions["xgboost"] = ".".join(str(number(group)) for group in match.groups())


def _describe(job: Job) -> Description:
    from artifact_lint.formats.xgboost_reader import describe_xgboost  # noqa: PLC0415 - few runs ask for it

    return describe_xgboost(job.source, job.limits)


JSON = Format(
    "xgboost-json",
    "XGBoost JSON",
    (".json",),
    _is_json,
    _read_json,
    ("xgboost",),
    ("xgb-json",),
    describe=_describe,
)
UBJ = Format(
    "ubj",
    "XGBoost UBJSON",
    (".ubj",),
    _is_ubj,
    _read_ubj,
    ("xgboost",),
    ("ubjson", "xgboost", "xgb"),
    describe=_describe,
)
BINARY = Format(
    "xgboost-binary",
    "XGBoost deprecated binary",
    (".model", ".bin", ".bst"),
    _is_binary,
    _read_binary,
    ("xgboost",),
    ("bst",),
    safe_alternative="ubj",
    describe=_describe,
)
