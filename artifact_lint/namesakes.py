"""Which records elsewhere may state the name and version of one that changed, found without parsing any of them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from artifact_lint.stores.base import EntryKind, StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from artifact_lint.stores.base import Store

#: Records that state a name and a version themselves: the project's manifest, and a Kitfile.
_RECORD: Final = r"(?:.*/)?(?:Kitfile|(?:[^/]+\.)?model-artifact\.(?:yaml|yml|json))"
#: How many other records are looked into, and how much of each, in bytes.
_MOST_RECORDS = 1000
_LONGEST = 1 << 16
_STATED: Final = rb"""["']?\b(name|version)["']?[ \t]*:[ \t]*["']?([^"'\s,#}]+)"""
#: What a line begins with, the dash of a list's item as well.
_INDENT: Final = rb"[ \t-]*"


def find_namesakes(store: Store, touched: Collection[str], others: Iterable[str]) -> tuple[list[str], bool]:
    """The records among other paths that share a name and a version with a touched one, or seem to.

    The second value tells whether all of them were looked into: no more than 1000 are.
    """
    wanted = [said for path in touched if re.fullmatch(_RECORD, path) and all(said := _said(store, path))]
    if not wanted:
        return [], True
    found: list[str] = []
    looked = 0
    for path in others:
        if path in touched or not re.fullmatch(_RECORD, path):
            continue
        if looked == _MOST_RECORDS:
            return found, False
        looked += 1
        names, versions = _said(store, path)
        if any(names & own and versions & versioned for own, versioned in wanted):
            found.append(path)
    return found, True


def _said(store: Store, path: str) -> tuple[set[bytes], set[bytes]]:
    """The first words of whatever a record calls `name` and `version`; none where it cannot be read."""
    entry = store.entry(path)
    if entry is None or entry.kind is not EntryKind.FILE:
        return set(), set()
    try:
        with store.open(path) as source:
            text = source.read(0, _LONGEST)
    except StoreError:
        return set(), set()
    return _outermost(text, b"name"), _outermost(text, b"version")


def _outermost(text: bytes, key: bytes) -> set[bytes]:
    """The values of a key on the lines that are indented least: a model's own, and not those of what it consists of."""
    indented: dict[int, set[bytes]] = defaultdict(set)
    for line in text.splitlines():
        values = {value for found, value in re.findall(_STATED, line) if found == key}
        if values:
            indented[_indent(line)] |= values
    return indented[min(indented)] if indented else set()


def _indent(line: bytes) -> int:
    found = re.match(_INDENT, line)
    return found.end() if found else 0
