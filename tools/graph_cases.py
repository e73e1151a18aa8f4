"""The files of the rule cases about graphs, written by onnx and h5py."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def dense(batch: int | str | None = "batch", *, location: str | None = None, offset: int = 0) -> bytes:
    """A layer of two columns and one unit, its eight bytes of weights in another file where one is named."""
    import onnx  # noqa: PLC0415  only these cases need it
    from onnx import helper  # noqa: PLC0415

    weights = helper.make_tensor("kernel", onnx.TensorProto.FLOAT, [2, 1], [0.5, -0.25])
    if location is not None:
        weights.ClearField("float_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", str(offset)), ("length", "8")):
            weights.external_data.add(key=key, value=value)
    inputs = [helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, [batch, 2])]
    outputs = [helper.make_tensor_value_info("p_churn", onnx.TensorProto.FLOAT, [batch, 1])]
    nodes = [helper.make_node("MatMul", ["features", "kernel"], ["p_churn"])]
    model = helper.make_model(
        helper.make_graph(nodes, "churn", inputs, outputs, [weights]), opset_imports=[helper.make_opsetid("", 21)]
    )
    model.ir_version = 10
    return bytes(model.SerializeToString())


def keras(*with_variables: str) -> bytes:
    """An archive of Keras 3 of two dense layers and a dropout between them, with the variables of some of these."""
    import h5py  # noqa: PLC0415  as above

    layers = [
        {"module": "keras.layers", "class_name": cls, "config": config, "registered_name": None}
        for cls, config in (
            ("InputLayer", {"batch_shape": [None, 2], "dtype": "float32", "name": "features"}),
            ("Dense", {"name": "hidden", "units": 2, "activation": "relu"}),
            ("Dropout", {"name": "drop", "rate": 0.1}),
            ("Dense", {"name": "p_churn", "units": 1, "activation": "sigmoid"}),
        )
    ]
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "churn", "layers": layers}}
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("vars")
        for group in with_variables:
            file[f"layers/{group}/vars/0"] = [[0.5, 0.25], [0.125, 1.0]]
            file[f"layers/{group}/vars/1"] = [0.0, 0.0]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("metadata.json"), json.dumps({"keras_version": "3.12.0"}))
        archive.writestr(zipfile.ZipInfo("config.json"), json.dumps(config))
        archive.writestr(zipfile.ZipInfo("model.weights.h5"), weights.getvalue())
    return stream.getvalue()


def beside() -> bytes:
    """A model whose weights are in a file beside it, behind eight other bytes."""
    return dense(location="churn.onnx.data", offset=8)


def scattered() -> bytes:
    """A model with a file for each of its two tensors."""
    import onnx  # noqa: PLC0415  as above

    model = onnx.ModelProto.FromString(dense(location="kernel"))
    bias = model.graph.initializer.add()
    bias.CopyFrom(model.graph.initializer[0])
    bias.name, bias.external_data[0].value = "bias", "bias"
    return bytes(model.SerializeToString())


def elsewhere() -> bytes:
    """A model whose weights are in a file outside of the artifact."""
    return dense(location="../churn.onnx.data")


def one_row() -> bytes:
    """A model that takes one row at a time."""
    return dense(1)


def complete() -> bytes:
    """An archive with the variables of both layers."""
    return keras("dense", "dense_1")


def half() -> bytes:
    """An archive with the variables of the first layer."""
    return keras("dense")


def unbuilt() -> bytes:
    """An archive without variables."""
    return keras()


#: What each file holds, by its path below tests/rules.
GRAPHS: dict[str, Callable[[], bytes]] = {
    "CON141/bad-absent/churn.onnx": beside,
    "CON141/bad-cut/churn.onnx": beside,
    "CON141/bad-cut/churn.onnx.data": lambda: bytes(12),
    "CON141/bad-scattered/churn.onnx": scattered,
    "CON141/good/churn.onnx": beside,
    "CON141/good/churn.onnx.data": lambda: bytes(16),
    "CON141/good-elsewhere/churn.onnx": elsewhere,
    "CON141/good-lfs/churn.onnx": beside,
    "CON142/bad-onnx/churn.onnx": one_row,
    "CON142/good/churn.onnx": dense,
    "CON154/bad-one/churn.keras": half,
    "CON154/bad-unbuilt/churn.keras": unbuilt,
    "CON154/good/churn.keras": complete,
}

#: Those that a library writes: other versions of it may write other bytes.
WRITTEN = frozenset({beside, scattered, elsewhere, one_row, dense, half, unbuilt, complete})
