"""Directories that DVC tracks as one: the digest of their listing, and the listing where it is at hand.

Source: dvc-data 3 (`hashfile/tree.py`, `hashfile/build.py`): the digest is the MD5, with `.dir` behind it, of the JSON
list of each file's `md5` and `relpath`, sorted by the latter; the cache keeps that list under the digest's name. Links
to files are taken for files, links to directories are not followed, and what a .dvcignore names is left out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from artifact_lint.adapters.dvc import covering
from artifact_lint.adapters.reading import as_text, child, decode, join
from artifact_lint.adapters.roles import role_of
from artifact_lint.document import Syntax
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.model import NOTHING, DigestCheck, DigestState, Fact, Mention, Origin, Pointer, Record, Role
from artifact_lint.model.paths import directories_above, name_of
from artifact_lint.stores.base import EntryKind, StoreError
from artifact_lint.stores.excludes import Excludes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from artifact_lint.adapters.dvc import Out
    from artifact_lint.digests import Computed
    from artifact_lint.document import Node
    from artifact_lint.tree import Tree

    #: The digests of a file by some algorithms.
    Hash = Callable[[str, set[str]], Computed]

NAME = "dvc-directories"

#: What DVC puts behind the digest of a directory's listing.
DIRECTORY = ".dir"
_IGNORE = ".dvcignore"
#: Where DVC 3 and DVC 2 keep objects in their cache, below the directory `.dvc`.
_CACHES = (".dvc/cache/files/md5", ".dvc/cache")


def is_of_directory(digest: str) -> bool:
    """Whether a digest is that of a directory's listing."""
    return digest.endswith(DIRECTORY)


def supply(tree: Tree, directory: str, record: Record, files: Iterable[str]) -> Record:
    """What DVC recorded of files that lie in directories which it tracks as one."""
    stated = [mention.path for mention in record.mentions if mention.path is not None and not mention.directory]
    mentions: dict[str, Mention] = {}
    directories: dict[str, Out] = {}
    for path in (*files, *stated):
        out = covering(tree, path)
        if out is not None and out.pointer.directory and out.path != path:
            directories[out.path] = out
            digest = _recorded(tree, out, path)
            if digest is not None:
                mentions[path] = _mention(out.origin, path, role_of(path), digest)
    for out in directories.values():
        for mention in _others(tree, directory, out):
            mentions.setdefault(mention.path or "", mention)
    sources = dict.fromkeys(Origin(out.origin.path) for out in directories.values())
    return Record(sources=tuple(sources), mentions=tuple(mentions.values())) if mentions else NOTHING


def _recorded(tree: Tree, out: Out, path: str) -> Fact[str] | None:
    """The digest that covers a file: its own of the listing, or that of the directory, which has to be as recorded."""
    relative = path.removeprefix(f"{out.path}/")
    own = (listing(tree, out) or {}).get(relative)
    if own is not None:
        return own
    ignored = _ignored(tree, out.path)
    return None if ignored is not None and ignored(relative) else out.digest


def _mention(origin: Origin, path: str, role: Role, digest: Fact[str], *, vouches: bool = False) -> Mention:
    written = name_of(path)
    return Mention(origin, path, written, role, digests=(digest,), required=False, vouches=vouches)


def _others(tree: Tree, directory: str, out: Out) -> Iterator[Mention]:
    """What else lies in an artifact's directory and is listed or should be, and listed weights that are not here."""
    listed = listing(tree, out)
    if listed is None:
        return
    try:
        here = _files(tree, out.path)
    except StoreError:
        here = []
    for path in dict.fromkeys((*(f"{out.path}/{relative}" for relative in listed), *here)):
        digest = _recorded(tree, out, path)
        if digest is not None and (not directory or path.startswith(f"{directory}/")):
            is_away = tree.entry(path) is None and path.lower().endswith(tuple(WEIGHT_SUFFIXES))
            yield _mention(out.origin, path, role_of(path) if is_away else Role.OTHER, digest, vouches=not is_away)


def pointer_of(tree: Tree, path: str) -> Pointer | None:
    """What DVC has of a file that is not here: its own entry, or that of the directory that it belongs to."""
    out = covering(tree, path)
    if out is None or out.path == path or not out.pointer.directory:
        return out.pointer if out is not None else None
    digest = (listing(tree, out) or {}).get(path.removeprefix(f"{out.path}/"))
    return Pointer("DVC", digest, None) if digest is not None else out.pointer


def listing(tree: Tree, out: Out) -> Mapping[str, Fact[str]] | None:
    """The digest of each file of a directory, by its path within, where DVC's cache or the entry itself says so.

    Each points at the entry of the directory: the cache is not what anybody edits.
    """
    return tree.once((NAME, "listing", out.path), lambda: _listing(tree, out))


