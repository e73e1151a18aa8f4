"""How a configuration of transformers numbers the labels of a classifier.

The keys are those of PretrainedConfig (https://huggingface.co/docs/transformers/main_classes/configuration).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_int, as_text
from artifact_lint.model import Fact, LabelMaps, Stated

if TYPE_CHECKING:
    from artifact_lint.document import Node

#: How many labels are taken of one mapping.
_MOST_LABELS = 10_000


def labels_of(config: Node | None) -> Stated[LabelMaps]:
    """`id2label`, `label2id` and `num_labels` of a configuration; nothing where it has none of them."""
    if config is None:
        return Stated()
    names, numbers, count = (config.get(key) for key in ("id2label", "label2id", "num_labels"))
    number = as_int(count)
    maps = LabelMaps(
        by_number=_by_number(names),
        by_label=_by_label(numbers),
        count=Fact(number, count.origin) if count is not None and number is not None else None,
    )
    found = next((fact for fact in (maps.by_number, maps.by_label, maps.count) if fact is not None), None)
    return Stated((Fact(maps, found.origin),)) if found is not None else Stated()


def _by_number(node: Node | None) -> Fact[dict[int, str]] | None:
    """None for what is no mapping of numbers to names, or too long to be taken as a whole."""
    items = list(islice(node.items(), _MOST_LABELS + 1)) if node is not None and node.is_mapping else []
    if node is None or not 0 < len(items) <= _MOST_LABELS:
        return None
    found = {int(key): text for key, value in items if key.isdecimal() and len(key) < 9 and (text := as_text(value))}
    return Fact(found, node.origin) if len(found) == len(items) else None


def _by_label(node: Node | None) -> Fact[dict[str, int]] | None:
    items = list(islice(node.items(), _MOST_LABELS + 1)) if node is not None and node.is_mapping else []
    if node is None or not 0 < len(items) <= _MOST_LABELS:
        return None
    found = {key: number for key, value in items if (number := as_int(value)) is not None}
    return Fact(found, node.origin) if len(found) == len(items) else None
