from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from gates.repositories import BAD, GOOD, Repository

if TYPE_CHECKING:
    from gates.repositories import Outcome

CONFIGURATION = """\
repos:
  - repo: {url}
    rev: {revision}
    hooks:
      - id: artifact-lint
      - id: artifact-lint-all
        stages: [manual]
"""


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory, shipped: Repository, environment: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """A configuration that uses the hooks, and an environment in which pre-commit has installed them."""
    home = tmp_path_factory.mktemp("pre-commit")
    environment = {**environment, "PRE_COMMIT_HOME": str(home)}
    configuration = CONFIGURATION.format(url=shipped.path, revision=shipped.git("rev-parse", "HEAD"))
    first = Repository.create(tmp_path_factory.mktemp("first") / "work", environment)
    first.write(".pre-commit-config.yaml", configuration)
    outcome = first.run("pre-commit", "install-hooks")
    assert outcome.code == 0, outcome.text
    return configuration, environment


@pytest.fixture
def user(repository: Repository, built: tuple[str, dict[str, str]]) -> Repository:
    configuration, environment = built
    repository.write(".pre-commit-config.yaml", configuration)
    repository.git("add", ".pre-commit-config.yaml")
    repository.commit("use the hooks")
    return Repository(repository.path, environment)


def pre_commit(user: Repository, *words: str) -> Outcome:
    return user.run("pre-commit", "run", "--verbose", "--color=never", *words)


def test_a_good_artifact_passes(user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    outcome = pre_commit(user)
    assert outcome.code == 0, outcome.text
    assert "Passed" in outcome.text


def test_a_bad_artifact_fails_with_its_finding(user: Repository) -> None:
    user.add_artifact(BAD, "models/iris")
    outcome = pre_commit(user)
    assert outcome.code == 1
    assert "PKL101" in outcome.text
    assert "models/iris/model-artifact.yaml:" in outcome.text


def test_a_changed_record_brings_in_the_artifact_that_it_describes(user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    user.commit("a model")
    record = user.path / "models/iris/model-artifact.yaml"
    text = record.read_text("utf-8")
    start = text.index("sha256:") + len("sha256:")
    record.write_text(f"{text[:start]}{hashlib.sha256(b'another file').hexdigest()}{text[start + 64 :]}", "utf-8")
    user.git("add", "--update")
    outcome = pre_commit(user)
    assert outcome.code == 1
    assert "SUM101" in outcome.text


def test_a_change_elsewhere_does_not_start_the_linter(user: Repository) -> None:
    user.add_artifact(BAD, "models/iris")
    user.commit("an old sin")
    user.write("train.py", "print('training more')\n")
    user.git("add", "train.py")
    outcome = pre_commit(user)
    assert outcome.code == 0
    assert "no files to check" in outcome.text


def test_documents_that_belong_to_no_artifact_pass(user: Repository) -> None:
    user.write("web/package.json", '{"name": "web", "version": "1.0.0"}\n')
    user.write("web/config.json", '{"port": 8080, "features": ["search"]}\n')
    user.write(".github/workflows/ci.yml", "on: push\njobs: {}\n")
    user.write("README.md", "# An application\n")
    user.git("add", ".")
    outcome = pre_commit(user)
    assert outcome.code == 0, outcome.text
    assert "Passed" in outcome.text


def test_the_second_hook_lints_everything_whatever_changed(user: Repository) -> None:
    user.add_artifact(BAD, "models/iris")
    user.commit("an old sin")
    outcome = pre_commit(user, "artifact-lint-all", "--hook-stage=manual")
    assert outcome.code == 1
    assert "PKL101" in outcome.text


def test_a_repository_without_artifacts_passes_the_second_hook(user: Repository) -> None:
    outcome = pre_commit(user, "artifact-lint-all", "--hook-stage=manual")
    assert outcome.code == 0, outcome.text


def test_the_installed_hook_refuses_the_commit(user: Repository) -> None:
    assert user.run("pre-commit", "install").code == 0
    user.add_artifact(BAD, "models/iris")
    before = user.git("rev-parse", "HEAD")
    outcome = user.run("git", "commit", "--message", "bad")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
    assert user.git("rev-parse", "HEAD") == before


def test_the_installed_hook_refuses_the_push(user: Repository, remote: object) -> None:
    assert user.run("pre-commit", "install", "--hook-type=pre-push").code == 0
    user.git("push", "--quiet", "--no-verify", "origin", "main")
    user.add_artifact(BAD, "models/iris")
    user.commit("bad")
    outcome = user.run("git", "push", "origin", "main")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
