"""Write the files that `readers.py` measures into a directory: large ones, and a small one of each kind.

What is large is the bytes that no reader of a header needs; where the file system has holes, they take no space.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import joblib
import numpy as np
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from write_pickles import write_torch_zip

#: Bytes of the tensors of each file, and how many there are.
SAFETENSORS = 1_000_000_000, 300
LARGEST = 50_000_000_000, 1000
EXTERNAL = 100_000_000, 100
#: Trees and rows that make a forest of about 60 MB.
FOREST = 180, 11_000


def write_safetensors(path: Path, total: int, count: int) -> None:
    """Tensors of one size, all of them a hole."""
    columns = total // count // 2 // 1024
    size = 2 * 1024 * columns
    header = {
        f"model.layers.{number}.mlp.down_proj.weight": {
            "dtype": "BF16",
            "shape": [1024, columns],
            "data_offsets": [number * size, (number + 1) * size],
        }
        for number in range(count)
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size * count)


def write_forest(path: Path, trees: int, rows: int) -> None:
    """Trees that learn noise by heart."""
    random = np.random.default_rng(0)
    forest = RandomForestClassifier(trees, random_state=0, n_jobs=1)
    joblib.dump(forest.fit(random.random((rows, 12)), random.integers(0, 2, rows)), path)


def write_onnx(path: Path, total: int, count: int) -> None:
    """A chain of matrices whose numbers lie in another file."""
    side = int((total / count / 4) ** 0.5)
    nodes, weights = [], []
    for number in range(count):
        size = 4 * side * side
        tensor = TensorProto(name=f"w{number}", data_type=TensorProto.FLOAT, dims=[side, side])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", "model.data"), ("offset", str(number * size)), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)
        weights.append(tensor)
        nodes.append(helper.make_node("MatMul", [f"x{number}", f"w{number}"], [f"x{number + 1}"]))
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, ["batch", side])],
        [helper.make_tensor_value_info(f"x{count}", TensorProto.FLOAT, ["batch", side])],
        weights,
    )
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    with path.with_name("model.data").open("wb") as file:
        file.truncate(count * 4 * side * side)


def write_files(files: Path) -> None:
    for folder in ("safetensors", "largest", "torch", "forest", "onnx", "small"):
        (files / folder).mkdir(parents=True)
    write_safetensors(files / "safetensors" / "model.safetensors", *SAFETENSORS)
    write_safetensors(files / "largest" / "model.safetensors", *LARGEST)
    write_torch_zip(files / "torch" / "model.pt")
    write_forest(files / "forest" / "model.joblib", *FOREST)
    write_onnx(files / "onnx" / "model.onnx", *EXTERNAL)
    small = files / "small"
    write_safetensors(small / "model.safetensors", 4096, 1)
    write_torch_zip(small / "model.pt", 0)
    write_forest(small / "model.joblib", 1, 20)
    write_onnx(small / "model.onnx", 64, 1)


if __name__ == "__main__":
    write_files(Path(sys.argv[1]))
