"""What git-LFS keeps of a repository on this machine: the bytes behind its pointers, where they were fetched or added.

Source: git-lfs 3, docs/spec.md ("The Server", local storage) and docs/man/git-lfs-config.adoc (`lfs.storage`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.git import GitError, ask
from artifact_lint.git_environment import common_directory
from artifact_lint.model.paths import directory_of
from artifact_lint.stores.local import LocalStore, find_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from artifact_lint.stores.local import LocalSource

#: How the digests begin that git-LFS names its objects by.
_ALGORITHM = "sha256:"


@dataclass(frozen=True, slots=True)
class LfsObject:
    """One object of git-LFS: a file of its store. That its bytes are those of its name is nobody's promise."""

    store: LocalStore
    name: str

    def open(self) -> LocalSource:
        """The bytes of the object.

        Raises:
            StoreError: It is not there any more, or may not be read.
        """
        return self.store.open(self.name)


class LfsObjects:
    """The objects that git-LFS has here of the repositories that a directory lies in, or that lie in it.

    With `alone` the directory is the top of the one repository that is asked, which may be a bare one.
    """

    def __init__(self, root: Path, *, alone: bool = False) -> None:
        self._root = root
        self._alone = alone
        self._homes: dict[str, Path | None] = {}
        self._stores: dict[tuple[Path, bool], LocalStore | None] = {}

    def find(self, path: str, digest: str, size: int) -> LfsObject | None:
        """The object that a pointer at a path names, None where git-LFS has none of that size, in bytes."""
        oid = digest.removeprefix(_ALGORITHM)
        name = f"{oid[:2]}/{oid[2:4]}/{oid}"
        for store in self._stores_of(directory_of(path)):
            identity = store.identity(name)
            if identity is not None and identity.size == size:
                return LfsObject(store, name)
        return None

    def _stores_of(self, directory: str) -> Iterator[LocalStore]:
        """Where git-LFS keeps objects of the repository that a directory lies in: git is asked only at last."""
        if directory not in self._homes:
            self._homes[directory] = self._root if self._alone else find_root(self._root / directory)
        home = self._homes[directory]
        if home is None:
            return
        for is_configured in (False, True):
            key = (home, is_configured)
            if key not in self._stores:
                place = _configured(home) if is_configured else common_directory(home) / "lfs"
                self._stores[key] = LocalStore(place / "objects") if place is not None else None
            store = self._stores[key]
            if store is not None:
                yield store


def _configured(home: Path) -> Path | None:
    """The directory that `lfs.storage` names, relative to git's own; None where it names none."""
    try:
        stated = ask(home, "config", "--type=path", "--get", "lfs.storage", nested=True)
    except GitError:  # So git also ends where nothing is set.
        return None
    written = stated.decode("utf-8", "surrogateescape").rstrip("\n")
    return common_directory(home) / written if written and "\0" not in written else None
