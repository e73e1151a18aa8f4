"""TensorFlow's SavedModel: a directory, told by its saved_model.pb (tensorflow/core/protobuf/saved_model.proto)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format
from artifact_lint.formats.protobuf import fields

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

_NAME = "saved_model.pb"
#: `saved_model_schema_version` is 1 in all releases, then come the graphs.
_HEAD = b"\x08\x01\x12"
_GRAPHS = 2


def _recognise(probe: Probe) -> bool:
    return probe.name == _NAME and probe.head.startswith(_HEAD)


def _read(job: Job, findings: Findings) -> None:
    findings.framework = "tensorflow"
    graphs = sum(field.number == _GRAPHS for field in fields(job.source, 0, job.source.size, 10_000))
    findings.metadata["graphs"] = str(graphs)


SAVEDMODEL = Format(
    "savedmodel",
    "TensorFlow SavedModel",
    (".pb",),
    _recognise,
    _read,
    frameworks=("tensorflow",),
    aliases=("saved_model", "saved-model", "tensorflow", "tf"),
)
