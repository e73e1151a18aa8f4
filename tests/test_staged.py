"""What is staged is what is linted: the index as the next commit will have it, whatever lies in the working tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository, needs
from git_models import OTHER_WEIGHTS, WEIGHTS, add_model, edit, isolate, linted, of_rule, run

from artifact_lint.model import FileState

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "models/churn/model-artifact.yaml"
MODEL = "models/churn/model.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    environment = isolate(monkeypatch)
    created = Repository.create(tmp_path / "work", environment)
    add_model(created)
    return created


def test_of_a_partially_staged_file_the_staged_part_counts(repository: Repository) -> None:
    edit(repository, MANIFEST, "XGBClassifier", "XGBRegressor")
    repository.git("add", "--all")
    edit(repository, MANIFEST, "XGBRegressor", "XGBClassifier")
    repository.write(MODEL, OTHER_WEIGHTS)
    (finding,) = of_rule("LIF201", run(repository, staged=True))
    assert finding.message.endswith(": architecture XGBClassifier -> XGBRegressor")

    edit(repository, MANIFEST, "XGBClassifier", "XGBRanker")
    repository.git("add", MODEL)
    repository.git("reset", "--quiet", "HEAD", MANIFEST)
    (finding,) = of_rule("LIF201", run(repository, staged=True))
    assert "architecture" not in finding.message
    assert f"{MODEL} sha256:" in finding.message


def test_hunks_that_are_staged_one_by_one_are_seen_as_they_will_be_committed(repository: Repository) -> None:
    edit(repository, MANIFEST, "type: long", "type: double")
    edit(repository, MANIFEST, "max_depth: 6", "max_depth: 8")
    patch = repository.git("diff", "--unified=0")
    head, _, hunks = patch.partition("@@")
    first = hunks.split("\n@@")[0]
    repository.write("first.patch", f"{head}@@{first}\n")
    repository.git("apply", "--cached", "--unidiff-zero", "first.patch")
    (finding,) = of_rule("LIF201", run(repository, staged=True))
    assert "hyperparameter max_depth 6 -> 8" in finding.message
    assert "input age" not in finding.message
    (finding,) = of_rule("LIF201", run(repository, since="HEAD"))
    assert "input age long -> double" in finding.message


@pytest.mark.parametrize("how", ["staged", "since"])
class TestDeletions:
    def run(self, repository: Repository, how: str) -> set[tuple[str, str]]:
        report = run(repository, staged=True) if how == "staged" else run(repository, since="HEAD")
        return {(finding.artifact, finding.code) for finding in report.findings}

    def test_weights_that_a_manifest_still_names(self, repository: Repository, how: str) -> None:
        repository.git("rm", "--quiet", MODEL)
        assert ("models/churn", "MAN005") in self.run(repository, how)

    def test_weights_elsewhere_that_a_manifest_above_still_names(self, repository: Repository, how: str) -> None:
        edit(repository, MANIFEST, "path: model.json", "path: weights/v1/model.json")
        (repository.path / "models/churn/weights/v1").mkdir(parents=True)
        repository.git("mv", MODEL, "models/churn/weights/v1/model.json")
        repository.git("add", "--all")
        repository.commit("move")
        repository.git("rm", "--quiet", "models/churn/weights/v1/model.json")
        assert ("models/churn", "MAN005") in self.run(repository, how)

    def test_weights_that_a_manifest_for_named_files_still_names(self, repository: Repository, how: str) -> None:
        repository.git("mv", MANIFEST, "models/churn/churn.model-artifact.yaml")
        repository.commit("rename")
        repository.git("rm", "--quiet", MODEL)
        assert ("models/churn/churn.model-artifact.yaml", "MAN005") in self.run(repository, how)

    def test_a_manifest_whose_weights_stay(self, repository: Repository, how: str) -> None:
        repository.git("mv", MODEL, "models/churn/model.ubj")
        edit(repository, MANIFEST, "path: model.json, role: weights, format: json", "path: model.ubj")
        repository.git("add", "--all")
        repository.commit("binary")
        repository.git("rm", "--quiet", MANIFEST)
        assert ("models/churn/model.ubj", "CMP001") in self.run(repository, how)

    def test_both_leave_nothing_to_say(self, repository: Repository, how: str) -> None:
        repository.git("rm", "--quiet", "-r", "models/churn")
        assert self.run(repository, how) == set()

    def test_weights_that_were_renamed_under_their_manifest(self, repository: Repository, how: str) -> None:
        repository.git("mv", MODEL, "models/churn/booster.json")
        assert ("models/churn", "MAN005") in self.run(repository, how)

    def test_a_file_that_left_the_manifest_of_a_published_version(self, repository: Repository, how: str) -> None:
        repository.write("models/churn/scaler.json", '{"mean": [1, 2]}')
        edit(repository, MANIFEST, "format: json}\n", "format: json}\n    - {path: scaler.json, role: preprocessor}\n")
        repository.git("add", "--all")
        repository.commit("two files")
        repository.git("rm", "--quiet", "models/churn/scaler.json")
        edit(repository, MANIFEST, "    - {path: scaler.json, role: preprocessor}\n", "")
        repository.git("add", "--all")
        assert ("models/churn", "LIF201") in self.run(repository, how)


@pytest.mark.parametrize("how", ["staged", "since"])
class TestRenames:
    def messages(self, repository: Repository, how: str) -> list[str]:
        report = run(repository, staged=True) if how == "staged" else run(repository, since="HEAD")
        assert linted(report) == ["models/leavers"]
        return [finding.message for finding in of_rule("LIF201", report)]

    @pytest.fixture
    def renamed(self, repository: Repository) -> Repository:
        repository.git("mv", "models/churn", "models/leavers")
        return repository

    def test_a_directory_alone(self, renamed: Repository, how: str) -> None:
        assert self.messages(renamed, how) == []

    def test_a_directory_with_its_weights_changed(self, renamed: Repository, how: str) -> None:
        renamed.write("models/leavers/model.json", OTHER_WEIGHTS)
        renamed.git("add", "--all")
        (message,) = self.messages(renamed, how)
        assert "models/leavers/model.json sha256:" in message

    def test_a_directory_with_its_manifest_changed(self, renamed: Repository, how: str) -> None:
        edit(renamed, "models/leavers/model-artifact.yaml", "max_depth: 6", "max_depth: 8")
        renamed.git("add", "--all")
        (message,) = self.messages(renamed, how)
        assert message.endswith(": hyperparameter max_depth 6 -> 8")

    def test_a_directory_with_another_model_in_it(self, renamed: Repository, how: str) -> None:
        edit(renamed, "models/leavers/model-artifact.yaml", "name: churn", "name: leavers")
        renamed.write("models/leavers/model.json", OTHER_WEIGHTS)
        renamed.git("add", "--all")
        assert self.messages(renamed, how) == []


@needs("git-lfs")
class TestLargeFiles:
    @pytest.fixture
    def tracked(self, repository: Repository) -> Repository:
        repository.git("lfs", "install", "--local")
        repository.git("lfs", "track", "model.json")
        repository.git("add", "--renormalize", ".")
        repository.git("add", "--all")
        repository.commit("to LFS")
        return repository

    def test_the_pointer_is_what_is_staged(self, tracked: Repository) -> None:
        tracked.write(MODEL, OTHER_WEIGHTS)
        assert linted(run(tracked, staged=True)) == []
        tracked.git("add", "--all")
        tracked.write(MODEL, WEIGHTS)
        report = run(tracked, staged=True)
        ((file,),) = [artifact.files for artifact in report.artifacts]
        assert file.state is FileState.EXTERNAL
        assert len(of_rule("LIF201", report)) == 1
        assert of_rule("LIF201", run(tracked, since="HEAD")) == []

    def test_a_pointer_tells_that_weights_changed_without_the_weights(
        self, tracked: Repository, tmp_path: Path
    ) -> None:
        pointer = tracked.git("show", f"HEAD:{MODEL}")
        tracked.write(MODEL, OTHER_WEIGHTS)
        tracked.git("commit", "--quiet", "--all", "--message", "retrain")
        environment = {**tracked.environment, "GIT_LFS_SKIP_SMUDGE": "1"}
        tracked.git("clone", "--quiet", "--config", "lfs.fetchexclude=*", ".", str(tmp_path / "copy"))
        copy = Repository(tmp_path / "copy", environment)
        copy.git("lfs", "install", "--local", "--skip-smudge")
        assert (copy.path / MODEL).read_text("utf-8").startswith("version https://git-lfs")
        oid = pointer.partition("sha256:")[2][:12]
        (finding,) = of_rule("LIF201", run(copy, since="HEAD~1"))
        assert f"{MODEL} sha256:{oid} -> sha256:" in finding.message

    def test_moving_to_large_file_storage_changes_no_content(self, repository: Repository) -> None:
        repository.git("lfs", "install", "--local")
        repository.git("lfs", "track", "model.json")
        repository.git("add", "--renormalize", ".")
        repository.git("add", "--all")
        assert linted(run(repository, staged=True)) == ["models/churn"]
        assert of_rule("LIF201", run(repository, staged=True)) == []
        assert of_rule("LIF201", run(repository, since="HEAD")) == []
        repository.commit("to LFS")
        assert of_rule("LIF201", run(repository, since="HEAD~1")) == []


class TestCommits:
    """A real hook, in front of real commits."""

    @pytest.fixture
    def hooked(self, repository: Repository) -> Repository:
        hook = repository.path / ".git/hooks/pre-commit"
        hook.write_text("#!/bin/sh\nexec artifact-lint check --staged --allow-empty --select LIF201\n", "utf-8")
        hook.chmod(0o755)
        return repository

    def commit(self, repository: Repository, *words: str) -> tuple[int, bool]:
        outcome = repository.run("git", "commit", "--message", "x", *words)
        return outcome.code, "LIF201" in outcome.text

    def test_a_commit_of_all_sees_what_was_not_staged_before(self, hooked: Repository) -> None:
        hooked.write(MODEL, OTHER_WEIGHTS)
        assert self.commit(hooked, "--all") == (1, True)
        assert hooked.git("status", "--short") == f"M {MODEL}"

    def test_a_commit_of_named_files_sees_them_alone(self, hooked: Repository) -> None:
        hooked.write("train.py", "print('training')\n")
        hooked.git("add", "train.py")
        hooked.write(MODEL, OTHER_WEIGHTS)
        hooked.git("add", MODEL)
        assert self.commit(hooked, "--", "train.py") == (0, False)
        assert self.commit(hooked, "--", MODEL) == (1, True)

    def test_a_commit_of_named_files_beside_staged_ones(self, hooked: Repository) -> None:
        hooked.write(MODEL, OTHER_WEIGHTS)
        hooked.write("train.py", "print('training')\n")
        hooked.git("add", "train.py")
        assert self.commit(hooked, "--only", MODEL) == (1, True)
        edit(hooked, MANIFEST, '"1.2.0"', '"1.3.0"')
        assert self.commit(hooked, "--only", MODEL, MANIFEST) == (0, False)

    def test_a_commit_from_below_sees_the_same(self, hooked: Repository) -> None:
        hooked.write(MODEL, OTHER_WEIGHTS)
        below = Repository(hooked.path / "models", hooked.environment)
        assert self.commit(below, "--all") == (1, True)

    def test_a_commit_in_a_second_worktree(self, hooked: Repository, tmp_path: Path) -> None:
        hooked.git("worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "second")
        second = Repository(tmp_path / "second", hooked.environment)
        second.write(MODEL, OTHER_WEIGHTS)
        assert self.commit(second, "--all") == (1, True)
        edit(second, MANIFEST, '"1.2.0"', '"1.3.0"')
        assert self.commit(second, "--all") == (0, False)

    def test_the_first_commit(self, hooked: Repository) -> None:
        hooked.git("checkout", "--quiet", "--orphan", "fresh")
        assert self.commit(hooked) == (0, False)
