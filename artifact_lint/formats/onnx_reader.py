"""ONNX: a protobuf `ModelProto` without a magic number (onnx/onnx.proto, IR version 13).

What a runtime needs beside the model: files of external data, which have to lie in the model's directory or below
(onnx/docs/ExternalData.md), and libraries for operators of domains that ONNX does not define.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import Statements
from artifact_lint.formats.paths import escapes
from artifact_lint.formats.protobuf import Buffered, fields, text, walk
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.protobuf import Field, Step
    from artifact_lint.stores.base import Source

_IR_VERSION, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSET = 1, 2, 3, 7, 8
_KNOWN = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_HIGHEST_IR = 64
#: What is read of a model's graph: some twenty fields for each node, of which large models have ten thousand.
_MOST_FIELDS = 400_000
#: Fields of an `OperatorSetIdProto`.
_DOMAIN, _VERSION = 1, 2
_SCHEMA: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse tensor", 23: "sparse tensor"},
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA = 13
_KEY, _VALUE = 1, 2
#: The fields of a `GraphProto`, and of them the nodes.
_GRAPH_FIELDS = frozenset({1, 2, 5, 10, 11, 12, 13, 14, 15, 16})
_GRAPH_NODE = 1
#: The fields that name the operator and the domain of a node, and those of a function of the model's own.
_NODE = (4, 7)
_FUNCTION = (1, 10)
#: The domains that ONNX defines (onnx/defs/schema.h).
_STANDARD = frozenset({"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training"})
#: The most different pairs of domain and operator that are kept.
_MOST_OPERATORS = 10_000
_LONGEST_PATH = 1 << 16
_MOST_OPSETS = 100


def looks_like_onnx(probe: Probe) -> bool:
    """Whether the first fields are those of a model; a suffix of ONNX's makes up for a graph that is not seen.

    Raises:
        StoreError: The bytes cannot be read.
    """
    named = probe.suffix == ".onnx"
    seen: set[int] = set()
    try:
        for field in fields(probe.source, 0, probe.source.size, 64):
            if field.number not in _KNOWN or (field.number == _IR_VERSION and not 0 < (field.value or 0) < _HIGHEST_IR):
                return False
            seen.add(field.number)
            if _GRAPH in seen and _IR_VERSION in seen:
                return named or field.number != _GRAPH or _is_graph(probe, field)
    except FormatError:
        return named and _IR_VERSION in seen
    return named and _IR_VERSION in seen


def _is_graph(probe: Probe, graph: Field) -> bool:
    """Whether the first field of a message is one of a graph, and, where it is a node, names an operator."""
    source, stop = probe.source, graph.start + graph.length
    first = next(fields(source, graph.start, stop, 1), None)
    if first is None or first.number not in _GRAPH_FIELDS:
        return False
    if first.number != _GRAPH_NODE:
        return True
    within = fields(source, first.start, first.start + first.length, 64)
    operator = next((field for field in within if field.number == _NODE[0]), None)
    return operator is not None and source.read(operator.start, min(operator.length, 64)).isalnum()


@dataclass(slots=True)
class _Named:
    """A node, or a function of the model's own, while its fields are met."""

    message: int
    is_function: bool
    offset: int
    name: str = ""
    domain: str = ""


class _Operators:
    """The operators of foreign domains that nodes call, and the functions that the model itself defines."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: list[_Named] = []
        self._called: dict[tuple[str, str], int] = {}
        self._defined: set[tuple[str, str]] = set()

    def note(self, step: Step) -> None:
        """Take in a field of any message of the model; those behind the message that it stands in have ended."""
        while self._open and self._open[-1].message > step.message:
            self._close(self._open.pop())
        if step.kind not in {"node", "function"}:
            return
        if not self._open or self._open[-1].message != step.message:
            self._open.append(_Named(step.message, step.kind == "function", step.field.start))
        current = self._open[-1]
        numbers = _FUNCTION if current.is_function else _NODE
        if step.field.number == numbers[0]:
            current.name, current.offset = text(self._source, step.field), step.field.start
        elif step.field.number == numbers[1]:
            current.domain = text(self._source, step.field)

    def _close(self, ended: _Named) -> None:
        pair = (ended.domain, ended.name)
        if ended.is_function:
            self._defined.add(pair)
        elif ended.domain not in _STANDARD:
            if len(self._called) >= _MOST_OPERATORS and pair not in self._called:
                raise FormatError(Cause.LIMIT, f"more than {_MOST_OPERATORS:,} different operators", ended.offset)
            self._called.setdefault(pair, ended.offset)

    def state(self, statements: Statements) -> None:
        """State the operators that nothing in the model defines."""
        while self._open:
            self._close(self._open.pop())
        for (domain, name), offset in self._called.items():
            if (domain, name) not in self._defined:
                statements.add(HazardKind.CUSTOM_DOMAIN, f"{domain}:{name}", offset=offset)


def read_onnx(job: Job, findings: Findings) -> None:
    """State the versions of a model, and what it calls and opens beside itself.

    Raises:
        FormatError: A field is broken or a limit is reached.
        StoreError: The bytes cannot be read.
    """
    statements = Statements(findings, member=job.member)
    operators = _Operators(Buffered(job.source))
    opsets: list[str] = []
    if not job.member:
        findings.framework = "onnx"
    try:
        for step in walk(job.source, "model", _SCHEMA, _MOST_FIELDS):
            if step.kind == "tensor":
                if step.field.number == _EXTERNAL_DATA:
                    _state_location(job, step.field, statements)
                continue
            operators.note(step)
            if step.kind == "model" and not job.member:
                _describe(job, step.field, findings, opsets)
    finally:
        operators.state(statements)
        if opsets:
            findings.metadata["opsets"] = ",".join(opsets)


def _describe(job: Job, field: Field, findings: Findings, opsets: list[str]) -> None:
    if field.number == _IR_VERSION and field.value is not None:
        findings.metadata["ir_version"] = str(field.value)
    elif field.number == _PRODUCER:
        findings.metadata["producer"] = text(job.source, field, 200)
    elif field.number == _PRODUCER_VERSION:
        findings.metadata["producer_version"] = text(job.source, field, 200)
    elif field.number == _OPSET and len(opsets) < _MOST_OPSETS:
        opsets.append(_opset(job, field.start, field.length))
    elif field.number == _GRAPH:
        findings.metadata["graph_bytes"] = str(field.length)


def _opset(job: Job, start: int, length: int) -> str:
    domain, version = "ai.onnx", "?"
    for field in fields(job.source, start, start + length, 16):
        if field.number == _DOMAIN and field.length:
            domain = text(job.source, field, 200)
        elif field.number == _VERSION and field.value is not None:
            version = str(field.value)
    return f"{domain}:{version}"


def _state_location(job: Job, entry: Field, statements: Statements) -> None:
    """State where a tensor's bytes lie, if that may be outside the model's directory."""
    key, value = "", ""
    for field in fields(job.source, entry.start, entry.start + entry.length, 16):
        if field.number == _KEY:
            key = text(job.source, field)
        elif field.number == _VALUE:
            if field.length > _LONGEST_PATH:
                raise FormatError(Cause.BROKEN, f"a path of {field.length:,} bytes", field.start)
            value = text(job.source, field, _LONGEST_PATH)
    if key == "location" and escapes(value):
        statements.add(HazardKind.EXTERNAL_PATH, value, offset=entry.start)
