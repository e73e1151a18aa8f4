"""What git knows of the files of a run: asked of git when somebody wants to know, for all files of the run at once.

A run in which nobody asks starts no git. One that asks starts each of the commands below once, not once per file:
`ls-files` for what is tracked, `check-attr` for what is git-LFS's, `cat-file` for sizes and for pointers, and where
something is wrong `check-ignore` and `diff-files`.
"""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from artifact_lint.adapters.pointers import POINTER_LIMIT, lfs_pointer
from artifact_lint.git import GitError, ask, find_root, open_repository
from artifact_lint.git_attributes import attribute_values
from artifact_lint.model import Fact, Lazy, Origin, Pointer
from artifact_lint.model.paths import directory_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

T = TypeVar("T")

#: The mode of a symbolic link (gitformat-index(5)).
_LINK = "120000"
#: Smaller files are not worth the question how large their blobs are: no limit is as low, in bytes.
_LARGE = 1 << 20
#: The longest file of attributes that is looked into before git is asked, in bytes.
_LONGEST_ATTRIBUTES = 1 << 20


class GitView:
    """What git knows of the files below a directory; `staged` tells that the index is what is linted.

    With a `commit` it is that commit, whose paths stand for the index, and nothing of a working tree is looked at.

    Files in a repository within the repository, such as a submodule, are asked of that one.
    """

    def __init__(self, root: Path, *, staged: bool = False, commit: str | None = None) -> None:
        self._root = root
        self._staged = staged
        self._commit = commit
        self._lock = threading.RLock()
        self._indexes: dict[str, _Index | None] = {}
        self._expected: list[tuple[str, int]] = []
        self._real_root: Lazy[str] = Lazy(lambda: os.path.realpath(root))

    @property
    def trouble(self) -> str | None:
        """Why questions went unanswered; None where none did."""
        indexes = (index for index in self._indexes.values() if index is not None)
        return next((index.trouble for index in indexes if index.trouble), None)

    def expect(self, files: Iterable[tuple[str, int]]) -> None:
        """Files, with their sizes, that questions may come about: whoever asks about one learns about all."""
        with self._lock:
            self._expected += files

    def tracked_paths(self) -> Collection[str]:
        """Every path of the index, of the repository that the root lies in."""
        with self._lock:
            index = self._index("")
            return index.entries.value.keys() if index is not None else ()

    def links(self) -> list[str]:
        """The paths of the symbolic links in the index, of the repository that the root lies in."""
        with self._lock:
            index = self._index("")
            if index is None:
                return []
            return [path for path, described in index.entries.value.items() if described.split()[1] == _LINK]

    def is_tracked(self, path: str) -> bool | None:
        """Whether the index holds a file; None where nobody knows."""
        with self._lock:
            index, own = self._find(path)
            return None if index is None or index.is_unknown else own in index.entries.value

    def is_left_behind(self, path: str) -> bool:
        """Whether a file that the index lacks, which is what is linted, lies in the working tree."""
        return self._staged and (self._root / path).is_file()

    def is_left_out(self, path: str) -> bool:
        """Whether a sparse checkout leaves a tracked file out of the working tree."""
        entry = self._entry(path)
        return entry is not None and entry.is_left_out

    def is_unwatched(self, path: str) -> bool:
        """Whether git was told not to look whether a tracked file is there or was changed."""
        entry = self._entry(path)
        return entry is not None and entry.is_unwatched

    def is_modified(self, path: str) -> bool:
        """Whether a tracked file of the working tree was changed since it was staged or checked out."""
        with self._lock:
            index, own = self._find(path)
            entry = index.entry(own) if index is not None else None
            return index is not None and entry is not None and (entry.is_unwatched or index.is_modified(own))

    def ignored_by(self, path: str) -> Fact[str] | None:
        """The pattern that makes git ignore a file; its origin has an absolute path outside of the root."""
        with self._lock:
            index, own = self._find(path)
            found = index.ignored.of(own) if index is not None else None
        if index is None or found is None:
            return None
        place = os.path.normpath(index.root / found.origin.path)
        shown = os.path.relpath(place, self._root) if Path(place).is_relative_to(self._root) else place
        return Fact(found.value, Origin(shown.replace(os.sep, "/"), found.origin.line))

    def is_under_lfs(self, path: str) -> bool:
        """Whether `.gitattributes` hand a tracked file to git-LFS."""
        with self._lock:
            index, own = self._find(path)
            return index is not None and index.may_filter(own) and bool(index.under_lfs.of(own))

    def blob_size(self, path: str) -> int | None:
        """The size in bytes of what the index holds of a file."""
        with self._lock:
            index, own = self._find(path)
            return index.sizes.of(own) if index is not None else None

    def pointer(self, path: str) -> Pointer | None:
        """The git-LFS pointer that the index holds in place of a file; its values point at the file as a whole."""
        with self._lock:
            index = self._index(directory_of(path))
            if index is None or not index.may_filter(index.own(path)):
                return None
            index, own = self._find(path)
            found = index.pointers.of(own) if index is not None else None
        if found is None:
            return None
        digest = Fact(found.digest.value, Origin(path)) if found.digest else None
        size = Fact(found.size.value, Origin(path)) if found.size else None
        return Pointer(found.kind, digest, size)

    @property
    def _is_kept_in_git(self) -> bool:
        """Whether what is linted is in git's own store, so that no file of the working tree stands for it."""
        return self._staged or self._commit is not None

    def _entry(self, path: str) -> _Entry | None:
        with self._lock:
            index, own = self._find(path)
            return index.entry(own) if index is not None else None

    def _find(self, path: str) -> tuple[_Index | None, str]:
        """The index that a path belongs to and its path there; a link to a directory is followed where git has none."""
        self._hand_out_expected()
        index = self._index(directory_of(path))
        if index is None or index.own(path) in index.entries.value:
            return index, index.own(path) if index is not None else path
        directory, _, name = path.rpartition("/")
        place = os.path.realpath(self._root / directory)
        real = os.path.relpath(place, self._real_root.value).replace(os.sep, "/")
        if self._is_kept_in_git or real == (directory or "."):
            return index, index.own(path)
        if real == ".." or real.startswith("../"):
            return None, path
        found = self._index("" if real == "." else real)
        return found, found.own(name if real == "." else f"{real}/{name}") if found is not None else path

    def _hand_out_expected(self) -> None:
        for path, size in self._expected:
            index = self._index(directory_of(path))
            if index is not None:
                index.expected[index.own(path)] = size
        self._expected.clear()

    def _index(self, directory: str) -> _Index | None:
        """The index of the repository that a directory lies in, which may be one within the repository."""
        if directory not in self._indexes:
            self._indexes[directory] = self._opened(directory)
        return self._indexes[directory]

    def _opened(self, directory: str) -> _Index | None:
        place = self._root / directory
        if directory and (self._is_kept_in_git or not _is_repository(place)):
            return self._index(directory_of(directory))
        if self._commit is not None:
            return _Commit(place, self._commit)
        found = place if directory else find_root(place)
        is_usable = found is not None and _is_repository(found)
        return _Index(place, f"{directory}/" if directory else "", staged=self._staged) if is_usable else None


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file of an index; `is_unwatched` tells that git was told not to look whether it is there or was changed."""

    oid: str
    is_left_out: bool
    is_unwatched: bool


class _Index:
    """One repository's index, by paths relative to `root`, which the run calls `prefix`."""

    def __init__(self, root: Path, prefix: str, *, staged: bool) -> None:
        self.root = root
        self.trouble: str | None = None
        self.expected: dict[str, int] = {}
        self.entries: Lazy[Mapping[str, str]] = Lazy(self._list)
        self.under_lfs = _Answers(self._under_lfs, lambda: self.expected)
        self.sizes = _Answers(self._sizes, lambda: [path for path, size in self.expected.items() if size >= _LARGE])
        self.pointers = _Answers(self._pointers, lambda: self.expected)
        self.ignored = _Answers(self._ignored, lambda: ())
        self._prefix = prefix
        self._staged = staged
        self._modified: Lazy[frozenset[str] | None] = Lazy(self._find_modified)
        self._attributes: dict[str, bool] = {}
        self._filters_everywhere: Lazy[bool] = Lazy(self._find_filters)

    @property
    def is_unknown(self) -> bool:
        """Whether git did not let us have its index."""
        return self.trouble is not None and not self.entries.value

    def own(self, path: str) -> str:
        """A path of the run as this repository spells it."""
        return path.removeprefix(self._prefix)

    def is_modified(self, path: str) -> bool:
        """Whether a file was changed since it was staged or checked out, or git cannot tell."""
        return self._modified.value is None or path in self._modified.value

    def may_filter(self, path: str) -> bool:
        """Whether it is worth asking for a file's filter: only `.gitattributes` and traces of git-LFS speak for one."""
        parts = path.split("/")[:-1]
        directories = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return self._filters_everywhere.value or any(map(self._filters_below, directories))

    def _find_filters(self) -> bool:
        """Whether files may have a filter wherever they lie; an added working tree has git's directory elsewhere."""
        git = self.root / ".git"
        traces = git.is_file() or (git / "lfs").is_dir()
        return traces or _names_filter(git / "info" / "attributes") or self._filters_below("")

    def _filters_below(self, directory: str) -> bool:
        if directory not in self._attributes:
            path = f"{directory}/.gitattributes" if directory else ".gitattributes"
            is_staged = self._staged and path in self.entries.value
            self._attributes[directory] = is_staged or _names_filter(self.root / path)
        return self._attributes[directory]

    def _ask(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git answers; nothing from the first trouble on."""
        if self.trouble is not None:
            return b""
        try:
            return ask(self.root, *arguments, given=given, nested=bool(self._prefix))
        except GitError as error:
            self.trouble = str(error)
            return b""

    def entry(self, path: str) -> _Entry | None:
        """What the index says of a file; None where it has none."""
        described = self.entries.value.get(path)
        if described is None:
            return None
        tag, _, oid, _ = described.split()
        is_left_out = tag.upper() == "S"
        return _Entry(oid, is_left_out, is_unwatched=is_left_out or tag.islower())

    def _list(self) -> Mapping[str, str]:
        records = os.fsdecode(self._ask("ls-files", "--stage", "-v", "-z", "--", ".")).split("\0")
        parted = (record.partition("\t") for record in records)
        return {path: described for described, _, path in parted if path}

    def _find_modified(self) -> frozenset[str] | None:
        """As times and sizes tell; where they are too young to be trusted, git compares the content."""
        try:
            with open_repository(self.root) as repository:
                return frozenset(repository.unstaged())
        except GitError as error:
            self.trouble = self.trouble or str(error)
            return None

    def _under_lfs(self, paths: Sequence[str]) -> Mapping[str, bool]:
        tracked = [path for path in paths if path in self.entries.value]
        if not tracked:
            return {}
        where = ("--cached",) if self._staged else ()
        fields = os.fsdecode(self._ask("check-attr", *where, "-z", "--stdin", "filter", given=_ended(tracked))).split(
            "\0"
        )
        return {path: value == "lfs" for path, value in zip(fields[0::3], fields[2::3], strict=False)}

    def _sizes(self, paths: Sequence[str]) -> Mapping[str, int]:
        oids = self._oids(paths)
        if not oids:
            return {}
        lines = self._ask("cat-file", "--batch-check", given=_lines(oids.values())).decode("ascii").splitlines()
        described = (line.split() for line in lines)
        sizes = {words[0]: int(words[2]) for words in described if len(words) == 3 and words[2].isdigit()}
        return {path: sizes[oid] for path, oid in oids.items() if oid in sizes}

    def _pointers(self, paths: Sequence[str]) -> Mapping[str, Pointer]:
        under_lfs = [path for path, is_under in self.under_lfs.all(paths).items() if is_under]
        sizes = self.sizes.all(under_lfs)
        oids = self._oids([path for path, size in sizes.items() if size and size <= POINTER_LIMIT])
        if not oids:
            return {}
        contents = _blobs(self._ask("cat-file", "--batch", given=_lines(oids.values())))
        found = {path: lfs_pointer(path, contents.get(oid, b"")) for path, oid in oids.items()}
        return {path: pointer for path, pointer in found.items() if isinstance(pointer, Pointer)}

    def _ignored(self, paths: Sequence[str]) -> Mapping[str, Fact[str]]:
        try:
            told = ask(self.root, "check-ignore", "-v", "-z", "--stdin", given=_ended(paths), nested=bool(self._prefix))
        except GitError:  # So git also ends where it ignores none of them.
            return {}
        fields = os.fsdecode(told).split("\0")
        found = zip(*(fields[part::4] for part in range(4)), strict=False)
        return {
            path: Fact(pattern, Origin(source, int(line)))
            for source, line, pattern, path in found
            if pattern and not pattern.startswith("!")
        }

    def _oids(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: entry.oid for path in paths if (entry := self.entry(path)) is not None}


class _Commit(_Index):
    """What a commit holds, in place of an index: nothing of it can be modified or left out."""

    def __init__(self, root: Path, commit: str) -> None:
        super().__init__(root, "", staged=True)
        self._id = commit

    def _list(self) -> Mapping[str, str]:
        records = os.fsdecode(self._ask("ls-tree", "-r", "-z", self._id)).split("\0")
        parted = (record.partition("\t") for record in records)
        described = ((path, words.split()) for words, _, path in parted if path)
        return {path: f"H {mode} {oid} 0" for path, (mode, _, oid) in described}

    def _find_modified(self) -> frozenset[str]:
        return frozenset()

    def _find_filters(self) -> bool:
        own = self.root / "info" / "attributes"
        return (self.root / "lfs").is_dir() or _names_filter(own) or super()._find_filters()

    def _under_lfs(self, paths: Sequence[str]) -> Mapping[str, bool]:
        tracked = [path for path in paths if path in self.entries.value]
        entries = ((path, self.entries.value[path].split()) for path in self.entries.value if _is_attributes(path))
        files = {path: oid for path, (_, mode, oid, _) in entries if mode != _LINK}
        if not tracked or self.trouble is not None:
            return {}
        try:
            values = attribute_values(self.root, files, tracked, "filter")
        except GitError as error:
            self.trouble = str(error)
            return {}
        return {path: value == "lfs" for path, value in values.items()}


class _Answers(Generic[T]):
    """The answers to one question: whoever asks it first about one path asks about all expected paths."""

    def __init__(
        self, compute: Callable[[Sequence[str]], Mapping[str, T]], expected: Callable[[], Iterable[str]]
    ) -> None:
        self._compute = compute
        self._expected = expected
        self._known: dict[str, T | None] = {}

    def of(self, path: str) -> T | None:
        """The answer about a path; None where there is none."""
        return self.all((path,))[path]

    def all(self, paths: Sequence[str]) -> Mapping[str, T | None]:
        """The answer about each of some paths."""
        if any(path not in self._known for path in paths):
            unknown = [path for path in dict.fromkeys((*paths, *self._expected())) if path not in self._known]
            self._known |= dict.fromkeys(unknown) | dict(self._compute(unknown))
        return {path: self._known[path] for path in paths}


def _is_repository(place: Path) -> bool:
    """Whether a directory has what git itself asks of one: a `.git` file, or a directory with a HEAD."""
    git = place / ".git"
    try:
        return (git / "HEAD").exists() or git.is_file()
    except OSError:
        return False


def _is_attributes(path: str) -> bool:
    return path.rpartition("/")[2] == ".gitattributes"


def _names_filter(file: Path) -> bool:
    """Whether a file of attributes has a word on filters; a file too large to be looked at may have one."""
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            return False
        return status.st_size > _LONGEST_ATTRIBUTES or b"filter" in file.read_bytes()
    except OSError:
        return False


def _ended(paths: Iterable[str]) -> bytes:
    return os.fsencode("".join(f"{path}\0" for path in paths))


def _lines(oids: Iterable[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in dict.fromkeys(oids)).encode("ascii")


def _blobs(output: bytes) -> Mapping[str, bytes]:
    """The contents that `cat-file --batch` prints, by object id."""
    contents = {}
    while output:
        header, _, output = output.partition(b"\n")
        words = header.decode("ascii", "replace").split()
        if len(words) == 3 and words[2].isdigit():
            size = int(words[2])
            contents[words[0]], output = output[:size], output[size + 1 :]
    return contents
