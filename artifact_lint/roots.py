"""Which directory the paths of a run are relative to, and how a commit spells them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.git import find_repository, find_root
from artifact_lint.git_environment import is_git_directory
from artifact_lint.model.paths import from_root
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    found = from_root(os.path.normpath((root if is_from_top else here) / path), root)
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
