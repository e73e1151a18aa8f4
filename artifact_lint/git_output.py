"""What git reads and prints where programs talk to it: paths that end in NUL, ids on lines, and what is told of each.

Paths are bytes to git, and text with surrogates (PEP 383) here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of an index or a tree: `mode` is git's (120000 is a link), `size` in bytes, None where git did not say."""

    path: str
    oid: str
    mode: str
    size: int | None = None

    @property
    def is_tree(self) -> bool:
        """Whether it is a directory, which a listing shows in place of what is in it."""
        return self.mode == "040000"


def listed(output: bytes) -> list[Blob]:
    """The entries of a tree, as `git ls-tree` prints them, with their sizes where it was asked for them."""
    blobs = []
    for record in output.split(b"\0"):
        meta, tab, name = record.partition(b"\t")
        if tab:
            mode, _, oid, *size = meta.decode("ascii").split()
            blobs.append(Blob(os.fsdecode(name), oid, mode, int(size[0]) if size and size[0].isdigit() else None))
    return blobs


def names(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]


def ended(paths: Iterable[str]) -> bytes:
    """Paths as commands with `--stdin -z` read them."""
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def lines(oids: Iterable[str]) -> bytes:
    """Ids of objects as `git cat-file` reads them, each once."""
    return "".join(f"{oid}\n" for oid in dict.fromkeys(oids)).encode("ascii")


def attributes(output: bytes) -> dict[str, dict[str, str]]:
    """The values of attributes by path and name, as `git check-attr -z` prints them."""
    fields = os.fsdecode(output).split("\0")
    found: dict[str, dict[str, str]] = {}
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        found.setdefault(path, {})[name] = value
    return found


def sizes(output: bytes) -> dict[str, int]:
    """The sizes in bytes that `git cat-file --batch-check` prints, by object id; none of an object that is not here."""
    described = (line.split() for line in output.decode("ascii", "replace").splitlines())
    return {words[0]: int(words[2]) for words in described if len(words) == 3 and words[2].isdigit()}


def contents(output: bytes) -> Mapping[str, bytes]:
    """The contents that `cat-file --batch` prints, by object id."""
    contents = {}
    while output:
        header, _, output = output.partition(b"\n")
        words = header.decode("ascii", "replace").split()
        if len(words) == 3 and words[2].isdigit():
            size = int(words[2])
            contents[words[0]], output = output[:size], output[size + 1 :]
    return contents
