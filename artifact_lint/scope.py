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
from artifact_lint.changes import (
    EVERYTHING,
    Changes,
    changes_between,
    changes_since,
    open_revision,
    staged_changes,
    without_index,
)
from artifact_lint.git import find_repository
from artifact_lint.git_environment import is_git_directory
from artifact_lint.git_view import GitView
from artifact_lint.model.paths import directories_above, directory_of, is_within, name_of, upwards
from artifact_lint.namesakes import find_namesakes
from artifact_lint.stores.base import StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES, Excludes
from artifact_lint.stores.lfs import LfsObjects
from artifact_lint.stores.local import LocalStore, find_root
from artifact_lint.stores.revision import IndexStore, SnapshotStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from artifact_lint.adapters.base import Claim
    from artifact_lint.document import Limits
    from artifact_lint.model import Artifact
    from artifact_lint.stores.base import Entry, Store


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at.

    `named` are the files that the user asked for by name. `wanted` are the paths whose owners are reported, with a
    slash at the end of directories; None where everything in view is. `changes` are what git was asked for.
    `all_namesakes` tells that whatever may have the name and version of something wanted is in view, too.
    """

    root: Path
    store: Store
    tree: Tree
    named: frozenset[str]
    wanted: frozenset[str] | None
    changes: Changes = EVERYTHING
    all_namesakes: bool = True

    def relative(self, path: str) -> str:
        """A path as artifacts spell it: POSIX, relative to the root, which is the empty string."""
        return _relative(self.root, path)

    def covered(self, artifacts: Sequence[Artifact]) -> list[Artifact]:
        """Those of all artifacts in view that are among what was asked for."""
        if self.wanted is None:
            return list(artifacts)
        owners = Owners(artifacts)
        asked = {id(one) for path in self.wanted for one in (*owners.of(path), *self._losing(path, owners))}
        return [one for one in artifacts if id(one) in asked]

    def may_ask_for(self, paths: Collection[str]) -> bool:
        """Whether files that nothing describes may be what was asked for: themselves, or by what was beside them."""
        if self.wanted is None:
            return True
        if not self.wanted.isdisjoint(paths):
            return True
        for wanted in self.wanted:
            if wanted.endswith("/"):
                if any(is_within(path, wanted.rstrip("/")) for path in paths):
                    return True
            elif self.store.entry(wanted) is None:
                return True
        return False

    def _losing(self, path: str, owners: Owners) -> Iterable[Artifact]:
        """What a path that is gone may have described: the artifacts with files where the path was, or below."""
        is_lost = not path.endswith("/") and self.store.entry(path) is None
        return owners.with_files_in(directory_of(path)) if is_lost else ()


class Owners:
    """Which of some artifacts a path belongs to, for as many paths as there are."""

    def __init__(self, artifacts: Sequence[Artifact]) -> None:
        self._artifacts = artifacts
        self._named: dict[str, list[Artifact]] = {}
        self._described: dict[str, list[Artifact]] = {}
        self._holding: dict[str, list[Artifact]] = {}
        for artifact in artifacts:
            files = {file.path for file in artifact.files}
            for path in {artifact.path, *files, *(source.path for source in artifact.record.sources)}:
                self._named.setdefault(path, []).append(artifact)
            for place in {place for path in files for place in upwards(path)}:
                self._holding.setdefault(place, []).append(artifact)
            if artifact.described:
                self._described.setdefault(artifact.path, []).append(artifact)

    def of(self, path: str) -> list[Artifact]:
        """The artifacts of which a path is a file or a source, or in whose directory and no other's it lies."""
        if path.endswith("/"):
            return [one for one in self._artifacts if is_within(f"{one.path}/", path.rstrip("/"))]
        nearest = next((place for place in upwards(path) if place in self._described), None)
        return [*self._named.get(path, ()), *(self._described[nearest] if nearest is not None else ())]

    def with_files_in(self, directory: str) -> Sequence[Artifact]:
        """The artifacts with files in a directory, or below it."""
        return self._holding.get(directory, ())


