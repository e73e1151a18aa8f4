"""The labels of an ONNX classifier: attributes of its node, or of the ZipMap behind it (onnx/docs/Operators-ml.md).

Networks have none. Some exporters state theirs in the model's metadata, each under a key of its own: Ultralytics writes
the text of a Python dictionary, `{0: 'cat', 1: 'dog'}`, under `names`; others write JSON.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.model.description import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from artifact_lint.formats.protobuf import Field, Messages

#: `LinearClassifier` and `SVMClassifier` call them ints, `TreeEnsembleClassifier` and `ZipMap` int64s.
_LABELS = frozenset({"classlabels_strings", "classlabels_int64s", "classlabels_ints"})
_MOST_LABELS = 100_000
_LONGEST_LABEL = 4096
_ZIPMAP = "ZipMap"
_CLASSIFIER = "Classifier"
#: Operators that hand a label on as it is, but for its type and shape.
_PASSING = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Flatten"})
SOFTMAX = frozenset({"Softmax", "LogSoftmax"})
#: The domain whose operators keep weights in their attributes.
ML_DOMAIN = "ai.onnx.ml"
#: Keys of the metadata under which labels go, and of them those that may hold other names as a list.
_STATED: Final = ("class_names", "classes", "labels", "id2label", "names")
_AMBIGUOUS: Final = frozenset({"names"})
_ITEM: Final = re.compile(r"""\s*(\d{1,6})\s*:\s*(?:'([^'"\\]*)'|"([^"\\]*)")\s*(,|$)""")


@dataclass(frozen=True, slots=True)
class Node:
    """A `NodeProto`, and the labels that its attributes have."""

    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    labels: tuple[str, ...] = ()


def node(messages: Messages, field: Field) -> Node:
    """The node in a field.

    Raises:
        FormatError: It is broken.
    """
    inputs, outputs, attributes = list[str](), list[str](), list["Field"]()
    operator = domain = ""
    for found in messages.inside(field):
        match found.number:
            case 1:
                inputs.append(messages.text(found))
            case 2:
                outputs.append(messages.text(found))
            case 4:
                operator = messages.text(found)
            case 5 if found.value is None:
                attributes.append(found)
            case 7:
                domain = messages.text(found)
            case _:
                pass
    has_labels = operator == _ZIPMAP or operator.endswith(_CLASSIFIER)
    labels = _labels(messages, attributes) if has_labels else ()
    return Node(operator, domain, tuple(inputs), tuple(outputs), labels)


def _labels(messages: Messages, attributes: Sequence[Field]) -> tuple[str, ...]:
    for attribute in attributes:
        name, labels = "", list[str]()
        for found in messages.inside(attribute):
            if found.number == 1:
                name = messages.text(found)
            if name not in _LABELS:
                break
            if found.number == 8:
                labels += map(str, messages.numbers(found, _MOST_LABELS - len(labels)))
            elif found.number == 9 and len(labels) < _MOST_LABELS:
                labels.append(messages.text(found, _LONGEST_LABEL))
        if labels:
            return tuple(labels)
    return ()


def classes_of(nodes: Sequence[Node], outputs: AbstractSet[str]) -> Seen[tuple[str, ...]] | None:
    """The labels of what a graph puts out; None where it is not one classifier whose labels they are."""
    zipped = [one for one in nodes if one.operator == _ZIPMAP and one.labels and outputs & set(one.outputs)]
    if zipped:
        return Seen(zipped[0].labels, "labels of the ZipMap node") if len(zipped) == 1 else None
    reach = set(outputs)
    for one in reversed(nodes):
        if one.operator in _PASSING and reach.intersection(one.outputs):
            reach.update(one.inputs[:1])
    last = [one for one in nodes if one.labels and reach.intersection(one.outputs)]
    return Seen(last[0].labels, f"labels of the {last[0].operator} node") if len(last) == 1 else None


def stated_labels(metadata: Mapping[str, str]) -> Seen[tuple[str, ...]] | None:
    """The labels that metadata state, where they are texts for all numbers from 0 on."""
    for key in _STATED:
        text = metadata.get(key, "").strip()
        if text.startswith(("{", "[")):
            labels = _listed(text, as_list=key not in _AMBIGUOUS)
            if labels:
                return Seen(labels, f"metadata `{key}`")
    return None


def _listed(text: str, *, as_list: bool) -> tuple[str, ...] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _dictionary(text)
    if isinstance(value, dict):
        value = [value.get(str(number)) for number in range(len(value))]
    elif not as_list:
        return None
    if not isinstance(value, list) or len(value) > _MOST_LABELS:
        return None
    return tuple(value) if all(isinstance(label, str) for label in value) else None


def _dictionary(text: str) -> dict[str, str]:
    """A dictionary of numbers and texts, as Python shows one; empty where it is anything else."""
    found, position, inner = dict[str, str](), 0, text[1:-1]
    while position < len(inner):
        match = _ITEM.match(inner, position)
        if match is None or not (text.startswith("{") and text.endswith("}")):
            return {}
        found[match[1]] = match[2] if match[2] is not None else match[3]
        position = match.end()
    return found