def _listing(tree: Tree, out: Out) -> Mapping[str, Fact[str]] | None:
    if out.digest is None:
        return None
    algorithm, _, name = out.digest.value.partition(":")
    own = out.node.get("files") if out.node is not None else None
    if own is not None:
        return _read(own, algorithm, out.digest.origin) or None
    digits = name.removesuffix(DIRECTORY)
    if len(digits) != 32 or not digits.isalnum():
        return None
    for path in _places(out.origin.path, f"{digits[:2]}/{digits[2:]}{DIRECTORY}"):
        data = tree.read(path, tree.limits.size)
        if data is not None and _md5(data) == digits:
            document = tree.document(path, Syntax.JSON)
            return _read(document.root, algorithm, out.digest.origin) if document is not None else None
    return None


def _places(path: str, name: str) -> Iterator[str]:
    for place in directories_above(path):
        yield from (child(place, f"{cache}/{name}") for cache in _CACHES)


def _read(node: Node, algorithm: str, origin: Origin) -> dict[str, Fact[str]]:
    found = {}
    for entry in node.elements():
        relative, digest = as_text(entry.get("relpath")), as_text(entry.get("md5"))
        place = join("", relative) if relative is not None else None
        if place is not None and digest is not None:
            found[place] = Fact(f"{algorithm}:{digest}", origin)
    return found


def _md5(data: bytes) -> str:
    return hashlib.new("md5", data, usedforsecurity=False).hexdigest()


def check_of(tree: Tree, path: str, recorded: Iterable[Fact[str]], hash_file: Hash) -> DigestCheck | None:
    """The digest of the directory that a file lies in held against all its files, where it is among those recorded.

    Where fewer files are here than DVC recorded, a part may not have been fetched; where more are here, a .dvcignore
    may name them. Neither can be told from a change.
    """
    out = covering(tree, path)
    digest = out.digest if out is not None else None
    if out is None or digest is None or digest not in recorded:
        return None
    return tree.once((NAME, "check", out.path), lambda: _check(tree, out, digest, hash_file))


def _check(tree: Tree, out: Out, recorded: Fact[str], hash_file: Hash) -> DigestCheck:
    unverifiable = DigestCheck(recorded, DigestState.UNVERIFIABLE, directory=out.path)
    algorithm, _, expected = recorded.value.lower().partition(":")
    try:
        paths = _files(tree, out.path)
    except StoreError as error:
        return replace(unverifiable, trouble=str(error), unread=True)
    if out.count is not None and len(paths) < out.count:
        return replace(unverifiable, trouble=f"only {len(paths):,} of the {out.count:,} files of {out.path} are here")
    link = next((path for path in paths if _leads_out(tree, path)), None)
    if link is not None:
        return replace(unverifiable, trouble=f"{link} is a link out of the repository, which is not followed")
    digests: dict[str, str] = {}
    for path in paths:
        computed = hash_file(path, {algorithm})
        if algorithm not in computed.by_algorithm:
            return replace(unverifiable, trouble=f"{computed.trouble} ({path})", unread=True)
        digests[path.removeprefix(f"{out.path}/")] = computed.by_algorithm[algorithm].partition(":")[2]
    ignored = _ignored(tree, out.path)
    kept = {path: digest for path, digest in digests.items() if ignored is None or not ignored(path)}
    if expected in {_listed(digests), _listed(kept)}:
        return DigestCheck(recorded, DigestState.VERIFIED, recorded.value, directory=out.path)
    if ignored is not None and len(kept) != out.count:
        return replace(unverifiable, trouble=f"a {_IGNORE} may name some of the files of {out.path}")
    if out.count is None:
        return replace(unverifiable, trouble=f"DVC did not record how many files {out.path} has")
    more = len(kept) - out.count
    detail = (
        f" with {more:,} more file{'' if more == 1 else 's'} than the {out.count:,} that DVC recorded" if more else ""
    )
    return DigestCheck(recorded, DigestState.MISMATCH, f"{algorithm}:{_listed(kept)}", detail, directory=out.path)


def _listed(digests: Mapping[str, str]) -> str:
    entries = [{"md5": digest, "relpath": relative} for relative, digest in sorted(digests.items())]
    return _md5(json.dumps(entries, sort_keys=True).encode()) + DIRECTORY


def _files(tree: Tree, directory: str) -> list[str]:
    """The files below a directory that DVC would list: links to files included, broken ones not."""
    kinds = {EntryKind.FILE, EntryKind.ESCAPING_LINK, EntryKind.UNREADABLE}
    return [entry.path for entry in tree.store.entries(directory) if entry.kind in kinds]


def _leads_out(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind is EntryKind.ESCAPING_LINK


def _ignored(tree: Tree, directory: str) -> Callable[[str], bool] | None:
    return tree.once((NAME, "ignored", directory), lambda: _find_ignored(tree, directory))


def _find_ignored(tree: Tree, directory: str) -> Callable[[str], bool] | None:
    """Which paths within a directory the .dvcignore files above it leave out; None where there are no patterns."""
    patterns: dict[str, Excludes] = {}
    for place in directories_above(directory):
        lines = decode(tree.read(child(place, _IGNORE)) or b"").splitlines()
        own = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if own:
            patterns[place] = Excludes(own)
    if not patterns:
        return None

    def is_ignored(relative: str) -> bool:
        path = f"{directory}/{relative}"
        return any(
            one.covers_below(path.removeprefix(f"{place}/") if place else path) for place, one in patterns.items()
        )

    return is_ignored
