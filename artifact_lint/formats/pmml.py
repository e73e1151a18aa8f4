"""PMML: models as XML (dmg.org, PMML 4.4).

A document type definition has no place in it: its entities name files and addresses that a parser fetches, or multiply
into gigabytes (XML 1.0, 4.2.2; CWE-611 and CWE-776). So the prologue is read, by Expat, up to the root element or to a
definition, and nothing is expanded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from artifact_lint.formats.base import Format, FormatError
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings

_STEP = 1 << 14
_LONGEST_PROLOGUE = 1 << 22
#: How much of a definition is looked through for what it declares, in bytes, and how many of them are told.
_DEFINITION = 1 << 16
_TOLD = 5
_ROOT: Final = r"(?:[\w.-]+:)?PMML"
_MARK: Final = rb"<\x00?(?:[\w.-]+:)?P\x00?M\x00?M\x00?L\b"
_ENTITY: Final = r"<!ENTITY\s+(?:%\s+)?(\S{1,80})\s+(?:(SYSTEM)\s+(\"[^\"]{0,200}|'[^']{0,200})|(PUBLIC))?"
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<", b"\x00<")
#: Expat tells where the name of a definition ends; it begins at most so many bytes before.
_START: Final = rb"<\x00?!\x00?D"
_LONGEST_NAME = 1 << 12


def _recognise(probe: Probe) -> bool:
    if probe.suffix == ".pmml":
        return True
    return probe.suffix in {".xml", ""} and probe.head.startswith(_XML) and re.search(_MARK, probe.head) is not None


class _Stopped(Exception):  # noqa: N818  no error: how a handler ends Expat's parsing
    """The prologue has been read."""


class _Prologue:
    """What Expat's handlers saw before the root element."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._define
        self.parser.StartElementHandler = self._begin
        self.definition = -1
        self.source = ""
        self.root = self.version = ""

    def _define(self, _: str, system: str | None, __: str | None, ___: bool) -> None:  # noqa: FBT001  Expat's signature
        self.source = system or ""
        self.definition = self.parser.CurrentByteIndex
        raise _Stopped

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self.root = name
        self.version = attributes.get("version", "")
        raise _Stopped


def _read(job: Job, findings: Findings) -> None:
    prologue = _Prologue()
    position = 0
    try:
        while position < min(job.source.size, _LONGEST_PROLOGUE):
            block = job.source.read(position, _STEP)
            if not block:
                break
            position += len(block)
            prologue.parser.Parse(block, False)  # noqa: FBT003  Expat takes no keywords
    except _Stopped:
        _state(prologue, job, findings)
        return
    except (expat.ExpatError, ValueError, LookupError) as error:
        place = max(0, prologue.parser.CurrentByteIndex)
        raise FormatError(Cause.UNSUPPORTED, f"the XML prologue cannot be read: {error}", place) from error
    cause = Cause.TRUNCATED if position >= job.source.size else Cause.LIMIT
    raise FormatError(cause, f"no root element within {position:,} bytes")


def _state(prologue: _Prologue, job: Job, findings: Findings) -> None:
    if prologue.definition < 0:
        if re.fullmatch(_ROOT, prologue.root) is None:
            raise FormatError(Cause.BROKEN, f"the root element is {prologue.root!r}, not PMML")
        if not job.member:
            findings.metadata["pmml_version"] = prologue.version
        return
    before = max(0, prologue.definition - _LONGEST_NAME)
    marks = list(re.finditer(_START, job.source.read(before, prologue.definition - before)))
    start = before + marks[-1].start() if marks else prologue.definition
    text = job.source.read(start, _DEFINITION).replace(b"\0", b"").decode("utf-8", "replace")
    entities = [_told(match) for match in re.finditer(_ENTITY, text)]
    evidence = "a document type definition"
    if prologue.source:
        evidence += f" from {prologue.source[:200]!r}"
    if entities:
        evidence += f" with {', '.join(entities[:_TOLD])}{' and more' if len(entities) > _TOLD else ''}"
    findings.add_hazard(HazardKind.XML_ENTITY, evidence, start, job.member)


def _told(match: re.Match[str]) -> str:
    if match[2]:
        return f"the entity {match[1]!r} from {match[3][1:]!r}"
    return f"the {'external ' if match[4] else ''}entity {match[1]!r}"


PMML = Format("pmml", "PMML", (".pmml",), _recognise, _read)
