"""Digests that tell by themselves whether they are right; for processes that are to start quickly, too."""

from __future__ import annotations

import hashlib

from artifact_lint.stores import Identity

ONE = Identity(64512, 4711, 184320, 1_760_000_000_123_456_789, 1_760_000_000_223_456_789)
OTHER = Identity(64512, 4712, 9120, 1_760_000_000_123_456_789, 1_760_000_000_223_456_789)


def digest_of(identity: Identity) -> str:
    return f"sha256:{hashlib.sha256(repr(identity).encode()).hexdigest()}"


def digests(*identities: Identity) -> dict[Identity, dict[str, str]]:
    return {identity: {"sha256": digest_of(identity)} for identity in identities}


def many(count: int, first: int = 1) -> list[Identity]:
    return [Identity(1, inode, inode * 7, inode * 1000, inode * 2000) for inode in range(first, first + count)]


def right(found: dict[Identity, dict[str, str]]) -> bool:
    return all(by_algorithm == {"sha256": digest_of(identity)} for identity, by_algorithm in found.items())
