"""The strings of a document, for rules that look for what should not be written anywhere: credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Fact

if TYPE_CHECKING:
    from artifact_lint.document import Node

#: How many strings are taken of one document.
MOST_TEXTS = 20_000

#: Shorter strings hold neither a token nor an address with a password in it.
SHORTEST_TEXT = 8


def texts(root: Node) -> tuple[Fact[str], ...]:
    """Every string value of a document with its origin, in document order, the first `MOST_TEXTS` of them.

    Numbers, dates and strings of fewer than `SHORTEST_TEXT` characters are left out.
    """
    found: list[Fact[str]] = []
    for node in root.walk():
        if node.is_mapping or node.is_sequence:
            continue
        value = node.value
        if not isinstance(value, str) or len(value) < SHORTEST_TEXT:
            continue
        found.append(Fact(value, node.origin))
        if len(found) == MOST_TEXTS:
            break
    return tuple(found)
