"""Features as people write them by hand: lists of names, lists of mappings, mappings of names to types, signatures."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from artifact_lint.adapters import sidecar_keys as keys
from artifact_lint.adapters.feature_values import as_bound, as_name, as_shape
from artifact_lint.adapters.reading import as_int, as_text
from artifact_lint.document import DocumentError, Syntax, parse
from artifact_lint.model import Fact, Feature, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.document import Node

Features = Stated[tuple[Feature, ...]]

#: More features than this are a listing of data, not a schema anybody wrote.
MOST_FEATURES = 20_000

#: More classes than this are a listing of data.
_MOST_CLASSES = 100_000

_NAME_KEYS = ("name", "feature", "feature_name", "column", "column_name", "field")
_DTYPE_KEYS = ("dtype", "type", "data_type", "datatype")
_LOW_KEYS = ("min", "minimum", "low")
_HIGH_KEYS = ("max", "maximum", "high")
_ALLOWED_KEYS = ("allowed", "values", "categories", "enum", "options")

#: Keys that group lists of names, and the type that the group's name tells.
_GROUPS = {
    **dict.fromkeys(("numeric", "numerical", "num", "continuous"), "numeric"),
    **dict.fromkeys(("categorical", "cat", "nominal"), "categorical"),
    **dict.fromkeys(("binary", "text", "ordinal", "boolean", "datetime"), None),
    **dict.fromkeys(("names", "list", "columns", "features", "all", "selected", "order", "inputs"), None),
}


def features_of(node: Node | None, dtype: str | None = None) -> Features:
    """The features that a node lists, guessed; nothing where it lists none. `dtype` holds for all of them."""
    if node is None:
        return Stated()
    written = _within_text(node)
    found = tuple(islice(_features(written or node, dtype), MOST_FEATURES))
    if written is not None:
        found = tuple(replace(feature, origin=node.origin) for feature in found)
    return Stated((Fact(found, node.origin, guessed=True),)) if found else Stated()


def with_types(stated: Features, typed: Features) -> Features:
    """Features with the types that another list gives those of the same name."""
    best = stated.best
    if best is None:
        return typed
    types = {feature.name: feature.dtype for feature in typed.value or ()}
    merged = tuple(replace(feature, dtype=feature.dtype or types.get(feature.name)) for feature in best.value)
    return Stated((replace(best, value=merged),))


def with_optional(stated: Features, names: frozenset[str]) -> Features:
    """Features of which callers may leave some out: columns of the data that may be no inputs."""
    best = stated.best
    if best is None or names.isdisjoint(feature.name or "" for feature in best.value):
        return stated
    kept = (replace(one, required=False) if one.name in names else one for one in best.value)
    return Stated((replace(best, value=tuple(kept)),))


def is_json_schema(node: Node) -> bool:
    """Whether a mapping is a JSON Schema of an object."""
    return as_text(node.get("type")) == "object" and node.get("properties") is not None


def classes_of(node: Node | None) -> Features:
    """The classes that a list or a mapping of numbers and names states, as one output."""
    classes = _classes(node) if node is not None else ()
    if node is None or not classes or len(set(classes)) != len(classes):
        return Stated()
    kinds = {type(value) for value in classes}
    dtype = "string" if kinds == {str} else "long" if kinds == {int} else None
    return Stated((Fact((Feature("class", dtype, node.origin, allowed=classes),), node.origin, guessed=True),))


def target_of(node: Node | None) -> Features:
    """The output that a target's name, or a mapping about it, states."""
    if node is None:
        return Stated()
    if node.is_mapping:
        name = as_name(next((node.get(key) for key in _NAME_KEYS if node.get(key) is not None), None))
        found = (_described(name, node, None),) if name is not None else ()
        return Stated((Fact(found, node.origin, guessed=True),)) if found else Stated()
    if isinstance(node.value, str) and (name := as_name(node)):
        return Stated((Fact((Feature(name, None, node.origin),), node.origin, guessed=True),))
    return Stated()


def image_of(node: Node | None) -> Features:
    """The input that an image's size states: two numbers, or one for both, say nothing of the channels' place."""
    sizes = _sizes(node)
    if node is None or not sizes:
        return Stated()
    shape = (-1, *sizes) if len(sizes) == 3 else (-1,) * 4
    return Stated((Fact((Feature("image", None, node.origin, shape=shape),), node.origin, guessed=True),))


def tensor_of(node: Node | None) -> Features:
    """The unnamed input that a tensor's shape states, the batch dimension left out or free."""
    sizes = _sizes(node)
    if node is None or not sizes:
        return Stated()
    shape = sizes if sizes[0] == -1 else (-1, *sizes)
    return Stated((Fact((Feature(None, None, node.origin, shape=shape),), node.origin, guessed=True),))


