"""What is asked of git: listings, blobs, changed paths. The only module that imports GitPython."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import tempfile
from dataclasses import replace
from io import BytesIO
from typing import IO, TYPE_CHECKING, BinaryIO, Self

from artifact_lint.git_blobs import BlobProcess
from artifact_lint.git_environment import (
    ENVIRONMENT,
    LOCATIONS,
    NOT_INSTALLED,
    SETTINGS,
    SILENT,
    GitError,
    explained,
    find_repository,
    find_root,
    inherited,
    without_programs,
)
from artifact_lint.git_output import Blob, attributes, ended, lines, listed, names, sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from git.cmd import Git

__all__ = ["Blob", "GitError", "Repository", "ask", "find_repository", "find_root", "head_commit", "open_repository"]


class Repository:
    """A repository, seen from one directory in it: every path is relative to that directory.

    Close it after use: one git process stays open to hand out blobs.
    """

    def __init__(self, root: Path, command: Git, settings: tuple[str, ...] = SETTINGS) -> None:
        self.root = root
        self._command = command
        self._settings = settings
        self._blobs = BlobProcess(command, settings)
        self._missing: dict[str, set[str]] = {}

    def run(self, *arguments: str, given: BinaryIO | None = None) -> bytes:
        """The output of a git command.

        Raises:
            GitError: git is not there, or reports a failure.
        """
        from git.exc import GitCommandError, GitCommandNotFound  # noqa: PLC0415  GitPython takes 90 ms to import

        try:
            return self._command.execute(
                ["git", *self._settings, *arguments],
                istream=given,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except GitCommandNotFound:
            raise GitError(NOT_INSTALLED) from None
        except GitCommandError as error:
            raise GitError(explained(str(error.stderr), self.root)) from None
        except OSError as error:
            raise GitError(f"git cannot be started in {self.root}: {error.strerror or error}") from None

    def commit(self, revision: str) -> str:
        """The full id of the commit that a revision names.

        Raises:
            GitError: There is no such commit.
        """
        return self.object_id(revision, "commit")

    def object_id(self, revision: str, kind: str) -> str:
        """The full id of what a revision names, which is of a kind: `commit`, `tree`, or any `object`.

        Raises:
            GitError: There is no such object, or it is of another kind.
        """
        try:
            output = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{{kind}}}")
        except GitError as error:
            if str(error) != SILENT and f"expected {kind} type" not in str(error):
                raise
            raise GitError(f"no such revision: {revision.strip() or 'its name is empty'}") from None
        found = output.decode("ascii").strip()
        if found.startswith("^"):
            raise GitError(f"no such revision: {revision}")
        return found

    def index(self) -> list[Blob]:
        """The files of the index with their sizes; of a conflict, our side.

        Raises:
            GitError: The index cannot be read.
        """
        if self.is_bare():
            raise GitError(f"a bare repository has no index: {self.root}; name a revision instead")
        blobs: dict[str, Blob] = {}
        for record in self.run("ls-files", "--stage", "-z", "--", ".").split(b"\0"):
            meta, tab, name = record.partition(b"\t")
            if not tab:
                continue
            mode, oid, stage = meta.decode("ascii").split()
            if stage in ("0", "2"):
                path = os.fsdecode(name)
                blobs[path] = Blob(path, oid, mode)
        known = self._sizes({blob.oid for blob in blobs.values() if _is_file(blob.mode)})
        empty = {blob.path for blob in blobs.values() if known.get(blob.oid) == 0}
        if empty:
            for path in empty.difference(self._to_be_committed()):
                del blobs[path]
        return [Blob(blob.path, blob.oid, blob.mode, known.get(blob.oid)) for blob in blobs.values()]

    def tree(self, commit: str, directories: Iterable[str] = (), *, recursive: bool = True) -> list[Blob]:
        """The files of a commit, or of some directories of it, with their sizes; None for a blob that is not here.

        Without `recursive` directories are listed in place of what is in them.

        Raises:
            GitError: The commit cannot be read.
        """
        options = ["-r", "-z"] if recursive else ["-z"]
        places = [f"./{directory}" for directory in directories] or ["."]
        try:
            return listed(self.run("ls-tree", "-l", *options, commit, "--", *places))
        except GitError:  # A partial clone lacks blobs of the commit, and then git cannot say how large any of them is.
            return self._with_sizes(commit, listed(self.run("ls-tree", *options, commit, "--", *places)))

    def _with_sizes(self, commit: str, blobs: list[Blob]) -> list[Blob]:
        """The files of a commit with the sizes of those that are here: git stops at the first one that is not."""
        if commit not in self._missing:
            walked = self.run("rev-list", "--objects", "--no-walk", "--missing=print", commit).splitlines()
            self._missing[commit] = {line[1:].decode("ascii") for line in walked if line.startswith(b"?")}
        known = self._sizes({blob.oid for blob in blobs if _is_blob(blob.mode)} - self._missing[commit])
        return [replace(blob, size=known.get(blob.oid)) for blob in blobs]

    def has_commit(self) -> bool:
        """Whether anything has been committed where we are."""
        return self._answers("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    def is_bare(self) -> bool:
        """Whether there is no working tree, and no index either."""
        return self.run("rev-parse", "--is-inside-work-tree").strip() != b"true"

    def is_shallow(self) -> bool:
        """Whether the history was cut off when it was fetched."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def references(self) -> list[str]:
        """The names of all branches and tags, as people write them."""
        return self.run("for-each-ref", "--format=%(refname:short)").decode("utf-8", "replace").splitlines()

    def remotes(self) -> list[str]:
        """The names of the repositories that this one fetches from."""
        return self.run("remote").decode("utf-8", "replace").splitlines()

    def merge_base(self, commit: str, tip: str = "HEAD") -> str | None:
        """Where the work on HEAD, or on another tip, left a commit; None where git knows of no such place.

        Raises:
            GitError: The commit cannot be read.
        """
        if tip == "HEAD" and not self.has_commit():
            return None
        try:
            return self.run("merge-base", commit, tip).decode("ascii").split()[0]
        except GitError as error:
            if str(error) != SILENT:
                raise
            return None

    def staged(self) -> list[str]:
        """The paths that the index changes against HEAD, deleted ones included; all of them before the first commit.

        Raises:
            GitError: The index cannot be read.
        """
        return names(self.run("diff", "--cached", *_DIFF_OPTIONS, "--", "."))

    def unmerged(self) -> list[str]:
        """The paths of which the index holds several sides of a merge.

        Raises:
            GitError: The index cannot be read.
        """
        records = names(self.run("ls-files", "--unmerged", "-z", "--", "."))
        return list(dict.fromkeys(record.partition("\t")[2] for record in records))

    def unstaged(self) -> list[str]:
        """The paths that the working tree changes against the index, as far as times and sizes tell.

        Raises:
            GitError: The index cannot be read.
        """
        return names(self.run("diff-files", *_DIFF_OPTIONS, "--", "."))

    def changed(self, commit: str) -> list[str]:
        """The paths that differ between a commit and the working tree.

        Committed, staged, unstaged, untracked and deleted files count alike.

        No filter runs, so git cannot compare the content of a file that one transforms with what was committed. Git LFS
        files are compared with their pointers here. A file of another filter counts as changed wherever git cannot
        trust its time stamp, as in a fresh clone: more is linted then, never less.

        Raises:
            GitError: The commit, the index or the working tree cannot be read.
        """
        changed = set(names(self.run("diff", *_DIFF_OPTIONS, commit, "--", ".")))
        recorded = set(names(self.run("diff", "--cached", *_DIFF_OPTIONS, commit, "--", ".")))
        changed -= _as_their_pointers_say(self, commit, changed - recorded)
        untracked = names(self.run("ls-files", "--others", "--exclude-standard", "-z", "--", "."))
        return sorted({*changed, *untracked})

    def changed_between(self, base: str, commit: str) -> list[str]:
        """The paths that differ between two commits, deleted ones included.

        Raises:
            GitError: A commit, or a tree of it, is not there.
        """
        return names(self.run("diff", *_DIFF_OPTIONS, base, commit, "--", "."))

    def uncertain(self, commit: str, changed: Iterable[str]) -> set[str]:
        """Those of the changed paths of which git cannot say whether they changed.

        Their content goes through a filter other than that of Git LFS, and what is staged of them is what a commit has.

        Raises:
            GitError: The commit or the index cannot be read.
        """
        recorded = names(self.run("diff", "--cached", *_DIFF_OPTIONS, commit, "--", "."))
        asked = sorted(set(changed).difference(recorded))
        if not asked:
            return set()
        with tempfile.TemporaryFile() as wanted:
            wanted.write(ended(asked))
            wanted.seek(0)
            filters = attributes(self.run("check-attr", "--stdin", "-z", "filter", given=wanted))
        unfiltered = {"unspecified", "unset", "lfs"}
        return {path for path, values in filters.items() if values["filter"] not in unfiltered}

    def _answers(self, *question: str) -> bool:
        try:
            self.run(*question)
        except GitError as error:
            if str(error) != SILENT:
                raise
            return False
        return True

    def copy_blob(self, oid: str, target: IO[bytes]) -> None:
        """Write a blob's content to a file, through the one process that stays open.

        Raises:
            GitError: The blob is not there.
        """
        self._blobs.copy(oid, target)

    def close(self) -> None:
        """End the process that hands out blobs; it starts again when it is needed."""
        self._blobs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _to_be_committed(self) -> list[str]:
        """The paths of the index without those of `git add --intent-to-add`, which it holds as empty files."""
        empty_tree = self.run("hash-object", "-t", "tree", "--stdin").decode("ascii").strip()
        return names(self.run("diff", "--cached", "--ita-invisible-in-index", *_DIFF_OPTIONS, empty_tree, "--", "."))

    def _sizes(self, oids: Iterable[str]) -> dict[str, int]:
        with tempfile.TemporaryFile() as wanted:
            wanted.write(lines(oids))
            wanted.seek(0)
            return sizes(self.run("cat-file", "--batch-check", given=wanted))


