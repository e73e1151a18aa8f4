"""`--revision`: what a commit holds is linted from git's own store, whatever is checked out where."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from gates.repositories import BAD, GOOD, ROOT, Repository, needs
from git_models import MANIFEST, OTHER_WEIGHTS, WEIGHTS, add_model, check, clone, edit, isolate, linted, of_rule

from artifact_lint.engine import Request, lint
from artifact_lint.settings import Settings
from artifact_lint.stores import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from artifact_lint.model.report import Report

IGNORE_ALL = '[tool.artifact-lint]\nignore = ["ALL"]\n'


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    return isolate(monkeypatch)


@pytest.fixture
def repository(tmp_path: Path, environment: Mapping[str, str]) -> Repository:
    """A good and a bad artifact, each in a commit of its own, and nothing in the working tree."""
    created = Repository.create(tmp_path / "work", environment)
    created.add_artifact(GOOD, "models/good")
    created.commit("good")
    created.add_artifact(BAD, "models/bad")
    created.commit("bad")
    shutil.rmtree(created.path / "models")
    return created


def bare(repository: Repository, *options: str) -> Repository:
    place = repository.path.parent / "bare.git"
    repository.git("clone", "--quiet", "--bare", *options, repository.path.as_uri(), str(place))
    return Repository(place, repository.environment)


def report_on(repository: Repository, revision: str, since: str | None = None, *paths: str) -> Report:
    places = [str(repository.path / path) for path in paths] or [str(repository.path)]
    return lint(places, Request(Settings(), revision=revision, since=since))


def said(report: Report) -> list[tuple[str, str, int, str]]:
    return [(one.code, one.origin.path, one.origin.line, one.message) for one in report.findings]


class TestWhatIsRead:
    def test_a_commit_says_what_its_checkout_says(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        created = Repository.create(tmp_path / "work", environment)
        shutil.copytree(ROOT / "examples", created.path / "examples")
        created.git("add", "--all", "--force")
        created.commit()
        checked_out = lint([str(created.path)], Request(Settings()))
        assert len(checked_out.findings) > 20
        committed = report_on(bare(created), "HEAD")
        assert said(committed) == said(checked_out)
        assert [one.path for one in committed.artifacts] == [one.path for one in checked_out.artifacts]
        assert (committed.files, committed.size) == (checked_out.files, checked_out.size)
        assert committed.fallbacks == ()

    def test_nothing_of_the_working_tree_is_looked_at(self, repository: Repository) -> None:
        repository.write("models/good/model-artifact.yaml", "not: this\n")
        repository.git("add", ".")
        assert linted(report_on(repository, "HEAD")) == ["models/bad", "models/good"]
        assert linted(report_on(repository, "HEAD~1")) == ["models/good"]
        assert said(report_on(repository, "HEAD~1")) == []

    def test_a_path_counts_from_the_working_directory(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (repository.path / "models").mkdir()
        monkeypatch.chdir(repository.path / "models")
        for path, found in {
            ".": ["models/bad", "models/good"],
            "good": ["models/good"],
            "../models/bad": ["models/bad"],
        }.items():
            assert linted(lint([path], Request(Settings(), revision="HEAD"))) == found
        assert linted(lint(["good/classifier.ubj"], Request(Settings(), revision="HEAD"))) == ["models/good"]

    def test_in_a_bare_repository_it_counts_from_the_top(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        served = bare(repository)
        for place in (served.path, served.path / "hooks"):
            monkeypatch.chdir(place)
            assert linted(lint(["models/good"], Request(Settings(), revision="HEAD"))) == ["models/good"]
        monkeypatch.chdir(served.path.parent)
        assert linted(lint(["bare.git/models/good"], Request(Settings(), revision="HEAD"))) == ["models/good"]

    def test_links_lead_within_the_commit(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        created = Repository.create(tmp_path / "work", environment)
        add_model(created)
        created.git("mv", "models/churn/model.json", "blob")
        (created.path / "models/churn/model.json").symlink_to("../../blob")
        created.git("add", ".")
        created.commit("a link")
        served = bare(created)
        assert said(report_on(served, "HEAD")) == said(report_on(served, "HEAD~1"))
        created.write("blob", OTHER_WEIGHTS)
        created.git("commit", "--quiet", "--all", "--message", "what it leads to")
        assert linted(report_on(created, "HEAD", "HEAD~1")) == ["models/churn"]
        created.git("rm", "-q", "blob")
        created.commit("it leads to nothing")
        shutil.rmtree(created.path / "models")
        assert linted(report_on(created, "HEAD", "HEAD~1")) == ["models/churn"]

    def test_what_is_excluded_is_left_out(self, repository: Repository) -> None:
        report = lint([str(repository.path)], Request(Settings(exclude=("models/bad",)), revision="HEAD"))
        assert linted(report) == ["models/good"]

    def test_what_is_linted_is_what_git_checks_out(self, repository: Repository) -> None:
        repository.write(".gitattributes", "*.pkl working-tree-encoding=ISO-8859-1\n")
        (repository.path / "hidden.pkl").write_bytes(b"\x80\x04cposix\nsystem\n(S'echo'\ntR.")
        repository.git("add", ".")
        repository.commit("a pickle that git keeps as a text")
        assert repository.run("git", "show", "HEAD:hidden.pkl").text.encode() != b"\x80"
        (repository.path / "hidden.pkl").unlink()
        for place in (repository, bare(repository)):
            assert "hidden.pkl" in {found.origin.path for found in of_rule("PKL101", report_on(place, "HEAD"))}

    @pytest.mark.parametrize("is_added", [True, False])
    def test_attributes_that_change_what_is_checked_out_change_the_artifact(
        self, repository: Repository, *, is_added: bool
    ) -> None:
        text = "\x80\x04cposix\nsystem\n(S'echo'\ntR."
        attributes = "*.pkl working-tree-encoding=ISO-8859-1\n"
        (repository.path / "late.pkl").write_bytes(text.encode("utf-8" if is_added else "iso8859-1"))
        repository.write(".gitattributes", "" if is_added else attributes)
        repository.git("add", ".")
        repository.commit("a text, or what git makes one")
        repository.write(".gitattributes", attributes if is_added else "")
        repository.git("add", ".gitattributes")
        repository.commit("the other")
        for place in (repository, bare(repository)):
            assert linted(report_on(place, "HEAD", "HEAD~1")) == ["late.pkl"]
        repository.git("checkout", "--quiet", "--force", "HEAD~1")
        repository.git("checkout", "--quiet", "--force", "main")
        assert linted(lint([str(repository.path)], Request(Settings(), since="HEAD~1"))) == ["late.pkl"]

    def test_a_replacement_does_not_stand_for_what_is_committed(self, repository: Repository) -> None:
        names = [repository.git("rev-parse", f"HEAD:models/{name}") for name in ("bad", "good")]
        repository.git("replace", *names)
        for place in (repository, bare(repository)):
            assert of_rule("PKL101", report_on(place, "HEAD"))


class TestSince:
    def test_what_comes_back_is_looked_at(self, repository: Repository) -> None:
        repository.git("rm", "-rq", "models/bad")
        repository.commit("without the bad one")
        assert linted(report_on(repository, "HEAD~1", "HEAD")) == ["models/bad"]

    def test_what_is_excluded_is_passed_over(self, repository: Repository) -> None:
        repository.write("models/bad/more.txt", "more")
        repository.git("add", ".")
        repository.commit()
        request = Request(Settings(exclude=("models/bad",)), revision="HEAD", since="HEAD~1")
        assert linted(lint([str(repository.path)], request)) == []

    def test_what_a_commit_changed_is_looked_at(self, repository: Repository) -> None:
        for place in (repository, bare(repository)):
            assert linted(report_on(place, "HEAD", "HEAD~1")) == ["models/bad"]
            assert linted(report_on(place, "HEAD", "HEAD")) == []
            assert linted(report_on(place, "HEAD~1", "HEAD")) == []

    def test_it_is_compared_with_what_it_was(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        created = Repository.create(tmp_path / "work", environment)
        add_model(created)
        created.write("models/churn/model.json", OTHER_WEIGHTS)
        created.git("commit", "--quiet", "--all", "--message", "other weights, same version")
        created.git("mv", "models/churn", "models/retention")
        edit(created, "models/retention/model-artifact.yaml", "1.2.0", "1.1.0")
        created.git("commit", "--quiet", "--all", "--message", "moved, and back")
        served = bare(created)
        (finding,) = of_rule("LIF201", report_on(served, "HEAD~1", "HEAD~2"))
        assert finding.origin.path == "models/churn/model-artifact.yaml"
        (finding,) = of_rule("NAM014", report_on(served, "HEAD", "HEAD~1"))
        assert finding.origin.path == "models/retention/model-artifact.yaml"

    def test_a_deletion_is_told(self, repository: Repository) -> None:
        repository.git("rm", "-rq", "--cached", "models/bad")
        repository.commit("gone")
        outcome = check(bare(repository), "--revision=HEAD", "--since=HEAD~1", "--output-format=full")
        assert outcome.code == 0
        assert "models/bad (iris-backdoor 1.0.0) is gone since HEAD~1" in outcome.text
        assert check(bare_of(repository), "--revision=HEAD", "--since=HEAD~1", "models/bad").code == 0

    def test_the_comparison_starts_where_the_commit_left(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--force", "-b", "feature", "HEAD~1")
        repository.write("train.py", "print()\n")
        repository.git("add", "train.py")
        repository.commit("feature")
        assert linted(report_on(repository, "feature", "main")) == []
        assert linted(report_on(repository, "main", "feature")) == ["models/bad"]

    def test_histories_that_share_nothing_are_compared_as_they_are(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--orphan", "island")
        repository.git("rm", "-rfq", "--cached", ".")
        repository.add_artifact(GOOD, "models/good")
        repository.commit("island")
        assert linted(report_on(repository, "main", "island")) == ["models/bad"]

    def test_zeros_stand_for_no_base(self, repository: Repository) -> None:
        report = report_on(bare(repository), "HEAD", "0" * 40)
        assert linted(report) == ["models/bad", "models/good"]
        (fallback,) = report.fallbacks
        assert "stands for no commit" in fallback.message

    def test_a_name_and_version_stated_elsewhere_is_found(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        created = Repository.create(tmp_path / "work", environment)
        add_model(created, "models/churn")
        created.write("other/place/model-artifact.yaml", MANIFEST)
        created.write("other/place/model.json", OTHER_WEIGHTS)
        created.git("add", ".")
        created.commit("the same name and version")
        assert of_rule("NAM013", report_on(bare(created), "HEAD", "HEAD~1"))

    def test_only_what_is_needed_is_read(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        """Everything that has not changed is taken out of the object store: nobody misses it."""
        created = Repository.create(tmp_path / "work", environment)
        for number in range(12):
            created.write(
                f"models/m{number}/model-artifact.yaml", f"name: m{number}\nversion: 1.0.0\nnumber: {number}\n"
            )
            created.write(f"models/m{number}/model.json", WEIGHTS.replace('"2"', f'"{number + 5}"'))
            created.write(f"src/{number}.py", f"print({number})\n")
        created.git("add", ".")
        created.commit("all")
        created.write("models/m3/model.json", OTHER_WEIGHTS)
        created.git("commit", "--quiet", "--all", "--message", "one")
        kept = {
            created.git("rev-parse", f"HEAD{step}:models/m3/{name}")
            for step in ("", "~1")
            for name in ("model.json", "model-artifact.yaml")
        }
        before = said(report_on(created, "HEAD", "HEAD~1"))
        for line in created.git("ls-tree", "-r", "HEAD").splitlines():
            oid = line.split()[2]
            if oid not in kept:
                (created.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
        report = report_on(created, "HEAD", "HEAD~1")
        assert linted(report) == ["models/m3"]
        assert said(report) == before
        assert report.fallbacks == ()

    def test_one_process_hands_out_the_blobs_of_a_commit(self, repository: Repository, tmp_path: Path) -> None:
        trace = tmp_path / "trace"
        outcome = check(bare(repository), "--revision=HEAD", "--isolated", "--output-format=json", GIT_TRACE=str(trace))
        assert outcome.code == 1
        started = [line.rpartition("trace: built-in: ")[2] for line in trace.read_text("utf-8").splitlines()]
        assert started.count("git cat-file --batch") == 1
        assert len(started) < 15


def bare_of(repository: Repository) -> Repository:
    return Repository(repository.path.parent / "bare.git", repository.environment)


class TestConfiguration:
    def test_it_is_the_one_of_the_commit(self, repository: Repository) -> None:
        repository.write("pyproject.toml", IGNORE_ALL)
        assert check(repository, "--revision=HEAD").code == 1
        repository.git("add", "pyproject.toml")
        repository.commit("configured")
        (repository.path / "pyproject.toml").unlink()
        assert check(repository, "--revision=HEAD").code == 0
        assert check(repository, "--revision=HEAD~1").code == 1
        assert "configuration: HEAD:pyproject.toml" in check(repository, "--revision=HEAD", "-v").text
        assert "# from HEAD:pyproject.toml" in check(repository, "--revision=HEAD", "--show-settings").text

    def test_the_nearest_counts_for_each_path(self, repository: Repository) -> None:
        repository.write("models/bad/.artifact-lint.toml", 'ignore = ["PKL"]\n')
        repository.write("models/pyproject.toml", "[tool.other]\n")
        repository.write(".artifact-lint.toml", 'ignore = ["NAM"]\n')
        repository.git("add", "--", ".artifact-lint.toml", "models/bad/.artifact-lint.toml", "models/pyproject.toml")
        repository.commit("configured")
        served = bare(repository)
        assert check(served, "--revision=HEAD").code == 1
        outcome = check(served, "--revision=HEAD", "-v", "models/bad", "models/good")
        assert outcome.code == 0, outcome.text
        assert "HEAD:models/bad/.artifact-lint.toml" in outcome.text
        assert "HEAD:.artifact-lint.toml" in outcome.text

    def test_a_file_that_is_given_outweighs_it(self, repository: Repository, tmp_path: Path) -> None:
        repository.write("pyproject.toml", IGNORE_ALL)
        repository.git("add", "pyproject.toml")
        repository.commit("configured")
        served = bare(repository)
        own = tmp_path / "server.toml"
        own.write_text('fail-on = "error"\n', "utf-8")
        assert check(served, "--revision=HEAD").code == 0
        assert check(served, "--revision=HEAD", f"--config={own}").code == 1
        assert check(served, "--revision=HEAD", "--isolated").code == 1

    def test_its_mistakes_are_told_with_the_revision(self, repository: Repository) -> None:
        repository.write(".artifact-lint.toml", 'ignore = ["NOPE1"]\n')
        repository.git("add", ".artifact-lint.toml")
        repository.commit("configured")
        (repository.path / ".artifact-lint.toml").unlink()
        outcome = check(bare(repository), "--revision=main")
        assert outcome.code == 2
        assert outcome.text.startswith("stderr: artifact-lint: error: main:.artifact-lint.toml:1:11: no rule is called")

    def test_the_baseline_is_the_one_of_the_commit(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("checkout", "--quiet", "--", ".")
        command = [sys.executable, "-m", "artifact_lint", "baseline", "write"]
        environment = {**repository.environment, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=repository.path, env=environment, check=True, capture_output=True)
        assert check(repository).code == 0
        assert check(repository, "--revision=HEAD").code == 1
        repository.git("add", ".")
        repository.commit("accepted")
        own = tmp_path / "server.toml"
        own.write_text('fail-on = "error"\n', "utf-8")
        served = bare(repository)
        assert check(served, "--revision=HEAD").code == 0
        assert check(served, "--revision=HEAD~1").code == 1
        assert check(served, "--revision=HEAD", "--no-baseline").code == 1
        assert check(served, "--revision=HEAD", f"--config={own}").code == 1

    def test_public_keys_are_those_of_the_commit(self, repository: Repository) -> None:
        repository.write(".artifact-lint.toml", 'signing = {public-key = "keys/team.pem"}\n')
        repository.git("add", ".artifact-lint.toml")
        repository.commit("configured")
        repository.write("keys/team.pem", "no key")
        served = bare(repository)
        for place in (repository, served):
            outcome = check(place, "--revision=HEAD")
            assert outcome.code == 2
            assert "signing.public-key: HEAD has no such file" in outcome.text or "no such file" in outcome.text


class TestWhereTheRepositoryIs:
    def test_an_added_working_tree(self, repository: Repository, tmp_path: Path) -> None:
        second = Repository(tmp_path / "second", repository.environment)
        repository.git("worktree", "add", "--quiet", "--detach", str(second.path), "HEAD~1")
        assert linted(report_on(second, "main")) == ["models/bad", "models/good"]
        assert linted(report_on(second, "HEAD")) == ["models/good"]

    def test_a_submodule_is_a_repository_of_its_own(self, repository: Repository, tmp_path: Path) -> None:
        outer = Repository.create(tmp_path / "outer", repository.environment)
        outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository.path), "vendor")
        outer.commit("a submodule")
        assert linted(report_on(outer, "HEAD")) == []
        assert linted(report_on(Repository(outer.path / "vendor", outer.environment), "HEAD")) == [
            "models/bad",
            "models/good",
        ]
        with pytest.raises(StoreError, match="a revision is of one repository"):
            lint([str(outer.path), str(outer.path / "vendor")], Request(Settings(), revision="HEAD"))

    def test_as_a_hook_names_it(self, repository: Repository, tmp_path: Path) -> None:
        served = bare(repository)
        assert check(served, "--revision=HEAD", GIT_DIR=".").code == 1
        elsewhere = Repository(tmp_path / "elsewhere", repository.environment)
        elsewhere.path.mkdir()
        work = {"GIT_DIR": str(repository.path / ".git"), "GIT_WORK_TREE": str(elsewhere.path)}
        for stated in ({"GIT_DIR": str(served.path)}, {"GIT_DIR": os.path.relpath(served.path, elsewhere.path)}, work):
            for path in (
                ".",
                "models/good",
                str(served.path / "models") if "work" not in stated["GIT_DIR"] else "models",
            ):
                outcome = check(elsewhere, "--revision=HEAD~1", path, **stated)
                assert outcome.code == 0, outcome.text
                assert "1 artifact" in outcome.text

    def test_objects_in_quarantine(self, repository: Repository) -> None:
        """As git-receive-pack(1) has it: new objects in a directory of their own, the others as its alternates."""
        served = bare(repository, "--branch=main", "--single-branch")
        repository.add_artifact(GOOD, "models/new")
        incoming = repository.commit("new")
        quarantine = served.path / "objects/incoming"
        quarantine.mkdir()
        pack = subprocess.run(
            ["git", "pack-objects", "--all", "--stdout", "-q"],
            cwd=repository.path,
            env=dict(repository.environment),
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout
        places = {
            "GIT_DIR": ".",
            "GIT_OBJECT_DIRECTORY": "objects/incoming",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": "objects",
            "GIT_QUARANTINE_PATH": str(quarantine),
        }
        subprocess.run(
            ["git", "unpack-objects", "-q"],
            cwd=served.path,
            env={**repository.environment, **places},
            input=pack,
            check=True,
        )
        assert check(served, f"--revision={incoming}").code == 2
        outcome = check(served, f"--revision={incoming}", "--since=main", **places)
        assert outcome.code == 0, outcome.text
        assert "1 artifact" in outcome.text

    def test_a_shallow_clone(self, repository: Repository, tmp_path: Path) -> None:
        shallow = clone(repository, tmp_path / "shallow", "--depth=1")
        assert linted(report_on(shallow, "HEAD")) == ["models/bad", "models/good"]
        report = report_on(shallow, "HEAD", "HEAD~1")
        assert linted(report) == ["models/bad", "models/good"]
        assert "this shallow clone does not have HEAD~1" in report.fallbacks[0].message
        with pytest.raises(StoreError, match=r"no such revision: HEAD~1 \(this clone is shallow: fetch it with `git"):
            report_on(shallow, "HEAD~1")

    @pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
    def test_a_partial_clone_does_not_pass_for_what_it_lacks(
        self, repository: Repository, tmp_path: Path, kind: str
    ) -> None:
        repository.git("config", "uploadpack.allowFilter", "true")
        partial = clone(repository, tmp_path / "partial", "--no-checkout", f"--filter={kind}")
        outcome = check(partial, "--revision=HEAD~1")
        assert outcome.code == 2, outcome.text
        assert "All good" not in outcome.text
        for option in ("--isolated", "--allow-empty"):
            outcome = check(partial, "--revision=HEAD", "--since=HEAD~1", option)
            assert outcome.code == 2, outcome.text
            assert "stderr: artifact-lint: error: " in outcome.text

    def test_a_damaged_repository_does_not_pass(self, repository: Repository) -> None:
        oid = repository.git("rev-parse", "HEAD:models/good/classifier.ubj")
        (repository.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
        outcome = check(repository, "--revision=HEAD~1")
        assert outcome.code == 2
        assert "not read: models/good/classifier.ubj in HEAD~1; git has no object" in outcome.text
        assert "empty" not in outcome.text

    def test_neither_does_a_damaged_index(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--", ".")
        weights = repository.path / "models/good/classifier.ubj"
        weights.write_bytes(weights.read_bytes() + b"more")
        repository.git("add", ".")
        oid = repository.git("rev-parse", ":models/good/classifier.ubj")
        (repository.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
        outcome = check(repository, "--staged")
        assert outcome.code == 2
        assert "not read: models/good/classifier.ubj in index; git has no object" in outcome.text

    def test_ids_of_64_digits(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        created = Repository(tmp_path / "sha256", environment)
        created.path.mkdir()
        created.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
        created.write(".gitattributes", "*.ubj filter=lfs\n")
        created.add_artifact(BAD, "models/bad")
        created.git("add", ".gitattributes")
        commit = created.commit()
        assert len(commit) == 64
        assert of_rule("PKL101", report_on(bare(created), commit))


class TestMistakes:
    @pytest.mark.parametrize(
        ("options", "line"),
        [
            (("--revision=mian",), "no such revision: mian (did you mean main?)"),
            (("--revision=",), "no such revision: its name is empty (an unset variable in CI?)"),
            (
                ("--revision=main..HEAD",),
                "no such revision: main..HEAD (a range is not taken; name the revision that it starts from: main)",
            ),
            (("--revision=main^{tree}",), "no such revision: main^{tree} (it is there, and is no commit)"),
            (
                (f"--revision={'0' * 40}",),
                f"no such revision: {'0' * 40} (zeros stand for no commit: what is deleted needs no linting)",
            ),
            (("--revision=HEAD", "--since=mian"), "no such revision: mian (did you mean main?)"),
            (("--revision=HEAD", "models/none"), "no such file or directory in HEAD: models/none"),
            (("--revision=HEAD", "--since=HEAD~1", "models/none"), "no such file or directory in HEAD: models/none"),
            (("--revision=HEAD", "--staged"), "--staged and --revision exclude each other: the index is no commit yet"),
            (
                ("--revision=HEAD", "--fix"),
                "--fix and --diff are for the working tree, and --revision lints a commit; check it out",
            ),
            (
                ("--revision=HEAD", "--diff"),
                "--fix and --diff are for the working tree, and --revision lints a commit; check it out",
            ),
        ],
    )
    def test_are_told_in_one_line(self, repository: Repository, options: tuple[str, ...], line: str) -> None:
        outcome = check(repository, *options)
        assert (outcome.code, outcome.text) == (2, f"stderr: artifact-lint: error: {line}\n")

    def test_no_repository(self, tmp_path: Path, environment: Mapping[str, str]) -> None:
        outcome = check(Repository(tmp_path, environment), "--revision=HEAD")
        assert outcome.code == 2
        assert "not a git repository" in outcome.text

    def test_a_place_outside_of_the_repository(self, repository: Repository) -> None:
        outcome = check(repository, "--revision=HEAD", "..")
        assert outcome.code == 2
        assert "not a git repository" in outcome.text

    def test_a_commit_without_artifacts(self, repository: Repository) -> None:
        repository.git("rm", "-rq", "--cached", "models")
        repository.commit("empty")
        assert check(repository, "--revision=HEAD").code == 3
        assert check(repository, "--revision=HEAD", "--allow-empty").code == 0


def test_paths_of_a_report_are_relative_to_the_top(repository: Repository) -> None:
    (repository.path / "models").mkdir()
    outcome = check(repository, "--revision=HEAD", "--output-format=json", "bad", at="models")
    report = json.loads(outcome.text)
    assert {finding["path"] for finding in report["findings"]} == {"models/bad/model-artifact.yaml"}
    outcome = check(repository, "--revision=HEAD", "--output-format=full", "bad", at="models")
    assert "paths are relative to .." in outcome.text
    assert "11 |     - {path: classifier.pkl" in outcome.text


@needs("git-lfs")
class TestLargeFiles:
    @pytest.fixture
    def large(self, tmp_path: Path, environment: Mapping[str, str]) -> Repository:
        """A good and a bad artifact whose weights are in git-LFS."""
        created = Repository.create(tmp_path / "large", environment)
        created.git("lfs", "install", "--local")
        attributes = (f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in ("ubj", "pkl"))
        created.write(".gitattributes", "".join(attributes))
        created.git("add", ".gitattributes")
        created.add_artifact(GOOD, "models/good")
        created.add_artifact(BAD, "models/bad")
        created.commit()
        assert "git-lfs" in created.git("cat-file", "blob", "HEAD:models/good/classifier.ubj")
        return created

    def test_what_they_stand_for_is_looked_into_where_it_is(self, large: Repository) -> None:
        assert {"PKL101"} <= {finding.code for finding in report_on(large, "HEAD").findings}
        served = bare(large)
        assert of_rule("PKL101", report_on(served, "HEAD")) == []
        shutil.copytree(large.path / ".git/lfs", served.path / "lfs")
        assert said(report_on(served, "HEAD")) == said(report_on(large, "HEAD"))

    def test_the_attributes_are_those_of_the_commit(self, large: Repository) -> None:
        served = bare(large)
        assert of_rule("GIT002", report_on(served, "HEAD")) == []
        large.git("rm", "-q", ".gitattributes")
        large.commit("a line went missing")
        place = Repository(clone(large, large.path.parent / "again", "--no-checkout").path, large.environment)
        found = of_rule("GIT002", report_on(place, "HEAD"))
        assert len(found) == 2
        assert all("no filter=lfs covers" in finding.message for finding in found)
        assert of_rule("GIT002", report_on(place, "HEAD~1")) == []
        assert not (place.path / ".git/index").exists()

    def test_bytes_where_a_pointer_should_be_are_found(self, large: Repository) -> None:
        large.git("rm", "-rq", "--cached", "models/good")
        large.git(
            "-c",
            "filter.lfs.process=",
            "-c",
            "filter.lfs.clean=cat",
            "-c",
            "filter.lfs.required=false",
            "add",
            "models/good",
        )
        large.commit("raw")
        served = bare(large)
        (finding,) = of_rule("GIT002", report_on(served, "HEAD"))
        assert "git holds its bytes" in finding.message

    def test_other_bytes_in_the_store_are_told(self, large: Repository) -> None:
        oid = large.git("show", "HEAD:models/good/classifier.ubj").partition("sha256:")[2].split()[0]
        kept = large.path / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
        data = kept.read_bytes()
        kept.chmod(0o644)
        kept.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert of_rule("SUM101", report_on(large, "HEAD"))
