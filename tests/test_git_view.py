"""What git knows of the files: asked of the real git, in every kind of repository that git can make."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository, needs
from git_models import MANIFEST, OTHER_WEIGHTS, WEIGHTS, add_model, clone, edit, isolate, of_rule, run
from rule_cases import RULES

from artifact_lint.engine import Request, lint
from artifact_lint.git_view import GitView
from artifact_lint.model import DigestState, Severity
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from artifact_lint.model.report import Report

DIRECTORY = "models/churn"
RECORD = f"{DIRECTORY}/model-artifact.yaml"
MODEL = f"{DIRECTORY}/model.json"
LFS = "*.json filter=lfs diff=lfs merge=lfs -text\n"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    environment = isolate(monkeypatch, HOME=str(tmp_path))
    return Repository.create(tmp_path / "work", environment)


@pytest.fixture
def repository(empty: Repository) -> Repository:
    add_model(empty)
    return empty


@pytest.fixture
def stored(empty: Repository) -> Repository:
    """A model whose weights git-LFS keeps."""
    empty.git("lfs", "install", "--local")
    empty.write(".gitattributes", LFS)
    add_model(empty)
    assert empty.git("cat-file", "blob", f"HEAD:{MODEL}").startswith("version https://git-lfs")
    return empty


def view(repository: Repository, *, staged: bool = False) -> GitView:
    return GitView(repository.path, staged=staged)


def said(report: Report, *families: str) -> list[str]:
    """The findings of some families, each as `CODE message`."""
    return [f"{found.code} {found.message}" for found in report.findings if found.code.startswith(families)]


def settled(repository: Repository) -> None:
    """Make git trust the times in its index: it looks at the content of what is as young as the index itself."""
    index = repository.path / ".git" / "index"
    later = index.stat().st_mtime + 10
    os.utime(index, (later, later))


def overwritten(repository: Repository, path: str, data: bytes) -> None:
    """Other bytes of the same length at a path, with times that say nothing happened, as a bad disk leaves them."""
    place = repository.path / path
    assert len(data) == place.stat().st_size
    repository.git("config", "core.trustctime", "false")
    times = place.stat()
    with place.open("r+b") as file:
        file.write(data)
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    settled(repository)


class TestView:
    def test_what_the_index_holds_is_tracked_before_and_after_the_commit(self, empty: Repository) -> None:
        for name in ("a.bin", "größe.bin", "with space.bin", "tab\tand\nline.bin"):
            empty.write(name, name)
        assert view(empty).is_tracked("a.bin") is False
        empty.git("add", "--all")
        empty.write("later.bin", "x")
        for name in ("a.bin", "größe.bin", "with space.bin", "tab\tand\nline.bin"):
            assert view(empty).is_tracked(name) is True
        assert view(empty).is_tracked("later.bin") is False
        empty.commit()
        assert view(empty).is_tracked("a.bin") is True

    @pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names there are text")
    def test_a_name_that_is_no_text_is_tracked(self, empty: Repository) -> None:
        name = os.fsdecode(b"caf\xe9.bin")
        (empty.path / name).write_bytes(b"x")
        empty.git("add", "--all")
        assert view(empty).is_tracked(name) is True

    def test_renamed_deleted_and_unstaged_files_are_what_the_index_says(self, repository: Repository) -> None:
        repository.git("mv", MODEL, f"{DIRECTORY}/other.json")
        assert view(repository).is_tracked(MODEL) is False
        assert view(repository).is_tracked(f"{DIRECTORY}/other.json") is True
        (repository.path / DIRECTORY / "other.json").unlink()
        assert view(repository).is_tracked(f"{DIRECTORY}/other.json") is True
        assert view(repository).is_modified(f"{DIRECTORY}/other.json")
        repository.git("rm", "--quiet", "--cached", f"{DIRECTORY}/other.json")
        assert view(repository).is_tracked(f"{DIRECTORY}/other.json") is False

    def test_a_conflict_is_tracked(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "side")
        repository.write(MODEL, OTHER_WEIGHTS)
        repository.git("commit", "--quiet", "--all", "--message", "ours")
        repository.git("checkout", "--quiet", "main")
        repository.write(MODEL, WEIGHTS + "\n")
        repository.git("commit", "--quiet", "--all", "--message", "theirs")
        assert repository.run("git", "merge", "side").code != 0
        assert view(repository).is_tracked(MODEL) is True

    def test_the_line_that_ignores_a_file_is_known(self, repository: Repository, tmp_path: Path) -> None:
        repository.write(".gitignore", "# weights\n*.bin\n!kept.bin\n")
        repository.write("deep/.gitignore", "own.txt\n")
        (repository.path / ".git" / "info" / "exclude").write_text("private.*\n", "utf-8")
        (tmp_path / "everywhere").write_text("*.swp\n", "utf-8")
        repository.git("config", "core.excludesFile", str(tmp_path / "everywhere"))
        seen = view(repository)
        found = {
            name: (fact.origin.path, fact.origin.line, fact.value) if (fact := seen.ignored_by(name)) else None
            for name in ("a.bin", "kept.bin", "deep/own.txt", "private.json", "x.swp", "deep/own.bin", "plain.txt")
        }
        assert found == {
            "a.bin": (".gitignore", 2, "*.bin"),
            "kept.bin": None,
            "deep/own.txt": ("deep/.gitignore", 1, "own.txt"),
            "private.json": (".git/info/exclude", 1, "private.*"),
            "x.swp": (str(tmp_path / "everywhere"), 1, "*.swp"),
            "deep/own.bin": (".gitignore", 2, "*.bin"),
            "plain.txt": None,
        }

    def test_attributes_count_wherever_git_reads_them(self, repository: Repository) -> None:
        assert view(repository).is_under_lfs(MODEL) is False
        repository.write("models/.gitattributes", "*.json filter=lfs\n")
        assert view(repository).is_under_lfs(MODEL) is True
        assert view(repository, staged=True).is_under_lfs(MODEL) is False
        repository.git("add", "models/.gitattributes")
        assert view(repository, staged=True).is_under_lfs(MODEL) is True
        repository.write("models/churn/.gitattributes", "model.json -filter\n")
        assert view(repository).is_under_lfs(MODEL) is False
        (repository.path / ".git" / "info" / "attributes").write_text("[attr]big filter=lfs\n*.json big\n", "utf-8")
        assert view(repository).is_under_lfs(MODEL) is True

    def test_files_are_asked_about_together(self, stored: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        paths = [f"models/m{number}.json" for number in range(40)]
        for number, path in enumerate(paths):
            stored.write(path, f'{{"{number}": 0}}')
        stored.git("add", "--all")
        started = counted(stored, monkeypatch)
        seen = view(stored)
        seen.expect((path, 10) for path in paths)
        assert all(seen.is_tracked(path) and seen.is_under_lfs(path) and seen.pointer(path) for path in paths)
        assert started() == ["cat-file", "cat-file", "check-attr", "ls-files"]

    @pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
    def test_a_path_through_a_linked_directory_is_that_of_the_file(self, repository: Repository) -> None:
        (repository.path / "current").symlink_to("models/churn")
        (repository.path / "outside").symlink_to(repository.path.parent)
        repository.git("add", "--all")
        seen = view(repository)
        assert seen.is_tracked("current/model.json") is True
        assert seen.is_tracked("current/nothing.json") is False
        assert seen.is_tracked("outside/anything") is None

    def test_a_repository_within_is_asked_about_its_own_files(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        outer = Repository.create(tmp_path / "outer", repository.environment)
        outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository.path), "sub")
        outer.write(".gitignore", "*.tmp\n")
        (outer.path / "sub" / "models" / "x.tmp").write_bytes(b"")
        monkeypatch.setenv("GIT_DIR", str(outer.path / ".git"))
        seen = view(outer)
        assert seen.is_tracked(f"sub/{MODEL}") is True
        assert seen.is_tracked("sub/models/x.tmp") is False
        assert seen.ignored_by("sub/models/x.tmp") is None
        assert seen.is_tracked(".gitmodules") is True
        assert seen.trouble is None

    def test_nothing_is_known_outside_of_repositories(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        seen = GitView(tmp_path)
        assert seen.is_tracked("a") is None
        assert list(seen.tracked_paths()) == []
        assert seen.pointer("a") is None
        assert seen.ignored_by("a") is None
        assert seen.blob_size("a") is None
        assert seen.trouble is None

    @pytest.mark.parametrize("damage", ["index", "config", "HEAD"])
    def test_a_damaged_repository_is_a_trouble_and_no_failure(self, repository: Repository, damage: str) -> None:
        (repository.path / ".git" / damage).write_bytes(b"\xff\x00 garbage")
        seen = view(repository)
        assert seen.is_tracked(MODEL) is None
        assert seen.is_under_lfs(MODEL) is False
        assert seen.pointer(MODEL) is None
        assert seen.trouble
        assert "\n" not in seen.trouble

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
    def test_attributes_that_are_no_file_keep_nobody_waiting(self, repository: Repository) -> None:
        os.mkfifo(repository.path / "models" / ".gitattributes")
        assert view(repository).is_under_lfs(MODEL) is False


def counted(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> _Count:
    """Put a git first on PATH that notes what it is asked, and asks the real one."""
    place = repository.path.parent / "counted"
    place.mkdir()
    log = place / "log"
    shim = place / "git"
    shim.write_text(f'#!/bin/sh\necho "$@" >>"{log}"\nexec "{shutil.which("git")}" "$@"\n', "utf-8")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return _Count(log)


class _Count:
    def __init__(self, log: Path) -> None:
        self._log = log

    def __call__(self) -> list[str]:
        """The git commands that were started, sorted."""
        if not self._log.exists():
            return []
        lines = self._log.read_text("utf-8").splitlines()
        return sorted(
            next(w for i, w in enumerate(words) if i % 2 == 0 and w != "-c") for words in map(str.split, lines)
        )


class TestPlainRun:
    def test_a_run_in_a_repository_starts_git_once(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started = counted(repository, monkeypatch)
        run(repository)
        assert started() == ["ls-files"]

    def test_a_run_that_asks_nothing_starts_no_git(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started = counted(repository, monkeypatch)
        lint([str(repository.path)], Request(Settings(ignore=("GIT",))))
        assert started() == []

    def test_gitpython_is_not_imported(self, repository: Repository) -> None:
        program = (
            "import sys; from artifact_lint.engine import *; from artifact_lint.settings import Settings; "
            "lint(['.'], Request(Settings())); sys.exit('git.cmd' in sys.modules)"
        )
        outcome = repository.run(sys.executable, "-c", program)
        assert outcome.code == 0, outcome.text

    def test_without_git_a_line_says_what_was_not_seen(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        repository.git("rm", "--quiet", "--cached", MODEL)
        monkeypatch.setenv("PATH", str(tmp_path))
        report = run(repository)
        assert said(report, "GIT") == []
        assert report.notes == ("what git knows of the files was not seen: git is not installed, or not on PATH",)

    def test_outside_of_a_repository_no_line_is_needed(self, repository: Repository) -> None:
        shutil.rmtree(repository.path / ".git")
        report = run(repository)
        assert said(report, "GIT") == []
        assert report.notes == ()

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
    def test_a_repository_of_somebody_else_is_said_to_be_refused(self, repository: Repository) -> None:
        for place in (repository.path, *repository.path.rglob("*")):
            os.chown(place, 54321, 54321)
        (note,) = run(repository).notes
        assert note.startswith(
            f"what git knows of the files was not seen: git refuses the repository at {repository.path}"
        )
        assert f"git config --global --add safe.directory {repository.path}" in note

    def test_a_worktree_has_an_index_of_its_own(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("worktree", "add", "--quiet", str(tmp_path / "other"))
        other = Repository(tmp_path / "other", repository.environment)
        assert said(run(other), "GIT", "SUM101") == []
        other.git("rm", "--quiet", "--cached", MODEL)
        assert said(run(other), "GIT") == ["GIT003 model.json is not in git: nobody added it"]
        assert said(run(repository), "GIT") == []

    def test_what_a_sparse_checkout_leaves_out_is_elsewhere_and_not_missing(self, repository: Repository) -> None:
        repository.git("sparse-checkout", "set", "--no-cone", "/*", f"!{MODEL}")
        assert not (repository.path / MODEL).exists()
        assert said(run(repository), "MAN005", "GIT", "SUM1") == ["SUM107 the bytes of model.json were not checked"]

    def test_a_hook_in_a_directory_below_looks_at_the_same_index(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository.git("rm", "--quiet", "--cached", MODEL)
        monkeypatch.chdir(repository.path / "models")
        monkeypatch.setenv("GIT_DIR", "../.git")
        monkeypatch.setenv("GIT_INDEX_FILE", "../.git/index")
        report = lint(["churn"], Request(Settings()))
        assert said(report, "GIT") == ["GIT003 model.json is not in git: nobody added it"]
        assert report.notes == ()

    def test_no_program_of_the_repository_is_run(self, stored: Repository) -> None:
        mark = stored.path.parent / "it-ran"
        for key in (
            "filter.lfs.clean",
            "filter.lfs.smudge",
            "filter.lfs.process",
            "core.fsmonitor",
            "diff.lfs.command",
        ):
            stored.git("config", key, f"touch '{mark}'; cat")
        stored.git("config", "diff.lfs.textconv", f"touch '{mark}'; cat")
        (stored.path / MODEL).write_bytes(OTHER_WEIGHTS.encode())
        edit(stored, RECORD, "format: json", "format: json, size: 9")
        stored.write("ignored.json", "{}")
        assert run(stored).artifacts
        overwritten(stored, MODEL, WEIGHTS.replace("2", "4").encode())
        run(stored)
        assert not mark.exists()


class TestPointersOfTheIndex:
    pytestmark = needs("git-lfs")

    def test_a_smudged_file_is_what_its_pointer_says(self, stored: Repository) -> None:
        report = run(stored)
        assert said(report, "GIT", "SUM101") == []
        assert [file.digest_state for file in report.artifacts[0].files] == [DigestState.POINTER]

    def test_changed_bytes_that_git_does_not_see_are_a_mismatch(self, stored: Repository) -> None:
        overwritten(stored, MODEL, OTHER_WEIGHTS.encode())
        assert stored.git("diff-files", "--name-only") == ""
        (finding,) = of_rule("SUM101", run(stored))
        assert finding.severity is Severity.ERROR
        assert finding.message.endswith(" as the git-LFS pointer in the index says")
        assert finding.origin.path == MODEL

    def test_an_object_that_was_damaged_where_git_lfs_keeps_it_is_a_mismatch(
        self, stored: Repository, tmp_path: Path
    ) -> None:
        copy = clone(stored, tmp_path / "copy", "--no-checkout")
        copy.git("lfs", "install", "--local")
        (kept,) = [place for place in (stored.path / ".git" / "lfs" / "objects").rglob("*") if place.is_file()]
        target = copy.path / kept.relative_to(stored.path)
        target.parent.mkdir(parents=True)
        target.write_bytes(OTHER_WEIGHTS.encode())
        copy.git("checkout", "--quiet")
        settled(copy)
        assert (copy.path / MODEL).read_text("utf-8") == OTHER_WEIGHTS
        assert len(of_rule("SUM101", run(copy))) == 1

    def test_a_file_that_somebody_works_on_is_no_mismatch(self, stored: Repository) -> None:
        stored.write(MODEL, OTHER_WEIGHTS)
        report = run(stored)
        assert said(report, "SUM101") == []
        assert said(report, "GIT") == [
            f"GIT005 {MODEL} was changed since it was staged, and {RECORD}, which describes it, was not"
        ]
        edit(stored, RECORD, "max_depth: 6", "max_depth: 7")
        assert said(run(stored), "GIT", "SUM101") == []
        stored.git("add", "--all")
        assert said(run(stored), "GIT", "SUM101") == []

    def test_a_file_that_git_was_told_not_to_look_at_is_no_mismatch(self, stored: Repository) -> None:
        stored.git("update-index", "--assume-unchanged", MODEL)
        stored.write(MODEL, OTHER_WEIGHTS)
        assert said(run(stored), "SUM101") == []

    def test_a_copy_whose_times_are_all_new_is_fine(self, stored: Repository, tmp_path: Path) -> None:
        shutil.copytree(stored.path, tmp_path / "copy", copy_function=shutil.copyfile)
        assert said(run(Repository(tmp_path / "copy", stored.environment)), "GIT", "SUM101") == []

    def test_a_checkout_without_the_bytes_is_judged_by_its_pointers(self, stored: Repository, tmp_path: Path) -> None:
        copy = clone(stored, tmp_path / "copy")
        assert (copy.path / MODEL).read_text("utf-8").startswith("version https://git-lfs")
        assert said(run(copy), "GIT", "SUM1") == [
            "SUM107 the bytes of model.json were not checked (only the git-LFS pointer is here)"
        ]
        edit(copy, RECORD, "format: json", f'format: json, digest: "sha256:{"ab" * 32}"')
        (finding,) = of_rule("SUM101", run(copy))
        assert "according to its git-LFS pointer" in finding.message

    def test_a_pointer_of_another_size_is_a_mismatch(self, stored: Repository, tmp_path: Path) -> None:
        copy = clone(stored, tmp_path / "copy")
        size = len(WEIGHTS)
        edit(copy, MODEL, f"size {size}", f"size {size + 1}")
        edit(copy, RECORD, "format: json", f"format: json, size: {size}")
        assert len(of_rule("SUM105", run(copy))) == 1

    def test_the_files_of_a_run_are_asked_about_together(
        self, stored: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(5):
            add_model(stored, f"models/m{number}", MANIFEST.replace("churn", f"churn-{number}"))
        started = counted(stored, monkeypatch)
        report = run(stored)
        assert len(report.artifacts) == 6
        assert started() == ["cat-file", "cat-file", "check-attr", "ls-files"]

    def test_a_raw_blob_is_a_finding_until_it_is_added_again(self, empty: Repository) -> None:
        empty.write(".gitattributes", LFS)
        add_model(empty)
        assert [code.split()[0] for code in said(run(empty), "GIT")] == ["GIT002"]
        empty.git("lfs", "install", "--local")
        empty.git("add", "--renormalize", MODEL)
        assert said(run(empty), "GIT") == []

    def test_a_pointer_that_no_filter_covers_is_a_finding_until_one_does(
        self, stored: Repository, tmp_path: Path
    ) -> None:
        copy = clone(stored, tmp_path / "copy")
        pointer = (copy.path / MODEL).read_text()
        assert pointer.startswith("version https://git-lfs")
        assert said(run(copy), "GIT") == []
        copy.git("rm", "--quiet", ".gitattributes")
        copy.git("commit", "--quiet", "--message", "Forget the filter")
        (finding,) = of_rule("GIT002", run(copy))
        assert "is a git-LFS pointer in git, and no filter=lfs covers it" in finding.message
        copy.write(".gitattributes", LFS)
        assert said(run(copy), "GIT") == []

    def test_a_pointer_that_git_does_not_track_is_nobodys_concern(self, empty: Repository) -> None:
        add_model(empty)
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12\n"
        empty.write(f"models/new/{Path(MODEL).name}", pointer)
        empty.write("models/new/model-artifact.yaml", MANIFEST)
        assert said(run(empty), "GIT") == []

    def test_an_empty_file_is_its_own_pointer(self, stored: Repository) -> None:
        stored.write(MODEL, "")
        stored.git("add", "--all")
        assert stored.git("cat-file", "-s", f":{MODEL}") == "0"
        assert said(run(stored), "GIT") == []


class TestNamedFiles:
    def test_a_record_that_is_not_added_either_is_work_in_progress(self, empty: Repository) -> None:
        add_model(empty)
        empty.git("rm", "--quiet", "--cached", "-r", ".")
        assert said(run(empty), "GIT") == []
        empty.git("add", RECORD)
        assert said(run(empty), "GIT") == ["GIT003 model.json is not in git: nobody added it"]

    def test_an_ignored_file_is_told_with_the_line(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", "--cached", MODEL)
        repository.write(".gitignore", "*.tmp\nmodels/**/*.json\n")
        (finding,) = of_rule("GIT003", run(repository))
        assert finding.message == "model.json is not in git: .gitignore:2 ignores it (`models/**/*.json`)"
        assert [(one.origin.path, one.origin.line) for one in finding.related] == [(".gitignore", 2)]
        assert "git add -f models/churn/model.json" in finding.help

    def test_a_file_that_was_added_against_the_ignoring_line_is_fine(self, repository: Repository) -> None:
        repository.write(".gitignore", "*.json\n")
        assert said(run(repository), "GIT") == []

    @pytest.mark.parametrize("ignored", [False, True])
    def test_of_the_index_a_file_that_is_only_in_the_working_tree_is_told_once(
        self, repository: Repository, *, ignored: bool
    ) -> None:
        repository.git("rm", "--quiet", "--cached", MODEL)
        repository.write(".gitignore", "model.json\n" if ignored else "")
        reason = ".gitignore:1 ignores it (`model.json`)" if ignored else "nobody added it"
        assert said(run(repository, staged=True), "GIT", "MAN005") == [f"GIT003 model.json is not in git: {reason}"]
        (repository.path / MODEL).unlink()
        assert said(run(repository, staged=True), "GIT", "MAN005") == ["MAN005 model.json is not there"]

    def test_of_the_index_a_file_of_which_only_the_name_was_added_is_not_there(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", "--cached", MODEL)
        repository.git("add", "--intent-to-add", MODEL)
        assert said(run(repository, staged=True), "GIT", "MAN005") == [
            "GIT003 model.json is not in git: only its name was added"
        ]

    def test_shards_that_only_the_working_tree_has_are_told_together(self, repository: Repository) -> None:
        shutil.copytree(RULES / "SUM108" / "good", repository.path / "sharded")
        repository.git("add", "--all")
        shards = [place.relative_to(repository.path) for place in (repository.path / "sharded").rglob("*-of-*")]
        repository.git("rm", "--quiet", "--cached", *map(str, shards))
        codes = [code.split()[0] for code in said(run(repository, staged=True), "GIT", "MAN005", "SUM108")]
        assert codes == ["GIT003"]
        assert [code.split()[0] for code in said(run(repository), "GIT")] == ["GIT003"]

    @pytest.mark.parametrize("out", ["model.json", "."])
    def test_what_dvc_keeps_is_meant_to_be_ignored(self, repository: Repository, out: str) -> None:
        repository.git("rm", "--quiet", "--cached", MODEL)
        path, record = (DIRECTORY, "models/churn.dvc") if out == "." else (MODEL, f"{MODEL}.dvc")
        md5 = "d41d8cd98f00b204e9800998ecf8427e" + (".dir" if out == "." else "")
        repository.write(record, f"outs:\n- md5: {md5}\n  hash: md5\n  path: {Path(path).name}\n")
        repository.write(".gitignore", f"/{MODEL}\n")
        repository.git("add", "--all")
        assert said(run(repository), "GIT") == []
        assert said(lint([str(repository.path / DIRECTORY)], Request(Settings())), "GIT") == []

    def test_a_guess_is_no_error(self, empty: Repository) -> None:
        shutil.copytree(RULES / "CMP103" / "bad-sidecar", empty.path / "model")
        empty.git("add", "--all")
        empty.git("rm", "--quiet", "--cached", "model/churn.safetensors")
        findings = of_rule("GIT003", run(empty))
        assert [found.severity for found in findings if found.severity is Severity.ERROR] == []


class TestWhatDoesNotBelong:
    def test_the_limit_is_that_of_the_blob_and_can_be_set(self, repository: Repository) -> None:
        options = Settings().options
        settings = Settings(options=type(options)(largest_blob=len(WEIGHTS) - 1))
        assert len(of_rule("GIT001", lint([str(repository.path)], Request(settings)))) == 1
        settings = Settings(options=type(options)(largest_blob=len(WEIGHTS)))
        assert of_rule("GIT001", lint([str(repository.path)], Request(settings))) == []
        repository.write(MODEL, WEIGHTS + " " * 100)
        assert of_rule("GIT001", lint([str(repository.path)], Request(settings))) == []

    def test_fifty_mebibytes_are_still_fine(self, repository: Repository) -> None:
        with (repository.path / MODEL).open("r+b") as file:
            file.truncate(50 << 20)
        repository.git("-c", "core.compression=0", "add", MODEL)
        assert of_rule("GIT001", run(repository)) == []
        with (repository.path / MODEL).open("r+b") as file:
            file.truncate((50 << 20) + 1)
        repository.git("-c", "core.compression=0", "add", MODEL)
        (finding,) = of_rule("GIT001", run(repository))
        assert finding.severity is Severity.WARNING
        assert finding.message == f"{Path(MODEL).name} is in git itself: 52,428,801 bytes, more than 52,428,800"

    def test_a_tracking_database_is_told_once(self, repository: Repository) -> None:
        add_model(repository, "models/other", MANIFEST.replace("churn", "other"))
        database = sqlite3.connect(repository.path / "mlflow.db")
        with database:
            database.execute("CREATE TABLE runs (run_uuid TEXT)")
        database.close()
        assert of_rule("GIT004", run(repository)) == []
        repository.git("add", "mlflow.db")
        (finding,) = of_rule("GIT004", run(repository))
        assert (finding.origin.path, finding.artifact, finding.severity) == ("mlflow.db", "mlflow.db", Severity.NOTE)

    def test_a_directory_that_is_only_called_mlruns_is_no_store(self, repository: Repository) -> None:
        repository.write("docs/mlruns/README.md", "about mlruns")
        repository.write("mlruns.py", "")
        repository.git("add", "--all")
        assert of_rule("GIT004", run(repository)) == []
