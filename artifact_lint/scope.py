"""Which part of a store a run looks at: what was asked for, and what it takes to know who owns it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.changes import (
    EVERYTHING,
    Changes,
    changes_between,
    changes_since,
    open_revision,
    staged_changes,
    without_index,
)
from artifact_lint.git_view import GitView
from artifact_lint.model.paths import directory_of, from_root, is_within, name_of, upwards
from artifact_lint.namesakes import find_namesakes
from artifact_lint.neighbourhoods import add_neighbourhoods, records_above
from artifact_lint.roots import commit_path, commit_root, root_of
from artifact_lint.stores.base import StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES, Excludes
from artifact_lint.stores.lfs import LfsObjects
from artifact_lint.stores.local import LocalStore
from artifact_lint.stores.revision import IndexStore, SnapshotStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from artifact_lint.document import Limits
    from artifact_lint.model import Artifact
    from artifact_lint.stores.base import Store


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
        return from_root(path, self.root)

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
    is_committing: bool = False,
    limits: Limits | None = None,
) -> Scope:
    """What there is to look at for some paths, as a user wrote them.

    `staged` looks at the git index instead of the working tree, and at what differs from HEAD in it; `revision` at a
    commit, without any working tree; `since` at what was touched since a revision. `is_committing` is for hooks.

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
        git, lfs = GitView(root, staged=changes.staged, is_committing=is_committing), LfsObjects(root)
        relative = [from_root(path, root) for path in paths] or [""]
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
        for entry in (*store.entries(directory), *records_above(store, directory)):
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
    return from_root(os.path.realpath(root / path), os.path.realpath(root))