def _sizes(node: Node | None) -> tuple[int, ...]:
    if node is None:
        return ()
    if node.is_sequence:
        return as_shape(node) or ()
    size = as_int(node)
    return () if size is None else (size,)


def _within_text(node: Node) -> Node | None:
    """What a string holds that is itself JSON, as MLflow writes signatures."""
    if not isinstance(node.value, str) or not node.value.lstrip().startswith(("[", "{")):
        return None
    try:
        return parse(node.origin.path, node.value.encode("utf-8", "replace"), Syntax.JSON).root
    except DocumentError:
        return None


def _classes(node: Node) -> tuple[object, ...]:
    if node.is_sequence:
        elements = list(islice(node.elements(), _MOST_CLASSES + 1))
        plain = all(as_text(element) is not None for element in elements)
        return tuple(element.value for element in elements) if plain and len(elements) <= _MOST_CLASSES else ()
    items = list(islice(node.items(), _MOST_CLASSES + 1))
    if items and all(key.strip().isdecimal() and isinstance(value.value, str) for key, value in items):
        return tuple(value.value for _, value in items)
    if items and all(as_int(value) is not None for _, value in items):
        return tuple(key for key, _ in sorted(items, key=lambda item: as_int(item[1]) or 0))
    return ()


def _features(node: Node, dtype: str | None) -> Iterator[Feature]:
    if node.is_sequence:
        for element in node.elements():
            if element.is_mapping:
                name = next((name for key in _NAME_KEYS if (name := as_name(element.get(key)))), None)
                if name is not None and not _is_apart(element):
                    yield _described(name, element, dtype)
                elif name is None and as_text(element.get("type")) == "tensor":
                    yield _tensor(element)
            elif (name := as_name(element)) is not None:
                yield Feature(name, dtype, element.origin)
    elif is_json_schema(node):
        required = node.get("required")
        names = {as_name(name) for name in required.elements()} if required is not None else set()
        for feature in _of_mapping(node.get("properties"), dtype):
            yield replace(feature, required=feature.name in names) if required is not None else feature
    else:
        yield from _of_mapping(node, dtype)


def _of_mapping(node: Node | None, dtype: str | None) -> Iterator[Feature]:
    items = list(node.items()) if node is not None else []
    lists = [(key, value) for key, value in items if value.is_sequence]
    if lists and all(keys.normal(key).removesuffix("_features") in _GROUPS for key, _ in lists):
        for key, names in lists:
            group = _GROUPS[keys.normal(key).removesuffix("_features")]
            yield from _features(names, group or dtype)
        return
    for key, value in items:
        if value.is_mapping:
            if not _is_apart(value):
                yield _described(key, value, dtype)
        elif value.is_sequence:
            yield Feature(key, dtype, value.origin, allowed=tuple(element.value for element in value.elements()))
        else:
            text = as_text(value)
            yield Feature(key, text if text is not None and keys.is_type(text) else dtype, value.origin)


def _is_apart(node: Node) -> bool:
    """Whether a column is listed as the target, an identifier or the like."""
    return (as_text(node.get("role")) or "").lower() in keys.ROLES_APART


def _tensor(node: Node) -> Feature:
    """MLflow's unnamed tensor: `{"type": "tensor", "tensor-spec": {"dtype": ..., "shape": ...}}`."""
    spec = node.get("tensor-spec")
    described = spec if spec is not None else node
    return Feature(None, as_text(described.get("dtype")), node.origin, shape=as_shape(described.get("shape")))


def _described(name: str, node: Node, dtype: str | None) -> Feature:
    spec = node.get("tensor-spec")
    if spec is not None:
        return replace(_tensor(node), name=name)
    stated = next((text for key in _DTYPE_KEYS if (text := as_text(node.get(key)))), dtype)
    allowed = next((found for key in _ALLOWED_KEYS if (found := node.get(key)) is not None and found.is_sequence), None)
    low, high = (
        next((node.get(key) for key in keys_ if node.get(key) is not None), None) for keys_ in (_LOW_KEYS, _HIGH_KEYS)
    )
    ranged = node.get("range")
    bounds = list(ranged.elements()) if ranged is not None else []
    if len(bounds) == 2:
        low, high = bounds
    required = node.get("required")
    return Feature(
        name,
        stated,
        node.origin,
        required=required.value if required is not None and isinstance(required.value, bool) else None,
        shape=as_shape(node.get("shape")),
        minimum=as_bound(low),
        maximum=as_bound(high),
        allowed=tuple(value.value for value in allowed.elements()) if allowed is not None else None,
    )
