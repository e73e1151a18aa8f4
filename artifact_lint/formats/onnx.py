"""ONNX: how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

#: The key of field 1, `ir_version`: how a model without the suffix has to begin.
_FIRST_KEY = b"\x08"


def _recognise(probe: Probe) -> bool:
    if probe.suffix != ".onnx" and probe.head[:1] != _FIRST_KEY:
        return False
    from artifact_lint.formats.onnx_reader import looks_like_onnx  # noqa: PLC0415 - few files begin so

    return looks_like_onnx(probe)


def _read(job: Job, findings: Findings) -> None:
    from artifact_lint.formats.onnx_reader import read_onnx  # noqa: PLC0415 - few files are ONNX

    read_onnx(job, findings)


def _describe(job: Job) -> Description:
    from artifact_lint.formats.onnx_description import describe_onnx  # noqa: PLC0415 - few runs ask for it

    return describe_onnx(job)


ONNX = Format("onnx", "ONNX", (".onnx",), _recognise, _read, frameworks=("onnx",), describe=_describe)
