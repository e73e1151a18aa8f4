"""The working tree: a directory of the local file system."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import PurePath
from typing import TYPE_CHECKING, Self

from artifact_lint.git import find_root
from artifact_lint.stores.base import Entry, EntryKind, Identity, StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES, ENVIRONMENT_MARK, Excludes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["LocalSource", "LocalStore", "find_root"]

#: Regular files ignore O_NONBLOCK; a FIFO that took a file's place between the check and the open does not hang us.
#: Files up to this size are read as a whole, at the first read of any part, in bytes.
_SMALL = 1 << 16
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)


class LocalStore:
    """The files below a directory.

    `excludes` are patterns as `artifact_lint.stores.excludes` describes them, and stand for the defaults, too: add
    one's own to `DEFAULT_EXCLUDES`. Links are followed to files within the root. Names that are no UTF-8 carry
    surrogates, as `os.fsdecode` makes them.
    """

    def __init__(self, root: Path, excludes: tuple[str, ...] = DEFAULT_EXCLUDES) -> None:
        self.root = root
        self._root = os.fspath(root)
        self._real_root = os.path.realpath(root)
        self._excludes = Excludes(excludes)
        self._real_directories: dict[str, str] = {}

    @property
    def label(self) -> str:
        """The working tree needs no name."""
        return ""

    def entries(self, under: str = "", without: Collection[str] | None = None) -> Iterator[Entry]:
        """Every file below a directory, sorted by path, without what is excluded below that directory.

        With `without`, which are paths, nothing else is left out: neither what is excluded nor virtual environments.
        A directory that may not be listed is an entry of the kind `UNREADABLE`.

        Raises:
            StoreError: The directory is not there, or may not be listed.
        """
        place = self._place(under)
        if place is not None and not self._is_within(os.path.realpath(place)):
            raise StoreError(f"leads out of the directory: {under}")
        try:
            waiting = self._listed(under, without)
        except OSError as error:
            raise StoreError(_explained(error, under or self._root)) from None
        waiting.reverse()
        while waiting:
            path, listed = waiting.pop()
            if not listed.is_dir(follow_symlinks=False):
                entry = self._entry(path, listed.path) if listed.is_symlink() else _plain_entry(path, listed)
                if entry is not None:
                    yield entry
                continue
            try:
                children = self._listed(path, without)
            except FileNotFoundError:
                continue
            except OSError:
                yield Entry(path, 0, EntryKind.UNREADABLE)
                continue
            if without is not None or not any(child.name == ENVIRONMENT_MARK for _, child in children):
                waiting.extend(reversed(children))

    def files(self, directory: str) -> Iterator[Entry]:
        """The files directly in a directory, without what is excluded; none where it is not there."""
        try:
            listed = self._listed(directory, with_directories=False)
        except OSError:
            return
        for path, child in listed:
            entry = self._entry(path, child.path)
            if entry is not None:
                yield entry

    def entry(self, path: str) -> Entry | None:
        """The file at a path, excluded or not; None where there is none."""
        place = self._place(path)
        return None if place is None or not path else self._entry(path, place)

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory that holds something."""
        place = self._place(path)
        if place is None or not self._is_within(os.path.realpath(place)):
            return False
        try:
            with os.scandir(place) as listing:
                return next(listing, None) is not None
        except OSError:
            return False

    def open(self, path: str) -> LocalSource:
        """The bytes of one regular file.

        Raises:
            StoreError: There is no such file, it lies outside of the root, or it may not be read.
        """
        place = self._place(path)
        if place is None:
            raise StoreError(f"not a path within the directory: {path}")
        real, found = self._find(place)
        if not self._is_within(real):
            raise StoreError(f"leads out of the directory: {path}")
        try:
            if not stat.S_ISREG((found or os.lstat(real)).st_mode):
                raise StoreError(f"not a regular file: {path}")
            descriptor = os.open(real, _OPEN_FLAGS)
        except OSError as error:
            raise StoreError(_explained(error, path)) from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise StoreError(f"not a regular file: {path}")
        return LocalSource(path, real, descriptor, status)

    def identity(self, path: str) -> Identity | None:
        """The state of the regular file at a path, without opening it; None where there is none within the root."""
        place = self._place(path)
        if place is None:
            return None
        real, found = self._find(place)
        if not self._is_within(real):
            return None
        try:
            status = found or os.lstat(real)
        except OSError:
            return None
        return _identity_of(status) if stat.S_ISREG(status.st_mode) else None

    def _place(self, path: str) -> str | None:
        if "\0" in path or _is_absolute(path) or ".." in path.split("/"):
            return None
        return f"{self._root}/{path}" if path else self._root

    def _find(self, place: str) -> tuple[str, os.stat_result | None]:
        """Where a path leads, and the status of what is there; None where a link leads there, or nothing is.

        What its directory is, is found out once.
        """
        status = _status_of(place)
        directory, _, name = place.rpartition("/")
        if not directory or name in {"", ".", ".."} or (status is not None and stat.S_ISLNK(status.st_mode)):
            return os.path.realpath(place), None
        if directory not in self._real_directories:
            self._real_directories[directory] = os.path.realpath(directory)
        return f"{self._real_directories[directory].rstrip(os.sep)}{os.sep}{name}", status

    def _is_within(self, real: str) -> bool:
        return real == self._real_root or real.startswith(self._real_root.rstrip(os.sep) + os.sep)

    def _listed(
        self, directory: str, without: Collection[str] | None = None, *, with_directories: bool = True
    ) -> list[tuple[str, os.DirEntry[str]]]:
        """What is directly in a directory and not left out, in the order that sorts whole paths."""
        place = self._place(directory)
        if place is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        prefix = f"{directory}/" if directory else ""
        keyed = []
        with os.scandir(place) as listing:
            for listed in listing:
                path = prefix + listed.name
                is_directory = listed.is_dir(follow_symlinks=False)
                if is_directory and not with_directories:
                    continue
                covered = self._excludes.covers(path, directory=is_directory) if without is None else path in without
                if not covered:
                    keyed.append((f"{path}/" if is_directory else path, path, listed))
        keyed.sort(key=lambda item: item[0])
        return [(path, listed) for _, path, listed in keyed]

    def _entry(self, path: str, place: str) -> Entry | None:
        """What stands at a path that is no directory; None for a link to a directory within the root."""
        try:
            real, found = self._find(place)
            if not self._is_within(real):
                return Entry(path, 0, EntryKind.ESCAPING_LINK) if os.path.lexists(place) else None
            status = found or os.lstat(real)
        except OSError:
            return Entry(path, 0, EntryKind.BROKEN_LINK) if _is_link(place) else None
        if stat.S_ISLNK(status.st_mode):
            return Entry(path, 0, EntryKind.BROKEN_LINK)
        if stat.S_ISDIR(status.st_mode):
            return None
        entry = _entry_of(path, status)
        return entry._replace(target=self._within(real)) if found is None and _is_link(place) else entry

    def _within(self, real: str) -> str:
        return os.path.relpath(real, self._real_root).replace(os.sep, "/")


