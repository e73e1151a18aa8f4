"""CPU time of starting artifact-lint in a fresh environment with compiled bytecode, beside a bare interpreter.

    python bench/startup.py [RUNS]

prints a Markdown table: medians of RUNS runs each (default 20), taken in turns so that a slow minute hits all alike.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_RUNS = 20


@dataclass(slots=True)
class Case:
    """A command, what it may take in all, and what it took: CPU and wall time in milliseconds."""

    title: str
    command: list[str]
    budget: float | None = None
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def run(self) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run(self.command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, check=True)
        self.wall.append(1000 * (time.perf_counter() - started))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu.append(1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime))


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ARTIFACT_LINT_"))}


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RUNS
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
        scripts = Path(directory) / "bin"
        python, linter = str(scripts / "python"), str(scripts / "artifact-lint")
        subprocess.run([python, "-m", "pip", "install", "-qq", str(ROOT)], env=environment(), check=True)
        bare = Case("bare interpreter", [python, "-c", ""])
        cases = [
            bare,
            Case("artifact-lint --version", [linter, "--version"], 60),
            Case("artifact-lint --help", [linter, "--help"]),
            Case("artifact-lint check examples/good", [linter, "check", "examples/good"], 350),
            Case("... --output-format concise", [linter, "check", "examples/good", "--output-format", "concise"]),
            Case("... --output-format json", [linter, "check", "examples/good", "--output-format", "json"]),
        ]
        for case in cases:
            case.run()  # compiles what pip left uncompiled, and fills the page cache
            case.cpu.clear()
            case.wall.clear()
        for _ in range(runs):
            for case in cases:
                case.run()
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {runs} runs\n")
    print("| command | CPU ms | over bare | budget | wall ms |")
    print("|---|---:|---:|---:|---:|")
    floor = statistics.median(bare.cpu)
    for case in cases:
        cpu = statistics.median(case.cpu)
        budget = "" if case.budget is None else f"{case.budget:.0f}"
        print(f"| `{case.title}` | {cpu:.0f} | {cpu - floor:.0f} | {budget} | {statistics.median(case.wall):.0f} |")


if __name__ == "__main__":
    main()
