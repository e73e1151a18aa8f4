"""The layers of the architecture hold, and a breach of them is seen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def check_layers(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())",
            "--no-cache",
        ],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_layers_hold() -> None:
    done = check_layers(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("rules/naming.py", "from artifact_lint.stores import local"),
        ("formats/gguf.py", "from artifact_lint.rules import registry"),
        ("reporters/concise.py", "from artifact_lint.rules import registry"),
        ("model/facts.py", "from artifact_lint.document import node"),
        ("adapters/dvc.py", "from git import Repo"),
        ("formats/npy.py", "import numpy"),
        ("formats/gguf.py", "import pickle"),
        ("newcomer.py", "from artifact_lint import model"),
    ],
)
def test_a_breach_is_seen(tmp_path: Path, module: str, line: str) -> None:
    shutil.copytree(ROOT / "artifact_lint", tmp_path / "artifact_lint", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "artifact_lint" / module).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{line}\n")
    done = check_layers(tmp_path)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout or "not listed as layers" in done.stdout
