from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gates.repositories import Repository, isolated_environment, run, ship

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    return isolated_environment()


@pytest.fixture
def repository(tmp_path: Path, environment: dict[str, str]) -> Repository:
    created = Repository.create(tmp_path / "work", environment)
    created.write("train.py", "print('training')\n")
    created.git("add", ".")
    created.commit("start")
    return created


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repository:
    """This project as another repository would fetch it: one commit of what is here now."""
    copy = Repository.create(tmp_path_factory.mktemp("shipped") / "artifact-lint", environment)
    ship(copy.path)
    copy.git("add", "--all")
    copy.commit("release")
    return copy


@pytest.fixture
def remote(tmp_path: Path, repository: Repository, environment: dict[str, str]) -> Path:
    """An empty bare repository, which `repository` knows as origin."""
    place = tmp_path / "remote.git"
    assert run("git", "init", "--quiet", "--bare", str(place), at=tmp_path, environment=environment).code == 0
    repository.git("remote", "add", "origin", str(place))
    return place