def ask(
    root: Path, *arguments: str, given: bytes = b"", nested: bool = False, environment: Mapping[str, str] | None = None
) -> bytes:
    """The output of a git command that only reads the repository, without GitPython, which takes 90 ms to import.

    No filter is emptied here as `open_repository` does it: ask nothing that would run one. `nested` is for a repository
    within the one that is linted, which is the one that the environment of a hook is about. `environment` comes on top.

    Raises:
        GitError: git is not there, or reports a failure.
    """
    variables = {name: value for name, value in os.environ.items() if name not in LOCATIONS}
    variables |= {"LANGUAGE": "C", "LC_ALL": "C", **ENVIRONMENT, **({} if nested else inherited(root))}
    variables |= environment or {}
    command = ["git", *SETTINGS, *arguments]
    try:
        done = subprocess.run(  # noqa: S603  no shell, and arguments of our own
            command, cwd=root, env=variables, input=given, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise GitError(NOT_INSTALLED) from None
    except OSError as error:
        raise GitError(f"git cannot be started in {root}: {error.strerror or error}") from None
    if done.returncode:
        raise GitError(explained(done.stderr.decode("utf-8", "replace"), root))
    return done.stdout


def open_repository(path: Path) -> Repository:
    """The repository that a directory lies in.

    Raises:
        GitError: git is not installed, there is no repository, or git refuses to work in it.
    """
    if not path.is_dir():
        raise GitError(f"no such directory: {path}")
    try:
        from git.cmd import Git  # noqa: PLC0415  GitPython takes 90 ms to import
    except ImportError as error:
        reason = NOT_INSTALLED if "executable" in str(error) else f"GitPython cannot be imported: {error}"
        raise GitError(reason) from None
    root = path.absolute()
    command = Git(str(root))
    command.update_environment(**ENVIRONMENT, **inherited(root))
    repository = Repository(root, command)
    repository.run("rev-parse", "--git-dir")
    configured = repository.run("config", "--list", "--name-only", "-z")
    return Repository(root, command, (*SETTINGS, *without_programs(names(configured))))


def head_commit(path: Path) -> str | None:
    """The id of the commit that is checked out; None where there is no repository, no commit or no git."""
    try:
        with open_repository(path) as repository:
            return repository.commit("HEAD")
    except GitError:
        return None


_DIFF_OPTIONS = (
    "--name-only",
    "-z",
    "--relative",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
)


def _as_their_pointers_say(repository: Repository, commit: str, paths: set[str]) -> set[str]:
    """Those of the paths whose file holds what the Git LFS pointer in the commit stands for."""
    if not paths:
        return set()
    try:
        return {
            blob.path
            for blob in repository.tree(commit)
            if blob.path in paths and _is_file(blob.mode) and blob.size is not None and blob.size < _LONGEST_POINTER
            if _is_content_of(_content(repository, blob), repository.root / blob.path)
        }
    except GitError:  # A partial clone lacks blobs of the commit: without a pointer, a file counts as changed.
        return set()


def _content(repository: Repository, blob: Blob) -> bytes:
    content = BytesIO()
    repository.copy_blob(blob.oid, content)
    return content.getvalue()


def _is_content_of(pointer: bytes, file: Path) -> bool:
    match = _POINTER.fullmatch(pointer)
    try:
        status = file.lstat()
        if match is None or not stat.S_ISREG(status.st_mode) or b"%d" % status.st_size != match["size"]:
            return False
        with file.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest().encode("ascii") == match["sha256"]
    except OSError:
        return False


#: Git LFS specification, version 1: a pointer is shorter than 1024 bytes, its keys sorted after `version`.
_LONGEST_POINTER = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:(?P<sha256>[0-9a-f]{64})\nsize (?P<size>[0-9]+)\n"
)


def _is_file(mode: str) -> bool:
    return mode.startswith("100")


def _is_blob(mode: str) -> bool:
    """Whether it is a file or a link, which are neither trees nor commits of a submodule."""
    return mode.startswith("1") and mode != "160000"
