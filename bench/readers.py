"""Time and memory of `artifact-lint inspect` on large files, beyond what a small one of the same kind takes.

    python bench/readers.py [RUNS]

writes the files into a temporary directory and prints a Markdown table: the best of RUNS runs each (default 15), taken
in turns, each a process in a fresh environment with compiled bytecode. scikit-learn, joblib and onnx, of the `dev`
extra, write the files.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from processes import ROOT, environment, install

DEFAULT_RUNS = 15
WRITER = Path(__file__).with_name("write_models.py")


@dataclass(slots=True)
class Look:
    """A file, and what looking at it took: CPU and wall time in milliseconds, peak memory in MB."""

    title: str
    file: str
    small: str = ""
    budget: int | None = None
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    memory: float = 0

    def run(self, linter: str, files: Path) -> None:
        command = [linter, "inspect", str(files / self.file)]
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said = process.stderr.read().decode() if process.stderr else ""
                sys.exit(f"inspect {self.file} ends with {process.returncode}: {said}")
        self.wall.append(1000 * (time.perf_counter() - started))
        self.cpu.append(1000 * (used.ru_utime + used.ru_stime))
        self.memory = max(self.memory, used.ru_maxrss / 1024)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RUNS
    kinds = ("safetensors", "pt", "joblib", "onnx")
    small = {kind: Look(f"a small .{kind}", f"small/model.{kind}") for kind in kinds}
    large = [
        Look("1 GB safetensors, 300 tensors", "safetensors/model.safetensors", "safetensors", 20),
        Look("50 GB safetensors, 1,000 tensors", "largest/model.safetensors", "safetensors", 100),
        Look("500 MB torch zip", "torch/model.pt", "pt", 20),
        Look("60 MB random forest, joblib", "forest/model.joblib", "joblib", 150),
        Look("ONNX with 100 MB of external data", "onnx/model.onnx", "onnx", 50),
    ]
    with tempfile.TemporaryDirectory() as name:
        files = Path(name) / "files"
        linter = str(install(Path(name) / "environment", str(ROOT)) / "artifact-lint")
        # The peak memory of a process counts that of the one it was forked from, which therefore stays small.
        subprocess.run([sys.executable, str(WRITER), str(files)], check=True)
        cases = [*small.values(), *large]
        for case in cases:
            case.run(linter, files)  # fills the page cache
            case.cpu.clear()
            case.wall.clear()
        for _ in range(runs):
            for case in cases:
                case.run(linter, files)
        size = (files / "forest" / "model.joblib").stat().st_size / 1e6
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {runs} runs\n")
    print("| file | CPU ms | beyond a small one | budget | wall ms | beyond a small one | peak MB (under 100) |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for case in large:
        cpu, wall = min(case.cpu), min(case.wall)
        beyond = cpu - min(small[case.small].cpu)
        beyond_wall = wall - min(small[case.small].wall)
        told = f"{cpu:.0f} | {beyond:.0f} | {case.budget} | {wall:.0f} | {beyond_wall:.0f} | {case.memory:.0f}"
        print(f"| {case.title} | {told} |")
    print(f"\nThe forest has {size:.1f} MB.")


if __name__ == "__main__":
    main()
