"""`check --fix` as a hook: pre-commit fails on files that a hook changed, and the next commit goes through."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from gates.repositories import GOOD, needs

if TYPE_CHECKING:
    from gates.repositories import Repository

CONFIGURATION = """\
repos:
  - repo: local
    hooks:
      - id: artifact-lint
        name: artifact-lint
        entry: artifact-lint check --allow-empty --fix
        language: system
        require_serial: true
"""
MANIFEST = "models/iris/model-artifact.yaml"


@pytest.fixture
def undigested(repository: Repository) -> Repository:
    """A repository with the hook, and with a staged artifact whose manifest records no digest of the weights."""
    repository.write(".pre-commit-config.yaml", CONFIGURATION)
    repository.add_artifact(GOOD, "models/iris")
    repository.write(MANIFEST, without_digest((repository.path / MANIFEST).read_text("utf-8")))
    repository.git("add", ".")
    return repository


def without_digest(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if 'digest: "sha256:' not in line)


def weights(repository: Repository) -> str:
    return hashlib.sha256((repository.path / "models/iris/classifier.ubj").read_bytes()).hexdigest()


@needs("pre-commit")
def test_a_commit_is_stopped_by_what_was_fixed_and_then_goes_through(undigested: Repository) -> None:
    outcome = undigested.run("pre-commit", "run", "--color=never")
    assert outcome.code == 1, outcome.text
    assert "files were modified by this hook" in outcome.text
    assert "Fixed 1 problem in 1 file." in outcome.text
    assert weights(undigested) in (undigested.path / MANIFEST).read_text("utf-8")
    assert weights(undigested) not in undigested.git("show", f":{MANIFEST}")
    undigested.git("add", ".")
    outcome = undigested.run("pre-commit", "run", "--color=never")
    assert outcome.code == 0, outcome.text


@needs("pre-commit")
def test_what_is_not_staged_is_neither_fixed_nor_lost(undigested: Repository) -> None:
    staged = undigested.git("show", f":{MANIFEST}")
    undigested.write(MANIFEST, f"{staged}\n# not staged\n")
    undigested.write("models/other/model-artifact.yaml", staged)
    outcome = undigested.run("pre-commit", "run", "--color=never")
    assert outcome.code == 1, outcome.text
    assert (undigested.path / "models/other/model-artifact.yaml").read_text("utf-8") == staged
    text = (undigested.path / MANIFEST).read_text("utf-8")
    assert text.endswith("\n# not staged\n")


def test_the_patch_of_what_is_staged_applies_to_the_index(undigested: Repository) -> None:
    staged = undigested.git("show", f":{MANIFEST}")
    undigested.write(MANIFEST, "not staged\n")
    outcome = undigested.run("artifact-lint", "check", "--staged", "--diff")
    assert outcome.code == 1, outcome.text
    patch = outcome.text.replace("Would fix 1 problem in 1 file.\n", "")
    (undigested.path / "fixes.patch").write_text(patch, "utf-8")
    undigested.git("apply", "--cached", "fixes.patch")
    assert weights(undigested) in undigested.git("show", f":{MANIFEST}")
    assert without_digest(f"{undigested.git('show', f':{MANIFEST}')}\n") == f"{staged}\n"
    assert (undigested.path / MANIFEST).read_text("utf-8") == "not staged\n"
