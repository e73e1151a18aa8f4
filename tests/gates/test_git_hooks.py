"""The plain git hooks, in front of real commits and pushes."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from gates.repositories import BAD, GOOD, ROOT, Repository, needs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hooked(repository: Repository) -> Repository:
    hooks = repository.path / ".git/hooks"
    for name in ("pre-commit", "pre-push"):
        shutil.copy2(ROOT / "hooks" / name, hooks / name)
    return repository


@pytest.fixture
def published(hooked: Repository, remote: Path) -> Repository:
    """A repository whose main branch is on its remote."""
    assert remote.is_dir()
    hooked.git("push", "--quiet", "--no-verify", "origin", "main")
    return hooked


def refs(repository: Repository) -> str:
    return repository.git("ls-remote", "origin")


def test_a_push_of_a_bad_artifact_is_refused(published: Repository) -> None:
    published.add_artifact(BAD, "models/iris")
    published.commit()
    before = refs(published)
    outcome = published.run("git", "push", "origin", "main")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
    assert refs(published) == before


def test_a_push_of_a_good_artifact_is_accepted(published: Repository) -> None:
    published.add_artifact(GOOD, "models/iris")
    commit = published.commit()
    outcome = published.run("git", "push", "origin", "main")
    assert outcome.code == 0, outcome.text
    assert commit in refs(published)


def test_a_push_without_artifacts_is_accepted(published: Repository) -> None:
    published.write("train.py", "print('training more')\n")
    published.git("add", ".")
    commit = published.commit()
    assert published.run("git", "push", "origin", "main").code == 0
    assert commit in refs(published)


def test_the_first_push_to_an_empty_remote_is_linted_whole(hooked: Repository, remote: Path) -> None:
    assert remote.is_dir()
    hooked.add_artifact(BAD, "models/iris")
    hooked.commit()
    outcome = hooked.run("git", "push", "origin", "main")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
    assert refs(hooked) == ""


def test_a_new_branch_answers_only_for_what_it_adds(published: Repository) -> None:
    published.add_artifact(BAD, "models/old")
    published.commit("an old sin")
    published.git("push", "--quiet", "--no-verify", "origin", "main")
    published.git("checkout", "--quiet", "-b", "feature")
    published.add_artifact(GOOD, "models/iris")
    published.commit()
    outcome = published.run("git", "push", "origin", "feature")
    assert outcome.code == 0, outcome.text

    published.add_artifact(BAD, "models/new")
    published.commit()
    published.git("branch", "--quiet", "worse")
    outcome = published.run("git", "push", "origin", "worse")
    assert outcome.code != 0
    assert "models/new" in outcome.text
    assert "models/old" not in outcome.text


def test_a_new_name_for_what_the_remote_has_is_accepted(published: Repository) -> None:
    published.add_artifact(BAD, "models/old")
    published.commit("an old sin")
    published.git("push", "--quiet", "--no-verify", "origin", "main")
    outcome = published.run("git", "push", "origin", "main:copy")
    assert outcome.code == 0, outcome.text


def test_deleting_a_branch_is_accepted(published: Repository) -> None:
    published.git("push", "--quiet", "--no-verify", "origin", "main:old")
    published.add_artifact(BAD, "models/iris")
    published.commit()
    outcome = published.run("git", "push", "origin", "--delete", "old")
    assert outcome.code == 0, outcome.text
    assert "refs/heads/old" not in refs(published)


def test_what_is_not_committed_does_not_stop_a_push(published: Repository) -> None:
    published.add_artifact(GOOD, "models/iris")
    published.commit()
    shutil.copytree(BAD, published.path / "models/scratch")
    outcome = published.run("git", "push", "origin", "main")
    assert outcome.code == 0, outcome.text


def test_a_repair_that_is_not_committed_does_not_let_a_push_through(published: Repository) -> None:
    published.add_artifact(BAD, "models/iris")
    published.commit()
    shutil.rmtree(published.path / "models/iris")
    outcome = published.run("git", "push", "origin", "main")
    assert outcome.code != 0
    assert "PKL101" in outcome.text


def test_another_branch_than_the_one_checked_out_is_linted(published: Repository) -> None:
    published.git("checkout", "--quiet", "-b", "feature")
    published.add_artifact(BAD, "models/iris")
    published.commit()
    published.git("checkout", "--quiet", "main")
    outcome = published.run("git", "push", "origin", "feature")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
    assert len(published.git("worktree", "list").splitlines()) == 1


def test_an_annotated_tag_is_linted(published: Repository) -> None:
    published.add_artifact(BAD, "models/iris")
    published.commit()
    published.git("tag", "--annotate", "v1", "--message", "v1")
    outcome = published.run("git", "push", "origin", "v1")
    assert outcome.code != 0
    assert "PKL101" in outcome.text


def test_a_tag_of_no_commit_passes(published: Repository) -> None:
    published.git("tag", "odd", "HEAD^{tree}")
    outcome = published.run("git", "push", "origin", "odd")
    assert outcome.code == 0, outcome.text


def test_a_force_push_answers_for_what_it_brings(published: Repository) -> None:
    published.add_artifact(GOOD, "models/iris")
    published.commit()
    published.git("push", "--quiet", "origin", "main")
    published.git("reset", "--quiet", "--hard", "HEAD~1")
    published.add_artifact(BAD, "models/bad")
    published.commit("another past")
    outcome = published.run("git", "push", "--force", "origin", "main")
    assert outcome.code != 0
    assert "models/bad" in outcome.text
    published.git("reset", "--quiet", "--hard", "HEAD~1")
    assert published.run("git", "push", "--force", "origin", "main").code == 0


def test_a_branch_that_took_in_main_answers_only_for_its_own(published: Repository) -> None:
    published.git("checkout", "--quiet", "-b", "feature")
    published.write("feature.py", "print('feature')\n")
    published.git("add", ".")
    published.commit()
    published.git("checkout", "--quiet", "main")
    published.add_artifact(BAD, "models/old")
    published.commit("an old sin")
    published.git("push", "--quiet", "--no-verify", "origin", "main")
    published.git("checkout", "--quiet", "feature")
    published.git("merge", "--quiet", "--no-edit", "--no-verify", "main")
    outcome = published.run("git", "push", "origin", "feature")
    assert outcome.code == 0, outcome.text


def test_a_shallow_clone_answers_for_what_it_adds(published: Repository, remote: Path) -> None:
    published.add_artifact(BAD, "models/old")
    published.commit("an old sin")
    published.git("push", "--quiet", "--no-verify", "origin", "main")
    shallow = Repository(remote.parent / "shallow", published.environment)
    published.git("clone", "--quiet", "--depth=1", "--branch=main", remote.as_uri(), str(shallow.path))
    shutil.copy2(ROOT / "hooks/pre-push", shallow.path / ".git/hooks/pre-push")
    shallow.add_artifact(GOOD, "models/iris")
    shallow.commit()
    outcome = shallow.run("git", "push", "origin", "main", "main:copy")
    assert outcome.code == 0, outcome.text
    assert outcome.text.count("All good: 1 artifact") == 2
    shallow.add_artifact(BAD, "models/bad")
    shallow.commit()
    outcome = shallow.run("git", "push", "origin", "main")
    assert outcome.code != 0
    assert "models/bad" in outcome.text
    assert "models/old" not in outcome.text


def test_a_bare_repository_pushes_what_is_good(published: Repository, remote: Path) -> None:
    published.git("checkout", "--quiet", "-b", "feature")
    published.add_artifact(BAD, "models/bad")
    published.commit()
    mirror = Repository(remote.parent / "mirror.git", published.environment)
    published.git("clone", "--quiet", "--bare", ".", str(mirror.path))
    shutil.copy2(ROOT / "hooks/pre-push", mirror.path / "hooks/pre-push")
    assert mirror.run("git", "push", str(remote), "main:copy").code == 0
    outcome = mirror.run("git", "push", str(remote), "feature")
    assert outcome.code != 0
    assert "PKL101" in outcome.text


def test_the_configuration_is_the_one_that_is_pushed(published: Repository) -> None:
    published.write("pyproject.toml", '[tool.artifact-lint]\nignore = ["ALL"]\n')
    published.add_artifact(BAD, "models/iris")
    published.commit()
    assert published.run("git", "push", "origin", "main").code != 0
    published.git("add", "pyproject.toml")
    published.commit()
    (published.path / "pyproject.toml").unlink()
    assert published.run("git", "push", "origin", "main").code == 0


def test_one_bad_branch_among_several_refuses_the_push(published: Repository) -> None:
    published.git("branch", "--quiet", "fine")
    published.git("checkout", "--quiet", "-b", "poor")
    published.add_artifact(BAD, "models/iris")
    published.commit()
    outcome = published.run("git", "push", "--atomic", "origin", "poor", "fine")
    assert outcome.code != 0
    assert "refs/heads/fine" not in refs(published)


def test_a_remote_given_by_its_place_works(published: Repository, remote: Path) -> None:
    published.add_artifact(BAD, "models/iris")
    published.commit()
    outcome = published.run("git", "push", str(remote), "main")
    assert outcome.code != 0
    assert "PKL101" in outcome.text


def test_a_commit_of_a_bad_artifact_is_refused(hooked: Repository) -> None:
    hooked.add_artifact(BAD, "models/iris")
    before = hooked.git("rev-parse", "HEAD")
    outcome = hooked.run("git", "commit", "--message", "bad")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
    assert hooked.git("rev-parse", "HEAD") == before


def test_a_commit_is_judged_as_it_is_staged(hooked: Repository) -> None:
    hooked.add_artifact(GOOD, "models/iris")
    shutil.copytree(BAD, hooked.path / "models/scratch")
    outcome = hooked.run("git", "commit", "--message", "good")
    assert outcome.code == 0, outcome.text

    hooked.git("add", "models/scratch")
    shutil.rmtree(hooked.path / "models/scratch")
    outcome = hooked.run("git", "commit", "--message", "bad")
    assert outcome.code != 0
    assert "PKL101" in outcome.text


def test_a_commit_of_named_files_is_judged_by_them(hooked: Repository) -> None:
    hooked.add_artifact(BAD, "models/iris")
    hooked.write("train.py", "print('training more')\n")
    outcome = hooked.run("git", "commit", "--message", "code alone", "--", "train.py")
    assert outcome.code == 0, outcome.text


@pytest.mark.parametrize(
    ("hook", "words"), [("pre-commit", ("commit", "--message", "x")), ("pre-push", ("push", "origin", "main"))]
)
def test_a_missing_linter_is_told_and_refuses(
    hooked: Repository, remote: Path, hook: str, words: tuple[str, ...]
) -> None:
    tools = remote.parent / "tools"
    tools.mkdir()
    for name in ("git", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    hooked.add_artifact(GOOD, "models/iris")
    if hook == "pre-push":
        hooked.commit()
    outcome = Repository(hooked.path, {**hooked.environment, "PATH": str(tools)}).run("git", *words)
    assert outcome.code != 0
    assert "artifact-lint is not on PATH" in outcome.text


@needs("git-lfs")
def test_weights_in_lfs_are_judged_by_what_git_lfs_keeps_of_them(published: Repository) -> None:
    published.git("lfs", "install", "--local", "--skip-repo")
    published.write(".gitattributes", "*.ubj filter=lfs diff=lfs merge=lfs -text\n")
    published.git("add", ".gitattributes")
    published.add_artifact(GOOD, "models/iris")
    outcome = published.run("git", "commit", "--message", "a model")
    assert outcome.code == 0, outcome.text
    assert "All good" in outcome.text

    published.write("train.py", "print('not committed yet')\n")
    outcome = published.run("git", "push", "origin", "main")
    assert outcome.code == 0, outcome.text
    assert "All good" in outcome.text

    weights = published.path / "models/iris/classifier.ubj"
    weights.write_bytes(weights.read_bytes() + b"more")
    outcome = published.run("git", "commit", "--all", "--message", "other bytes")
    assert outcome.code != 0
    assert "SUM101" in outcome.text


def objects(remote: Path) -> set[str]:
    """The ids of the Git LFS objects that a remote has."""
    return {path.name for path in (remote / "lfs/objects").rglob("*") if path.is_file()}


@pytest.fixture
def large(hooked: Repository, remote: Path) -> Repository:
    """A repository whose weights go to Git LFS, set up by it as far as it does so where a pre-push hook is there."""
    assert remote.is_dir()
    hooked.git("lfs", "install", "--local", "--skip-repo")
    hooked.write(".gitattributes", "*.ubj filter=lfs diff=lfs merge=lfs -text\n*.csv filter=lfs diff=lfs merge=lfs\n")
    hooked.git("add", ".gitattributes")
    hooked.add_artifact(GOOD, "models/iris")
    hooked.commit("a model")
    return hooked


def stored(repository: Repository, revision: str = "HEAD") -> str:
    """The id of the Git LFS object of the weights."""
    return repository.git("show", f"{revision}:models/iris/classifier.ubj").partition("sha256:")[2].split()[0]


@needs("git-lfs")
class TestLargeFiles:
    def test_a_push_uploads_the_weights(self, large: Repository, remote: Path) -> None:
        outcome = large.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert objects(remote) == {stored(large)}
        copy = remote.parent / "copy"
        large.git(
            "clone",
            "--quiet",
            "--branch=main",
            "--config",
            "filter.lfs.smudge=git-lfs smudge -- %f",
            str(remote),
            str(copy),
        )
        assert (copy / "models/iris/classifier.ubj").read_bytes() == (GOOD / "classifier.ubj").read_bytes()

    def test_several_refs_reach_it_whole(self, large: Repository, remote: Path) -> None:
        ids = {stored(large)}
        for name in ("one", "two"):
            large.git("checkout", "--quiet", "-b", name, "main")
            large.write(f"{name}.csv", name)
            large.git("add", ".")
            large.commit(name)
            ids.add(large.git("show", f"HEAD:{name}.csv").partition("sha256:")[2].split()[0])
        large.git("push", "--quiet", "--no-verify", "origin", "main~1:refs/heads/old")
        assert objects(remote) == set()
        outcome = large.run("git", "push", "origin", "main", "one", "two", ":old")
        assert outcome.code == 0, outcome.text
        assert objects(remote) == ids
        assert "refs/heads/old" not in refs(large)

    def test_of_a_push_that_is_refused_nothing_is_uploaded(self, large: Repository, remote: Path) -> None:
        large.add_artifact(BAD, "models/bad")
        large.commit()
        outcome = large.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text
        assert objects(remote) == set()

    def test_an_upload_that_fails_stops_the_push(self, large: Repository, remote: Path) -> None:
        oid = stored(large)
        (large.path / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid).unlink()
        (large.path / "models/iris/classifier.ubj").unlink()
        outcome = large.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert objects(remote) == set()
        assert refs(large) == ""

    def test_from_a_second_worktree_and_from_below(self, large: Repository, remote: Path) -> None:
        second = Repository(remote.parent / "second", large.environment)
        large.git("worktree", "add", "--quiet", str(second.path), "-b", "second")
        below = Repository(second.path / "models", large.environment)
        outcome = below.run("git", "push", "origin", "second")
        assert outcome.code == 0, outcome.text
        assert objects(remote) == {stored(large)}

    def test_the_hooks_of_git_lfs_stay_beside_it(self, repository: Repository, remote: Path) -> None:
        repository.git("lfs", "install", "--local")
        hooks = repository.path / ".git/hooks"
        shutil.copy2(ROOT / "hooks/pre-push", hooks / "pre-push")
        assert all("git lfs" in (hooks / f"post-{name}").read_text() for name in ("checkout", "commit", "merge"))
        repository.write(".gitattributes", "*.ubj filter=lfs diff=lfs merge=lfs -text lockable\n")
        repository.add_artifact(GOOD, "models/iris")
        repository.git("add", ".")
        outcome = repository.run("git", "commit", "--message", "a model")
        assert outcome.code == 0, outcome.text
        assert repository.run("git", "push", "origin", "main").code == 0
        assert objects(remote) == {stored(repository)}

    def test_the_hook_of_a_team_is_called_by_another_that_was_there(self, large: Repository, remote: Path) -> None:
        hooks = large.path / ".git/hooks"
        (hooks / "pre-push").rename(hooks / "artifact-lint-pre-push")
        readme = (ROOT / "hooks/README.md").read_text("utf-8")
        first, second, *_ = (line[4:] for line in readme.splitlines() if line.startswith(("    refs=", "    printf")))
        other = hooks / "pre-push"
        other.write_text(f"#!/bin/sh\n{first}\n{second}\nprintf '%s\\n' \"$refs\" > seen\n", "utf-8")
        other.chmod(0o755)
        outcome = large.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert objects(remote) == {stored(large)}
        assert (large.path / "seen").read_text("utf-8").startswith("refs/heads/main ")

    def test_without_git_lfs_the_push_is_refused(self, large: Repository, remote: Path) -> None:
        tools = remote.parent / "tools"
        tools.mkdir()
        for name in ("git", "sh", "cat", "sed", "head", "tail", "artifact-lint"):
            (tools / name).symlink_to(str(shutil.which(name, path=large.environment["PATH"])))
        without = Repository(large.path, {**large.environment, "PATH": str(tools)})
        without.git("config", "--remove-section", "filter.lfs")
        outcome = without.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "git-lfs is not on PATH" in outcome.text


def snippet(heading: str) -> str:
    """What the README of the hooks has as the content of a file."""
    text = (ROOT / "hooks/README.md").read_text("utf-8").partition(heading)[2]
    return text.partition("```")[2].partition("\n")[2].partition("```")[0]


class TestManagers:
    """What the README tells to write down for lefthook and husky."""

    @pytest.fixture
    def managed(self, repository: Repository, remote: Path) -> Repository:
        assert remote.is_dir()
        (repository.path / ".githooks").mkdir()
        shutil.copy2(ROOT / "hooks/pre-push", repository.path / ".githooks/pre-push")
        repository.git("add", ".")
        repository.commit()
        return repository

    def refuses_and_lets_pass(self, managed: Repository) -> None:
        managed.add_artifact(BAD, "models/bad")
        outcome = managed.run("git", "commit", "--message", "bad")
        assert outcome.code != 0
        assert "PKL101" in outcome.text
        managed.commit("bad")
        outcome = managed.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text
        assert refs(managed) == ""
        managed.git("reset", "--quiet", "--hard", "HEAD~1")
        managed.add_artifact(GOOD, "models/good")
        outcome = managed.run("git", "commit", "--message", "good")
        assert outcome.code == 0, outcome.text
        outcome = managed.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert "All good: 1 artifact" in outcome.text
        assert managed.git("rev-parse", "HEAD") in refs(managed)

    def test_lefthook(self, managed: Repository) -> None:
        managed.write("lefthook.yml", snippet("## With lefthook or husky"))
        outcome = managed.run(sys.executable, "-m", "lefthook", "install")
        assert outcome.code == 0, outcome.text
        assert "lefthook" in (managed.path / ".git/hooks/pre-push").read_text("utf-8")
        self.refuses_and_lets_pass(managed)

    def test_husky(self, managed: Repository) -> None:
        """Its files are run as husky 9 does: by `sh -e`, from scripts in the directory that core.hooksPath names."""
        for name in ("pre-commit", "pre-push"):
            managed.write(f".husky/{name}", snippet(f"`.husky/{name}`:"))
            managed.write(f".husky/_/{name}", f'#!/usr/bin/env sh\nsh -e .husky/{name} "$@"\n')
            (managed.path / f".husky/_/{name}").chmod(0o755)
        managed.git("config", "core.hooksPath", ".husky/_")
        self.refuses_and_lets_pass(managed)


SCRIPTS = sorted(path.name for path in (ROOT / "hooks").iterdir() if path.is_file() and not path.suffix)


def test_every_hook_is_a_script() -> None:
    assert SCRIPTS == ["pre-commit", "pre-push", "pre-receive"]


@needs("dash")
@pytest.mark.parametrize("name", SCRIPTS)
def test_dash_takes_them(hooked: Repository, name: str) -> None:
    outcome = hooked.run("dash", "-n", str(ROOT / "hooks" / name))
    assert (outcome.code, outcome.text) == (0, "")


@needs("shellcheck")
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_hooks_are_executable_posix_shell(hooked: Repository, name: str) -> None:
    script = ROOT / "hooks" / name
    assert script.stat().st_mode & 0o111
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    outcome = hooked.run("shellcheck", "--shell=sh", str(script))
    assert outcome.code == 0, outcome.text
