"""What the descriptions of features share, whoever wrote them: names, bounds and shapes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_int

if TYPE_CHECKING:
    from artifact_lint.document import Node


def as_name(node: Node | None) -> str | None:
    """A column's name with the blanks around it, which are part of it; None where there is nothing else."""
    text = node.text if node is not None else None
    return text if text and text.strip() else None


def as_bound(node: Node | None) -> float | None:
    """A bound of a range: infinite where a double cannot hold it, NaN where it says so; None where it is no number."""
    value = node.value if node is not None and node.text is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def as_shape(node: Node | None) -> tuple[int, ...] | None:
    """A tensor's shape, -1 for a dimension that is no number; None where it is no list."""
    if node is None or not node.is_sequence:
        return None
    sizes = (as_int(size) for size in node.elements())
    return tuple(-1 if size is None else size for size in sizes)
