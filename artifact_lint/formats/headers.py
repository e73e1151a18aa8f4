"""Formats that are told by their first bytes and of which no more is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

#: FlatBuffers put the file identifier behind the root's offset (schema.fbs of TensorFlow Lite).
_TFLITE = b"TFL3"


def _is_tflite(probe: Probe) -> bool:
    return probe.head[4:8] == _TFLITE


def _read_tflite(_: Job, findings: Findings) -> None:
    findings.framework = "tensorflow"


def _describe_tflite(job: Job) -> Description:
    from artifact_lint.formats.tflite_description import describe_tflite  # noqa: PLC0415 - few runs ask for it

    return describe_tflite(job)


TFLITE = Format(
    "tflite",
    "TensorFlow Lite",
    (".tflite",),
    _is_tflite,
    _read_tflite,
    ("tensorflow",),
    ("litert",),
    describe=_describe_tflite,
)
