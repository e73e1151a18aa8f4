"""One run's view of a store: its entries by directory, and its documents, each read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from artifact_lint.document import Document, DocumentError, Limits, Syntax, parse
from artifact_lint.hash_pool import HashPool
from artifact_lint.model import Irregularity, Origin, Remark
from artifact_lint.model.report import Failure
from artifact_lint.stores.base import EntryKind, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from artifact_lint.model import VersionControl
    from artifact_lint.stores.base import Entry, Store
    from artifact_lint.stores.lfs import LfsObjects

T = TypeVar("T")

#: What a file that this program failed on is said to be.
UNREAD = "artifact-lint failed while reading it"

#: What is read of a file that is looked at as text (a pointer, front matter, a requirements file), in bytes.
TEXT_LIMIT = 4 << 20


class Tree:
    """What discovery and adapters see of a store; `failures` are the errors of this program on the way.

    `git` tells what git knows of the files, and `lfs` has what git-LFS keeps of them on this machine; each is None
    where nobody is to ask it. `hashes` computes their digests.
    """

    def __init__(
        self,
        store: Store,
        entries: Iterable[Entry],
        limits: Limits | None = None,
        git: VersionControl | None = None,
        lfs: LfsObjects | None = None,
    ) -> None:
        self.store = store
        self.git = git
        self.lfs = lfs
        self.limits = limits or Limits()
        self.hashes = HashPool(store)
        self._folders: dict[str, dict[str, Entry]] = {}
        self._others: dict[str, Entry | None] = {}
        self._children: dict[str, set[str]] = {}
        self._sorted: list[str] | None = None
        self._documents: dict[str, Document | Remark] = {}
        self._once: dict[Hashable, Any] = {}
        self.failures: list[Failure] = []
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Put one more entry in view; a second time changes nothing."""
        directory, _, name = entry.path.rpartition("/")
        folder = self._folders.setdefault(directory, {})
        self._sorted = None
        if name in folder:
            return
        folder[name] = entry
        while directory:
            parent, _, child = directory.rpartition("/")
            siblings = self._children.setdefault(parent, set())
            if child in siblings:
                return
            siblings.add(child)
            directory = parent

    def directories(self) -> list[str]:
        """Every directory that holds files, sorted, so that a parent comes before what it holds."""
        if self._sorted is None:
            self._sorted = sorted(self._folders)
        return self._sorted

    def folder(self, directory: str) -> Mapping[str, Entry]:
        """The files directly in a directory, by name."""
        return self._folders.get(directory, {})

    def subdirectories(self, directory: str) -> list[str]:
        """The paths of the directories directly in a directory, sorted."""
        prefix = f"{directory}/" if directory else ""
        return [prefix + name for name in sorted(self._children.get(directory, ()))]

    def entries(self) -> list[Entry]:
        """Everything in view, sorted by directory and name."""
        return [folder[name] for _, folder in sorted(self._folders.items()) for name in sorted(folder)]

    def entry(self, path: str) -> Entry | None:
        """The file at a path, in view or not; None where there is none."""
        directory, _, name = path.rpartition("/")
        found = self.folder(directory).get(name)
        if found is not None:
            return found
        if path not in self._others:
            self._others[path] = self.store.entry(path)
        return self._others[path]

    def once(self, name: Hashable, compute: Callable[[], T]) -> T:
        """What an adapter derives from the whole tree, computed the first time it asks under its name."""
        if name not in self._once:
            self._once[name] = compute()
        value: T = self._once[name]
        return value

    def guarded(self, path: str, look: Callable[[], T], instead: T) -> T:
        """What a look at a file finds; where this program fails at it, `instead`, and the failure is kept.

        So that one file on which a reader has a bug costs what that file would say, and nothing else.
        """
        try:
            return look()
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other files are still looked at
            self.failures.append(Failure(f"reading {path}", error, path=path))
            return instead

    def read(self, path: str, limit: int = TEXT_LIMIT) -> bytes | None:
        """The first `limit` bytes of a file, None where it is not there or cannot be read."""
        entry = self.entry(path)
        if entry is None or entry.kind is not EntryKind.FILE:
            return None
        try:
            with self.store.open(path) as source:
                return source.read(0, limit)
        except StoreError:
            return None

    def document(self, path: str, syntax: Syntax | None = None, flat: frozenset[str] = frozenset()) -> Document | None:
        """A parsed document; None where it is not there or cannot be read, which `failure` then explains.

        `flat` are the keys of `parse`; they count for the first who asks.
        """
        outcome = self._documents.get(path)
        if outcome is None:
            if self.entry(path) is None:
                return None
            broken: Document | Remark = Remark(Irregularity.UNREADABLE, Origin(path), UNREAD)
            outcome = self._documents[path] = self.guarded(path, lambda: self._parse(path, syntax, flat), broken)
        return outcome if isinstance(outcome, Document) else None

    def known_document(self, path: str) -> Document | None:
        """A document that was read already; None of anything else, which is not read now."""
        outcome = self._documents.get(path)
        return outcome if isinstance(outcome, Document) else None

    def failure(self, path: str) -> Remark | None:
        """Why a document that is there could not be read; None where it could, or was not asked for."""
        outcome = self._documents.get(path)
        return outcome if isinstance(outcome, Remark) else None

    def _parse(self, path: str, syntax: Syntax | None, flat: frozenset[str]) -> Document | Remark:
        try:
            with self.store.open(path) as source:
                if source.size > self.limits.size:
                    message = f"{source.size:,} bytes are more than the limit of {self.limits.size:,}"
                    return Remark(Irregularity.UNREADABLE, Origin(path), message, "Split the file, or raise the limit.")
                return parse(path, source.read(0, source.size), syntax, self.limits, flat)
        except StoreError as error:
            return Remark(Irregularity.UNREADABLE, Origin(path), str(error), "Make the file readable.")
        except DocumentError as error:
            return Remark(Irregularity.UNREADABLE, error.origin, error.reason, error.help)
