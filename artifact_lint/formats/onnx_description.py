"""What an ONNX model is: what goes in and out, its labels, its tensors and where their bytes lie.

Of nodes only those are read that may hold such facts, which their first bytes tell: a graph has thousands of others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.graph_columns import column_count_of, columns_of
from artifact_lint.formats.onnx_labels import ML_DOMAIN, SOFTMAX, Node, classes_of, node, stated_labels
from artifact_lint.formats.onnx_values import TYPES, Held, entry, tensor, value_info
from artifact_lint.formats.protobuf import Messages
from artifact_lint.model import Cause, Incomplete, Tensor
from artifact_lint.model.description import Description, Seen

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job
    from artifact_lint.formats.protobuf import Field
    from artifact_lint.model.description import ExternalData, TensorSpec

_MOST_FIELDS: Final = 200_000
_MOST_TENSORS: Final = 100_000
_MOST_METADATA: Final = 200
#: Exporters of large models write a file for each tensor, of which there are hundreds.
_MOST_EXTERNAL: Final = 4000
#: What is looked at of a node, in bytes, and the words that say that it is worth being read.
_LOOK: Final = 4096
_WORDS: Final = re.compile(
    rb"Classifier|ZipMap|Softmax|ai\.onnx\.ml|\n(?:\x08location|\x0bthen_branch|\x0belse_branch|\x04body)"
)
#: A node of more bytes than this may hold a tensor of weights; the constants of fewer are steps of a computation.
_SMALL_NODE: Final = 1024
#: Up to which number of nodes those are kept that carry a label on to the output.
_MOST_NODES: Final = 10_000
#: Element types whose tensors are shapes, positions and words rather than weights: int64, string, bool.
_NO_WEIGHTS: Final = frozenset({7, 8, 9})
_CARRIERS: Final = re.compile(rb"Cast|Identity|Reshape|Squeeze|Flatten")
#: Where messages hold tensors, as in onnx_reader.
_HOLDERS: Final = {
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "sparse": {1: "tensor"},
}


def describe_onnx(job: Job) -> Description:
    """The facts of a model; where it cannot be read on, those before, and why."""
    model = _Model(job)
    incomplete = list[Incomplete]()
    try:
        model.read()
    except FormatError as error:
        incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    return model.description(tuple(incomplete))


class _Model:
    """The facts of one model while they are met."""

    def __init__(self, job: Job) -> None:
        self._messages = Messages(job.source, _MOST_FIELDS)
        self._metadata: dict[str, str] = {}
        self._opsets: list[str] = []
        self._inputs: list[TensorSpec] = []
        self._outputs: list[TensorSpec] = []
        self._initializers: list[Held] = []
        self._others: list[Held] = []
        self._external: dict[str, ExternalData] = {}
        self._nodes: list[Node] = []
        self._carriers: list[Field] = []
        self._has_weights_elsewhere = False
        self._is_whole = False

    def read(self) -> None:
        """Take in the model.

        Raises:
            FormatError: A field is broken or a limit is reached.
        """
        graph: Field | None = None
        for field in self._messages.all():
            match field.number:
                case 1 if field.value is not None:
                    self._metadata["ir_version"] = str(field.value)
                case 2 | 3 | 4:
                    name = {2: "producer", 3: "producer_version", 4: "domain"}[field.number]
                    self._state(name, self._messages.text(field))
                case 5 if field.value is not None:
                    self._metadata["model_version"] = str(field.value)
                case 7 if field.value is None:
                    graph = field
                case 8 if len(self._opsets) < _MOST_METADATA:
                    self._opsets.append(self._opset(field))
                case 14 if len(self._metadata) < _MOST_METADATA:
                    self._state(*entry(self._messages, field))
                case _:
                    pass
        if graph is None:
            raise FormatError(Cause.BROKEN, "the model has no graph")
        self._read_graph(graph)
        self._is_whole = True

    def _state(self, key: str, value: str) -> None:
        if value:
            self._metadata.setdefault(key, value)

    def _opset(self, field: Field) -> str:
        domain, version = "ai.onnx", "?"
        for found in self._messages.inside(field):
            if found.number == 1 and found.length:
                domain = self._messages.text(found, 200)
            elif found.number == 2 and found.value is not None:
                version = str(found.value)
        return f"{domain}:{version}"

    def _read_graph(self, graph: Field) -> None:
        messages = self._messages
        for field in messages.inside(graph):
            match field.number:
                case 1:
                    self._read_node(field)
                case 5:
                    self._keep(tensor(messages, field), self._initializers)
                case 11:
                    self._inputs.append(value_info(messages, field))
                case 12:
                    self._outputs.append(value_info(messages, field))
                case 15:
                    for part in messages.inside(field):
                        if part.number == 1:
                            self._keep(tensor(messages, part), self._initializers)
                case _:
                    pass
        if any(one.labels for one in self._nodes):
            self._nodes += [node(messages, field) for field in self._carriers]

    def _keep(self, held: Held, among: list[Held]) -> None:
        if len(among) >= _MOST_TENSORS:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_TENSORS:,} tensors")
        among.append(held)
        found = held.external
        if found is None:
            return
        known = self._external.get(found.location)
        if known is None and len(self._external) >= _MOST_EXTERNAL:
            raise FormatError(Cause.LIMIT, f"tensors in more than {_MOST_EXTERNAL:,} files")
        if known is None or found.offset + found.length > known.offset + known.length:
            self._external[found.location] = found

    def _read_node(self, field: Field) -> None:
        start = self._messages.find(field, _LOOK)
        if field.length <= _SMALL_NODE and not _WORDS.search(start):
            if _CARRIERS.search(start) and len(self._carriers) < _MOST_NODES:
                self._carriers.append(field)
            return
        found = node(self._messages, field)
        if found.labels or found.operator in SOFTMAX:
            self._nodes.append(found)
        if found.domain == ML_DOMAIN:
            self._has_weights_elsewhere = True
        else:
            self._read_held(field)

    def _is_plain(self, node_: Field) -> bool:
        """Whether a node has neither weights nor a graph."""
        return node_.length <= _SMALL_NODE and not _WORDS.search(self._messages.find(node_, _LOOK))

    def _read_held(self, field: Field) -> None:
        """The tensors in the attributes of a node, and in those of the graphs that it runs."""
        pending = [("node", field)]
        while pending:
            kind, message = pending.pop()
            for found in self._messages.inside(message):
                inner = _HOLDERS[kind].get(found.number)
                if inner is None or found.value is not None or not found.length:
                    continue
                if inner == "node" and self._is_plain(found):
                    continue
                if inner == "tensor":
                    self._keep(tensor(self._messages, found), self._others)
                else:
                    pending.append((inner, found))

    def description(self, incomplete: tuple[Incomplete, ...]) -> Description:
        """What was met, frozen."""
        held_names = {held.name for held in self._initializers}
        inputs = tuple(spec for spec in self._inputs if spec.name not in held_names)
        outputs = tuple(self._outputs)
        if self._opsets:
            self._metadata["opsets"] = ",".join(self._opsets)
        names = {spec.name for spec in outputs}
        classes = (classes_of(self._nodes, names) or stated_labels(self._metadata)) if self._is_whole else None
        whole = self._is_whole
        return Description(
            columns=columns_of(inputs) if whole else None,
            column_count=column_count_of(inputs) if whole else None,
            inputs=Seen(inputs, _where("input", inputs)) if whole else None,
            outputs=Seen(outputs, _where("output", outputs)) if whole else None,
            classes=classes,
            class_count=Seen(len(classes.value), classes.where) if classes else self._softmax_width(outputs),
            tensors=tuple(_tensor(held) for held in self._initializers),
            has_all_tensors=whole,
            parameters=self._parameters() if whole else None,
            metadata=self._metadata,
            incomplete=incomplete,
            external=tuple(self._external.values()),
        )

    def _parameters(self) -> int | None:
        """The items of all weights; None where operators keep some of theirs in attributes."""
        if self._has_weights_elsewhere:
            return None
        return sum(held.items for held in (*self._initializers, *self._others) if held.type_ not in _NO_WEIGHTS)

    def _softmax_width(self, outputs: tuple[TensorSpec, ...]) -> Seen[int] | None:
        if not self._is_whole or len(outputs) != 1:
            return None
        (output,) = outputs
        ends_so = any(one.operator in SOFTMAX and output.name in one.outputs for one in self._nodes)
        if not ends_so or output.shape is None or len(output.shape) != 2 or not isinstance(output.shape[1], int):
            return None
        return Seen(output.shape[1], f"graph output `{output.name}`")


def _where(what: str, specs: tuple[TensorSpec, ...]) -> str:
    return f"graph {what} `{specs[0].name}`" if len(specs) == 1 else f"graph {what}s"


def _tensor(held: Held) -> Tensor:
    known = TYPES.get(held.type_)
    name = known.name if known else str(held.type_)
    return Tensor(held.name, name, held.shape, held.external.length if held.external else held.size)
