"""References from one value of a configuration to another, as OmegaConf 2.3 resolves them: `${a.b}`, `${..c[0]}`.

What a resolver computes (`${oc.env:NAME}`), and what stands in another file, is not known here.
"""

from __future__ import annotations

from re import compile as regex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Match

    from artifact_lint.document.node import Node

_OPENING = "${"
_INNERMOST = regex(r"\$\{([^${}]*)\}")
_STEPS = regex(r"[^.\[\]]+")
#: How many references one text may lead to, how deep they may nest, and how long the text may become.
_MOST_LOOKUPS = 100
_DEEPEST = 8
_LONGEST = 1000


class _UnknownError(Exception):
    """A reference that leads to nothing in sight, or too far."""


def is_interpolated(text: str) -> bool:
    """Whether a text holds a reference."""
    return _OPENING in text


def interpolated(value: Node, root: Node) -> str | None:
    """The text of a scalar with all its references resolved within its document; None where one cannot be."""
    try:
        return _Resolving(root).text(value, 0)
    except _UnknownError:
        return None


class _Resolving:
    """One text's references, counted so that a few that refer to each other do not go on forever."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._lookups = _MOST_LOOKUPS

    def text(self, value: Node, depth: int) -> str:
        if value.text is None or depth > _DEEPEST:
            raise _UnknownError
        text = value.text

        def referred(reference: Match[str]) -> str:
            return self.text(self._find(reference[1].strip(), value), depth + 1)

        while is_interpolated(text):
            if len(text) > _LONGEST:
                raise _UnknownError
            text, count = _INNERMOST.subn(referred, text)
            if not count:
                raise _UnknownError
        return text

    def _find(self, path: str, start: Node) -> Node:
        self._lookups -= 1
        if self._lookups < 0 or ":" in path or not path:
            raise _UnknownError
        node: Node | None = self._root
        levels = len(path) - len(path.lstrip("."))
        if levels:
            node = None if start.aliased else start
            for _ in range(levels):
                node = node.parent if node is not None else None
        for step in _STEPS.findall(path[levels:]):
            if node is None:
                break
            elements = node.sequence
            if elements is None:
                node = node.get(step)
            else:
                node = elements[int(step)] if step.isdecimal() and int(step) < len(elements) else None
        if node is None or not node.is_scalar:
            raise _UnknownError
        return node
