"""ONNX: a protobuf `ModelProto` without a magic number (onnx/onnx.proto, IR version 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.formats.protobuf import fields

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

_IR_VERSION, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSET = 1, 2, 3, 7, 8
_KNOWN = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_HIGHEST_IR = 64
_MOST_FIELDS = 100_000
#: Fields of an `OperatorSetIdProto`.
_DOMAIN, _VERSION = 1, 2


def _recognise(probe: Probe) -> bool:
    named = probe.suffix == ".onnx"
    if not named and probe.head[:1] != b"\x08":
        return False
    seen: set[int] = set()
    try:
        for field in fields(probe.source, 0, probe.source.size, 64):
            if field.number not in _KNOWN or (field.number == _IR_VERSION and not 0 < (field.value or 0) < _HIGHEST_IR):
                return False
            seen.add(field.number)
            if _GRAPH in seen and _IR_VERSION in seen:
                return True
    except FormatError:
        return named and _IR_VERSION in seen
    return named and _IR_VERSION in seen


def _read(job: Job, findings: Findings) -> None:
    findings.framework = "onnx"
    source = job.source
    opsets: list[str] = []
    for field in fields(source, 0, source.size, _MOST_FIELDS):
        if field.number == _IR_VERSION and field.value is not None:
            findings.metadata["ir_version"] = str(field.value)
        elif field.number == _PRODUCER:
            findings.metadata["producer"] = source.read(field.start, min(field.length, 200)).decode("utf-8", "replace")
        elif field.number == _PRODUCER_VERSION:
            version = source.read(field.start, min(field.length, 200)).decode("utf-8", "replace")
            findings.metadata["producer_version"] = version
        elif field.number == _OPSET:
            opsets.append(_opset(job, field.start, field.length))
        elif field.number == _GRAPH:
            findings.metadata["graph_bytes"] = str(field.length)
    if opsets:
        findings.metadata["opsets"] = ",".join(opsets)


def _opset(job: Job, start: int, length: int) -> str:
    domain, version = "ai.onnx", "?"
    for field in fields(job.source, start, start + length, 16):
        if field.number == _DOMAIN and field.length:
            domain = job.source.read(field.start, min(field.length, 200)).decode("utf-8", "replace")
        elif field.number == _VERSION and field.value is not None:
            version = str(field.value)
    return f"{domain}:{version}"


ONNX = Format("onnx", "ONNX", (".onnx",), _recognise, _read, frameworks=("onnx",))
