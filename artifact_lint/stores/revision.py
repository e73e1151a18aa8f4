"""What git keeps: the index, and the tree of a revision."""

from __future__ import annotations

import tempfile
import threading
from bisect import bisect_left
from collections import defaultdict, deque
from io import BytesIO
from typing import IO, TYPE_CHECKING, Self

from artifact_lint.git import GitError, open_repository
from artifact_lint.git_attributes import attributes
from artifact_lint.model.paths import directories_above, directory_of, is_within
from artifact_lint.stores.base import Entry, EntryKind, StoreError
from artifact_lint.stores.checkout import ATTRIBUTES, MARKS, UnknownConversionError, checked_out, conversion_by
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES, ENVIRONMENT_MARK, Excludes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from artifact_lint.git import Blob, Repository
    from artifact_lint.stores.checkout import Conversion

#: Greater blobs go to a temporary file, in bytes.
IN_MEMORY = 32 << 20
#: The longest target of a link that Linux follows (PATH_MAX), and how many links in a row (MAXSYMLINKS).
_LONGEST_TARGET = 4096
_MOST_LINKS = 40
#: How many directories of a revision's root are listed one by one, before all others are listed together.
_MOST_LISTINGS = 16
#: A file of attributes, and how much of one is looked into before git is asked, in bytes.
_ATTRIBUTES_FILE = ".gitattributes"
_LONGEST_ATTRIBUTES = 1 << 20


