"""Files that a loader might read, chosen by content first and by name where content says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from artifact_lint.adapters.pointers import POINTER_HEAD, POINTER_LIMIT, BrokenPointer, is_lfs_pointer, lfs_pointer
from artifact_lint.adapters.roles import sounds_like_model
from artifact_lint.formats import is_plain_text, sniff
from artifact_lint.formats.base import HEAD, WEIGHT_SUFFIXES
from artifact_lint.model.paths import name_of, suffix_of
from artifact_lint.stores.base import EntryKind, StoreError
from artifact_lint.tree import UNREAD

if TYPE_CHECKING:
    from artifact_lint.model import Fact, Pointer
    from artifact_lint.stores.base import Entry
    from artifact_lint.stores.lfs import LfsObject
    from artifact_lint.tree import Tree

#: Suffixes of data and figures as often as of weights: without a record, content has to speak for them.
_WEAK_SUFFIXES = frozenset(
    (".bin", ".model", ".npy", ".npz", ".msgpack", ".p", ".sav", ".h5", ".hdf5", ".ckpt", ".mar")
)


#: Names that a framework fixes for its weights.
_FIXED_NAMES = frozenset({"saved_model.pb"})


#: Why a link out of the root is unread: what it leads to may be anybody's.
_ELSEWHERE = "it is a link that leads out of the directory that is linted, and is not followed; lint what it leads to"


class Candidate(NamedTuple):
    """A file that a loader might read: its format by content, None where the name alone speaks for it.

    `pointer` is the git-LFS pointer that the file is; where it only begins like one, `broken_pointer` says what is
    wrong with it. `kept` is the object that git-LFS has here in the pointer's place, whose format `format` then is: its
    bytes still have to be held against the pointer. `trouble` says why a file could not be looked at: it is unread, not
    clean; `is_directory` that it is a directory which may not be listed.
    """

    path: str
    size: int = 0
    format: str | None = None
    pointer: Pointer | None = None
    kept: LfsObject | None = None
    broken_pointer: Fact[str] | None = None
    is_absent: bool = False
    trouble: str | None = None
    is_directory: bool = False


def promises_weights(path: str) -> bool:
    """Whether a file's name is one by which weights go."""
    return suffix_of(path) in WEIGHT_SUFFIXES or name_of(path) in _FIXED_NAMES


def look(tree: Tree, entry: Entry, *, named: bool = False) -> Candidate:
    """What a file is, whatever it is called; in an archive that the user named, anything known counts."""
    if entry.kind is EntryKind.UNREADABLE:
        return Candidate(entry.path, trouble="the directory may not be listed", is_directory=True)
    unread = Candidate(entry.path, entry.size, trouble=UNREAD)
    try:
        return tree.guarded(entry.path, lambda: _look(tree, entry, named=named), unread)
    except StoreError as error:
        return Candidate(entry.path, entry.size, trouble=str(error))


def _look(tree: Tree, entry: Entry, *, named: bool) -> Candidate:
    with tree.store.open(entry.path) as source:
        broken = None
        if is_lfs_pointer(source.read(0, POINTER_HEAD)):
            pointer = lfs_pointer(entry.path, source.read(0, POINTER_LIMIT), source.size)
            if isinstance(pointer, BrokenPointer):
                broken = pointer.reason
            elif pointer is not None:
                return behind(tree, entry.path, pointer, named=named)
        found = sniff(name_of(entry.path), source, asked=named)
        return Candidate(entry.path, entry.size, found, broken_pointer=broken)


def behind(tree: Tree, path: str, pointer: Pointer, *, named: bool = False) -> Candidate:
    """What the file is that a git-LFS pointer stands for, as far as git-LFS has it here.

    A file that an extension packs is not kept as it is, and its pointer does not tell its size.
    """
    if tree.lfs is None or pointer.digest is None or pointer.size is None:
        return Candidate(path, pointer=pointer)
    kept = tree.lfs.find(path, pointer.digest.value, pointer.size.value)
    if kept is None:
        return Candidate(path, pointer=pointer)
    try:
        with kept.open() as source:
            found = sniff(name_of(path), source, asked=named)
    except StoreError:
        return Candidate(path, pointer=pointer)
    return Candidate(path, pointer.size.value, found, pointer, kept)


def choose(tree: Tree, entry: Entry, *, named: bool) -> Candidate | None:
    """A file that stands for weights by its content or by its name; None for all others.

    Every file is looked at, `named` or not; one that the user named and that cannot be read is kept, to say so.
    """
    if entry.kind is EntryKind.ESCAPING_LINK:
        return Candidate(entry.path, trouble=_ELSEWHERE) if _certainly_promises(entry.path) else None
    if entry.kind not in {EntryKind.FILE, EntryKind.UNREADABLE}:
        return None
    promises = promises_weights(entry.path)
    found = look(tree, entry, named=named)
    if found.format is not None:
        return found
    if found.trouble:
        return found if promises or named or entry.kind is EntryKind.UNREADABLE else None
    is_path_file = entry.path.lower().endswith(".pth") and is_plain_text(tree.read(entry.path, HEAD) or b"")
    certain = sounds_like_model(entry.path) if is_path_file else True
    return found if certain and _certainly_promises(entry.path) else None


def _certainly_promises(path: str) -> bool:
    """Whether a name speaks for weights alone, without a look at the bytes."""
    is_weak = suffix_of(path) in _WEAK_SUFFIXES
    return promises_weights(path) and (not is_weak or sounds_like_model(path))
