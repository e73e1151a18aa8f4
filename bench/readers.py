"""Time and memory that reading large files takes beyond start-up, and `artifact-lint inspect` on them as a whole.

    python bench/readers.py [RUNS]

writes the files into a temporary directory and prints a Markdown table, the best of RUNS runs each (default 9).
Everything runs in a fresh environment with compiled bytecode. `reading` is what is left once the interpreter and the
readers are there: a process looks at a small file of the kind, and then times how long it takes to inspect and describe
the large one. `inspect` is the whole command, in a process of its own. scikit-learn, joblib and onnx, of the `dev`
extra, write the files.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from processes import ROOT, environment, install

DEFAULT_RUNS = 9
WRITER = Path(__file__).with_name("write_models.py")

#: Prints milliseconds of CPU and of wall time, of reading the second file once the first has been read.
READING = """
import json, sys, time
from pathlib import Path
from artifact_lint.formats import inspect
from artifact_lint.formats.describing import describe
from artifact_lint.stores.local import LocalStore

def look(path):
    cpu, wall = time.process_time(), time.perf_counter()
    with LocalStore(path.parent).open(path.name) as source:
        describe(path.name, source, inspect(path.name, source).format)
    return 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)

small, large = map(Path, sys.argv[1:])
look(small)
print(json.dumps(look(large)))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A large file, a small one of its kind, and what reading the large one may take, in milliseconds."""

    title: str
    large: str
    small: str
    budget: int


CASES = (
    Case("1 GB safetensors, 300 tensors", "safetensors/model.safetensors", "small/model.safetensors", 20),
    Case("50 GB safetensors, 1,000 tensors", "largest/model.safetensors", "small/model.safetensors", 100),
    Case("500 MB torch zip", "torch/model.pt", "small/model.pt", 20),
    Case("60 MB random forest, joblib", "forest/model.joblib", "small/model.joblib", 150),
    Case("ONNX with 100 MB of external data", "onnx/model.onnx", "small/model.onnx", 50),
)


def reading(python: str, case: Case, files: Path) -> tuple[float, float]:
    """Milliseconds of CPU and of wall time that reading takes beyond start-up."""
    command = [python, "-c", READING, str(files / case.small), str(files / case.large)]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True)
    cpu, wall = json.loads(done.stdout)
    return cpu, wall


def inspecting(linter: str, file: Path) -> tuple[float, float]:
    """Milliseconds of CPU that the whole command takes, and its peak memory in MB."""
    with subprocess.Popen([linter, "inspect", str(file)], stdout=subprocess.DEVNULL, env=environment()) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"inspect {file.name} ends with {process.returncode}")
    return 1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RUNS
    with tempfile.TemporaryDirectory() as name:
        files = Path(name) / "files"
        programs = install(Path(name) / "environment", str(ROOT))
        # The peak memory of a process counts that of the one it was forked from, which therefore stays small.
        subprocess.run([sys.executable, str(WRITER), str(files)], check=True)
        print(
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, best of {runs} runs\n"
        )
        print("| file | reading, CPU ms | wall ms | budget | `inspect`, CPU ms | peak MB |")
        print("|---|---:|---:|---:|---:|---:|")
        for case in CASES:
            read = [reading(str(programs / "python"), case, files) for _ in range(runs)]
            whole = [inspecting(str(programs / "artifact-lint"), files / case.large) for _ in range(runs)]
            cpu, wall = min(one for one, _ in read), min(one for _, one in read)
            memory = max(memory for _, memory in whole)
            told = f"{cpu:.1f} | {wall:.1f} | {case.budget} | {min(whole)[0]:.0f} | {memory:.0f}"
            print(f"| {case.title} | {told} |", flush=True)


if __name__ == "__main__":
    main()
