"""The protocol that everything which reads bytes stands on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import TracebackType


class StoreError(Exception):
    """Something that a store cannot give; the message is a line for the user."""


class EntryKind(StrEnum):
    """What stands at a path: links are told apart, because only those within the root are followed."""

    FILE = "file"
    ESCAPING_LINK = "escaping-link"
    BROKEN_LINK = "broken-link"
    SPECIAL = "special"
    UNREADABLE = "unreadable"
    """A directory that may not be listed (or a file that may not even be looked at): what it holds is unknown."""


class Entry(NamedTuple):
    """One file of a store: its POSIX path relative to the root and its size in bytes (of a link: of its target).

    `target` is the path in the store that a link leads to, None for what is no link or leads out of the store.
    """

    path: str
    size: int
    kind: EntryKind = EntryKind.FILE
    target: str | None = None


#: For how long a file has to be left alone, in nanoseconds, until its next change is sure to show in its times. These
#: are as coarse as 2 s (FAT); and whoever writes through a shared mapping of the memory sets them with the first touch
#: of a page, and not again until Linux writes the page out, after 30 s and a round of its flusher every 5 s
#: (`vm.dirty_expire_centisecs`, `vm.dirty_writeback_centisecs`).
SETTLED = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """One state of one file of this machine: while all five stay the same, so do the bytes, once it is settled.

    Times are in nanoseconds since 1970. Nobody can set `changed_ns` back, so that a file with an old date put over
    another one is told from it.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    def is_settled(self, now: int) -> bool:
        """Whether the file was left alone so long that its next change is sure to show; `now` in nanoseconds.

        A file system without numbers of its own for files tells nothing of them, ever.
        """
        return self.inode != 0 and now - max(self.modified_ns, self.changed_ns) >= SETTLED


class Source(Protocol):
    """Bytes that can be read at any offset."""

    @property
    def size(self) -> int:
        """The number of bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end.

        Raises:
            StoreError: The bytes cannot be read (any more).
        """
        ...

    def close(self) -> None:
        """Let go of what the source holds."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Store(Protocol):
    """A place where files live: a local tree, a git index, a git revision."""

    @property
    def label(self) -> str:
        """What messages call the place, such as `index` or `HEAD~1`; empty for the working tree."""
        ...

    def entries(self, under: str = "", without: Collection[str] | None = None) -> Iterator[Entry]:
        """Every file below a directory (the root when empty), sorted by path, without what is excluded.

        With `without`, which are paths, nothing else is left out: neither what is excluded nor virtual environments.

        Raises:
            StoreError: The directory cannot be listed.
        """
        ...

    def files(self, directory: str) -> Iterator[Entry]:
        """The files directly in a directory, without what is excluded; none where it is not there."""
        ...

    def entry(self, path: str) -> Entry | None:
        """The file at a path, excluded or not; None where there is none."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory that holds something."""
        ...

    def open(self, path: str) -> Source:
        """The bytes of one file.

        Raises:
            StoreError: There is no such file, or it may not be read.
        """
        ...


class Borrowed:
    """A source that owns nothing and so closes nothing."""

    def close(self) -> None:
        """Nothing: whoever opened the bytes closes them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        return None
