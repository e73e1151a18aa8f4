"""What a SavedModel or a frozen graph of TensorFlow is.

A SavedModel says what it serves in signatures (tensorflow/core/protobuf/meta_graph.proto), and since TensorFlow 2 which
variables it has in a graph of objects (saved_object_graph.proto). A frozen graph has placeholders for its inputs and no
word on its outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.graph_columns import column_count_of, columns_of
from artifact_lint.formats.protobuf import Messages
from artifact_lint.formats.savedmodel import BINARY
from artifact_lint.formats.tensorflow_types import TYPES, Shape, items_of, numpy_name, shape_of
from artifact_lint.model import Cause, Incomplete, Tensor
from artifact_lint.model.description import Description, Seen, TensorSpec
from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.protobuf import Field

_MOST_FIELDS: Final = 300_000
_MOST_OBJECTS: Final = 200_000
_LONGEST_NAME: Final = 4096
_SERVING: Final = "serving_default"
#: Signatures by which TensorFlow initialises a model, and nobody calls it.
_INTERNAL: Final = "__saved_model_"
#: What Keras keeps beside the weights of a model, by the names under which an object holds it: states of training.
_NO_WEIGHTS: Final = frozenset({"optimizer", "_optimizer", "loss", "keras_api", "compiled_loss", "compiled_metrics"})
_RANDOM_STATE: Final = "seed_generator_state"


@dataclass(slots=True)
class _Object:
    """A node of the graph of objects: its children by name, and the variable that it is."""

    children: list[tuple[int, str]] = field(default_factory=list)
    variable: TensorSpec | None = None
    type_: int = 0


def describe_saved_model(job: Job) -> Description | None:
    """The facts of a SavedModel in binary; None for what is beside it, and for those kept as text or in chunks."""
    if name_of(job.name).lower() != BINARY:
        return None
    model = _Model(Messages(job.source, _MOST_FIELDS))
    incomplete = list[Incomplete]()
    try:
        model.read()
    except FormatError as error:
        incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    return model.description(tuple(incomplete))


def describe_graph(job: Job) -> Description:
    """The placeholders of a frozen graph, in its order."""
    messages = Messages(job.source, _MOST_FIELDS)
    specs = list[TensorSpec]()
    incomplete = list[Incomplete]()
    try:
        for found in messages.all():
            spec = _placeholder(messages, found) if found.number == 1 and found.value is None else None
            if spec is not None:
                specs.append(spec)
    except FormatError as error:
        incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    inputs = tuple(specs) if not incomplete else ()
    return Description(
        columns=columns_of(inputs),
        column_count=column_count_of(inputs),
        inputs=Seen(inputs, "placeholders of the graph") if inputs else None,
        incomplete=tuple(incomplete),
    )


def _placeholder(messages: Messages, node: Field) -> TensorSpec | None:
    """The input that a node is; None for all others, which are not read on once their operator is known."""
    name = ""
    attributes: list[Field] = []
    for found in messages.inside(node):
        if found.number == 1:
            name = messages.text(found, _LONGEST_NAME)
        elif found.number == 2:
            if messages.text(found) != "Placeholder":
                return None
        elif found.number == 5 and found.value is None:
            attributes.append(found)
    dtype, shape = _typed(messages, attributes)
    return TensorSpec(name, dtype, shape)


def _typed(messages: Messages, attributes: list[Field]) -> tuple[str | None, Shape | None]:
    dtype: str | None = None
    shape: Shape | None = None
    for attribute in attributes:
        key, value = _entry(messages, attribute)
        for found in messages.inside(value) if value is not None else ():
            if key == "dtype" and found.number == 6:
                dtype = numpy_name(found.value)
            elif key == "shape" and found.number == 7 and found.value is None:
                shape = shape_of(messages, found)
    return dtype, shape


def _entry(messages: Messages, field_: Field) -> tuple[str, Field | None]:
    """An entry of a map: its key as text, and its value."""
    key, value = "", None
    for found in messages.inside(field_):
        if found.number == 1:
            key = messages.text(found, _LONGEST_NAME)
        elif found.number == 2 and found.value is None:
            value = found
    return key, value


class _Model:
    """The first of the model's graphs that is for serving, while it is read."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._version: str | None = None
        self._signatures: dict[str, Field] = {}
        self._objects: list[_Object] | None = None
        self._inputs: Seen[tuple[TensorSpec, ...]] | None = None
        self._outputs: Seen[tuple[TensorSpec, ...]] | None = None

    def read(self) -> None:
        """Take in the model.

        Raises:
            FormatError: It is broken, or a limit is reached.
        """
        graphs = [found for found in self._messages.all() if found.number == 2 and found.value is None]
        if not graphs:
            raise FormatError(Cause.BROKEN, "the SavedModel has no graph")
        chosen = next((graph for graph in graphs if "serve" in self._tags(graph)), graphs[0])
        objects: Field | None = None
        for found in self._messages.inside(chosen):
            if found.number == 5 and found.value is None:
                key, value = _entry(self._messages, found)
                if value is not None:
                    self._signatures[key] = value
            elif found.number == 7 and found.value is None:
                objects = found
        self._read_signature()
        if objects is not None:
            self._read_objects(objects)

    def _tags(self, graph: Field) -> set[str]:
        tags = set[str]()
        for found in self._messages.inside(graph):
            if found.number == 1 and found.value is None:
                for part in self._messages.inside(found):
                    if part.number == 4:
                        tags.add(self._messages.text(part))
                    elif part.number == 5 and self._version is None:
                        self._version = self._messages.text(part, 40)
                break
        return tags

    def _read_signature(self) -> None:
        """The one that servers take where none is asked for, or the only one."""
        named = [key for key in self._signatures if not key.startswith(_INTERNAL)]
        key = _SERVING if _SERVING in named else named[0] if len(named) == 1 else None
        if key is None:
            return
        inputs, outputs = list[TensorSpec](), list[TensorSpec]()
        for found in self._messages.inside(self._signatures[key]):
            if found.number in {1, 2} and found.value is None:
                name, value = _entry(self._messages, found)
                spec = TensorSpec(name) if value is None else self._tensor_info(name, value)
                (inputs if found.number == 1 else outputs).append(spec)
        # They are kept in a map, which has no order: TensorFlow goes by the names.
        where = f"signature `{key}`"
        self._inputs = Seen(tuple(sorted(inputs, key=lambda spec: spec.name)), where)
        self._outputs = Seen(tuple(sorted(outputs, key=lambda spec: spec.name)), where)

    def _tensor_info(self, name: str, info: Field) -> TensorSpec:
        dtype: str | None = None
        shape: Shape | None = None
        for found in self._messages.inside(info):
            if found.number == 2:
                dtype = numpy_name(found.value)
            elif found.number == 3 and found.value is None:
                shape = shape_of(self._messages, found)
        return TensorSpec(name, dtype, shape)

    def _read_objects(self, objects: Field) -> None:
        found_all = list[_Object]()
        for found in self._messages.inside(objects):
            if found.number == 1 and found.value is None:
                if len(found_all) >= _MOST_OBJECTS:
                    raise FormatError(Cause.LIMIT, f"more than {_MOST_OBJECTS:,} objects", found.start)
                found_all.append(self._object(found))
        self._objects = found_all

    def _object(self, node: Field) -> _Object:
        made = _Object()
        for found in self._messages.inside(node):
            if found.value is not None:
                continue
            if found.number == 1:
                made.children.append(self._child(found))
            elif found.number == 7:
                made.variable, made.type_ = self._variable(found)
        return made

    def _child(self, reference: Field) -> tuple[int, str]:
        number, name = 0, ""
        for found in self._messages.inside(reference):
            if found.number == 1 and found.value is not None:
                number = found.value
            elif found.number == 2:
                name = self._messages.text(found, _LONGEST_NAME)
        return number, name

    def _variable(self, variable: Field) -> tuple[TensorSpec, int]:
        name, type_ = "", 0
        shape: Shape | None = ()
        for found in self._messages.inside(variable):
            if found.number == 1 and found.value is not None:
                type_ = found.value
            elif found.number == 2 and found.value is None:
                shape = shape_of(self._messages, found)
            elif found.number == 6:
                name = self._messages.text(found, _LONGEST_NAME)
        return TensorSpec(name, numpy_name(type_), shape), type_

    def _weights(self, objects: list[_Object]) -> int | None:
        """The items of the variables that the root reaches without those of training.

        None where one has no size, or where two are alike in all: Keras exports some variables twice.
        """
        pending, visited, total = [0], set[int](), 0
        seen = set[TensorSpec]()
        while pending:
            number = pending.pop()
            if number in visited or number >= len(objects):
                continue
            visited.add(number)
            found = objects[number]
            if found.variable is not None and _RANDOM_STATE not in found.variable.name:
                items = items_of(found.variable.shape)
                if items is None or found.variable in seen:
                    return None
                seen.add(found.variable)
                total += items
            pending += [child for child, name in found.children if name not in _NO_WEIGHTS]
        return total

    def description(self, incomplete: tuple[Incomplete, ...]) -> Description:
        """What was read, frozen."""
        inputs = self._inputs.value if self._inputs else ()
        tensors = [_tensor(one.variable, one.type_) for one in self._objects or () if one.variable is not None]
        is_whole = self._objects is not None and not incomplete and all(tensor is not None for tensor in tensors)
        versions: Mapping[str, str] = {"tensorflow": self._version} if self._version else {}
        return Description(
            columns=columns_of(inputs),
            column_count=column_count_of(inputs),
            inputs=self._inputs,
            outputs=self._outputs,
            tensors=tuple(tensor for tensor in tensors if tensor is not None),
            has_all_tensors=is_whole,
            parameters=self._weights(self._objects) if self._objects and is_whole else None,
            versions=versions,
            incomplete=incomplete,
        )


def _tensor(variable: TensorSpec, type_: int) -> Tensor | None:
    items = items_of(variable.shape)
    if items is None or variable.shape is None:
        return None
    name, _, bits = TYPES.get(type_, (str(type_), "", None))
    shape = tuple(dimension for dimension in variable.shape if isinstance(dimension, int))
    return Tensor(variable.name, name, shape, None if bits is None else -(-items * bits // 8))
