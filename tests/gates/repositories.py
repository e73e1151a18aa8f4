"""Real git repositories for the gates to stand in front of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "examples/good/xgboost-native"
BAD = ROOT / "examples/bad/dangerous-pickle"

#: What a gate needs of this project to be installed from a copy of it.
SHIPPED = ("artifact_lint", "hooks", "action.yml", ".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE")
_FOREIGN = ("GIT_", "GITHUB_", "INPUT_", "RUNNER_", "ARTIFACT_LINT_", "PRE_COMMIT", "COV_", "COVERAGE_", "PYTHON")


def needs(tool: str) -> pytest.MarkDecorator:
    """Skips a test on a machine that lacks a tool, but never in CI, which has to have it."""
    missing = shutil.which(tool) is None and not os.environ.get("CI")
    return pytest.mark.skipif(missing, reason=f"{tool} is not installed")


def isolated_environment() -> dict[str, str]:
    """This process's environment without anybody's git configuration, and with the `artifact-lint` under test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    who = {"NAME": "Tester", "EMAIL": "tester@example.org"}
    people = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {
        **kept,
        **people,
        "PATH": path,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its exit code, and all that it printed."""

    code: int
    text: str


def run(*words: str, at: Path, environment: Mapping[str, str]) -> Outcome:
    done = subprocess.run(
        words,
        cwd=at,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree with its history."""

    path: Path
    environment: Mapping[str, str]

    @classmethod
    def create(cls, path: Path, environment: Mapping[str, str]) -> Repository:
        path.mkdir(parents=True)
        repository = cls(path, environment)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def run(self, *words: str) -> Outcome:
        return run(*words, at=self.path, environment=self.environment)

    def git(self, *words: str) -> str:
        outcome = self.run("git", *words)
        assert outcome.code == 0, outcome.text
        return outcome.text.strip()

    def write(self, name: str, text: str) -> None:
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def add_artifact(self, example: Path, name: str) -> None:
        """Put an example into the work tree and the index."""
        shutil.copytree(example, self.path / name)
        self.git("add", "--", name)

    def commit(self, message: str = "work") -> str:
        """Commit the index, without any hook; the commit's id."""
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


def ship(target: Path) -> None:
    """Copy what a gate is installed from."""
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / name)
