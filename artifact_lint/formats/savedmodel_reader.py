"""TensorFlow's SavedModel: a directory, told by its saved_model.pb (tensorflow/core/protobuf/saved_model.proto).

Beside it Keras 2 keeps keras_metadata.pb, the configuration of each layer (keras/protobuf/saved_metadata.proto).
TensorFlow also reads saved_model.pbtxt, the same in protobuf's text format, and, for what is larger than 2 GB,
saved_model.cpb (tensorflow/cc/saved_model/constants.h). A frozen graph is a GraphDef alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, Statements
from artifact_lint.formats.keras_config import read_config
from artifact_lint.formats.protobuf import Buffered, fields, walk
from artifact_lint.formats.savedmodel import CHUNKED, KERAS, TEXT
from artifact_lint.model import Cause, HazardKind
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.protobuf import Field
    from artifact_lint.stores.base import Source

_MOST_FIELDS = 500_000
#: The configurations of all layers together in bytes, and the operators that are read of a text.
_MOST_CONFIGURATION = 1 << 24
#: The work of parsing all configurations, in values: a configuration takes as much as some before its first value. A
#: model of a thousand layers, which are also all in its own configuration, takes a fifth of it.
_MOST_WORK = 1_000_000
_STARTING = 20
_MOST_NAMES = 300_000

_GRAPH_SCHEMA: Mapping[str, Mapping[int, str]] = {
    "graph": {1: "node", 2: "library"},
    "library": {1: "function"},
    "function": {3: "node"},
    "node": {},
}
_SCHEMA: Mapping[str, Mapping[int, str]] = {
    **_GRAPH_SCHEMA,
    "model": {2: "meta graph"},
    "meta graph": {1: "meta info", 2: "graph", 7: "objects"},
    "meta info": {},
    "objects": {1: "object"},
    "object": {4: "user object"},
    "user object": {},
}
_METADATA_SCHEMA: Mapping[str, Mapping[int, str]] = {"metadata": {1: "object"}, "object": {}}
_META_GRAPHS, _OPERATOR, _TENSORFLOW_VERSION = 2, 2, 5
#: Where an object of each kind keeps the configuration of its layer.
_CONFIGURATION = {"user object": 3, "object": 5}
#: An operator's name (tensorflow/core/framework/op_def_builder.cc); what is longer is none.
_LONGEST_NAME = 256
_TEXT_OPERATOR = re.compile(rb"""\bop\s*:\s*((?:"(?:[^"\\\n]|\\.)*"\s*|'(?:[^'\\\n]|\\.)*'\s*){1,64})(["']?)""")
_TEXT_PART = re.compile(rb""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""")
_TEXT_ESCAPE = re.compile(rb"\\(?:[xX]([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)


def looks_like_graph(source: Source) -> bool:
    """Whether the first node of a graph has a name and then an operator.

    Raises:
        StoreError: The bytes cannot be read.
    """
    try:
        first = next(fields(source, 0, source.size, 1), None)
        if first is None or first.number != 1 or not first.length:
            return False
        parts = list(fields(source, first.start, first.start + first.length, 2))
    except FormatError:
        return False
    if [part.number for part in parts] != [1, 2] or not 0 < parts[1].length <= _LONGEST_NAME:
        return False
    return re.fullmatch(rb"[A-Z]\w*", source.read(parts[1].start, parts[1].length)) is not None


def read_saved_model(job: Job, findings: Findings) -> None:
    """State the versions of a SavedModel, and the operators and layers that run code.

    Raises:
        FormatError: A field is broken, a limit is reached, or it is in chunks.
        StoreError: The bytes cannot be read.
    """
    name = name_of(job.name).lower()
    if not job.member:
        findings.framework = "tensorflow"
    if name == CHUNKED:
        raise FormatError(Cause.UNSUPPORTED, "a SavedModel in chunks")
    if name == TEXT:
        _read_text(job, findings)
    elif name == KERAS:
        _read_keras(job, findings)
    else:
        _read_binary(job, findings)


def _read_binary(job: Job, findings: Findings) -> None:
    statements = Statements(findings, member=job.member)
    names = Buffered(job.source)
    layers = _Layers(job, findings)
    graphs = 0
    try:
        for step in walk(job.source, "model", _SCHEMA, _MOST_FIELDS):
            match step.kind, step.field.number:
                case "model", number if number == _META_GRAPHS:
                    graphs += 1
                case "node", number if number == _OPERATOR:
                    _state_operator(names, step.field, statements)
                case "user object", number if number == _CONFIGURATION["user object"]:
                    layers.read(step.field)
                case "meta info", number if number == _TENSORFLOW_VERSION and not job.member:
                    version = job.source.read(step.field.start, min(step.field.length, 40))
                    findings.versions["tensorflow"] = version.decode("utf-8", "replace")
                case _:
                    pass
    finally:
        if not job.member:
            findings.metadata["graphs"] = str(graphs)


def read_graph(job: Job, findings: Findings) -> None:
    """State the operators of a frozen graph that run code.

    Raises:
        FormatError: A field is broken or a limit is reached.
        StoreError: The bytes cannot be read.
    """
    if not job.member:
        findings.framework = "tensorflow"
    statements = Statements(findings, member=job.member)
    names = Buffered(job.source)
    for step in walk(job.source, "graph", _GRAPH_SCHEMA, _MOST_FIELDS):
        if step.kind == "node" and step.field.number == _OPERATOR:
            _state_operator(names, step.field, statements)


def _state_operator(source: Source, field: Field, statements: Statements) -> None:
    if field.length > _LONGEST_NAME:
        raise FormatError(Cause.BROKEN, f"an operator's name of {field.length:,} bytes", field.start)
    name = source.read(field.start, field.length).decode("utf-8", "backslashreplace")
    statements.add(HazardKind.OPERATOR, name, offset=field.start)


def _read_keras(job: Job, findings: Findings) -> None:
    if not job.member:
        findings.framework = "keras"
    layers = _Layers(job, findings)
    for step in walk(job.source, "metadata", _METADATA_SCHEMA, _MOST_FIELDS):
        if step.kind == "object" and step.field.number == _CONFIGURATION["object"]:
            layers.read(step.field)


class _Layers:
    """The configurations of a model's layers, of which no more is parsed in all than so many bytes and values."""

    def __init__(self, job: Job, findings: Findings) -> None:
        self._job = job
        self._findings = findings
        self._bytes = _MOST_CONFIGURATION
        self._work = _MOST_WORK

    def read(self, field: Field) -> None:
        """State what the configuration in a field names and holds.

        Raises:
            FormatError: All configurations together are too much.
        """
        job, findings = self._job, self._findings
        if field.length > LONGEST_TEXT:
            detail = f"a layer's configuration of {field.length:,} bytes"
            findings.add_incomplete(Cause.LIMIT, detail, field.start, job.member)
            return
        self._bytes -= field.length
        if self._bytes < 0:
            detail = f"configurations of layers of more than {_MOST_CONFIGURATION:,} bytes"
            raise FormatError(Cause.LIMIT, detail, field.start)
        content = job.source.read(field.start, field.length)
        if not content.lstrip().startswith(b"{"):
            return
        self._work -= _STARTING + content.count(b",") + content.count(b"[") + content.count(b"{")
        if self._work < 0:
            raise FormatError(Cause.LIMIT, f"configurations of layers of more than {_MOST_WORK:,} values", field.start)
        try:
            read_config(content, findings, job.member, field.start)
        except FormatError as error:
            findings.add_incomplete(error.cause, error.detail, field.start, job.member)


def _read_text(job: Job, findings: Findings) -> None:
    if job.source.size > LONGEST_TEXT:
        raise FormatError(Cause.LIMIT, f"a text of more than {LONGEST_TEXT:,} bytes")
    content = job.source.read(0, job.source.size)
    statements = Statements(findings, member=job.member)
    left = _MOST_NAMES
    for match in _TEXT_OPERATOR.finditer(content):
        left -= 1 + len(match[1]) // 8
        if left < 0:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_NAMES:,} operators", match.start())
        if match[2]:
            raise FormatError(Cause.BROKEN, "an operator's name in more than 64 parts", match.start())
        parts = (part[1] if part[1] is not None else part[2] for part in _TEXT_PART.finditer(match[1]))
        name = b"".join(_TEXT_ESCAPE.sub(_unescaped, part) for part in parts)
        statements.add(
            HazardKind.OPERATOR, name[:_LONGEST_NAME].decode("utf-8", "backslashreplace"), offset=match.start(1)
        )


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 16)])
    return bytes([int(match[2], 8) & 0xFF]) if match[2] else bytes(match[3])