def find_scope(
    paths: Sequence[str],
    *,
    excludes: Sequence[str] = (),
    staged: bool = False,
    since: str | None = None,
    revision: str | None = None,
    limits: Limits | None = None,
) -> Scope:
    """What there is to look at for some paths, as a user wrote them.

    `staged` looks at the git index instead of the working tree, and at what differs from HEAD in it; `revision` at a
    commit, without any working tree; `since` at what was touched since a revision.

    Raises:
        StoreError: A path cannot be read, or there is no such revision.
    """
    store: Store
    if revision is not None:
        root = commit_root(paths)
        store = committed = open_revision(root, revision, (*DEFAULT_EXCLUDES, *excludes))
        changes = changes_between(root, since, committed.commit) if since is not None else EVERYTHING
        git, lfs = GitView(root, commit=committed.commit), LfsObjects(root, alone=True)
        relative = [commit_path(root, path) for path in paths] or [""]
        named = frozenset(path for path in relative if path and not store.is_directory(path))
    else:
        root = root_of(paths)
        changes = staged_changes(root) if staged else changes_since(root, since) if since is not None else EVERYTHING
        store, changes = _opened(root, (*DEFAULT_EXCLUDES, *excludes), changes)
        git, lfs = GitView(root, staged=changes.staged), LfsObjects(root)
        relative = [_relative(root, path) for path in paths] or [""]
        named = frozenset(path for path in relative if not (store.is_directory(path) or (root / path).is_dir()))
    directories = [path for path in relative if path not in named]
    tree = Tree(store, (), limits, git, lfs)
    if revision is not None or changes.touched is not None:
        _expect(relative, root if revision is None else None, store, changes.touched or ())
    if changes.touched is not None:
        changed = changes.touched.union(_converted_anew(changes, store, root))
        reached = changed.union(_links_to(changed, store, root, git))
        passed_over = Excludes(excludes)
        touched = frozenset(
            path
            for path in reached
            if any(is_within(path, place) for place in relative) and not passed_over.covers_below(path)
        )
        add_neighbourhoods(tree, touched)
        hidden = Excludes((*DEFAULT_EXCLUDES, *excludes))
        others = (path for path in git.tracked_paths() if not hidden.covers_below(path)) if touched else ()
        namesakes, is_whole = find_namesakes(store, touched, others)
        add_neighbourhoods(tree, namesakes)
        return Scope(root, store, tree, frozenset(), touched, changes, all_namesakes=is_whole)
    for directory in directories:
        for entry in (*store.entries(directory), *_above(store, directory)):
            tree.add(entry)
    add_neighbourhoods(tree, named)
    everything = not named and "" in directories
    wanted = None if everything else named | {f"{directory}/" for directory in directories}
    return Scope(root, store, tree, named, wanted, changes)


def store_for(
    paths: Sequence[str], excludes: Sequence[str] = (), *, staged: bool = False, revision: str | None = None
) -> Store:
    """The store that a run over these paths reads, opened without looking at anything.

    Raises:
        StoreError: There is no such revision.
    """
    if revision is not None:
        return open_revision(commit_root(paths), revision, (*DEFAULT_EXCLUDES, *excludes))
    return _opened(root_of(paths), (*DEFAULT_EXCLUDES, *excludes), Changes(staged=staged))[0]


def root_of(paths: Sequence[str]) -> Path:
    """The repository's root, or the working directory outside of one, or what several places have in common."""
    here = Path.cwd()
    places = [Path(os.path.normpath(here / path)) for path in paths] or [here]
    first = places[0] if places[0].is_dir() else places[0].parent
    root = _with_cache(find_root(first) or (here if first.is_relative_to(here) else first))
    if all(place.is_relative_to(root) for place in places):
        return root
    return Path(os.path.commonpath([*places, root]))


def commit_root(paths: Sequence[str]) -> Path:
    """The top of the working tree, or the bare repository, whose commits some paths are about, there or not.

    Raises:
        StoreError: They are in no repository, or in several.
    """
    here = Path.cwd()
    places = [Path(os.path.normpath(here / path)) for path in paths] or [here]
    roots = {place: find_repository(place) for place in places}
    outside = next((place for place, root in roots.items() if root is None), None)
    if outside is not None:
        raise StoreError(f"not a git repository: {outside}")
    first, *others = dict.fromkeys(root for root in roots.values() if root is not None)
    if others:
        raise StoreError(f"a revision is of one repository, not of {first} and {others[0]}: lint each by itself")
    return first


def commit_path(root: Path, path: str) -> str:
    """A path as a commit spells it; in a bare repository, which has no place for it, relative ones are from its top.

    Raises:
        StoreError: It leads out of the repository.
    """
    here = Path.cwd()
    is_elsewhere = here.is_relative_to(root) or not Path(os.path.normpath(here / path)).is_relative_to(root)
    is_from_top = is_git_directory(root) and is_elsewhere
    found = _relative(root, os.path.normpath((root if is_from_top else here) / path))
    if found == ".." or found.startswith("../"):
        raise StoreError(f"{path} is not in the repository {root}")
    return found


#: A repository in the cache of huggingface_hub 1.0, whose snapshots are links to its blobs ("Understand caching").
_CACHED = re.compile(r"(?:models|datasets|spaces)--.+")


def _with_cache(root: Path) -> Path:
    """A directory, or the cached repository of the snapshot that it is or lies in: its files are links to the blobs."""
    for place in (root, *root.parents):
        if place.name == "snapshots" and _CACHED.fullmatch(place.parent.name):
            return place.parent
    return root


def _opened(root: Path, excludes: tuple[str, ...], changes: Changes) -> tuple[Store, Changes]:
    """The index where it is what is looked at and can be read, else the working tree."""
    if changes.staged:
        try:
            return IndexStore(root, excludes), changes
        except StoreError as error:
            changes = without_index(str(error))
    return LocalStore(root, excludes), changes


