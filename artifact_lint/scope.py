"""Which part of a store a run looks at: what was asked for, and what it takes to know who owns it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.adapters import CONVENTIONS, claims_in
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.dvc import LOCK
from artifact_lint.adapters.mlflow_tracking import DATABASES, STORE_DIRECTORY
from artifact_lint.stores.base import StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES
from artifact_lint.stores.local import LocalStore, find_root
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.adapters.base import Claim
    from artifact_lint.document import Limits
    from artifact_lint.model import Artifact
    from artifact_lint.stores.base import Entry, Store


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at.

    `named` are the files that the user asked for by name. `wanted` are the paths whose owners are reported, with a
    slash at the end of directories; None where everything in view is.
    """

    root: Path
    store: Store
    tree: Tree
    named: frozenset[str]
    wanted: frozenset[str] | None

    def relative(self, path: str) -> str:
        """A path as artifacts spell it: POSIX, relative to the root, which is the empty string."""
        return _relative(self.root, path)

    def covers(self, artifact: Artifact, artifacts: Sequence[Artifact]) -> bool:
        """Whether an artifact is among what was asked for."""
        if self.wanted is None:
            return True
        return any(belongs_to(path, artifact, artifacts) or self._lost(path, artifact) for path in self.wanted)

    def _lost(self, path: str, artifact: Artifact) -> bool:
        """Whether a path that is gone may have described an artifact: its files lie where the path was, or below."""
        if path.endswith("/") or self.store.entry(path) is not None:
            return False
        directory = path.rpartition("/")[0]
        return any(is_within(file.path, directory) for file in artifact.files)


def find_scope(
    paths: Sequence[str],
    *,
    excludes: Sequence[str] = (),
    staged: bool = False,
    revision: str | None = None,
    limits: Limits | None = None,
) -> Scope:
    """What there is to look at for some paths, as a user wrote them.

    `staged` looks at the git index instead of the working tree, and at what differs from HEAD in it; `revision` at
    what was touched since it.

    Raises:
        StoreError: A path, the index or the revision cannot be read.
    """
    root = root_of(paths)
    store = _open(root, (*DEFAULT_EXCLUDES, *excludes), staged=staged)
    relative = [_relative(root, path) for path in paths] or [""]
    named = frozenset(path for path in relative if not (store.is_directory(path) or (root / path).is_dir()))
    directories = [path for path in relative if path not in named]
    touched = _touched_in_git(root, relative, staged=staged, revision=revision)
    tree = Tree(store, (), limits)
    if touched is not None:
        _add_neighbourhoods(tree, touched)
        return Scope(root, store, tree, frozenset(), frozenset(touched))
    for directory in directories:
        for entry in (*store.entries(directory), *_above(store, directory)):
            tree.add(entry)
    _add_neighbourhoods(tree, named)
    everything = not named and "" in directories
    wanted = None if everything else named | {f"{directory}/" for directory in directories}
    return Scope(root, store, tree, named, wanted)


def store_for(paths: Sequence[str], excludes: Sequence[str] = (), *, staged: bool = False) -> Store:
    """The store that a run over these paths reads, opened without looking at anything.

    Raises:
        StoreError: The index cannot be read.
    """
    return _open(root_of(paths), (*DEFAULT_EXCLUDES, *excludes), staged=staged)


def belongs_to(path: str, artifact: Artifact, artifacts: Sequence[Artifact]) -> bool:
    """Whether a path is one of an artifact's files or sources, lies in its directory and no other's, or holds it."""
    if path.endswith("/"):
        return is_within(f"{artifact.path}/", path.rstrip("/"))
    own = {file.path for file in artifact.files} | {source.path for source in artifact.record.sources}
    if path in own or path == artifact.path:
        return True
    directories = [one.path for one in artifacts if one.described]
    owner = max((place for place in directories if is_within(path, place)), key=len, default=None)
    return owner is not None and owner == artifact.path and artifact.described


def is_within(path: str, directory: str) -> bool:
    """Whether a path is a directory of the store or lies below it; the empty string is the root."""
    return not directory or path == directory or path.startswith(f"{directory}/")


def root_of(paths: Sequence[str]) -> Path:
    """The repository's root, or the working directory outside of one, or what several places have in common."""
    here = Path.cwd()
    places = [Path(os.path.normpath(here / path)) for path in paths] or [here]
    first = places[0] if places[0].is_dir() else places[0].parent
    root = find_root(first) or (here if first.is_relative_to(here) else first)
    if all(place.is_relative_to(root) for place in places):
        return root
    return Path(os.path.commonpath([*places, root]))


def _open(root: Path, excludes: tuple[str, ...], *, staged: bool) -> Store:
    if not staged:
        return LocalStore(root, excludes)
    from artifact_lint.stores.revision import IndexStore  # noqa: PLC0415  GitPython takes a tenth of a second

    return IndexStore(root, excludes)


def _relative(root: Path, path: str) -> str:
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    return "" if relative == "." else relative


def _touched_in_git(root: Path, relative: Sequence[str], *, staged: bool, revision: str | None) -> set[str] | None:
    """The paths that are staged or were changed since a revision, deleted ones included; None where not asked for."""
    if not staged and revision is None:
        return None
    from artifact_lint.git import GitError, changed_paths, staged_paths  # noqa: PLC0415  a tenth of a second

    try:
        touched = staged_paths(root) if revision is None else changed_paths(root, revision)
    except GitError as error:
        raise StoreError(str(error)) from error
    return {path for path in touched if any(is_within(path, place) for place in relative)}


def _add_neighbourhoods(tree: Tree, paths: Iterable[str]) -> None:
    """Put in view what decides on the owner of each path: its folder, and the artifact directory that it lies in."""
    listed: set[str] = set()
    for path in sorted(paths):
        entry = tree.store.entry(path)
        if entry is not None:
            tree.add(entry)
        for directory in reversed(list(_ancestors(path))):
            if any(is_within(directory, place) for place in listed):
                break
            for entry in tree.store.files(directory):
                tree.add(entry)
            if any(claim.reach >= Reach.DIRECTORY for claim in _claims(tree, directory)):
                listed.add(directory)
                for entry in (*tree.store.entries(directory), *_above(tree.store, directory)):
                    tree.add(entry)
        folder = path.rpartition("/")[0]
        left = tree.store.entries(folder) if _is_lost_record(tree.store, path) else ()
        for entry in (*left, *_above(tree.store, folder)):
            tree.add(entry)


#: Records that speak for what lies below their directory, so that weights lose their owner when one is deleted.
_OWNERS = re.compile(r"MLmodel|Kitfile|(?:.+\.)?model-artifact\.\w+|(?:adapter_)?config\.json|model_index\.json")


def _is_lost_record(store: Store, path: str) -> bool:
    directory, _, name = path.rpartition("/")
    return bool(_OWNERS.fullmatch(name)) and store.entry(path) is None and store.is_directory(directory)


def _claims(tree: Tree, directory: str) -> Iterator[Claim]:
    for convention in CONVENTIONS:
        yield from claims_in(tree, convention, directory)


def _ancestors(path: str) -> Iterator[str]:
    """The directories that a path lies in, the nearest first."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _above(store: Store, directory: str) -> Iterator[Entry]:
    """The tracking stores and lock files above a directory, which say more about what lies in it."""
    for place in _ancestors(directory):
        prefix = f"{place}/" if place else ""
        for name in (*DATABASES, LOCK):
            entry = store.entry(prefix + name)
            if entry is not None:
                yield entry
        if store.is_directory(prefix + STORE_DIRECTORY):
            yield from store.entries(prefix + STORE_DIRECTORY)
