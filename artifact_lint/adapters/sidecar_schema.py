"""Features as people write them by hand: lists of names, lists of mappings, mappings of names to types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import as_text
from artifact_lint.model import Fact, Feature, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Node

#: More features than this are a listing of data, not a schema anybody wrote.
MOST_FEATURES = 20_000

_DTYPE_KEYS = ("dtype", "type", "data_type", "datatype")
_BOUND_KEYS = (("min", "minimum", "low"), ("max", "maximum", "high"))
_ALLOWED_KEYS = ("allowed", "values", "categories", "enum", "options")


def features_of(node: Node, dtype: str | None = None) -> Stated[tuple[Feature, ...]]:
    """The features that a node lists, guessed; nothing where it lists none. `dtype` holds for all of them."""
    found = tuple(_features(node, dtype))[:MOST_FEATURES]
    return Stated((Fact(found, node.origin, guessed=True),)) if found else Stated()


def outputs_of(node: Node | None) -> Stated[tuple[Feature, ...]]:
    """The outputs that a node states: a target's name, class names, or a list as for inputs."""
    if node is None:
        return Stated()
    name = as_text(node)
    if name is not None:
        return Stated((Fact((Feature(name, None, node.origin),), node.origin, guessed=True),))
    if node.is_sequence and all(as_text(element) is not None for element in node.elements()):
        classes = tuple(element.value for element in node.elements())
        if classes:
            feature = Feature("class", "string", node.origin, allowed=classes)
            return Stated((Fact((feature,), node.origin, guessed=True),))
    return features_of(node)


def _features(node: Node, dtype: str | None) -> Iterator[Feature]:
    if node.is_sequence:
        for element in node.elements():
            if element.is_mapping:
                name = as_text(element.get("name")) or as_text(element.get("feature"))
                if name is not None:
                    yield _described(name, element, dtype)
            elif (name := element.text) is not None:
                yield Feature(name, dtype, element.origin)
    elif node.is_mapping:
        inner = node.get("properties")
        for key, value in (inner if inner is not None and inner.is_mapping else node).items():
            if value.is_mapping:
                yield _described(key, value, dtype)
            elif isinstance(value.value, str):
                yield Feature(key, value.value, value.origin)


def _described(name: str, node: Node, dtype: str | None) -> Feature:
    stated = next((text for key in _DTYPE_KEYS if (text := as_text(node.get(key)))), dtype)
    allowed = next((found for key in _ALLOWED_KEYS if (found := node.get(key)) is not None and found.is_sequence), None)
    low, high = (_first_number(node, names) for names in _BOUND_KEYS)
    ranged = node.get("range")
    if ranged is not None and ranged.is_sequence:
        bounds = [_number(bound) for bound in ranged.elements()]
        if len(bounds) == 2:
            low, high = bounds
    return Feature(
        name,
        stated,
        node.origin,
        minimum=low,
        maximum=high,
        allowed=tuple(value.value for value in allowed.elements()) if allowed is not None else None,
    )


def _first_number(node: Node, names: tuple[str, ...]) -> float | None:
    return next((number for name in names if (number := _number(node.get(name))) is not None), None)


def _number(node: Node | None) -> float | None:
    value = node.value if node is not None and node.text is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
