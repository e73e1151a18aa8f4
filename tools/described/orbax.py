"""Orbax's checkpoints, by what Orbax restores of them."""

from __future__ import annotations

import inspect
import os
from importlib.metadata import version
from typing import TYPE_CHECKING

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from described.asked import answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from described.asked import Facts

_TREE = "_METADATA"
#: What only training needs, by the name that Flax's TrainState has for it.
_OF_TRAINING = "opt_state"
_HANDLER = frozenset(inspect.signature(ocp.PyTreeCheckpointHandler).parameters)
#: Orbax 0.4 takes the option and cannot write it.
_HAS_ZARR_3 = not version("orbax-checkpoint").startswith("0.4.")


def write(directory: Path) -> None:
    dense = {"kernel": jnp.ones((3, 4)), "bias": jnp.zeros(4, jnp.bfloat16)}
    moments = {"mu": dense, "nu": dense}
    trained = {"params": {"dense": dense}, "opt_state": [{"count": jnp.int32(3), **moments}, None], "step": 7}
    kept = {"ema": np.ones((2, 5), "float16"), "rate": 0.5, "nothing": None, "empty": {}, **trained}
    _save(directory / "state", kept)
    _save(directory / "directories", kept, use_ocdbt=False)
    if _HAS_ZARR_3:
        _save(directory / "zarr3", trained, use_ocdbt=True, use_zarr3=True)
        _save(directory / "zarr3_directories", trained, use_ocdbt=False, use_zarr3=True)
    names = ("bool", "uint8", "int16", "uint32", "float16", "bfloat16", "complex64", "float8_e4m3fn", "float8_e5m2")
    _save(directory / "types", {name: jnp.ones((2, 3), name) for name in names})
    number = jnp.ones((2, 1))
    _save(directory / "names", {"linear/~/w": number, "a.b": {"c d": number}, "ünï": (number, [number]), "%d": number})
    mesh = Mesh(np.array(jax.devices()).reshape(2, 2), ("x", "y"))
    shared = NamedSharding(mesh, PartitionSpec("x", "y"))
    layers = {f"layer_{index}": {"kernel": jax.device_put(jnp.ones((4, 6)), shared)} for index in range(12)}
    _save(directory / "sharded", layers)


def _save(directory: Path, tree: Mapping[str, object], **options: bool) -> None:
    asked = {name: value for name, value in options.items() if name in _HANDLER}
    ocp.Checkpointer(ocp.PyTreeCheckpointHandler(**asked)).save(directory.absolute(), tree)
    (directory / "commit_success.txt").unlink(missing_ok=True)  # names the directory that it was written in


def facts(file: Path) -> Facts:
    parent = next(parent for parent in file.parents if (parent / _TREE).exists())
    if file != parent / _TREE:
        return {"part_of": (parent / _TREE).as_posix()}
    restored = ocp.PyTreeCheckpointer().restore(parent.absolute())
    leaves = {
        tuple(str(getattr(key, "key", getattr(key, "idx", None))) for key in path): leaf
        for path, leaf in jax.tree_util.tree_flatten_with_path(restored)[0]
    }
    arrays = {".".join(path): np.asarray(leaf) for path, leaf in leaves.items()}
    weights = [leaf.size for path, leaf in leaves.items() if hasattr(leaf, "size") and path[0] != _OF_TRAINING]
    return {
        "format": "orbax",
        "tensors": {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()},
        "has_all_tensors": True,
        "parameters": sum(weights),
    }


if __name__ == "__main__":
    answer(write, facts)