def _expect(paths: Sequence[str], root: Path | None, store: Store, touched: Collection[str]) -> None:
    """Refuse a path that neither is there nor was: a misspelt one would pass for one in which nothing changed.

    Without a root it is the store that has it or not.
    """
    for path in paths:
        is_there = _is_in(store, path) if root is None else os.path.lexists(root / path)
        if not is_there and not any(is_within(one, path) for one in touched):
            raise StoreError(f"no such file or directory{f' in {store.label}' if root is None else ''}: {path}")


def _is_in(store: Store, path: str) -> bool:
    return not path or store.is_directory(path) or store.entry(path) is not None


def _converted_anew(changes: Changes, store: Store, root: Path) -> Iterator[str]:
    """The files of which git writes other bytes than it keeps, now or at the base, where `.gitattributes` changed."""
    places = [directory_of(path) for path in changes.touched or () if name_of(path) == ".gitattributes"]
    if not places:
        return
    if isinstance(store, SnapshotStore):
        yield from store.converted(places)
    others = (changes.base, None if isinstance(store, SnapshotStore) else "HEAD")
    for name in others:
        if name is not None:
            with open_revision(root, name) as other:
                yield from other.converted(places)


def _links_to(touched: Collection[str], store: Store, root: Path, git: GitView) -> Iterator[str]:
    """The links that lead to one of some paths, there or not: what they belong to holds what is at that path."""
    if not touched:
        return
    for path in git.links():
        entry = store.entry(path)
        target = entry.target if entry is not None else None
        if (target or _end_of(path, store, root)) in touched:
            yield path


def _end_of(path: str, store: Store, root: Path) -> str | None:
    """Where a link leads, to nothing included; None where that is out of the store."""
    if isinstance(store, SnapshotStore):
        return store.destination(path)
    return _relative(Path(os.path.realpath(root)), os.path.realpath(root / path))


def _relative(root: Path, path: str) -> str:
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    return "" if relative == "." else relative


def add_neighbourhoods(tree: Tree, paths: Iterable[str]) -> None:
    """Put in view what decides on the owner of each path: its folder, and the artifact directory that it lies in."""
    listed: set[str] = set()
    looked_at: dict[str, int] = {}
    folders: set[str] = set()
    for path in sorted(paths):
        entry = tree.store.entry(path)
        if entry is not None:
            tree.add(entry)
        for directory in reversed(list(directories_above(path))):
            if directory in listed or _add_directory(tree, directory, looked_at):
                listed.add(directory)
                break
        folder = directory_of(path)
        if _is_lost_record(tree.store, path):
            _add(tree, tree.store.entries(folder))
        if folder not in folders:
            folders.add(folder)
            _add(tree, _above(tree.store, folder))


def _add_directory(tree: Tree, directory: str, looked_at: dict[str, int]) -> bool:
    """Put a directory's files in view, and all that lies below where it is an artifact, which is answered.

    `looked_at` tells how many files each directory had when it was none: thousands of paths share a few directories.
    """
    if looked_at.get(directory) == len(tree.folder(directory)):
        return False
    _add(tree, tree.store.files(directory))
    is_artifact = any(claim.reach >= Reach.DIRECTORY for claim in _claims(tree, directory))
    if is_artifact:
        _add(tree, tree.store.entries(directory))
        _add(tree, _above(tree.store, directory))
    looked_at[directory] = len(tree.folder(directory))
    return is_artifact


def _add(tree: Tree, entries: Iterable[Entry]) -> None:
    for entry in entries:
        tree.add(entry)


#: Records that speak for what lies below their directory, so that weights lose their owner when one is deleted.
_OWNERS = re.compile(r"MLmodel|Kitfile|(?:.+\.)?model-artifact\.\w+|(?:adapter_)?config\.json|model_index\.json")


def _is_lost_record(store: Store, path: str) -> bool:
    directory, _, name = path.rpartition("/")
    return bool(_OWNERS.fullmatch(name)) and store.entry(path) is None and store.is_directory(directory)


def _claims(tree: Tree, directory: str) -> Iterator[Claim]:
    for convention in CONVENTIONS:
        yield from claims_in(tree, convention, directory)


def _above(store: Store, directory: str) -> Iterator[Entry]:
    """The tracking stores and DVC files above a directory, which say more about what lies in it."""
    for place in upwards(directory):
        entry = store.entry(f"{place}.dvc") if place else None
        if entry is not None:
            yield entry
    for place in directories_above(directory):
        prefix = f"{place}/" if place else ""
        for name in (*DATABASES, LOCK):
            entry = store.entry(prefix + name)
            if entry is not None:
                yield entry
        if store.is_directory(prefix + STORE_DIRECTORY):
            yield from store.entries(prefix + STORE_DIRECTORY)
