"""What has to be in view to know who owns a path: its folder, its artifact's directory, and records above it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.adapters import CONVENTIONS, claims_in
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.dvc import LOCK
from artifact_lint.adapters.mlflow_tracking import DATABASES, STORE_DIRECTORY
from artifact_lint.model.paths import directories_above, directory_of, upwards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.adapters.base import Claim
    from artifact_lint.stores.base import Entry, Store
    from artifact_lint.tree import Tree

#: Records that speak for what lies below their directory, so that weights lose their owner when one is deleted.
_OWNERS = re.compile(r"MLmodel|Kitfile|(?:.+\.)?model-artifact\.\w+|(?:adapter_)?config\.json|model_index\.json")


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
            _add(tree, records_above(tree.store, folder))


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
        _add(tree, records_above(tree.store, directory))
    looked_at[directory] = len(tree.folder(directory))
    return is_artifact


def _add(tree: Tree, entries: Iterable[Entry]) -> None:
    for entry in entries:
        tree.add(entry)


def _is_lost_record(store: Store, path: str) -> bool:
    directory, _, name = path.rpartition("/")
    return bool(_OWNERS.fullmatch(name)) and store.entry(path) is None and store.is_directory(directory)


def _claims(tree: Tree, directory: str) -> Iterator[Claim]:
    for convention in CONVENTIONS:
        yield from claims_in(tree, convention, directory)


def records_above(store: Store, directory: str) -> Iterator[Entry]:
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
