"""Where configurations are looked for: on this machine, or in a commit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from artifact_lint.git import find_root
from artifact_lint.model.paths import from_root
from artifact_lint.stores.base import EntryKind, StoreError

if TYPE_CHECKING:
    from artifact_lint.stores.base import Store


class ConfigurationFiles(Protocol):
    """Files by absolute paths; those of a commit lie where a checkout at its repository would put them."""

    def root_of(self, directory: Path) -> Path | None:
        """The top of the repository that a directory lies in; None outside of one."""
        ...

    def is_directory(self, place: Path) -> bool:
        """Whether a directory is there."""
        ...

    def is_file(self, place: Path) -> bool:
        """Whether a file is there, through links.

        Raises:
            OSError: It may not be looked at.
        """
        ...

    def read(self, place: Path, limit: int | None = None) -> bytes:
        """The bytes of a file, or the first `limit` of them.

        Raises:
            OSError: It cannot be read.
        """
        ...

    def shown(self, place: Path) -> str:
        """What messages call a file."""
        ...


class LocalFiles:
    """The files of this machine."""

    def root_of(self, directory: Path) -> Path | None:
        """The top of the working tree that a directory lies in; None outside of one."""
        return find_root(directory)

    def is_directory(self, place: Path) -> bool:
        """Whether a directory is there."""
        return place.is_dir()

    def is_file(self, place: Path) -> bool:
        """Whether a file is there, through links.

        Raises:
            OSError: It may not be looked at.
        """
        return place.is_file()

    def read(self, place: Path, limit: int | None = None) -> bytes:
        """The bytes of a file, or the first `limit` of them.

        Raises:
            OSError: It cannot be read.
        """
        with place.open("rb") as opened:
            return opened.read(-1 if limit is None else limit)

    def shown(self, place: Path) -> str:
        """The path from the working directory where it lies below it."""
        return place.relative_to(Path.cwd()).as_posix() if place.is_relative_to(Path.cwd()) else str(place)


@dataclass(frozen=True, slots=True)
class CommittedFiles:
    """The files of a commit, as if they lay below the root of its repository."""

    root: Path
    store: Store

    def root_of(self, directory: Path) -> Path | None:
        """The root, for every directory of the commit."""
        return self.root if directory.is_relative_to(self.root) else None

    def is_directory(self, place: Path) -> bool:
        """Whether the commit has a directory."""
        path = self._path(place)
        return not path or self.store.is_directory(path)

    def is_file(self, place: Path) -> bool:
        """Whether the commit has a file, through links."""
        entry = self.store.entry(self._path(place))
        return entry is not None and entry.kind is EntryKind.FILE

    def read(self, place: Path, limit: int | None = None) -> bytes:
        """The bytes of a file, or the first `limit` of them.

        Raises:
            OSError: The commit has no such file, or git does not have its bytes.
        """
        try:
            with self.store.open(self._path(place)) as source:
                return source.read(0, source.size if limit is None else limit)
        except StoreError as error:
            raise OSError(str(error)) from None

    def shown(self, place: Path) -> str:
        """The path as git names a file of a revision."""
        return f"{self.store.label}:{self._path(place)}"

    def _path(self, place: Path) -> str:
        return from_root(place, self.root)


LOCAL = LocalFiles()
