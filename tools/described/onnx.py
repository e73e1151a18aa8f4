"""ONNX models, by hand and from scikit-learn, by onnx's own word."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import onnx
import skl2onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from described.asked import answer

if TYPE_CHECKING:
    from pathlib import Path

    from described.asked import Facts

#: Neither library has types: a message, an estimator, a dimension.
Made: TypeAlias = Any

X = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
LABELS = np.array(["yes", "no", "maybe"])[np.arange(60) % 3]
DATA = "weights.bin"
#: Element types whose tensors are shapes, positions and words.
#: Constants of no more bytes than this are steps of a computation.
SMALL = 1024
NO_WEIGHTS = {TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL}


def value(name: str, dtype: int, shape: list[Any] | None) -> Made:
    return helper.make_tensor_value_info(name, dtype, shape)


def held(name: str, shape: tuple[int, ...], dtype: str = "float32") -> Made:
    return numpy_helper.from_array(np.ones(shape, dtype), name)


def model(nodes: list[Any], inputs: list[Any], outputs: list[Any], tensors: list[Any], **more: Made) -> Made:
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors, **more)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="by hand")
    made.ir_version = 8
    return made


def dense(batch: Made = "batch", *, ends_in: str | None = None) -> Made:
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h" if ends_in else "y"])]
    nodes += [helper.make_node(ends_in, ["h"], ["y"])] if ends_in else []
    tensors = [held("w", (4, 3)), held("b", (3,))]
    return model(nodes, [value("x", 1, [batch, 4])], [value("y", 1, [batch, 3])], tensors)


def by_hand() -> dict[str, Any]:
    labelled = dense()
    helper.set_model_props(labelled, {"names": "{0: 'cat', 1: 'dog', 2: 'fox'}", "task": "classify"})
    old = dense()
    old.graph.input.extend([value("w", 1, [4, 3]), value("b", 1, [3])])
    branches = [
        helper.make_graph(
            [helper.make_node("Add", ["x", f"c{side}"], [f"y{side}"])],
            f"g{side}",
            [],
            [value(f"y{side}", 1, None)],
            [held(f"c{side}", (4,))],
        )
        for side in "ab"
    ]
    switch = helper.make_node("If", ["flag"], ["y"], then_branch=branches[0], else_branch=branches[1])
    inputs = [value("x", 1, ["n", 4]), value("flag", TensorProto.BOOL, [1])]
    constant = helper.make_node("Constant", [], ["c"], value=held("c", (64, 64)))
    added = helper.make_node("Add", ["x", "c"], ["y"])
    types = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16]
    many = [value(f"x{one}", one, [None, one]) for one in types]
    sequence = helper.make_tensor_sequence_value_info("s", 1, None)
    length = helper.make_node("SequenceLength", ["s"], ["y"])
    tensors = [held("h", (2, 2), "float16"), held("i", (3,), "int8"), held("j", (2,), "int64")]
    tensors.append(held("k", (), "float64"))
    tensors.append(helper.make_tensor("words", TensorProto.STRING, [2], [b"a", b"b"]))
    tensors.append(helper.make_tensor("typed", TensorProto.FLOAT, [2, 3], [1.0] * 6))
    tensors.append(helper.make_tensor("none", TensorProto.FLOAT, [0, 3], []))
    sparse = helper.make_sparse_tensor(held("s", (2,)), held("si", (2,), "int64"), [3, 3])
    identity = helper.make_node("Identity", ["x1"], ["y"])
    return {
        "dense": dense(),
        "fixed": dense(1),
        "free": dense(None),
        "softmax": dense(ends_in="Softmax"),
        "labelled": labelled,
        "old": old,
        "branches": model([switch], inputs, [value("y", 1, None)], []),
        "constant": model([constant, added], [value("x", 1, [1, 64])], [value("y", 1, [64, 64])], []),
        "types": model([identity], many, [value("y", 1, [None, 1])], tensors, sparse_initializer=[sparse]),
        "sequence": model([length], [sequence], [value("y", 7, [])], []),
        "columns": model(
            [helper.make_node("Add", ["age", "income"], ["y"])],
            [value("age", 1, ["n", 1]), value("income", 1, ["n", 1])],
            [value("y", 1, ["n", 1])],
            [],
        ),
    }


def converted(estimator: Made, inputs: list[Any], *, zipped: bool = True) -> Made:
    options = None if zipped else {id(estimator): {"zipmap": False}}
    return skl2onnx.convert_sklearn(estimator, "model", inputs, options=options, target_opset={"": 15, "ai.onnx.ml": 2})


def from_sklearn() -> dict[str, Any]:
    matrix = [("float_input", FloatTensorType([None, 4]))]
    logistic = LogisticRegression().fit(X, LABELS)
    forest = RandomForestClassifier(3, max_depth=2, random_state=0).fit(X, np.arange(60) % 2)
    table = np.empty((60, 3), object)
    table[:, 0], table[:, 1], table[:, 2] = X[:, 0], np.arange(60), LABELS
    columns = [
        ("age", FloatTensorType([None, 1])),
        ("visits", Int64TensorType([None, 1])),
        ("city", StringTensorType([None, 1])),
    ]
    mixed = make_pipeline(
        ColumnTransformer([("n", StandardScaler(), [0, 1]), ("c", OneHotEncoder(), [2])]), LogisticRegression()
    )
    mixed.fit(table, LABELS)
    parts = [("a", LogisticRegression()), ("b", GaussianNB())]
    voting = VotingClassifier(parts, voting="soft", flatten_transform=False).fit(X, LABELS)
    return {
        "logistic": converted(logistic, matrix),
        "logistic-matrix": converted(logistic, matrix, zipped=False),
        "forest": converted(forest, matrix),
        "forest-matrix": converted(forest, matrix, zipped=False),
        "support-vectors": converted(SVC(probability=True, random_state=0).fit(X, LABELS), matrix),
        "bayes": converted(GaussianNB().fit(X, LABELS), matrix),
        "linear": converted(LinearRegression().fit(X, X[:, 0]), matrix),
        "one-against-rest": converted(OneVsRestClassifier(LogisticRegression()).fit(X, LABELS), matrix, zipped=False),
        "voting": converted(voting, matrix),
        "pipeline": converted(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, LABELS), matrix),
        "table": converted(mixed, columns),
    }


def write(directory: Path) -> None:
    for name, made in (by_hand() | from_sklearn()).items():
        onnx.save(made, directory / f"{name}.onnx")
    onnx.save_model(
        dense(),
        directory / "external.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=DATA,
        size_threshold=0,
    )


def dtype_of(type_: int) -> str:
    if type_ == TensorProto.BFLOAT16:
        return "bfloat16"
    return "string" if type_ == TensorProto.STRING else str(np.dtype(helper.tensor_dtype_to_np_dtype(type_)))


def spec(one: Made) -> list[Any]:
    if not one.type.HasField("tensor_type"):
        return [one.name, None, None]
    tensor = one.type.tensor_type
    if not tensor.HasField("shape"):
        return [one.name, dtype_of(tensor.elem_type), None]
    shape = [
        dim.dim_value if dim.HasField("dim_value") else (dim.dim_param or None)  # one of the two, or neither
        for dim in tensor.shape.dim
    ]
    return [one.name, dtype_of(tensor.elem_type), shape]


def labels(graph: Made) -> list[str] | None:
    """The labels of the one node that has the graph's output, where there is one."""
    labelling = [node for node in graph.node if node.op_type == "ZipMap"] or [
        node for node in graph.node if node.op_type.endswith("Classifier")
    ]
    if len(labelling) != 1:
        return None
    for attribute in labelling[0].attribute:
        found = helper.get_attribute_value(attribute)
        if attribute.name.startswith("classlabels_") and len(found):
            return [one.decode() if isinstance(one, bytes) else str(one) for one in found]
    return None


