"""What git says changed, asked of a repository that is opened for that alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.git import open_repository

if TYPE_CHECKING:
    from pathlib import Path


def staged_paths(path: Path) -> list[str]:
    with open_repository(path) as repository:
        return repository.staged()


def changed_paths(path: Path, since: str) -> list[str]:
    with open_repository(path) as repository:
        revision = repository.commit(since)
        return repository.changed(repository.merge_base(revision) or revision)
