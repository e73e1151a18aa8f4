"""What Jenkins and GitLab ask of JUnit XML, checked strictly.

The elements, their attributes and what may stand in them are those of junit-10.xsd, the schema that Jenkins' xUnit
plugin holds reports against (`tests/schemas`, against which the reporter's own tests hold them as well). Beyond it:
that the counts are right (no server checks them, and some show them), and that no two cases have one name, since GitLab
drops all but the first of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

#: XML 1.0, section 2.2: what is no character of a document, whether it is written as itself or as a reference.
NO_CHARACTER = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Element:
    """What the schema says of an element."""

    children: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    has_text: bool = False


_OUTCOME = Element(optional=frozenset({"type", "message"}), has_text=True)
ELEMENTS = {
    "testsuites": Element(
        children=frozenset({"testsuite"}), optional=frozenset({"name", "time", "tests", "failures", "errors"})
    ),
    "testsuite": Element(
        children=frozenset({"testcase", "properties", "system-out", "system-err"}),
        required=frozenset({"name", "tests", "failures", "errors"}),
        optional=frozenset({"skipped", "time", "timestamp", "hostname", "id", "package", "file"}),
    ),
    "testcase": Element(
        children=frozenset({"skipped", "error", "failure", "system-out", "system-err"}),
        required=frozenset({"name"}),
        optional=frozenset({"classname", "time", "group"}),
    ),
    "failure": _OUTCOME,
    "error": _OUTCOME,
    "skipped": _OUTCOME,
    "system-out": Element(has_text=True),
    "system-err": Element(has_text=True),
}


def violations(text: str) -> Iterator[str]:
    """What is wrong with a document; it is one, or the parser raises."""
    root = ET.fromstring(text)
    if root.tag != "testsuites":
        yield f"the root is {root.tag}"
    for element in root.iter():
        yield from _of_element(element)
    for suite in root.iter("testsuite"):
        yield from _of_counts(suite)
    yield from _of_counts(root)
    names = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    yield from (f"{name} is there {count} times" for name, count in names.items() if count > 1)


def _of_element(element: ET.Element) -> Iterator[str]:
    known = ELEMENTS.get(element.tag)
    if known is None:
        yield f"{element.tag} is no element"
        return
    there = frozenset(element.attrib)
    yield from (f"{element.tag} has no {name}" for name in known.required - there)
    yield from (f"{element.tag} has a {name}" for name in there - known.required - known.optional)
    yield from (f"{element.tag} holds a {child.tag}" for child in element if child.tag not in known.children)
    if not known.has_text and (element.text or "").strip():
        yield f"{element.tag} holds text"
    for text in (element.text or "", *element.attrib.values()):
        if NO_CHARACTER.search(text):
            yield f"{element.tag} holds {text!r}"
    yield from (f"{element.tag} has an empty {name}" for name, value in element.attrib.items() if not value)


def _of_counts(element: ET.Element) -> Iterator[str]:
    cases = list(element.iter("testcase"))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        stated = element.get(name)
        count = sum(case.find(tag) is not None for case in cases)
        if stated is not None and stated != str(count):
            yield f"{element.tag} says {stated} {name}, not {count}"
    if element.get("tests") not in {None, str(len(cases))}:
        yield f"{element.tag} says {element.get('tests')} tests, not {len(cases)}"
