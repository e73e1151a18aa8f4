"""What git knows of the files of a run: asked of git when somebody wants to know, for all files of the run at once.

A run in which nobody asks starts no git. A file in a repository within the repository is asked about there.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.git import find_root
from artifact_lint.git_index import CommitIndex, Index
from artifact_lint.model import Fact, Lazy, Origin, Pointer
from artifact_lint.model.paths import directory_of, from_root

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from artifact_lint.git_index import IndexEntry


class GitView:
    """What git knows of the files below a directory; `staged` tells that the index is what is linted.

    With a `commit` it is that commit, whose paths stand for the index, and nothing of a working tree is looked at.

    Files in a repository within the repository, such as a submodule, are asked of that one.
    """

    def __init__(
        self, root: Path, *, staged: bool = False, commit: str | None = None, is_committing: bool = False
    ) -> None:
        self.is_committing = is_committing
        self._root = root
        self._staged = staged
        self._commit = commit
        self._lock = threading.RLock()
        self._indexes: dict[str, Index | None] = {}
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
            return index.links() if index is not None else []

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

    def _entry(self, path: str) -> IndexEntry | None:
        with self._lock:
            index, own = self._find(path)
            return index.entry(own) if index is not None else None

    def _find(self, path: str) -> tuple[Index | None, str]:
        """The index that a path belongs to and its path there; a link to a directory is followed where git has none."""
        self._hand_out_expected()
        index = self._index(directory_of(path))
        if index is None or index.own(path) in index.entries.value:
            return index, index.own(path) if index is not None else path
        directory, _, name = path.rpartition("/")
        place = os.path.realpath(self._root / directory)
        real = from_root(place, self._real_root.value)
        if self._is_kept_in_git or real == directory:
            return index, index.own(path)
        if real == ".." or real.startswith("../"):
            return None, path
        found = self._index(real)
        return found, found.own(f"{real}/{name}" if real else name) if found is not None else path

    def _hand_out_expected(self) -> None:
        for path, size in self._expected:
            index = self._index(directory_of(path))
            if index is not None:
                index.expected[index.own(path)] = size
        self._expected.clear()

    def _index(self, directory: str) -> Index | None:
        """The index of the repository that a directory lies in, which may be one within the repository."""
        if directory not in self._indexes:
            self._indexes[directory] = self._opened(directory)
        return self._indexes[directory]

    def _opened(self, directory: str) -> Index | None:
        place = self._root / directory
        if directory and (self._is_kept_in_git or not _is_repository(place)):
            return self._index(directory_of(directory))
        if self._commit is not None:
            return CommitIndex(place, self._commit)
        found = place if directory else find_root(place)
        is_usable = found is not None and _is_repository(found)
        return Index(place, f"{directory}/" if directory else "", staged=self._staged) if is_usable else None


def _is_repository(place: Path) -> bool:
    """Whether a directory has what git itself asks of one: a `.git` file, or a directory with a HEAD."""
    git = place / ".git"
    try:
        return (git / "HEAD").exists() or git.is_file()
    except OSError:
        return False
