"""Graphs whose operators run code or touch files, and tensors that lie outside of the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.cases import DANGEROUS, bad, bad_directory
from hostile.messages import chunk, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_OPERATOR = "SEC103"
_EXTERNAL = "SEC104"


def cases() -> Iterator[Bad]:
    """TensorFlow's SavedModel, then ONNX."""
    yield from _saved_models()
    yield from _onnx()


def _saved_models() -> Iterator[Bad]:
    family = "savedmodel"
    operators = (
        "PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction", "ReadFile", "WriteFile", "MergeV2Checkpoints",
        "PrintV2File", "SaveV2Shards", "LoadLibrary", "MatchingFiles", "TextLineDataset",
    )  # fmt: skip
    certain = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles"}
    for operator in operators:
        if operator in certain:
            graph = _node("Placeholder", "x") + _node(operator, "call")
            files = {"saved_model.pb": _saved_model(graph), "variables/variables.index": b""}
            yield bad_directory(
                family, operator.lower(), f"the operator {operator}", files, "saved_model.pb", _OPERATOR
            )
    in_function = chunk(2, chunk(1, chunk(1, chunk(1, "f")) + chunk(3, _node_body("ReadFile", "read"))))
    yield bad_directory(
        family,
        "function",
        "an operator in a function of the library",
        {"saved_model.pb": _saved_model(in_function)},
        "saved_model.pb",
        _OPERATOR,
    )
    second = _saved_model(_node("Placeholder", "x")) + chunk(2, chunk(2, _node("WriteFile", "write")))
    yield bad_directory(
        family,
        "second-graph",
        "an operator in the second graph",
        {"saved_model.pb": second},
        "saved_model.pb",
        _OPERATOR,
    )
    many = b"".join(_node("Add", f"add{index}") for index in range(5000)) + _node("PyFunc", "last")
    yield bad_directory(
        family,
        "late",
        "an operator behind five thousand others",
        {"saved_model.pb": _saved_model(many)},
        "saved_model.pb",
        _OPERATOR,
    )
    asset = {"saved_model.pb": _saved_model(_node("Placeholder", "x")), "assets/vocabulary.txt": a.shell_pickle()}
    yield bad_directory(
        family, "asset", "a pickle among the assets", asset, "assets/vocabulary.txt", DANGEROUS, "PKL121"
    )
    yield bad(
        family,
        "frozen-graph",
        "a frozen graph by itself",
        _node("Placeholder", "x") + _node("ReadFile", "r"),
        _OPERATOR,
        file="frozen_graph.pb",
    )


def _node_body(operator: str, name: str) -> bytes:
    return chunk(1, name) + chunk(2, operator) + chunk(5, chunk(1, "T") + chunk(2, number(6, 1)))


def _node(operator: str, name: str) -> bytes:
    return chunk(1, _node_body(operator, name))


def _saved_model(graph: bytes) -> bytes:
    return number(1, 1) + chunk(2, chunk(1, chunk(4, "serve") + chunk(5, "2.16.1")) + chunk(2, graph))


def _onnx() -> Iterator[Bad]:
    family = "onnx"
    locations = {
        "parent": "../weights.bin",
        "deep-parent": "data/../../weights.bin",
        "absolute": "/etc/hostname",
        "backslash": "..\\weights.bin",
        "drive": "C:\\weights.bin",
        "network": "\\\\host\\share\\weights.bin",
        "url": "file:///etc/hostname",
    }
    for slug, location in locations.items():
        yield bad(
            family,
            slug,
            f"a tensor at {location}",
            _onnx_model(chunk(5, _external(location))),
            _EXTERNAL,
            file="model.onnx",
        )
    attribute = chunk(1, "value") + number(20, 4) + chunk(5, _external("../weights.bin"))
    constant = chunk(1, chunk(2, "y") + chunk(4, "Constant") + chunk(5, attribute))
    yield bad(
        family,
        "constant",
        "an external tensor in a node's attribute",
        _onnx_model(constant),
        _EXTERNAL,
        file="model.onnx",
    )
    branch = chunk(1, "then_branch") + number(20, 5) + chunk(6, chunk(5, _external("../weights.bin")))
    conditional = chunk(1, chunk(1, "c") + chunk(2, "y") + chunk(4, "If") + chunk(5, branch))
    yield bad(
        family, "subgraph", "an external tensor in a branch", _onnx_model(conditional), _EXTERNAL, file="model.onnx"
    )
    sparse = chunk(15, chunk(1, _external("../weights.bin")) + chunk(2, b"") + number(3, 2))
    yield bad(family, "sparse", "a sparse tensor's values", _onnx_model(sparse), _EXTERNAL, file="model.onnx")
    function = (
        number(1, 9)
        + chunk(7, chunk(2, "g"))
        + chunk(8, number(2, 18))
        + chunk(25, chunk(1, "f") + chunk(7, chunk(2, "y") + chunk(4, "Constant") + chunk(5, attribute)))
    )
    yield bad(family, "function", "an external tensor in a local function", function, _EXTERNAL, file="model.onnx")
    training = (
        number(1, 9)
        + chunk(7, chunk(2, "g"))
        + chunk(8, number(2, 18))
        + chunk(20, chunk(1, chunk(5, _external("../weights.bin"))))
    )
    yield bad(family, "training", "an external tensor in the training graph", training, _EXTERNAL, file="model.onnx")
    unmarked = chunk(
        5,
        number(1, 2)
        + number(2, 1)
        + chunk(8, "w")
        + chunk(13, chunk(1, "location") + chunk(2, "../weights.bin"))
        + number(14, 1),
    )
    yield bad(
        family,
        "value-first",
        "the keys of the external data in another order",
        _onnx_model(unmarked),
        _EXTERNAL,
        file="model.onnx",
    )


def _external(location: str) -> bytes:
    keys = chunk(13, chunk(1, "location") + chunk(2, location)) + chunk(13, chunk(1, "offset") + chunk(2, "0"))
    return number(1, 2) + number(2, 1) + chunk(8, "w") + keys + number(14, 1)


def _onnx_model(graph: bytes) -> bytes:
    node = chunk(1, chunk(1, "x") + chunk(2, "y") + chunk(4, "Identity"))
    return number(1, 9) + chunk(2, "pytorch") + chunk(7, node + chunk(2, "g") + graph) + chunk(8, number(2, 18))
