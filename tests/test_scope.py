"""Whom paths belong to, asked about many of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gates.repositories import Repository, isolated_environment
from git_models import add_model, linted

from artifact_lint.engine import Request, lint
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_of_many_artifacts_those_are_linted_whose_files_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.create(tmp_path / "work", isolated_environment())
    monkeypatch.chdir(repository.path)
    for number in range(12):
        add_model(repository, f"models/m{number}")
    add_model(repository, "models/m1/inner")
    base = repository.git("rev-parse", "HEAD")
    repository.write("models/m1/inner/notes.txt", "of the inner one")
    repository.write("models/m10/notes.txt", "of the directory")
    (repository.path / "models/m2/model.json").unlink()
    (repository.path / "models/m3/model-artifact.yaml").unlink()
    repository.write("README.md", "of nobody")
    report = lint([], Request(Settings(), since=base))
    assert linted(report) == ["models/m1/inner", "models/m10", "models/m2", "models/m3/model.json"]
