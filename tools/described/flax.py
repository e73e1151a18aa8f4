"""Flax's parameters as MessagePack, by Flax's own word."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from flax import serialization
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
    low = {"bfloat16": jnp.ones((3, 4), jnp.bfloat16), "float8": jnp.ones((2, 2), jnp.float8_e4m3fn)}
    scalars = {"none": None, "rate": 0.5, "phase": 1 + 2j, "numpy": np.float32(3), "bare": jnp.bfloat16(3), "no": []}
    (directory / "types.msgpack").write_bytes(to_bytes({**low, **scalars, "empty": np.zeros((0, 4), "complex64")}))
    trained = {
        "step": 3,
        "params": {"dense": dense},
        "opt_state": {"0": {"count": np.int32(3), "mu": {"dense": dense}}},
    }
    (directory / "train_state.msgpack").write_bytes(to_bytes(trained))
    (directory / "dimensions.msgpack").write_bytes(to_bytes({"many": np.ones((1,) * 20), "long": np.ones((70000, 0))}))
    (directory / "array.msgpack").write_bytes(to_bytes(np.ones((2, 3))))
    serialization.MAX_CHUNK_SIZE = 100  # in bytes, as if no value could be larger
    pieces = {
        "params": {"large": np.ones((10, 9), "float32"), "small": np.ones(3)},
        "half": jnp.ones((60, 2), jnp.bfloat16),
    }
    (directory / "chunked.msgpack").write_bytes(to_bytes(pieces))
    (directory / "listed.msgpack").write_bytes(to_bytes({"layers": [np.ones(2, "bool"), np.ones((1, 1, 2), "uint8")]}))


def facts(file: Path) -> Facts:
    arrays = dict(_arrays("", msgpack_restore(file.read_bytes())))
    return {
        "format": "flax-msgpack",
        "tensors": {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()},
        "has_all_tensors": True,
        "parameters": sum(
            math.prod(array.shape) for name, array in arrays.items() if not name.startswith("opt_state/")
        ),
    }


def _arrays(path: str, value: object) -> list[tuple[str, np.ndarray | np.generic]]:
    if isinstance(value, np.ndarray | np.generic):
        return [(path, value)]
    if not isinstance(value, dict):
        return []
    return [found for key, inner in value.items() for found in _arrays(f"{path}/{key}".lstrip("/"), inner)]


if __name__ == "__main__":
    answer(write, facts)