class LocalSource:
    """An open regular file; size and identity are those of when it was opened. Threads may read at the same time."""

    def __init__(self, path: str, real: str, descriptor: int, status: os.stat_result) -> None:
        self._path = path
        self._real = real
        self._descriptor: int | None = descriptor
        self._size = status.st_size
        self.identity = _identity_of(status)
        self._whole: bytes | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end.

        Raises:
            StoreError: The bytes cannot be read (any more).
        """
        if self._descriptor is None:
            raise StoreError(f"closed before it was read: {self._path}")
        if self._size > _SMALL:
            return self._read(self._descriptor, offset, length)
        if self._whole is None:
            self._whole = self._read(self._descriptor, 0, self._size)
        return self._whole[offset : offset + max(0, length)]

    def _read(self, descriptor: int, offset: int, length: int) -> bytes:
        wanted = min(length, self._size - offset)
        pieces: list[bytes] = []
        while wanted > 0:
            try:
                piece = self._read_once(descriptor, offset, wanted)
            except OSError as error:
                raise StoreError(_explained(error, self._path)) from None
            if not piece:
                raise StoreError(f"shrank while it was read: {self._path}")
            pieces.append(piece)
            offset += len(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer with the bytes from `offset`; how many they are: fewer than it holds only at the end.

        Raises:
            StoreError: The bytes cannot be read (any more).
        """
        descriptor = self._descriptor
        if descriptor is None:
            raise StoreError(f"closed before it was read: {self._path}")
        wanted = max(0, min(len(buffer), self._size - offset))
        filled = 0
        while filled < wanted:
            try:
                count = self._fill_once(descriptor, offset + filled, buffer[filled:wanted])
            except OSError as error:
                raise StoreError(_explained(error, self._path)) from None
            if not count:
                raise StoreError(f"changed while it was read: {self._path}")
            filled += count
        return filled

    def expect_unchanged(self) -> None:
        """See to it that what was read is one state of the file, and still is what stands at its path.

        Raises:
            StoreError: The file was written to, cut short or replaced since it was opened.
        """
        if self._descriptor is None:
            raise StoreError(f"closed before it was read: {self._path}")
        try:
            unchanged = _identity_of(os.fstat(self._descriptor)) == self.identity and self._is_in_place()
        except OSError:
            unchanged = False
        if not unchanged:
            raise StoreError(f"changed while it was read: {self._path}")

    def _is_in_place(self) -> bool:
        """Whether the path still leads to the open file. Windows keeps open files in place, and numbers them oddly."""
        if os.name == "nt":
            return True
        status = os.lstat(self._real)
        return (status.st_dev, status.st_ino) == (self.identity.device, self.identity.inode)

    def close(self) -> None:
        """Close the file; a second time changes nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _read_once(self, descriptor: int, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(descriptor, length, offset)
        with self._lock:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, length)

    def _fill_once(self, descriptor: int, offset: int, buffer: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(descriptor, [buffer], offset)
        piece = self._read_once(descriptor, offset, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _identity_of(status: os.stat_result) -> Identity:
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _plain_entry(path: str, listed: os.DirEntry[str]) -> Entry | None:
    try:
        return _entry_of(path, listed.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None
    except OSError:
        return Entry(path, 0, EntryKind.UNREADABLE)


def _entry_of(path: str, status: os.stat_result) -> Entry:
    if stat.S_ISREG(status.st_mode):
        return Entry(path, status.st_size)
    return Entry(path, 0, EntryKind.SPECIAL)


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or (os.name == "nt" and PurePath(path).is_absolute())


def _status_of(place: str) -> os.stat_result | None:
    """The status of what is at a place, which may be a link; None where nothing can be seen."""
    try:
        return os.lstat(place)
    except OSError:
        return None


def _is_link(place: str) -> bool:
    status = _status_of(place)
    return status is not None and stat.S_ISLNK(status.st_mode)


def _explained(error: OSError, path: str) -> str:
    reason = (error.strerror or str(error) or "cannot be read").lower()
    return f"{reason}: {path}"