def all_tensors(graph: Made) -> list[Any]:
    found = [*graph.initializer, *(sparse.values for sparse in graph.sparse_initializer)]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t") and node.ByteSize() > SMALL:
                found.append(attribute.t)
            if attribute.HasField("g"):
                found += all_tensors(attribute.g)
    return found


def facts(file: Path) -> Facts:
    if file.suffix != ".onnx":
        return {"part_of": "external.onnx"}
    loaded = onnx.load(file)
    graph = loaded.graph
    tensors = [*graph.initializer, *(sparse.values for sparse in graph.sparse_initializer)]
    names = {tensor.name for tensor in tensors}
    inputs = [spec(one) for one in graph.input if one.name not in names]
    shapes = [shape for _, _, shape in inputs]
    is_table = len(inputs) > 1 and all(shape is not None and len(shape) == 2 and shape[1] == 1 for shape in shapes)
    is_matrix = len(inputs) == 1 and shapes[0] is not None and len(shapes[0]) == 2
    has_attributes = any(node.domain == "ai.onnx.ml" for node in graph.node)
    weights = [tensor for tensor in all_tensors(graph) if tensor.data_type not in NO_WEIGHTS]
    last = [node.op_type for node in graph.node if graph.output[0].name in node.output]
    stated = {one.key: one.value for one in loaded.metadata_props}
    classes = labels(graph) or (list(ast.literal_eval(stated["names"]).values()) if "names" in stated else None)
    outputs = [spec(one) for one in graph.output]
    is_row = len(outputs) == 1 and outputs[0][2] is not None and len(outputs[0][2]) == 2
    width = outputs[0][2][1] if is_row and last in (["Softmax"], ["LogSoftmax"]) else None
    metadata = {"ir_version": str(loaded.ir_version)}
    metadata |= {"producer": loaded.producer_name} if loaded.producer_name else {}
    metadata |= {"producer_version": loaded.producer_version} if loaded.producer_version else {}
    metadata |= {one.key: one.value for one in loaded.metadata_props}
    opsets = [f"{one.domain or 'ai.onnx'}:{one.version}" for one in loaded.opset_import]
    return {
        "format": "onnx",
        "inputs": inputs,
        "outputs": outputs,
        "columns": [[name, dtype, None, None] for name, dtype, _ in inputs] if is_table else None,
        "column_count": len(inputs) if is_table else shapes[0][1] if is_matrix else None,
        "classes": classes,
        "class_count": len(classes) if classes else width if isinstance(width, int) else None,
        "tensors": {one.name: [TensorProto.DataType.Name(one.data_type), list(one.dims)] for one in tensors},
        "has_all_tensors": True,
        "parameters": None if has_attributes else sum(math.prod(one.dims) for one in weights),
        "metadata": metadata | {"opsets": ",".join(opsets)},
    }


if __name__ == "__main__":
    answer(write, facts)
