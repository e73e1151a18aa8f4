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


def facts(file: Path) -> Facts:
    loaded = np.load(file)
    arrays = {name: loaded[name] for name in loaded} if file.suffix == ".npz" else {"": loaded}
    return {
        "format": file.suffix.removeprefix("."),
        "tensors": {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()},
    }


if __name__ == "__main__":
    answer(write, facts)
