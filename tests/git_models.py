"""Repositories of models for tests about what changed: a manifest with weights, and what happens to them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from gates.repositories import ROOT, Outcome, Repository, isolated_environment

from artifact_lint.engine import Request, lint
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from artifact_lint.model import Finding
    from artifact_lint.model.report import Report

MANIFEST = """\
schema_version: 1
name: churn
version: "1.2.0"
description: Customers who leave within a month
weights:
  framework: xgboost
  files:
    - {path: model.json, role: weights, format: json}
config:
  architecture: XGBClassifier
  hyperparameters: {max_depth: 6, learning_rate: 0.3}
feature_schema:
  inputs:
    - {name: age, type: long, required: true}
    - {name: income, type: double}
  outputs:
    - {name: p, type: double, range: [0, 1]}
"""
WEIGHTS = '{"learner": {"learner_model_param": {"num_feature": "2"}}, "version": [2, 1, 0]}'
OTHER_WEIGHTS = WEIGHTS.replace('"2"', '"3"')


def isolate(monkeypatch: pytest.MonkeyPatch, **others: str) -> Mapping[str, str]:
    """Have this process, like the commands that it starts, see nobody's git configuration; their environment."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    environment = {**isolated_environment(), **others}
    for name, value in environment.items():
        if name.startswith("GIT_") or name in others:
            monkeypatch.setenv(name, value)
    return environment


def add_model(repository: Repository, directory: str = "models/churn", manifest: str = MANIFEST) -> None:
    """Write a model and its manifest, and commit them."""
    repository.write(f"{directory}/model-artifact.yaml", manifest)
    repository.write(f"{directory}/model.json", WEIGHTS)
    repository.git("add", "--all")
    repository.commit(f"add {directory}")


def edit(repository: Repository, path: str, old: str, new: str) -> None:
    """Replace a text in a file, which has to be there."""
    text = (repository.path / path).read_text("utf-8")
    assert old in text
    repository.write(path, text.replace(old, new))


def clone(repository: Repository, place: Path, *options: str) -> Repository:
    """A clone as a runner makes it: over a protocol, so that it can be shallow."""
    copy = Repository(place, repository.environment)
    repository.git("clone", "--quiet", *options, repository.path.as_uri(), str(place))
    return copy


def run(repository: Repository, *, staged: bool = False, since: str | None = None) -> Report:
    """What is said about a repository."""
    return lint([str(repository.path)], Request(Settings(), staged=staged, since=since))


def check(repository: Repository, *options: str, at: str = ".", **variables: str) -> Outcome:
    """The command line, with its two streams apart: what is on standard error is marked."""
    is_told_how = any(option.startswith(("--output-format", "--show")) for option in options)
    form = () if is_told_how else ("--output-format=concise",)
    done = subprocess.run(
        [sys.executable, "-m", "artifact_lint", "check", *form, *options],
        cwd=repository.path / at,
        env={**repository.environment, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    told = "".join(f"stderr: {line}\n" for line in done.stderr.splitlines())
    return Outcome(done.returncode, done.stdout + told)


def linted(report: Report) -> list[str]:
    """The paths of the artifacts that a run looked at."""
    return [artifact.path for artifact in report.artifacts]


def of_rule(code: str, report: Report) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in report.findings if finding.code == code]


def remove_history(repository: Repository) -> None:
    """Make a directory of files out of a repository."""
    shutil.rmtree(repository.path / ".git")
