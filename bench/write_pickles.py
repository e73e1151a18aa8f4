"""Write the files that `pickle_speed.py` measures into the directory that is named."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: A call of `posix.system`, which nothing here runs.
PAYLOAD = b"cposix\nsystem\n(S'echo'\ntR."
DENSE_BYTES = 100_000_000
ARRAY_ITEMS = 25_000_000
STORAGE_BYTES = 500_000_000
SMALL_FILES = 2000


def write_dense(path: Path) -> None:
    """Records, words and numbers in protocol 4, with a payload behind them."""
    count = 100_000
    part: list[object] = [
        [{"id": number, "score": number / 2, "name": f"name {number}", "valid": True} for number in range(count)],
        {f"word{number}": number for number in range(count)},
        list(range(5 * count)),
    ]
    stream = pickle.dumps(part, 4)[:-1] + b"0"
    with path.open("wb") as file:
        for _ in range(DENSE_BYTES // len(stream) + 1):
            file.write(stream)
        file.write(PAYLOAD)


def write_torch_zip(path: Path, storage_bytes: int = STORAGE_BYTES) -> None:
    """What `torch.save` lays out, with one storage."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuJ\x80\x96\x98\0tQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0K\x01\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}X\x06\0\0\0weight" + tensor + b"s.")
        archive.writestr("model/version", "3\n")
        with archive.open("model/data/0", "w", force_zip64=True) as member:
            for _ in range(storage_bytes // 1_000_000):
                member.write(os.urandom(1_000_000))


def write_small(directory: Path) -> None:
    """Fitted models of four kinds, one file each."""

    directory.mkdir()
    features, target = load_iris(return_X_y=True)
    models = [
        LogisticRegression(max_iter=500),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        RandomForestClassifier(n_estimators=5),
        StandardScaler(),
    ]
    streams = [pickle.dumps(model.fit(features, target)) for model in models]
    for number in range(SMALL_FILES):
        (directory / f"model-{number:04}.pkl").write_bytes(streams[number % len(streams)])


def write_files(files: Path) -> None:

    for folder in ("nothing", "dense", "array", "torch"):
        (files / folder).mkdir(parents=True)
    write_dense(files / "dense" / "model.pkl")
    joblib.dump({"array": np.random.default_rng(0).random(ARRAY_ITEMS)}, files / "array" / "model.joblib")
    write_torch_zip(files / "torch" / "model.pt")
    write_small(files / "small")


if __name__ == "__main__":
    write_files(Path(sys.argv[1]))
