"""NumPy's arrays and archives of them, by NumPy's own word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from described.asked import answer

if TYPE_CHECKING:
    from pathlib import Path

    from described.asked import Facts


def write(directory: Path) -> None:
    weights = np.arange(12, dtype="float32").reshape(3, 4)
    np.save(directory / "matrix.npy", weights)
    np.save(directory / "fortran.npy", np.asfortranarray(weights.astype(">f8")))
    np.save(directory / "scalar.npy", np.int64(7))
    np.save(directory / "texts.npy", np.array(["no", "yes"]))
    np.savez(directory / "layers.npz", kernel=weights, bias=np.zeros(4, "float16"))
    np.savez_compressed(directory / "packed.npz", kernel=weights, mask=np.array([True, False]))
    pairs = np.zeros(3, [("a", "<f4", (2,)), ("b", "<i8")])
    nested = np.zeros(2, [("x", [("y", "<f4"), ("z", "u1")]), ("é", "S3")])
    aligned = np.zeros(2, np.dtype([("small", "u1"), ("large", "<f8")], align=True))
    np.savez_compressed(directory / "records.npz", pairs=pairs, nested=nested, aligned=aligned)
    np.savez(directory / "numbered.npz", weights, np.array(["2020-01-01"], "datetime64[D]"), np.zeros((0, 3), "c16"))


def facts(file: Path) -> Facts:
    loaded = np.load(file)
    arrays = {name: loaded[name] for name in loaded} if file.suffix == ".npz" else {"": loaded}
    return {
        "format": file.suffix.removeprefix("."),
        "tensors": {name: [_spelled(array.dtype), list(array.shape)] for name, array in arrays.items()},
    }


def _spelled(dtype: np.dtype) -> str:
    """The type of an array; of records those of all their fields."""
    if dtype.names is None:
        return dtype.str
    written = np.lib.format.dtype_to_descr(dtype)
    return ",".join(_spelled(np.dtype(field[1])) for field in written)


if __name__ == "__main__":
    answer(write, facts)
