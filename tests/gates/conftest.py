from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gates.managers import IDS, Manager, offline, wheels
from gates.repositories import Repository, isolated_environment, needs, run, ship

if TYPE_CHECKING:
    from pathlib import Path

#: The hook managers, and the programs that each needs.
MANAGERS = {"pre-commit": ("pre-commit",), "prek": ("prek", "uv")}


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


@pytest.fixture(scope="session")
def package_wheels(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    return wheels(tmp_path_factory.mktemp("packages"), environment)


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=[needs(tool) for tool in tools]) for name, tools in MANAGERS.items()],
)
def manager(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    shipped: Repository,
    package_wheels: Path,
    environment: dict[str, str],
) -> Manager:
    """A hook manager that has installed every hook, and has no network."""
    home = tmp_path_factory.mktemp(request.param)
    homes = {"PRE_COMMIT_HOME": str(home), "PREK_HOME": str(home), "ARTIFACT_LINT_CACHE_DIR": str(home / "cache")}
    created = Manager(request.param, shipped, {**offline(environment, package_wheels), **homes}, home)
    first = created.use(Repository.create(tmp_path_factory.mktemp("first") / "work", environment), *IDS)
    outcome = first.run(created.name, "install-hooks")
    assert outcome.code == 0, outcome.text
    return created


@pytest.fixture(scope="session")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's temporary directory, which lasts a job: the linter is installed into it once."""
    return tmp_path_factory.mktemp("runner")
