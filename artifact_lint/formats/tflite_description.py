"""What a TensorFlow Lite model is (tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.extents import items_of
from artifact_lint.formats.flatbuffers import root
from artifact_lint.formats.graph_columns import column_count_of, columns_of
from artifact_lint.model import Cause, Incomplete, Tensor
from artifact_lint.model.description import Description, Seen, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifact_lint.formats.base import Job
from artifact_lint.formats.flatbuffers import Table

_LONGEST_NAME: Final = 4096
_MOST_TENSORS: Final = 30_000
_MOST_DIMENSIONS: Final = 64
_MOST_OPERATORS: Final = 4096
#: Fields of the tables `Model`, `OperatorCode`, `SubGraph`, `Tensor`, `SignatureDef`, `TensorMap` and `Buffer`.
_OPERATORS, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _SIGNATURES = 1, 2, 3, 4, 7
_DEPRECATED_CODE, _CODE = 0, 3
_TENSORS, _INPUTS, _OUTPUTS = 0, 1, 2
_SHAPE, _TYPE, _BUFFER, _NAME, _SHAPE_SIGNATURE = 0, 1, 2, 3, 7
_SIGNATURE_INPUTS, _SIGNATURE_OUTPUTS, _SUBGRAPH = 0, 1, 4
_MAP_NAME, _MAP_TENSOR = 0, 1
_DATA: Final = 0
#: `TensorType`: the schema's name, numpy's, and the bits of one element.
_TYPES: Final[Mapping[int, tuple[str, str, int | None]]] = {
    0: ("FLOAT32", "float32", 32),
    1: ("FLOAT16", "float16", 16),
    2: ("INT32", "int32", 32),
    3: ("UINT8", "uint8", 8),
    4: ("INT64", "int64", 64),
    5: ("STRING", "string", None),
    6: ("BOOL", "bool", 8),
    7: ("INT16", "int16", 16),
    8: ("COMPLEX64", "complex64", 64),
    9: ("INT8", "int8", 8),
    10: ("FLOAT64", "float64", 64),
    11: ("COMPLEX128", "complex128", 128),
    12: ("UINT64", "uint64", 64),
    13: ("RESOURCE", "resource", None),
    14: ("VARIANT", "variant", None),
    15: ("UINT32", "uint32", 32),
    16: ("UINT16", "uint16", 16),
    17: ("INT4", "int4", 4),
    18: ("BFLOAT16", "bfloat16", 16),
}


def describe_tflite(job: Job) -> Description:
    """The facts of a model's first graph, with the names of the only signature where it has one.

    Raises:
        FormatError: The bytes are no FlatBuffer.
        StoreError: They cannot be read.
    """
    model = root(job.source)
    graph = next(model.tables(_SUBGRAPHS), None)
    if graph is None:
        raise FormatError(Cause.BROKEN, "the model has no graph")
    reading = _Graph(graph)
    incomplete = list[Incomplete]()
    try:
        reading.read(model, job.source.size)
    except FormatError as error:
        incomplete.append(Incomplete(error.cause, error.detail, error.offset))
    inputs, outputs = reading.inputs, reading.outputs
    description = model.text(_DESCRIPTION, _LONGEST_NAME)
    return Description(
        columns=columns_of(inputs) if inputs else None,
        column_count=column_count_of(inputs) if inputs else None,
        inputs=None if inputs is None else Seen(inputs, _where("input", inputs)),
        outputs=None if outputs is None else Seen(outputs, _where("output", outputs)),
        tensors=tuple(reading.held),
        has_all_tensors=not incomplete,
        metadata={"description": description} if description else {},
        incomplete=tuple(incomplete),
    )


class _Graph:
    """The tensors of a graph, and which of them go in, come out, and are constant."""

    def __init__(self, graph: Table) -> None:
        self._graph = graph
        self.inputs: tuple[TensorSpec, ...] | None = None
        self.outputs: tuple[TensorSpec, ...] | None = None
        self.held: list[Tensor] = []

    def read(self, model: Table, size: int) -> None:
        """Take in the graph of a model in so many bytes.

        Raises:
            FormatError: It is broken, or has too many tensors.
        """
        tensors: list[Table] = []
        for tensor in self._graph.tables(_TENSORS):
            if len(tensors) >= _MOST_TENSORS:
                raise FormatError(Cause.LIMIT, f"more than {_MOST_TENSORS:,} tensors")
            tensors.append(tensor)
        names_in, names_out = _signature(model)
        self.inputs = _specs(tensors, self._graph.integers(_INPUTS, _MOST_TENSORS) or (), names_in)
        self.outputs = _specs(tensors, self._graph.integers(_OUTPUTS, _MOST_TENSORS) or (), names_out)
        filled = set[int]()
        for index, buffer in enumerate(model.tables(_BUFFERS)):
            if index > 2 * _MOST_TENSORS:
                raise FormatError(Cause.LIMIT, f"more than {2 * _MOST_TENSORS:,} buffers")
            length = buffer.count(_DATA)
            if length > size:
                raise FormatError(Cause.TRUNCATED, f"a buffer promises {length:,} bytes and the file has {size:,}")
            if length:
                filled.add(index)
        _check_operators(model)
        for tensor in tensors:
            if (tensor.integer(_BUFFER) or 0) in filled:
                self.held.append(_tensor(tensor))


def _check_operators(model: Table) -> None:
    """See to it that the codes of the operators are there, which TensorFlow writes at the very end.

    Raises:
        FormatError: They are not, or are too many.
    """
    for index, operator in enumerate(model.tables(_OPERATORS)):
        if index > _MOST_OPERATORS:
            raise FormatError(Cause.LIMIT, f"more than {_MOST_OPERATORS:,} operators")
        operator.byte(_DEPRECATED_CODE)
        operator.integer(_CODE)


def _signature(model: Table) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """What the only signature calls the tensors that go in and come out; nothing where there are several."""
    found: list[Table] = []
    for one in model.tables(_SIGNATURES):
        found.append(one)
        if len(found) > 1:
            return {}, {}
    if not found or (found[0].integer(_SUBGRAPH) or 0) != 0:
        return {}, {}
    return _names(found[0], _SIGNATURE_INPUTS), _names(found[0], _SIGNATURE_OUTPUTS)


def _names(signature: Table, field: int) -> dict[int, str]:
    names = dict[int, str]()
    for one in signature.tables(field):
        if len(names) >= _MOST_TENSORS:
            raise FormatError(Cause.LIMIT, f"a signature of more than {_MOST_TENSORS:,} tensors")
        names.setdefault(one.integer(_MAP_TENSOR) or 0, one.text(_MAP_NAME, _LONGEST_NAME) or "")
    return names


def _specs(tensors: Sequence[Table], numbers: tuple[int, ...], names: Mapping[int, str]) -> tuple[TensorSpec, ...]:
    specs = list[TensorSpec]()
    for number in numbers:
        if not 0 <= number < len(tensors):
            raise FormatError(Cause.BROKEN, f"the graph has no tensor {number}")
        tensor = tensors[number]
        name = names.get(number) or tensor.text(_NAME, _LONGEST_NAME) or ""
        shape = tensor.integers(_SHAPE_SIGNATURE, _MOST_DIMENSIONS) or tensor.integers(_SHAPE, _MOST_DIMENSIONS) or ()
        known = _TYPES.get(tensor.byte(_TYPE) or 0)
        specs.append(TensorSpec(name, known[1] if known else None, tuple(None if d < 0 else d for d in shape)))
    return tuple(specs)


def _tensor(tensor: Table) -> Tensor:
    number = tensor.byte(_TYPE) or 0
    name, _, bits = _TYPES.get(number, (str(number), "", None))
    shape = tensor.integers(_SHAPE, _MOST_DIMENSIONS) or ()
    count = items_of([max(0, dimension) for dimension in shape])
    return Tensor(tensor.text(_NAME, _LONGEST_NAME) or "", name, shape, None if bits is None else -(-count * bits // 8))


def _where(what: str, specs: tuple[TensorSpec, ...]) -> str:
    return f"graph {what} `{specs[0].name}`" if len(specs) == 1 else f"graph {what}s"
