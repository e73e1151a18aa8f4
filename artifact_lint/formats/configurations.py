"""Configurations within archives: what they name to be called.

NeMo keeps model_config.yaml in its archives and instantiates what `_target_` names (hydra.utils.instantiate, Hydra
1.3); `python/` tags are those of PyYAML 6's unsafe loader. Configurations outside of archives are read by the adapters,
in the same way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.document import DocumentError, Limits, Syntax, parse
from artifact_lint.document.instantiation import instantiations, may_instantiate, surely_instantiates
from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause, CodeKind, HazardKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Document
    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings

_SUFFIXES: Final = (".yaml", ".yml", ".json")
#: How large a configuration is that is parsed, in bytes, and how many values it has.
_LARGEST: Final = 1 << 24
_LIMITS: Final = Limits(size=_LARGEST, nodes=500_000)
#: How much of a larger one is looked through for what names something, in steps that share some bytes.
_SEARCHED: Final = 1 << 28
_STEP: Final = 1 << 20
_SHARED: Final = 1 << 10
#: What names something in a text that cannot be parsed, and how many such names are kept.
_NAMED: Final = re.compile(
    rb"""["']?(?:_target_|_component_|class_path)["']?\s*:\s*["']?([A-Za-z_][\w.:]*)|!!python/[\w/]+:([A-Za-z_][\w.]*)"""
)
_MOST_NAMES: Final = 1000
#: How many characters there are between two places whose offset in bytes is kept.
_APART: Final = 1 << 12


def read_configuration(job: Job, findings: Findings) -> None:
    """State what a member that is called like a configuration names to be called.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    name = job.name.lower()
    if not name.endswith(_SUFFIXES):
        return
    is_json = name.endswith(".json")
    data = job.source.read(0, _LARGEST + 1)
    if len(data) > _LARGEST:
        _search(job, findings, is_json=is_json)
        return
    if not may_instantiate(data, is_json=is_json):
        return
    try:
        document = parse(name, data, Syntax.JSON if is_json else Syntax.YAML, _LIMITS)
    except DocumentError as error:
        _note_names(data, 0, job, findings)
        if surely_instantiates(data):
            detail = f"what the configuration names to be called is unknown: line {error.origin.line}: {error.reason}"
            findings.add_incomplete(Cause.UNREADABLE, detail, 0, job.member)
        return
    _state(document, job, findings)


def _state(document: Document, job: Job, findings: Findings) -> None:
    offsets = _Offsets(document)
    for fact in instantiations(document):
        reference = fact.value
        at = offsets.of(fact.origin.line, fact.origin.column)
        if reference.kind is CodeKind.TAG:
            findings.add_hazard(HazardKind.TARGET, f"{reference.key}:{reference.target}", at, job.member)
        elif reference.kind is CodeKind.TARGET or reference.key:
            findings.add_hazard(HazardKind.TARGET, reference.target, at, job.member)
        else:
            detail = f"what the configuration names to be called is unknown: {reference.target}"
            findings.add_incomplete(Cause.LIMIT, detail, at, job.member)


class _Offsets:
    """Where lines and columns of a document are, in bytes of UTF-8 from its start."""

    def __init__(self, document: Document) -> None:
        self._source = document.root.source
        content = self._source.content
        self._is_plain = content.isascii()
        self._known = [0]
        if not self._is_plain:
            for start in range(0, len(content), _APART):
                self._known.append(self._known[-1] + _length(content[start : start + _APART]))

    def of(self, line: int, column: int) -> int:
        at = self._source.offset(line, column)
        if self._is_plain:
            return at
        step = at // _APART
        return self._known[step] + _length(self._source.content[step * _APART : at])


def _length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _search(job: Job, findings: Findings, *, is_json: bool) -> None:
    """Look through a configuration that is too large to be parsed; where it names anything, that is not all."""
    names_something = False
    for start, block in _blocks(job):
        if may_instantiate(block, is_json=is_json):
            names_something = True
            _note_names(block, start, job, findings)
    if names_something:
        detail = f"a configuration of more than {_LARGEST:,} bytes names what is to be called"
        findings.add_incomplete(Cause.LIMIT, detail, 0, job.member)


def _blocks(job: Job) -> Iterator[tuple[int, bytes]]:
    start, block = 0, b""
    while start == 0 or len(block) == _STEP + _SHARED:
        if start > _SEARCHED:
            raise FormatError(Cause.LIMIT, f"a configuration of more than {_SEARCHED:,} bytes", start)
        block = job.source.read(start, _STEP + _SHARED)
        yield start, block
        start += _STEP


def _note_names(text: bytes, start: int, job: Job, findings: Findings) -> None:
    for count, found in enumerate(_NAMED.finditer(text)):
        if count >= _MOST_NAMES:
            detail = f"what the configuration names to be called is unknown: it has more than {_MOST_NAMES:,} names"
            findings.add_incomplete(Cause.LIMIT, detail, start + found.start(), job.member)
            return
        target = (found[1] or found[2]).decode("ascii", "replace")
        findings.add_hazard(HazardKind.TARGET, target, start + found.start(), job.member)
