"""One repository's index, or a commit in its place, and what git says of the files in it.

Each of the commands below is started once, not once per file, and only where somebody asks: `ls-files` for what is
tracked, `check-attr` for what is git-LFS's, `cat-file` for sizes and for pointers, and where something is wrong
`check-ignore` and `diff-files`.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from artifact_lint.adapters.pointers import POINTER_LIMIT, lfs_pointer
from artifact_lint.git import GitError, ask, open_repository
from artifact_lint.git_attributes import attribute_values
from artifact_lint.git_output import attributes, contents, ended, lines, sizes
from artifact_lint.model import Fact, Lazy, Origin, Pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")
#: The mode of a symbolic link (gitformat-index(5)).
_LINK = "120000"
#: Smaller files are not worth the question how large their blobs are: no limit is as low, in bytes.
_LARGE = 1 << 20
#: The longest file of attributes that is looked into before git is asked, in bytes.
_LONGEST_ATTRIBUTES = 1 << 20


class IndexEntry(NamedTuple):
    """One file of an index; `is_unwatched` tells that git was told not to look whether it is there or was changed."""

    oid: str
    is_left_out: bool
    is_unwatched: bool


class Index:
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

    def entry(self, path: str) -> IndexEntry | None:
        """What the index says of a file; None where it has none."""
        described = self.entries.value.get(path)
        if described is None:
            return None
        tag, _, oid, _ = described.split()
        is_left_out = tag.upper() == "S"
        return IndexEntry(oid, is_left_out, is_unwatched=is_left_out or tag.islower())

    def links(self) -> list[str]:
        """The paths of its symbolic links."""
        return [path for path, described in self.entries.value.items() if described.split()[1] == _LINK]

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
        told = self._ask("check-attr", *where, "-z", "--stdin", "filter", given=ended(tracked))
        return {path: values.get("filter") == "lfs" for path, values in attributes(told).items()}

    def _sizes(self, paths: Sequence[str]) -> Mapping[str, int]:
        oids = self._oids(paths)
        if not oids:
            return {}
        known = sizes(self._ask("cat-file", "--batch-check", given=lines(oids.values())))
        return {path: known[oid] for path, oid in oids.items() if oid in known}

    def _pointers(self, paths: Sequence[str]) -> Mapping[str, Pointer]:
        under_lfs = [path for path, is_under in self.under_lfs.all(paths).items() if is_under]
        known = self.sizes.all(under_lfs)
        oids = self._oids([path for path, size in known.items() if size and size <= POINTER_LIMIT])
        if not oids:
            return {}
        blobs = contents(self._ask("cat-file", "--batch", given=lines(oids.values())))
        found = {path: lfs_pointer(path, blobs.get(oid, b"")) for path, oid in oids.items()}
        return {path: pointer for path, pointer in found.items() if isinstance(pointer, Pointer)}

    def _ignored(self, paths: Sequence[str]) -> Mapping[str, Fact[str]]:
        try:
            told = ask(self.root, "check-ignore", "-v", "-z", "--stdin", given=ended(paths), nested=bool(self._prefix))
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


class CommitIndex(Index):
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
