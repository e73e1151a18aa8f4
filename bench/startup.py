"""CPU time of starting artifact-lint in a fresh environment with compiled bytecode, beside a bare interpreter.

    python bench/startup.py [RUNS]

prints a Markdown table: medians of RUNS runs each (default 20), taken in turns so that a slow minute hits all alike.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from processes import ROOT, Case, install, measure

DEFAULT_RUNS = 20


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RUNS
    with tempfile.TemporaryDirectory() as directory:
        programs = install(Path(directory), str(ROOT))
        python, linter = str(programs / "python"), str(programs / "artifact-lint")
        bare = Case("bare interpreter", [python, "-c", ""])
        cases = [
            bare,
            Case("artifact-lint --version", [linter, "--version"], 60),
            Case("artifact-lint --help", [linter, "--help"]),
            Case("artifact-lint check examples/good", [linter, "check", "examples/good"], 350),
            Case("... --output-format concise", [linter, "check", "examples/good", "--output-format", "concise"]),
            Case("... --output-format json", [linter, "check", "examples/good", "--output-format", "json"]),
        ]
        measure(cases, ROOT, runs)
    print("| command | CPU ms | over bare | budget | wall ms |")
    print("|---|---:|---:|---:|---:|")
    for case in cases:
        cpu, over = case.median_cpu, case.median_cpu - bare.median_cpu
        print(f"| `{case.title}` | {cpu:.0f} | {over:.0f} | {case.shown_budget} | {case.median_wall:.0f} |")


if __name__ == "__main__":
    main()
