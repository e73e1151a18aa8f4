"""What a git-LFS pointer stands for is looked into where git-LFS has it in the repository's own store."""

from __future__ import annotations

import hashlib
import os
import pickle
from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository, needs
from git_models import isolate

from artifact_lint.engine import Request, lint
from artifact_lint.git_environment import common_directory
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model import Finding

pytestmark = needs("git-lfs")
MODEL = "models/churn.pkl"


class _Shell:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("id",)


EVIL = pickle.dumps(_Shell())


@pytest.fixture(name="repository")
def _repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    environment = isolate(monkeypatch, HOME=str(tmp_path))
    return _added(Repository.create(tmp_path / "work", environment))


def _added(repository: Repository) -> Repository:
    repository.git("lfs", "install", "--local")
    repository.write(".gitattributes", "*.pkl filter=lfs diff=lfs merge=lfs -text\n")
    (repository.path / MODEL).parent.mkdir()
    (repository.path / MODEL).write_bytes(EVIL)
    repository.git("add", "--all")
    assert "git-lfs" in repository.git("cat-file", "blob", f":{MODEL}")
    return repository


def _clone(repository: Repository, place: Path) -> Repository:
    """A clone with pointers alone, as `GIT_LFS_SKIP_SMUDGE` makes it."""
    repository.git("commit", "--quiet", "--no-verify", "--message", "add")
    copy = Repository(place, {**repository.environment, "GIT_LFS_SKIP_SMUDGE": "1"})
    process = "filter.lfs.process=git-lfs filter-process"
    repository.git("clone", "--quiet", "--no-checkout", repository.path.as_uri(), str(place))
    copy.git("-c", process, "-c", "filter.lfs.required=true", "checkout", "--quiet", "main")
    assert (place / MODEL).read_bytes().startswith(b"version https://git-lfs")
    assert not [file for file in (place / ".git/lfs/objects").rglob("*") if file.is_file()]
    return copy


def _put(storage: Path, data: bytes, named: bytes = EVIL) -> Path:
    oid = hashlib.sha256(named).hexdigest()
    place = storage / "objects" / oid[:2] / oid[2:4] / oid
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def _found(place: Path, *, staged: bool = False, since: str | None = None) -> dict[str, Finding]:
    report = lint([str(place)], Request(Settings(), staged=staged, since=since))
    assert not report.failures
    return {finding.code: finding for finding in report.findings if finding.code.startswith(("PKL", "SUM", "SEC"))}


def test_a_staged_pickle_is_looked_into(repository: Repository) -> None:
    found = _found(repository.path, staged=True)
    assert found.keys() == {"PKL101"}
    assert "runs a shell command" in found["PKL101"].message


def test_a_staged_pickle_of_another_working_tree_is_looked_into(repository: Repository, tmp_path: Path) -> None:
    repository.git("commit", "--quiet", "--no-verify", "--message", "add")
    repository.git("worktree", "add", "--quiet", str(tmp_path / "other"))
    (tmp_path / "other" / "notes.md").write_text("Notes.\n", "utf-8")
    other = Repository(tmp_path / "other", repository.environment)
    other.git("mv", MODEL, "models/other.pkl")
    assert _found(other.path, staged=True).keys() == {"PKL101"}
    assert common_directory(other.path) == (repository.path / ".git").resolve()


def test_without_the_object_a_pickle_is_said_not_to_be_looked_into(repository: Repository, tmp_path: Path) -> None:
    copy = _clone(repository, tmp_path / "copy")
    found = _found(copy.path)
    assert found.keys() == {"SUM107"}
    assert "what loading it would run is not known" in found["SUM107"].message
    assert "`git lfs pull`" in found["SUM107"].help


def test_a_checkout_of_pointers_is_looked_into_where_the_objects_are(repository: Repository, tmp_path: Path) -> None:
    copy = _clone(repository, tmp_path / "copy")
    _put(copy.path / ".git/lfs", EVIL)
    assert _found(copy.path).keys() == {"PKL101"}


def test_what_changed_since_a_revision_is_looked_into(repository: Repository, tmp_path: Path) -> None:
    repository.git("rm", "--quiet", "--cached", MODEL)
    repository.git("commit", "--quiet", "--no-verify", "--message", "attributes")
    repository.git("add", "--all")
    copy = _clone(repository, tmp_path / "copy")
    _put(copy.path / ".git/lfs", EVIL)
    assert _found(copy.path, since="HEAD~1").keys() == {"PKL101"}


@pytest.mark.parametrize("is_relative", [False, True])
def test_the_storage_that_the_configuration_names_is_used(
    repository: Repository, tmp_path: Path, *, is_relative: bool
) -> None:
    copy = _clone(repository, tmp_path / "copy")
    storage = copy.path / ".git/elsewhere"
    copy.git("config", "lfs.storage", "elsewhere" if is_relative else str(storage))
    _put(storage, EVIL)
    assert _found(copy.path).keys() == {"PKL101"}


def test_a_corrupt_object_is_told_of_and_not_taken_for_the_file(repository: Repository, tmp_path: Path) -> None:
    copy = _clone(repository, tmp_path / "copy")
    _put(copy.path / ".git/lfs", pickle.dumps("x" * (len(EVIL) - 20)).ljust(len(EVIL), b".")[: len(EVIL)])
    found = _found(copy.path)
    assert found.keys() == {"SUM101", "SUM107"}
    assert found["SUM101"].message.startswith(f"{MODEL} is sha256:")
    assert "in git-LFS's own store, not sha256:" in found["SUM101"].message
    assert "`git lfs fsck`" in found["SUM101"].help


def test_an_object_of_another_size_is_none(repository: Repository, tmp_path: Path) -> None:
    copy = _clone(repository, tmp_path / "copy")
    _put(copy.path / ".git/lfs", EVIL[:-1])
    assert _found(copy.path).keys() == {"SUM107"}


def test_a_link_or_a_directory_in_the_place_of_an_object_is_none(repository: Repository, tmp_path: Path) -> None:
    copy = _clone(repository, tmp_path / "copy")
    place = _put(copy.path / ".git/lfs", EVIL)
    place.rename(tmp_path / "outside")
    place.symlink_to(tmp_path / "outside")
    assert _found(copy.path).keys() == {"SUM107"}
    place.unlink()
    place.mkdir()
    assert _found(copy.path).keys() == {"SUM107"}
