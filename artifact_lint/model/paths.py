"""Parts of the paths by which artifacts are known: relative, with `/` between their components on every system.

As `pathlib.PurePosixPath` takes them apart, which costs ten times as much for each of a registry's files.
"""

from __future__ import annotations


def name_of(path: str) -> str:
    """The last component."""
    return path.rpartition("/")[2]


def directory_of(path: str) -> str:
    """Everything above the last component, empty where there is nothing."""
    return path.rpartition("/")[0]


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
