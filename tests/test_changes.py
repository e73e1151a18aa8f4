"""What is looked at, and compared with what, wherever a repository can be; all of it in real ones."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository
from git_models import OTHER_WEIGHTS, add_model, check, clone, edit, isolate, linted, of_rule, remove_history, run

from artifact_lint.changes import changes_since, staged_changes
from artifact_lint.engine import Request, lint
from artifact_lint.settings import Settings
from artifact_lint.stores import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BOTH = ["models/churn", "models/fraud"]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    return isolate(monkeypatch)


@pytest.fixture
def repository(tmp_path: Path, environment: Mapping[str, str]) -> Repository:
    """Two models, each in a commit of its own."""
    created = Repository.create(tmp_path / "work", environment)
    add_model(created, "models/churn")
    add_model(created, "models/fraud")
    return created


class TestSince:
    def test_what_changed_is_looked_at_and_nothing_else(self, repository: Repository) -> None:
        report = run(repository, since="HEAD~1")
        assert linted(report) == ["models/fraud"]
        assert report.fallbacks == ()
        assert linted(run(repository, since="HEAD")) == []

    def test_the_comparison_starts_where_the_branch_left(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "feature")
        edit(repository, "models/churn/model-artifact.yaml", "1.2.0", "1.2.1")
        repository.git("commit", "--quiet", "--all", "--message", "a patch")
        repository.git("checkout", "--quiet", "main")
        edit(repository, "models/churn/model-artifact.yaml", "1.2.0", "1.4.0")
        repository.git("commit", "--quiet", "--all", "--message", "meanwhile")
        repository.git("checkout", "--quiet", "feature")
        report = run(repository, since="main")
        assert linted(report) == ["models/churn"]
        assert of_rule("NAM014", report) == []

    @pytest.mark.parametrize("length", [40, 64])
    def test_a_hash_of_zeros_is_a_branch_without_a_past(self, repository: Repository, length: int) -> None:
        report = run(repository, since="0" * length)
        assert linted(report) == BOTH
        (fallback,) = report.fallbacks
        assert "stands for no commit" in fallback.message
        assert not fallback.unseen
        assert fallback.message in report.notes

    @pytest.mark.parametrize("revision", ["HEAD", "main", "v1.0.0"])
    def test_before_the_first_commit_everything_is_new(
        self, tmp_path: Path, environment: Mapping[str, str], revision: str
    ) -> None:
        repository = Repository.create(tmp_path / "fresh", environment)
        repository.write("churn/model-artifact.yaml", "schema_version: 1\nname: churn\n")
        report = run(repository, since=revision)
        assert linted(report) == ["churn"]
        (fallback,) = report.fallbacks
        assert fallback.message.startswith(f"nothing is committed yet, so there is no {revision}")

    def test_a_branch_without_a_commit_is_compared_with_the_revision_itself(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--orphan", "fresh")
        edit(repository, "models/fraud/model.json", '"2"', '"3"')
        report = run(repository, since="main")
        assert linted(report) == ["models/fraud"]
        assert len(of_rule("LIF201", report)) == 1

    def test_a_misspelt_revision_is_a_usage_error(self, repository: Repository) -> None:
        repository.git("branch", "develop")
        with pytest.raises(StoreError, match=r"^no such revision: develpo \(did you mean develop\?\)$"):
            changes_since(repository.path, "develpo")
        outcome = check(repository, "--since", "develpo")
        assert outcome.code == 2
        assert outcome.text == "stderr: artifact-lint: error: no such revision: develpo (did you mean develop?)\n"

    @pytest.mark.parametrize("revision", ["0123456", "a" * 40, "main~99", "--help", "HEAD:models", ""])
    def test_a_revision_that_names_no_commit_of_a_whole_clone_is_a_usage_error(
        self, repository: Repository, revision: str
    ) -> None:
        with pytest.raises(StoreError, match="no such revision"):
            changes_since(repository.path, revision)

    @pytest.mark.parametrize(
        ("revision", "reason"),
        [
            ("", "its name is empty (an unset variable in CI?)"),
            ("  ", "its name is empty (an unset variable in CI?)"),
            ("HAED", "HAED (did you mean HEAD?)"),
            ("mian~1", "mian~1 (did you mean main~1?)"),
            ("main~99", "main~99 (the history of main is shorter than that)"),
            ("HEAD^^^^", "HEAD^^^^ (the history of HEAD is shorter than that)"),
            ("main^2", "main^2 (main is there, and has nothing of that kind)"),
            ("main@{500}", "main@{500} (main is there, and has nothing of that kind)"),
            ("main^{tree}", "main^{tree} (it is there, and is no commit)"),
            ("main..HEAD", "main..HEAD (a range is not taken; name the revision that it starts from: main)"),
            ("main...HEAD", "main...HEAD (a range is not taken; name the revision that it starts from: main)"),
            ("..HEAD", "..HEAD (a range is not taken; name the revision that it starts from)"),
            ("^main", "^main (a range is not taken; name the revision that it starts from)"),
        ],
    )
    def test_what_is_wrong_with_a_revision_is_said(
        self, repository: Repository, tmp_path: Path, revision: str, reason: str
    ) -> None:
        copy = clone(repository, tmp_path / "copy")
        outcome = check(copy, "--since", revision)
        assert (outcome.code, outcome.text) == (2, f"stderr: artifact-lint: error: no such revision: {reason}\n")

    def test_the_remotes_name_is_suggested_where_only_its_branch_is_there(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        repository.git("branch", "develop")
        copy = clone(repository, tmp_path / "copy")
        with pytest.raises(StoreError, match=r"did you mean origin/develop\?"):
            changes_since(copy.path, "develop")


class TestNothingChanged:
    @pytest.fixture
    def code_alone(self, repository: Repository) -> Repository:
        repository.write("train.py", "print('training')\n")
        repository.git("add", "--all")
        return repository

    @pytest.mark.parametrize("form", ["full", "concise"])
    def test_one_line_says_so_and_nothing_is_wrong(self, code_alone: Repository, form: str) -> None:
        form = f"--output-format={form}"
        outcome = check(code_alone, form, "--since", "main")
        assert (outcome.code, outcome.text) == (0, "Nothing that changed since main belongs to a model artifact.\n")
        outcome = check(code_alone, form, "--staged")
        assert (outcome.code, outcome.text) == (0, "Nothing that is staged belongs to a model artifact.\n")

    def test_the_json_report_notes_it(self, code_alone: Repository) -> None:
        outcome = check(code_alone, "--output-format=json", "--since", "main")
        assert json.loads(outcome.text)["notes"] == ["nothing that changed since main belongs to a model artifact"]

    def test_a_repository_without_a_model_is_told_so_where_everything_is_looked_at(
        self, tmp_path: Path, environment: Mapping[str, str]
    ) -> None:
        empty = Repository.create(tmp_path / "empty", environment)
        empty.write("train.py", "print('training')\n")
        assert check(empty, "--since", "0" * 40).code == 3
        empty.git("add", "--all")
        assert check(empty, "--staged").code == 0

    def test_a_path_that_never_was_is_no_place_where_nothing_changed(self, code_alone: Repository) -> None:
        for options in (["--since", "main"], ["--staged"]):
            outcome = check(code_alone, *options, "modles")
            assert outcome.code == 2
            assert "no such file or directory: modles" in outcome.text
            assert check(code_alone, *options, "models").code == 0


class TestDeletedArtifacts:
    def test_a_note_tells_what_is_gone(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", "-r", "models/fraud")
        head = repository.git("rev-parse", "HEAD")
        for report, since in ((run(repository, since="main"), "main"), (run(repository, staged=True), head[:12])):
            assert report.notes == (f"models/fraud (churn 1.2.0) is gone since {since}",)
            assert report.findings == ()
        for options in ([], ["--select", "PKL"], ["models/fraud"]):
            outcome = check(repository, "--output-format=full", "--since", "main", *options)
            assert outcome.code == 0
            assert outcome.text == (
                "note: models/fraud (churn 1.2.0) is gone since main\n"
                "Nothing that changed since main belongs to a model artifact that is still there.\n"
            )

    def test_what_moved_or_was_only_stripped_of_its_record_is_not_gone(self, repository: Repository) -> None:
        repository.git("mv", "models/fraud", "models/other")
        repository.git("rm", "--quiet", "models/churn/model-artifact.yaml")
        for report in (run(repository, since="main"), run(repository, staged=True)):
            assert [note for note in report.notes if "gone" in note] == []

    def test_nothing_is_said_of_what_was_gone_before_or_is_elsewhere(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", "-r", "models/fraud")
        assert run(repository, since="HEAD~1").notes == ()
        report = lint([str(repository.path / "models/churn")], Request(Settings(), since="main"))
        assert report.notes == ()

    def test_many_are_counted(self, repository: Repository) -> None:
        for number in range(12):
            add_model(repository, f"models/m{number:02}")
        repository.git("rm", "--quiet", "-r", "models")
        notes = run(repository, staged=True).notes
        assert len(notes) == 11
        assert notes[-1].startswith("4 more artifacts are gone since")


class TestShallowClones:
    def test_a_misspelt_name_of_what_it_has_is_a_slip(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("tag", "v1.1")
        copy = clone(repository, tmp_path / "copy", "--depth=1")
        for wrong, right in (("orgin/main", "origin/main"), ("mian~3", "main~3"), ("HAED", "HEAD"), ("", None)):
            outcome = check(copy, "--since", wrong)
            assert outcome.code == 2
            assert (f"(did you mean {right}?)" if right else "its name is empty") in outcome.text
        for revision in ("v1.2", "origin/dev", "main~3", "release"):
            (fallback,) = run(copy, since=revision).fallbacks
            assert fallback.message.startswith(f"this shallow clone does not have {revision}: fetch it with `git fetch")

    def test_the_command_that_is_named_fetches_what_was_missing(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("branch", "develop", "HEAD~1")
        for revision in ("origin/develop", "HEAD~1"):
            shallow = clone(repository, tmp_path / revision.replace("/", "-"), "--depth=1")
            (fallback,) = run(shallow, since=revision).fallbacks
            command = fallback.message.split("`")[1]
            assert "fetch-depth: 0" in fallback.message
            shallow.git(*command.split()[1:])
            report = run(shallow, since=revision)
            assert (linted(report), report.fallbacks) == (["models/fraud"], ())

    def test_a_revision_that_was_not_fetched_widens_the_run(self, repository: Repository, tmp_path: Path) -> None:
        base = repository.git("rev-parse", "HEAD~1")
        copy = clone(repository, tmp_path / "copy", "--depth=1")
        for revision in (base, "HEAD~1", "origin/develop"):
            report = run(copy, since=revision)
            assert linted(report) == BOTH
            (fallback,) = report.fallbacks
            assert fallback.message.startswith(f"this shallow clone does not have {revision}: fetch it")
        outcome = check(copy, "--since", base, "--select", "PKL")
        assert outcome.code == 0
        assert f"stderr: artifact-lint: warning: this shallow clone does not have {base}" in outcome.text

    def test_the_first_parent_of_a_merge_is_there_at_a_depth_of_two(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        repository.git("checkout", "--quiet", "-b", "feature")
        edit(repository, "models/fraud/model.json", '"2"', '"3"')
        repository.git("commit", "--quiet", "--all", "--message", "retrain")
        repository.git("checkout", "--quiet", "main")
        edit(repository, "models/churn/model-artifact.yaml", "1.2.0", "1.3.0")
        repository.git("commit", "--quiet", "--all", "--message", "meanwhile")
        repository.git("merge", "--quiet", "--no-ff", "--message", "merge", "feature")
        copy = clone(repository, tmp_path / "copy", "--depth=2")
        report = run(copy, since="HEAD^1")
        assert linted(report) == ["models/fraud"]
        assert report.fallbacks == ()
        assert len(of_rule("LIF201", report)) == 1

    def test_a_revision_fetched_by_itself_is_compared_with_and_that_is_said(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        base = repository.git("rev-parse", "HEAD~1")
        copy = clone(repository, tmp_path / "copy", "--depth=1")
        copy.git("fetch", "--quiet", "--depth=1", "origin", base)
        report = run(copy, since=base)
        assert linted(report) == ["models/fraud"]
        (fallback,) = report.fallbacks
        assert fallback.message.endswith(f"compared with {base} itself")
        assert not fallback.unseen


class TestPartialClones:
    def test_what_was_not_fetched_is_not_compared_and_that_is_said(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        repository.git("config", "uploadpack.allowFilter", "true")
        for old, new in ((6, 7), (7, 8)):
            edit(repository, "models/churn/model-artifact.yaml", f"max_depth: {old}", f"max_depth: {new}")
            repository.git("commit", "--quiet", "--all", "--message", "change")
        copy = clone(repository, tmp_path / "copy", "--filter=blob:none")
        report = run(copy, since="HEAD~1")
        assert linted(report) == ["models/churn"]
        (fallback,) = report.fallbacks
        assert fallback.message.startswith(
            "not compared with what they were: models/churn/model-artifact.yaml; git has"
        )
        assert not fallback.unseen
        copy.git("show", "HEAD~1:models/churn/model-artifact.yaml")
        report = run(copy, since="HEAD~1")
        assert report.fallbacks == ()
        assert len(of_rule("LIF201", report)) == 1

    def test_a_clone_without_trees_cannot_say_what_changed(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("config", "uploadpack.allowFilter", "true")
        copy = clone(repository, tmp_path / "copy", "--filter=tree:0")
        report = run(copy, since="HEAD~1")
        assert linted(report) == BOTH
        (fallback,) = report.fallbacks
        assert fallback.unseen


class TestPlaces:
    def test_a_second_worktree(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "second")
        second = Repository(tmp_path / "second", repository.environment)
        edit(second, "models/fraud/model.json", '"2"', '"3"')
        assert linted(run(second, since="main")) == ["models/fraud"]
        assert linted(run(second, staged=True)) == []
        second.git("add", "--all")
        report = run(second, staged=True)
        assert len(of_rule("LIF201", report)) == 1
        assert linted(run(repository, staged=True)) == []

    def test_a_submodule_is_a_repository_of_its_own(
        self, repository: Repository, tmp_path: Path, environment: Mapping[str, str]
    ) -> None:
        outer = Repository.create(tmp_path / "outer", environment)
        add_model(outer, "own")
        outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository.path), "vendor")
        outer.commit("with a submodule")
        inner = Repository(outer.path / "vendor", environment)
        edit(inner, "models/fraud/model.json", '"2"', '"3"')
        assert linted(run(inner, since="HEAD")) == ["models/fraud"]
        inner.git("add", "--all")
        assert len(of_rule("LIF201", run(inner, staged=True))) == 1
        assert linted(run(outer, staged=True)) == []

    def test_the_environment_of_an_outer_hook_is_not_taken_for_the_submodules(
        self, repository: Repository, tmp_path: Path, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        outer = Repository.create(tmp_path / "outer", environment)
        outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository.path), "vendor")
        outer.commit("with a submodule")
        monkeypatch.setenv("GIT_DIR", str(outer.path / ".git"))
        inner = Repository(outer.path / "vendor", environment)
        report = run(inner, staged=True)
        assert linted(report) == BOTH
        (fallback,) = report.fallbacks
        assert fallback.unseen
        assert "GIT_DIR names another repository" in fallback.message

    def test_no_repository_at_all(self, repository: Repository) -> None:
        remove_history(repository)
        for report in (run(repository, since="HEAD"), run(repository, staged=True)):
            assert linted(report) == BOTH
            (fallback,) = report.fallbacks
            assert fallback.message.startswith("not a git repository")
            assert fallback.unseen
        outcome = check(repository, "--since", "HEAD", "--select", "PKL")
        assert outcome.code == 2
        assert "stderr: artifact-lint: error: not a git repository" in outcome.text
        assert "what changed was not seen" in outcome.text

    def test_a_bare_repository(self, repository: Repository, tmp_path: Path) -> None:
        bare = clone(repository, tmp_path / "bare", "--bare")
        for report in (run(bare, since="HEAD~1"), run(bare, staged=True)):
            (fallback,) = report.fallbacks
            assert fallback.message.startswith("a bare repository has no")
            assert fallback.unseen

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
    def test_a_repository_of_somebody_else(self, repository: Repository) -> None:
        os.chown(repository.path, 65534, 65534)
        os.chown(repository.path / ".git", 65534, 65534)
        for report in (run(repository, since="HEAD"), run(repository, staged=True)):
            assert linted(report) == BOTH
            (fallback,) = report.fallbacks
            assert fallback.unseen
            assert f"git config --global --add safe.directory {repository.path}" in fallback.message

    def test_git_is_not_installed(self, repository: Repository, tmp_path: Path) -> None:
        for option in (["--since", "HEAD"], ["--staged"]):
            outcome = check(repository, *option, "--select", "PKL", PATH=str(tmp_path))
            assert outcome.code == 2
            assert "stderr: artifact-lint: error: git is not installed, or not on PATH." in outcome.text
            assert "2 artifacts" in outcome.text


class TestStaged:
    def test_a_conflict_is_told(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "theirs")
        repository.write("models/churn/model-artifact.yaml", "schema_version: 1\nname: theirs\n")
        repository.git("commit", "--quiet", "--all", "--message", "theirs")
        repository.git("checkout", "--quiet", "main")
        repository.write("models/churn/model-artifact.yaml", "schema_version: 1\nname: ours\n")
        repository.git("commit", "--quiet", "--all", "--message", "ours")
        assert repository.run("git", "merge", "--quiet", "theirs").code == 1
        outcome = check(repository, "--staged", "--select", "PKL")
        assert outcome.code == 0
        told = "not merged yet, and looked at as our side has it: models/churn/model-artifact.yaml"
        assert outcome.text.count(told) == 1
        assert f"stderr: artifact-lint: warning: {told}" in outcome.text

    def test_another_repository_s_index_fails_the_run(
        self, repository: Repository, tmp_path: Path, environment: Mapping[str, str]
    ) -> None:
        other = Repository.create(tmp_path / "other", environment)
        outcome = check(repository, "--staged", "--select", "PKL", GIT_INDEX_FILE=str(other.path / ".git/index"))
        assert outcome.code == 2
        assert "GIT_INDEX_FILE names an index of another repository" in outcome.text

    def test_without_either_option_standard_error_says_what_git_did_not(self, repository: Repository) -> None:
        (repository.path / ".git/index").write_bytes(b"garbage" * 10)
        for options in (["--output-format", "concise"], ["-q"], []):
            outcome = check(repository, *options)
            told = "stderr: artifact-lint: warning: what git knows of the files was not seen: git failed: "
            assert outcome.text.count("what git knows") == 1
            assert told in outcome.text

    def test_an_index_that_cannot_be_read_fails_the_run_and_shows_what_is_there(self, repository: Repository) -> None:
        repository.write("models/churn/model.pkl", "")
        (repository.path / "models/churn/model.pkl").write_bytes(b"cposix\nsystem\n(S'echo'\ntR.")
        (repository.path / ".git/index").write_bytes(b"garbage" * 10)
        outcome = check(repository, "--staged", "--select", "PKL101", "--fail-on", "never")
        assert outcome.code == 2
        assert "error[PKL101]" in outcome.text
        (told,) = [line for line in outcome.text.splitlines() if line.startswith("stderr: ")]
        assert told.startswith("stderr: artifact-lint: error: git failed: ")
        assert told.endswith("The working tree was linted; what would be committed was not seen")

    def test_before_the_first_commit_everything_staged_is_new(
        self, tmp_path: Path, environment: Mapping[str, str]
    ) -> None:
        repository = Repository.create(tmp_path / "fresh", environment)
        repository.write("churn/model-artifact.yaml", "schema_version: 1\nname: churn\n")
        repository.write("fraud/model-artifact.yaml", "schema_version: 1\nname: fraud\n")
        repository.git("add", "churn")
        report = run(repository, staged=True)
        assert linted(report) == ["churn"]
        assert report.fallbacks == ()
        assert staged_changes(repository.path).base is None

    def test_what_nobody_else_has_is_not_published(self, repository: Repository, tmp_path: Path) -> None:
        copy = clone(repository, tmp_path / "copy")
        copy.git("checkout", "--quiet", "-b", "feature")
        edit(copy, "models/churn/model-artifact.yaml", "1.2.0", "1.3.0")
        copy.git("commit", "--quiet", "--all", "--message", "the next version")
        copy.write("models/churn/model.json", OTHER_WEIGHTS)
        copy.git("add", "--all")
        assert staged_changes(copy.path).base == repository.git("rev-parse", "HEAD")
        assert of_rule("LIF201", run(copy, staged=True)) == []
        edit(copy, "models/churn/model-artifact.yaml", "1.3.0", "1.2.0")
        copy.git("add", "--all")
        assert len(of_rule("LIF201", run(copy, staged=True))) == 1

    def test_without_a_remotes_default_branch_the_upstream_says_what_is_published(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        copy = clone(repository, tmp_path / "copy")
        copy.git("remote", "set-head", "origin", "--delete")
        base = copy.git("rev-parse", "HEAD")
        copy.commit("not pushed")
        assert staged_changes(copy.path).base == base
        copy.git("branch", "--quiet", "--unset-upstream")
        assert staged_changes(copy.path).base == copy.git("rev-parse", "HEAD")


def test_what_a_filter_makes_of_a_file_is_no_change(repository: Repository) -> None:
    repository.write(".gitattributes", "*.json filter=secret\n")
    repository.git("config", "filter.secret.clean", "tr 0-9 a-j")
    repository.git("config", "filter.secret.smudge", "tr a-j 0-9")
    repository.git("config", "filter.secret.required", "true")
    repository.git("add", "--renormalize", ".")
    repository.git("add", "--all")
    repository.commit("encrypt")
    for name in ("churn", "fraud"):
        os.utime(repository.path / "models" / name / "model.json", (1, 1))
    edit(repository, "models/churn/model-artifact.yaml", "who leave", "who leave us")
    report = run(repository, since="HEAD")
    assert linted(report) == BOTH
    assert of_rule("LIF201", report) == []
