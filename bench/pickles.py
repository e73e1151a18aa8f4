"""CPU time and peak memory of judging pickles, in a fresh environment, beside picklescan on the same files.

    python bench/pickles.py

writes the files into a temporary directory and prints a Markdown table. Every command runs as a process of its own,
start-up included; nothing is ever unpickled. scikit-learn and joblib, of the `dev` extra, write the small files.
"""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parent.parent
PICKLESCAN = "picklescan==1.0.5"
#: A call of `posix.system`, which nothing here runs.
PAYLOAD = b"cposix\nsystem\n(S'echo'\ntR."
DENSE_BYTES = 100_000_000
ARRAY_ITEMS = 25_000_000
STORAGE_BYTES = 500_000_000
SMALL_FILES = 2000


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: CPU and wall time in seconds, peak memory in MB, and how it ended."""

    cpu: float
    wall: float
    memory: float
    status: int


def run(command: list[str]) -> Run:
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    return Run(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, process.returncode)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ARTIFACT_LINT_"))}


def install(directory: Path, requirement: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
    python = directory / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-qq", requirement], env=environment(), check=True)
    subprocess.run([str(python), "-m", "compileall", "-q", str(directory / "lib")], check=False, capture_output=True)
    return directory / "bin"


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


def write_torch_zip(path: Path) -> None:
    """What `torch.save` lays out, with one large storage."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuJ\x80\x96\x98\0tQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0K\x01\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}X\x06\0\0\0weight" + tensor + b"s.")
        archive.writestr("model/version", "3\n")
        with archive.open("model/data/0", "w", force_zip64=True) as member:
            for _ in range(STORAGE_BYTES // 1_000_000):
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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        linter = str(install(directory / "linter", str(ROOT)) / "artifact-lint")
        picklescan = str(install(directory / "picklescan", PICKLESCAN) / "picklescan")
        files = directory / "files"
        for folder in ("nothing", "dense", "array", "torch"):
            (files / folder).mkdir(parents=True)
        write_dense(files / "dense" / "model.pkl")
        joblib.dump({"array": np.random.default_rng(0).random(ARRAY_ITEMS)}, files / "array" / "model.joblib")
        write_torch_zip(files / "torch" / "model.pt")
        write_small(files / "small")
        print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n")
        print("| files | artifact-lint CPU s | peak MB | exit | picklescan CPU s | peak MB | exit | ratio |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|")
        for title, folder in (
            ("start-up: a directory without artifacts", "nothing"),
            ("100 MB protocol-4 pickle, payload at its end", "dense"),
            ("200 MB array in joblib", "array"),
            ("500 MB torch zip", "torch"),
            ("2,000 small scikit-learn pickles", "small"),
        ):
            check = [linter, "check", str(files / folder), "--isolated", "--allow-empty"]
            ours = min((run(check) for _ in range(3)), key=lambda one: one.cpu)
            theirs = run([picklescan, "--path", str(files / folder)])
            told = f"{ours.cpu:.2f} | {ours.memory:.0f} | {ours.status} | {theirs.cpu:.2f} | {theirs.memory:.0f}"
            print(f"| {title} | {told} | {theirs.status} | {theirs.cpu / ours.cpu:.0f} |", flush=True)


if __name__ == "__main__":
    main()
