"""Parts of the paths by which artifacts are known: relative, with `/` between their components on every system.

As `pathlib.PurePosixPath` takes them apart, which costs ten times as much for each of a registry's files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def from_root(place: str | Path, root: str | Path) -> str:
    """The path of a place, from a root, which is the empty string; outside of it, it begins with `..`."""
    relative = os.path.relpath(place, root).replace(os.sep, "/")
    return "" if relative == "." else relative


def name_of(path: str) -> str:
    """The last component."""
    return path.rpartition("/")[2]


def directory_of(path: str) -> str:
    """Everything above the last component, empty where there is nothing."""
    return path.rpartition("/")[0]


def directories_above(path: str) -> Iterator[str]:
    """The directories that a path lies in, the nearest first; the last is the root, the empty string."""
    while path:
        path = directory_of(path)
        yield path


def upwards(directory: str) -> Iterator[str]:
    """A directory and those that it lies in, the nearest first; the last is the root, the empty string."""
    yield directory
    yield from directories_above(directory)


def is_within(path: str, directory: str) -> bool:
    """Whether a path is a directory or lies below it; the empty string is the root."""
    return not directory or path == directory or path.startswith(f"{directory}/")


def stem_of(path: str) -> str:
    """The last component without its last suffix."""
    name = name_of(path)
    return name.removesuffix(_suffix(name))


def suffix_of(path: str) -> str:
    """The last suffix with its dot and in lower case, empty where there is none."""
    return _suffix(name_of(path)).lower()


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""