class SnapshotStore:
    """Files by path, with the content that git would check out, from its object database. Close it after use.

    `unread` are the paths, up to now, whose content was asked for and that git does not have, with the reason.
    """

    def __init__(self, repository: Repository, label: str, excludes: tuple[str, ...]) -> None:
        self._repository = repository
        self._label = label
        self._excludes = Excludes(excludes)
        self._files: dict[str, Blob] = {}
        self._links: dict[str, str | None] = {}
        self._paths: list[str] = []
        self._folders: dict[str, list[str]] = defaultdict(list)
        self._environments: tuple[str, ...] = ()
        self._conversions: dict[str, Conversion | None] = {}
        self._converting: dict[str, bool] = {}
        self._sizes: dict[str, int] = {}
        self._asking = threading.RLock()
        self.unread: dict[str, str] = {}

    def _know(self, blobs: Iterable[Blob]) -> None:
        """Put more files in view, none of which was in view before."""
        for blob in blobs:
            if blob.mode.startswith("100"):
                self._files[blob.path] = blob
            elif blob.mode == "120000":
                self._links[blob.path] = self._target(blob)
            else:
                continue
            self._paths.append(blob.path)
            self._folders[directory_of(blob.path)].append(blob.path)
        self._paths.sort()
        self._environments = tuple(
            path.removesuffix(ENVIRONMENT_MARK) for path in self._paths if path.endswith(f"/{ENVIRONMENT_MARK}")
        )

    def _need(self, path: str) -> None:
        """Have everything in view that lies at or below a path."""

    @property
    def label(self) -> str:
        """What messages call the place: `index`, or the revision as the user wrote it."""
        return self._label

    def entries(self, under: str = "", without: Collection[str] | None = None) -> Iterator[Entry]:
        """Every file below a directory, sorted by path, without what is excluded below that directory.

        With `without`, which are paths, nothing else is left out: neither what is excluded nor virtual environments.

        Raises:
            StoreError: There is no such directory.
        """
        self._need(under)
        if under and not self.is_directory(under):
            raise StoreError(f"no such directory in {self._label}: {under}")
        prefix = f"{under}/" if under else ""
        for index in range(bisect_left(self._paths, prefix), len(self._paths)):
            path = self._paths[index]
            if not path.startswith(prefix):
                return
            yield from self._shown(path, under) if without is None else self._but(path, without)

    def files(self, directory: str) -> Iterator[Entry]:
        """The files directly in a directory, without what is excluded; none where it is not there."""
        if directory:
            self._need(directory)
        for path in sorted(self._folders.get(directory, ())):
            yield from self._shown(path, directory)

    def _but(self, path: str, without: Collection[str]) -> Iterator[Entry]:
        parts = path.split("/")
        entry = self.entry(path)
        if entry is not None and not any("/".join(parts[:count]) in without for count in range(1, len(parts) + 1)):
            yield entry

    def _shown(self, path: str, under: str) -> Iterator[Entry]:
        prefix = f"{under}/" if under else ""
        if not self._excludes.covers_below(path, under) and not self._in_environment(path, prefix):
            entry = self.entry(path)
            if entry is not None:
                yield entry

    def entry(self, path: str) -> Entry | None:
        """The file at a path, excluded or not; None where there is none."""
        self._need(path)
        blob = self._files.get(path)
        if blob is not None:
            return Entry(path, self._size(blob))
        if path not in self._links:
            return None
        resolved = self._resolved(path)
        if isinstance(resolved, EntryKind):
            return Entry(path, 0, resolved)
        blob = self._files.get(resolved)
        if blob is not None:
            return Entry(path, self._size(blob), target=resolved)
        return None if self.is_directory(resolved) else Entry(path, 0, EntryKind.BROKEN_LINK)

    def oid(self, path: str) -> str | None:
        """The id in git of what a path holds, through links; None where there is no file."""
        blob = self._blob(path)
        return blob.oid if blob is not None else None

    def destination(self, path: str) -> str | None:
        """Where a path leads through links, whether anything is there or not; None where that is no path here."""
        self._need(path)
        resolved = self._resolved(path)
        return None if isinstance(resolved, EntryKind) else resolved

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory that holds something."""
        self._need(path)
        if not path:
            return bool(self._paths)
        index = bisect_left(self._paths, f"{path}/")
        return index < len(self._paths) and self._paths[index].startswith(f"{path}/")

    def open(self, path: str) -> BlobSource:
        """The bytes of one file, or of the file that a link leads to.

        Raises:
            StoreError: There is no such file, or git does not have its bytes.
        """
        blob = self._blob(path)
        if blob is None:
            raise StoreError(f"no such file in {self._label}: {path}")
        return BlobSource(path, self._checked_out(blob))

    def close(self) -> None:
        """End the git process behind the store."""
        self._repository.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def converted(self, places: Iterable[str]) -> Iterator[str]:
        """The paths at or below some directories that git changes on checkout."""
        for place in places:
            self._need(place)
            yield from (path for path in list(self._files) if is_within(path, place) and self._conversion(path))

    def _conversion(self, path: str) -> Conversion | None:
        """What git does to a file on checkout; whoever asks first about one has git asked about all in view."""
        with self._asking:
            if path not in self._conversions:
                unknown = [one for one in self._files if one not in self._conversions]
                asked = [one for one in unknown if self._may_be_converted(one)]
                values = self._attributes(asked) if asked else {}
                self._conversions |= dict.fromkeys(unknown)
                self._conversions |= {one: conversion_by(values.get(one, {})) for one in asked}
            return self._conversions[path]

    def _attributes(self, paths: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        files = {path: blob.oid for path, blob in self._files.items() if _is_attributes(path)}
        try:
            return attributes(self._repository.root, files, paths, ATTRIBUTES)
        except GitError as error:
            raise StoreError(str(error)) from None

    def _may_be_converted(self, path: str) -> bool:
        """Whether a file of attributes above a path speaks of what is changed on checkout."""
        return any(self._converts(directory) for directory in directories_above(path))

    def _converts(self, directory: str) -> bool:
        if directory not in self._converting:
            blob = self._files.get(f"{directory}/{_ATTRIBUTES_FILE}" if directory else _ATTRIBUTES_FILE)
            self._converting[directory] = blob is not None and self._speaks_of_it(blob)
        return self._converting[directory]

    def _speaks_of_it(self, blob: Blob) -> bool:
        if blob.size is None or blob.size > _LONGEST_ATTRIBUTES:
            return True
        try:
            with self._content(blob) as content:
                content.seek(0)
                written = content.read()
        except StoreError:
            return True
        return any(mark in written for mark in MARKS)

    def _size(self, blob: Blob) -> int:
        """The size in bytes of what is checked out of a blob."""
        if self._conversion(blob.path) is None:
            return blob.size or 0
        if blob.path not in self._sizes:
            try:
                with self._checked_out(blob) as content:
                    self._sizes[blob.path] = content.seek(0, 2)
            except StoreError:
                self._sizes[blob.path] = blob.size or 0
        return self._sizes[blob.path]

    def _checked_out(self, blob: Blob) -> IO[bytes]:
        """The bytes of a blob as they are in a working tree."""
        content = self._content(blob)
        conversion = self._conversion(blob.path)
        if conversion is None:
            return content
        is_large = (blob.size or 0) > IN_MEMORY
        if is_large and conversion.is_for_texts_alone and _has_zeros(content):
            return content
        with content:
            if is_large:
                raise self._not_followed(blob, "git is to convert it by .gitattributes, and it is too large for that")
            content.seek(0)
            try:
                return BytesIO(checked_out(content.read(), conversion, blob.oid))
            except UnknownConversionError as error:
                raise self._not_followed(blob, str(error)) from None

    def _not_followed(self, blob: Blob, reason: str) -> StoreError:
        self.unread[blob.path] = reason
        return StoreError(f"{reason}: {blob.path}")

    def _blob(self, path: str) -> Blob | None:
        self._need(path)
        resolved = self._resolved(path) if path in self._links else path
        return None if isinstance(resolved, EntryKind) else self._files.get(resolved)

    def _content(self, blob: Blob) -> IO[bytes]:
        content: IO[bytes] = BytesIO() if (blob.size or 0) <= IN_MEMORY else tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._repository.copy_blob(blob.oid, content)
        except (GitError, OSError) as error:
            content.close()
            self.unread[blob.path] = str(error)
            raise StoreError(f"{error}: {blob.path}") from None
        return content

    def _target(self, blob: Blob) -> str | None:
        """Where a link points, as written; None where that is no path."""
        if blob.size is not None and blob.size > _LONGEST_TARGET:
            return None
        try:
            with self._content(blob) as content:
                content.seek(0)
                return content.read(_LONGEST_TARGET + 1).decode("utf-8", "surrogateescape")
        except StoreError:
            return None

    def _resolved(self, path: str) -> str | EntryKind:
        """The path that a path leads to through links, or why it leads nowhere; by the text alone."""
        waiting = deque(path.split("/"))
        reached: list[str] = []
        followed = 0
        while waiting:
            part = waiting.popleft()
            if part in ("", "."):
                continue
            if part == "..":
                if not reached:
                    return EntryKind.ESCAPING_LINK
                reached.pop()
                continue
            reached.append(part)
            place = "/".join(reached)
            self._need(place)
            if place not in self._links:
                continue
            target = self._links[place]
            followed += 1
            if target is None or followed > _MOST_LINKS:
                return EntryKind.BROKEN_LINK
            if target.startswith("/"):
                return EntryKind.ESCAPING_LINK
            reached.pop()
            waiting.extendleft(reversed(target.split("/")))
        return "/".join(reached)

    def _in_environment(self, path: str, prefix: str) -> bool:
        return any(path.startswith(place) and place != prefix for place in self._environments)


def _has_zeros(content: IO[bytes]) -> bool:
    """Whether there is a byte of zero in it, which no text has."""
    content.seek(0)
    return any(b"\0" in piece for piece in iter(lambda: content.read(1 << 20), b""))


def _is_attributes(path: str) -> bool:
    return path.rpartition("/")[2] == _ATTRIBUTES_FILE


class IndexStore(SnapshotStore):
    """The files as they are staged for the next commit.

    Raises:
        StoreError: There is no repository, git refuses to read it, or it has no index.
    """

    def __init__(self, root: Path, excludes: tuple[str, ...] = DEFAULT_EXCLUDES) -> None:
        try:
            repository = open_repository(root)
            blobs = repository.index()
        except GitError as error:
            raise StoreError(str(error)) from None
        super().__init__(repository, "index", excludes)
        self._know(blobs)


class RevisionStore(SnapshotStore):
    """The files of a commit; `commit` is its full id.

    What lies in a directory of the root is listed when somebody first asks about it: most of a repository never is.

    Raises:
        StoreError: There is no repository or no such revision, or git refuses to read it.
    """

    def __init__(self, root: Path, revision: str, excludes: tuple[str, ...] = DEFAULT_EXCLUDES) -> None:
        try:
            repository = open_repository(root)
            self.commit = repository.commit(revision)
            top = repository.tree(self.commit, recursive=False)
        except GitError as error:
            raise StoreError(str(error)) from None
        super().__init__(repository, revision, excludes)
        self._know(blob for blob in top if not blob.is_tree)
        self._unlisted = {blob.path for blob in top if blob.is_tree}
        self._listed = 0
        self._listing = threading.Lock()

    def _need(self, path: str) -> None:
        if not self._unlisted:
            return
        with self._listing:
            wanted = self._unlisted & {path.partition("/")[0]} if path else set(self._unlisted)
            if not wanted:
                return
            everything = not path or self._listed == _MOST_LISTINGS
            try:
                blobs = self._repository.tree(self.commit, self._unlisted if everything else wanted)
            except GitError as error:
                raise StoreError(str(error)) from None
            self._unlisted -= self._unlisted if everything else wanted
            self._listed += 1
            self._know(blobs)


class BlobSource:
    """A blob in memory or in a temporary file, which goes when the source is closed. Threads may read together."""

    def __init__(self, path: str, content: IO[bytes]) -> None:
        self._path = path
        self._content: IO[bytes] | None = content
        self._size = content.seek(0, 2)
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end.

        Raises:
            StoreError: The source is closed, or its temporary file cannot be read.
        """
        with self._lock:
            if self._content is None:
                raise StoreError(f"closed before it was read: {self._path}")
            wanted = min(length, self._size - offset)
            if wanted <= 0:
                return b""
            try:
                self._content.seek(offset)
                return self._content.read(wanted)
            except OSError as error:
                raise StoreError(f"{error.strerror or error}: {self._path}") from None

    def close(self) -> None:
        """Let go of the bytes; a second time changes nothing."""
        with self._lock:
            content, self._content = self._content, None
        if content is not None:
            content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()
