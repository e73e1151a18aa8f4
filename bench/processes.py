"""CPU and wall time of processes that are run in turns, so that a slow minute hits all alike."""

from __future__ import annotations

import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Case:
    """A command, what it may take in all, and what it took: CPU and wall time in milliseconds."""

    title: str
    command: list[str]
    budget: float | None = None
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def run(self, directory: Path) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        done = subprocess.run(self.command, cwd=directory, env=environment(), capture_output=True, check=False)
        if done.returncode:
            sys.exit(
                f"{shlex.join(self.command)} ends with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}"
            )
        self.wall.append(1000 * (time.perf_counter() - started))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu.append(1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime))

    @property
    def median_cpu(self) -> float:
        return statistics.median(self.cpu)

    @property
    def median_wall(self) -> float:
        return statistics.median(self.wall)

    @property
    def shown_budget(self) -> str:
        return "" if self.budget is None else f"{self.budget:.0f}"


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ARTIFACT_LINT_"))}


def install(directory: Path, *requirements: str) -> Path:
    """A fresh environment with some requirements in it, compiled; where its programs are."""
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
    python = str(directory / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-qq", *requirements], env=environment(), check=True)
    subprocess.run([python, "-m", "compileall", "-q", str(directory / "lib")], check=False, capture_output=True)
    return directory / "bin"


def measure(cases: list[Case], directory: Path, runs: int) -> None:
    """Run each case in a directory as often as asked for, after one run that is not counted; say on what machine."""
    for case in cases:
        case.run(directory)  # fills the page cache
        case.cpu.clear()
        case.wall.clear()
    for _ in range(runs):
        for case in cases:
            case.run(directory)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {runs} runs\n")
