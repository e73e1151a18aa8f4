"""Safetensors files, by the library's own word."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from described.asked import answer

if TYPE_CHECKING:
    from pathlib import Path

    from described.asked import Facts


def write(directory: Path) -> None:
    weights = np.arange(12, dtype="float32").reshape(3, 4)
    save_file({"kernel": weights, "bias": np.zeros(4, "float16")}, directory / "dense.safetensors")
    save_file({"b": weights, "a": weights}, directory / "metadata.safetensors", {"format": "pt", "note": "größer"})
    types = ("bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64")
    save_file({name: np.ones((2, 3), name) for name in types}, directory / "types.safetensors")
    save_file({"scalar": np.array(7, "float32"), "empty": np.zeros((0, 4), "float32")}, directory / "edges.safetensors")
    short = {"half": np.ones((2, 5), ml_dtypes.bfloat16), "eighth": np.ones(6, ml_dtypes.float8_e4m3fn)}
    save_file(short, directory / "short.safetensors")


def facts(file: Path) -> Facts:
    with safe_open(file, framework="numpy") as opened:
        slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
        return {
            "format": "safetensors",
            "tensors": {name: [one.get_dtype(), list(one.get_shape())] for name, one in slices.items()},
            "has_all_tensors": True,
            "parameters": sum(math.prod(one.get_shape()) for one in slices.values()),
            "metadata": dict(opened.metadata() or {}),
        }


if __name__ == "__main__":
    answer(write, facts)
