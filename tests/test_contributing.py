"""What CONTRIBUTING.md says about adding a rule is true: its example is added to a copy of the package, and runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FILE = re.compile(r"^In `(?P<path>[^`]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_example_of_a_rule_works_as_it_is_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "artifact_lint", tmp_path / "artifact_lint", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    for name in ("rule_cases.py", "test_rules.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    added = _FILE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    for path, text in added:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = f"{file.read_text(encoding='utf-8')}\n\n" if file.exists() else ""
        file.write_text(before + text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "NAM901", "tests/test_rules.py"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": ""}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "5 passed" in run.stdout
    assert len(added) == 4


def test_the_generated_pages_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "tools" / "make_docs.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
