"""git-LFS pointers: small text files that stand in for weights kept elsewhere.

Source: the Git LFS specification, version 1, and its predecessor "hawser".
"""

from __future__ import annotations

import re

from artifact_lint.model import Fact, Origin, Pointer

#: A pointer is smaller than this, in bytes, by the specification.
POINTER_LIMIT = 1024

_VERSION = re.compile(
    rb"version https://(?:git-lfs\.github\.com/spec/v1|hawser\.github\.com/spec/v1|git-media\.io/v/2)\r?\n"
)
_LINE = re.compile(r"(?P<key>[a-z0-9.-]+) (?P<value>.+)")


def is_lfs_pointer(head: bytes) -> bool:
    """Whether a file's first bytes are those of a git-LFS pointer."""
    return _VERSION.match(head) is not None


def lfs_pointer(path: str, data: bytes) -> Pointer | None:
    """What a git-LFS pointer states, each value with its line; None where the bytes are no pointer."""
    if len(data) > POINTER_LIMIT or not is_lfs_pointer(data):
        return None
    digest: Fact[str] | None = None
    size: Fact[int] | None = None
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        match = _LINE.fullmatch(line.strip())
        if not match:
            continue
        column = len(match["key"]) + 2
        origin = Origin(path, number, column, number, column + len(match["value"]))
        if match["key"] == "oid":
            digest = Fact(match["value"].lower(), origin)
        elif match["key"] == "size" and match["value"].isdecimal():
            size = Fact(int(match["value"]), origin)
    return Pointer("git-LFS", digest, size)
