"""Runs the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import artifact_lint as artifact_lint_package

OURS = "ARTIFACT_LINT_"
LOOKS = frozenset({"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"})


def artifact_lint(directory: Path, *arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a directory, with an environment that says nothing but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "artifact_lint", *arguments],
        cwd=directory,
        env=clean_environment() | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def clean_environment() -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(OURS) and key not in LOOKS}
    return inherited | {"PYTHONUTF8": "1", "PYTHONPATH": str(Path(artifact_lint_package.__file__).parents[1])}
