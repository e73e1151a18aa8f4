"""Flax's parameters as MessagePack, by Flax's own word."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from flax.serialization import msgpack_restore, to_bytes

from described.asked import answer

if TYPE_CHECKING:
    from pathlib import Path

    from described.asked import Facts


def write(directory: Path) -> None:
    dense = {"kernel": np.ones((3, 4), "float32"), "bias": np.zeros(4, "float16")}
    (directory / "dense.msgpack").write_bytes(to_bytes({"params": {"dense": dense}}))
    state = {"params": {"dense": dense, "norm": {"scale": np.ones(4, "float64")}}, "step": 7, "name": "tiny"}
    (directory / "state.msgpack").write_bytes(to_bytes(state))
    layers = {f"layer_{number}": {"kernel": np.ones((2, number + 1), "int32")} for number in range(20)}
    (directory / "layers.msgpack").write_bytes(to_bytes(layers))
    (directory / "listed.msgpack").write_bytes(to_bytes({"layers": [np.ones(2, "bool"), np.ones((1, 1, 2), "uint8")]}))


def facts(file: Path) -> Facts:
    arrays = dict(_arrays("", msgpack_restore(file.read_bytes())))
    return {
        "format": "flax-msgpack",
        "tensors": {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()},
        "has_all_tensors": True,
        "parameters": sum(math.prod(array.shape) for array in arrays.values()),
    }


def _arrays(path: str, value: object) -> list[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray):
        return [(path, value)]
    if not isinstance(value, dict):
        return []
    return [found for key, inner in value.items() for found in _arrays(f"{path}/{key}".lstrip("/"), inner)]


if __name__ == "__main__":
    answer(write, facts)
