"""LightGBM's text format: how it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

_OPENING: Final = rb"tree\r?\nversion=(v\d+)\r?\n"


def _recognise(probe: Probe) -> bool:
    return re.match(_OPENING, probe.head) is not None


def _read(job: Job, findings: Findings) -> None:
    findings.framework = "lightgbm"
    match = re.match(_OPENING, job.source.read(0, 64))
    if match:
        findings.metadata["format_version"] = match[1].decode("ascii")


def _describe(job: Job) -> Description:
    from artifact_lint.formats.lightgbm_reader import describe_lightgbm  # noqa: PLC0415 - few runs ask for it

    return describe_lightgbm(job.source, job.limits)


LIGHTGBM = Format(
    "lightgbm",
    "LightGBM text",
    (".txt", ".lgb", ".model"),
    _recognise,
    _read,
    ("lightgbm",),
    ("lgb", "lgbm"),
    describe=_describe,
)
