"""The hook of a server: real pushes to a real bare repository, whose objects are linted while in quarantine."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from gates.repositories import BAD, GOOD, ROOT, Repository, needs, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IGNORE_ALL = '[tool.artifact-lint]\nignore = ["ALL"]\n'


@pytest.fixture
def server(remote: Path, environment: Mapping[str, str]) -> Repository:
    """The bare repository that `repository` knows as origin, with the hook in it."""
    shutil.copy2(ROOT / "hooks/pre-receive", remote / "hooks/pre-receive")
    return Repository(remote, environment)


@pytest.fixture
def published(repository: Repository, server: Repository) -> Repository:
    """A repository whose main branch, with a good artifact, is on the server."""
    repository.add_artifact(GOOD, "models/iris")
    repository.commit("a model")
    outcome = repository.run("git", "push", "origin", "main")
    assert outcome.code == 0, outcome.text
    assert "remote: All good: 1 artifact" in outcome.text
    assert repository.git("rev-parse", "main") == server.git("rev-parse", "main")
    return repository


def refs(server: Repository) -> dict[str, str]:
    """What the server has, by the names of its refs."""
    lines = server.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split() for line in lines)


def has(server: Repository, name: str) -> bool:
    return server.run("git", "cat-file", "-e", name).code == 0


def add_bad(repository: Repository, place: str = "models/bad") -> str:
    repository.add_artifact(BAD, place)
    return repository.commit("a bad model")


class TestBranches:
    def test_a_bad_artifact_is_refused_and_none_of_its_objects_enters(
        self, published: Repository, server: Repository
    ) -> None:
        before = refs(server)
        commit = add_bad(published)
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "remote: models/bad/model-artifact.yaml:11:14: error[PKL101]" in outcome.text
        assert "remote: artifact-lint: main at " in outcome.text
        assert "nothing of it was taken" in outcome.text
        assert "\x1b[" not in outcome.text
        assert refs(server) == before
        assert not has(server, commit)
        assert not has(server, published.git("rev-parse", f"{commit}:models/bad/classifier.pkl"))

    def test_a_good_artifact_enters(self, published: Repository, server: Repository) -> None:
        published.add_artifact(GOOD, "models/other")
        commit = published.commit()
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert refs(server)["refs/heads/main"] == commit

    def test_the_first_push_to_an_empty_server_is_linted_whole(
        self, repository: Repository, server: Repository
    ) -> None:
        add_bad(repository)
        repository.write("README.md", "# Models\n")
        repository.git("add", ".")
        repository.commit("later")
        outcome = repository.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "all of it" in outcome.text
        assert "PKL101" in outcome.text
        assert refs(server) == {}

    def test_what_was_there_before_the_hook_stops_nobody(self, repository: Repository, server: Repository) -> None:
        hook = server.path / "hooks/pre-receive"
        hook.rename(hook.with_name("later"))
        add_bad(repository, "models/old")
        repository.git("push", "--quiet", "origin", "main")
        hook.with_name("later").rename(hook)
        repository.git("checkout", "--quiet", "-b", "feature")
        repository.add_artifact(GOOD, "models/iris")
        repository.commit()
        outcome = repository.run("git", "push", "origin", "main:copy", "feature")
        assert outcome.code == 0, outcome.text
        assert "models/old" not in outcome.text

    def test_a_branch_that_took_in_main_answers_only_for_its_own(
        self, published: Repository, server: Repository
    ) -> None:
        published.git("checkout", "--quiet", "-b", "feature")
        published.write("feature.py", "print('feature')\n")
        published.git("add", ".")
        published.commit()
        published.git("checkout", "--quiet", "main")
        add_bad(published, "models/meanwhile")
        hook = server.path / "hooks/pre-receive"
        hook.rename(hook.with_name("later"))
        published.git("push", "--quiet", "origin", "main")
        hook.with_name("later").rename(hook)
        published.git("checkout", "--quiet", "feature")
        published.git("merge", "--quiet", "--no-edit", "main")
        outcome = published.run("git", "push", "origin", "feature")
        assert outcome.code == 0, outcome.text

    def test_a_deletion_passes_even_without_a_linter(self, published: Repository, server: Repository) -> None:
        published.git("push", "--quiet", "origin", "main:old")
        without = _without_linter(published)
        outcome = without.run("git", "push", "origin", "--delete", "old")
        assert outcome.code == 0, outcome.text
        assert "refs/heads/old" not in refs(server)

    def test_a_force_push_is_linted_from_where_it_left(self, published: Repository, server: Repository) -> None:
        published.write("train.py", "print('more')\n")
        published.git("commit", "--quiet", "--all", "--message", "more")
        published.git("push", "--quiet", "origin", "main")
        published.git("reset", "--quiet", "--hard", "HEAD~1")
        published.add_artifact(GOOD, "models/other")
        good = published.commit("another past")
        assert published.run("git", "push", "--force", "origin", "main").code == 0
        published.git("reset", "--quiet", "--hard", "HEAD~1")
        add_bad(published)
        outcome = published.run("git", "push", "--force", "origin", "main")
        assert outcome.code != 0
        assert "models/bad" in outcome.text
        assert "models/iris" not in outcome.text
        assert refs(server)["refs/heads/main"] == good

    def test_a_history_of_its_own_is_linted(self, published: Repository) -> None:
        published.git("checkout", "--quiet", "--orphan", "island")
        published.git("rm", "-rfq", ".")
        add_bad(published)
        for words in (("island",), ("--force", "island:main")):
            outcome = published.run("git", "push", "origin", *words)
            assert outcome.code != 0
            assert "PKL101" in outcome.text

    def test_of_two_branches_of_which_one_is_bad_neither_enters(
        self, published: Repository, server: Repository
    ) -> None:
        before = refs(server)
        published.git("branch", "--quiet", "fine")
        published.git("checkout", "--quiet", "-b", "poor")
        add_bad(published)
        outcome = published.run("git", "push", "origin", "fine", "poor")
        assert outcome.code != 0
        assert refs(server) == before

    def test_one_commit_under_two_names_is_linted_once(self, published: Repository) -> None:
        add_bad(published)
        outcome = published.run("git", "push", "origin", "main:one", "main:two")
        assert outcome.code != 0
        assert outcome.text.count("error[PKL101]") == 1

    def test_a_shallow_clone_pushes_what_it_adds(
        self, published: Repository, server: Repository, tmp_path: Path
    ) -> None:
        published.write("train.py", "print('more')\n")
        published.git("commit", "--quiet", "--all", "--message", "more")
        published.git("push", "--quiet", "origin", "main")
        shallow = Repository(tmp_path / "shallow", published.environment)
        published.git("clone", "--quiet", "--depth=1", "--branch=main", server.path.as_uri(), str(shallow.path))
        shallow.add_artifact(GOOD, "models/other")
        good = shallow.commit()
        outcome = shallow.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert refs(server)["refs/heads/main"] == good
        add_bad(shallow)
        outcome = shallow.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text


def test_of_many_findings_the_pusher_sees_the_first_errors_and_the_summary(published: Repository) -> None:
    for number in range(14):
        published.add_artifact(BAD, f"models/bad-{number:02}")
        published.write(f"models/a-{number:02}/model-artifact.yaml", f"name: a{number}\nversion: 1.0.{number}\n")
    published.git("add", ".")
    published.commit()
    outcome = published.run("git", "push", "origin", "main")
    assert outcome.code != 0
    told = [line.removeprefix("remote: ").strip() for line in outcome.text.splitlines() if line.startswith("remote: ")]
    assert 40 <= len(told) <= 45
    assert sum(": error[" in line for line in told) == 39
    assert any(line.startswith("Found ") for line in told)
    assert any("lint in a clone to see all" in line for line in told)


class TestTags:
    def test_a_tag_is_linted_like_a_branch(self, published: Repository, server: Repository) -> None:
        published.git("tag", "--annotate", "v1", "--message", "v1")
        assert published.run("git", "push", "origin", "v1").code == 0
        add_bad(published)
        published.git("tag", "--annotate", "v2", "--message", "v2")
        published.git("tag", "light")
        for name in ("v2", "light"):
            outcome = published.run("git", "push", "origin", name)
            assert outcome.code != 0
            assert "PKL101" in outcome.text
        assert {name for name in refs(server) if "tags" in name} == {"refs/tags/v1"}

    @pytest.mark.parametrize("what", ["HEAD^{tree}", "HEAD:train.py"])
    def test_what_is_no_commit_cannot_be_linted_and_is_refused(self, published: Repository, what: str) -> None:
        published.git("tag", "odd", what)
        outcome = published.run("git", "push", "origin", "odd")
        assert outcome.code != 0
        assert "remote: artifact-lint: refs/tags/odd is no commit, and cannot be linted" in outcome.text


class TestSettings:
    def test_the_committed_configuration_counts_unless_the_server_has_one(
        self, published: Repository, server: Repository
    ) -> None:
        published.write("pyproject.toml", IGNORE_ALL)
        published.git("add", ".")
        add_bad(published)
        own = server.path / "lint.toml"
        own.write_text('fail-on = "error"\n', "utf-8")
        server.git("config", "artifact-lint.config", "lint.toml")
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text
        server.git("config", "--unset", "artifact-lint.config")
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text

    def test_a_configuration_that_is_not_there_refuses(self, published: Repository, server: Repository) -> None:
        server.git("config", "artifact-lint.config", "nowhere.toml")
        published.add_artifact(GOOD, "models/other")
        published.commit()
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "nowhere.toml: no such file" in outcome.text

    def test_only_refs_of_the_given_kinds_are_linted_and_the_others_vouch_for_nothing(
        self, published: Repository, server: Repository
    ) -> None:
        server.git("config", "artifact-lint.refs", "refs/heads/*")
        server.git("config", "--add", "artifact-lint.refs", "refs/tags/v*")
        add_bad(published)
        outcome = published.run("git", "push", "origin", "main:refs/drafts/one", "main:refs/tags/draft")
        assert outcome.code == 0, outcome.text
        for name in ("refs/heads/team/one", "refs/tags/v1"):
            outcome = published.run("git", "push", "origin", f"main:{name}")
            assert outcome.code != 0
            assert "PKL101" in outcome.text

    def test_every_new_commit_is_linted_unless_the_tips_are_enough(
        self, published: Repository, server: Repository
    ) -> None:
        add_bad(published)
        published.git("rm", "-rq", "models/bad")
        published.commit("never mind")
        for words in (("main",), ("main:new",)):
            outcome = published.run("git", "push", "origin", *words)
            assert outcome.code != 0
            assert "PKL101" in outcome.text
        server.git("config", "artifact-lint.every-commit", "false")
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text

    def test_a_good_history_enters_commit_by_commit(self, repository: Repository, server: Repository) -> None:
        server.git("config", "artifact-lint.every-commit", "true")
        repository.add_artifact(GOOD, "models/iris")
        commit = repository.commit()
        outcome = repository.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert outcome.text.count("artifact-lint: main at ") == 2
        assert refs(server)["refs/heads/main"] == commit


class TestServers:
    def test_a_missing_linter_refuses(self, published: Repository, server: Repository) -> None:
        before = refs(server)
        published.add_artifact(GOOD, "models/other")
        published.commit()
        outcome = _without_linter(published).run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "remote: artifact-lint is not on the PATH of this server" in outcome.text
        assert refs(server) == before

    def test_a_history_that_cannot_be_read_refuses(self, published: Repository, server: Repository) -> None:
        """A base that is damaged must not make a push look like one of nothing new."""
        published.write("train.py", "print('more')\n")
        published.git("commit", "--quiet", "--all", "--message", "more")
        published.git("push", "--quiet", "origin", "main")
        parent = published.git("rev-parse", "HEAD~1")
        add_bad(published)
        broken = server.path / "objects" / parent[:2] / parent[2:]
        broken.chmod(0o644)
        broken.unlink()
        server.git("config", "receive.unpackLimit", "1")
        outcome = published.run("git", "push", "origin", "main:new")
        assert outcome.code != 0
        assert "refs/heads/new" not in refs(server)

    def test_a_repository_with_a_working_tree_is_guarded_too(
        self, repository: Repository, tmp_path: Path, environment: Mapping[str, str]
    ) -> None:
        server = Repository.create(tmp_path / "served", environment)
        shutil.copy2(ROOT / "hooks/pre-receive", server.path / ".git/hooks/pre-receive")
        server.write("models/bad/model-artifact.yaml", "left: here\n")
        repository.add_artifact(GOOD, "models/iris")
        repository.commit()
        outcome = repository.run("git", "push", str(server.path), "main:incoming")
        assert outcome.code == 0, outcome.text
        add_bad(repository)
        outcome = repository.run("git", "push", str(server.path), "main:incoming")
        assert outcome.code != 0
        assert "PKL101" in outcome.text

    def test_a_bare_repository_within_a_working_tree_is_told_from_it(
        self, published: Repository, server: Repository
    ) -> None:
        run("git", "init", "--quiet", at=server.path.parent, environment=server.environment)
        assert (server.path.parent / ".git").is_dir()
        add_bad(published)
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text

    def test_a_pushed_replacement_hides_nothing(self, published: Repository, server: Repository) -> None:
        add_bad(published)
        bad = published.git("rev-parse", "HEAD:models/bad")
        published.git("replace", bad, published.git("rev-parse", "HEAD:models/iris"))
        assert published.run("git", "push", "origin", "main~1:spare", f"refs/replace/{bad}").code != 0
        hook = server.path / "hooks/pre-receive"
        hook.rename(hook.with_name("later"))
        published.git("push", "--quiet", "origin", f"refs/replace/{bad}")
        hook.with_name("later").rename(hook)
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text

    @needs("dash")
    def test_dash_runs_it(self, published: Repository, server: Repository) -> None:
        hook = server.path / "hooks/pre-receive"
        hook.write_text(hook.read_text("utf-8").replace("#!/bin/sh", f"#!{shutil.which('dash')}", 1), "utf-8")
        add_bad(published)
        outcome = published.run("git", "push", "origin", "main:new")
        assert outcome.code != 0
        assert "PKL101" in outcome.text

    @needs("git-lfs")
    def test_weights_in_lfs_are_looked_into_as_they_were_uploaded(
        self, repository: Repository, server: Repository
    ) -> None:
        repository.git("lfs", "install", "--local")
        attributes = (f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in ("ubj", "pkl"))
        repository.write(".gitattributes", "".join(attributes))
        repository.git("add", ".gitattributes")
        repository.add_artifact(GOOD, "models/iris")
        assert "git-lfs" in repository.git("cat-file", "blob", ":models/iris/classifier.ubj")
        repository.commit("weights in LFS")
        outcome = repository.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert "remote: All good: 1 artifact" in outcome.text
        assert (server.path / "lfs/objects").is_dir()
        add_bad(repository)
        assert "git-lfs" in repository.git("cat-file", "blob", ":models/bad/classifier.pkl")
        outcome = repository.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "PKL101" in outcome.text

    @needs("git-lfs")
    def test_a_pointer_alone_is_no_error(self, repository: Repository, server: Repository) -> None:
        repository.git("lfs", "install", "--local")
        repository.write(".gitattributes", "*.ubj filter=lfs diff=lfs merge=lfs -text\n")
        repository.git("add", ".gitattributes")
        repository.add_artifact(GOOD, "models/iris")
        commit = repository.commit()
        outcome = repository.run("git", "push", "--no-verify", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert not (server.path / "lfs").exists()
        assert refs(server)["refs/heads/main"] == commit


def _without_linter(repository: Repository) -> Repository:
    """The same with a PATH that has what the hook needs but for the linter."""
    tools = repository.path.parent / "tools"
    tools.mkdir()
    for name in ("git", "sh", "sed", "head", "tail"):
        (tools / name).symlink_to(str(shutil.which(name)))
    return Repository(repository.path, {**repository.environment, "PATH": os.fspath(tools)})


class TestGoingBack:
    @pytest.fixture
    def bad(self, published: Repository, server: Repository) -> str:
        """A bad commit that is in the history of main since before all were linted, and not at its tip."""
        server.git("config", "artifact-lint.every-commit", "false")
        commit = add_bad(published)
        published.git("rm", "-rq", "models/bad")
        published.commit("without it")
        assert published.run("git", "push", "origin", "main").code == 0
        server.git("config", "--unset", "artifact-lint.every-commit")
        return commit

    @pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/other", "refs/tags/v1"])
    def test_a_bad_commit_of_the_history_becomes_no_tip(
        self, published: Repository, server: Repository, bad: str, ref: str
    ) -> None:
        before = refs(server)
        outcome = published.run("git", "push", "--force", "origin", f"{bad}:{ref}")
        assert "error[PKL101]" in outcome.text
        assert refs(server) == before

    def test_a_good_one_does(self, published: Repository, server: Repository, bad: str) -> None:
        outcome = published.run("git", "push", "origin", f"{bad}^:refs/heads/old", "main:refs/heads/same")
        assert outcome.code == 0, outcome.text
        assert refs(server)["refs/heads/same"] == published.git("rev-parse", "main")


class TestGuardedRefs:
    def test_a_name_without_a_pattern_is_that_ref(self, published: Repository, server: Repository) -> None:
        server.git("config", "artifact-lint.refs", "refs/heads/main")
        server.git("config", "artifact-lint.every-commit", "true")
        old = published.git("rev-parse", "--short", "main")
        published.commit("nothing new")
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code == 0, outcome.text
        assert f"main at {old}" not in outcome.text

    def test_one_that_no_ref_can_have_lets_nothing_in(self, published: Repository, server: Repository) -> None:
        server.git("config", "artifact-lint.refs", "main")
        before = refs(server)
        add_bad(published)
        outcome = published.run("git", "push", "origin", "main")
        assert outcome.code != 0
        assert "artifact-lint.refs is 'main'" in outcome.text
        assert refs(server) == before
