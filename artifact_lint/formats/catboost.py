"""CatBoost's models, binary and JSON: how they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

_JSON: Final = rb'\s*\{\s*"(?:features_info|model_info|oblivious_trees|ctr_data|scale_and_bias)"\s*:'


def _is_binary(probe: Probe) -> bool:
    return probe.head.startswith(b"CBM1")


def _is_json(probe: Probe) -> bool:
    return re.match(_JSON, probe.head) is not None and b'"' in probe.head[64:]


def _read(_: Job, findings: Findings) -> None:
    findings.framework = "catboost"


def _describe(job: Job) -> Description:
    from artifact_lint.formats.catboost_reader import describe_catboost  # noqa: PLC0415 - few runs ask for it

    return describe_catboost(job.source, job.limits)


CATBOOST = Format(
    "catboost", "CatBoost binary", (".cbm",), _is_binary, _read, ("catboost",), ("cbm",), describe=_describe
)
CATBOOST_JSON = Format("catboost-json", "CatBoost JSON", (".json",), _is_json, _read, ("catboost",), describe=_describe)
