"""The digests of a file's parts, for records that have one for each instead of one for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.hashing import compute, why_not
from artifact_lint.model import DigestCheck, DigestState
from artifact_lint.stores.base import Borrowed
from artifact_lint.stores.local import LocalSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifact_lint.model import Part
    from artifact_lint.stores.base import Source


@dataclass(frozen=True, slots=True)
class _Range(Borrowed):
    """Some bytes of a source, which stays open."""

    source: Source
    start: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`, within the range."""
        return self.source.read(self.start + offset, max(0, min(length, self.size - offset)))


def check_parts(parts: Sequence[Part], source: Source, tick: Callable[[int], None] | None = None) -> DigestCheck:
    """What the digests of all parts of a file are worth together: the first that differs speaks for all.

    `tick` is told the number of bytes that come next, and may raise.

    Raises:
        StoreError: The bytes cannot be read to the end, or are not those of one state of the file.
    """
    for part in parts:
        algorithm = part.digest.value.partition(":")[0]
        why = why_not(algorithm)
        if why is not None:
            return DigestCheck(part.digest, DigestState.UNVERIFIABLE, trouble=why)
        found = compute(_Range(source, part.start, part.end - part.start), {algorithm}, tick=tick)[algorithm]
        if found != part.digest.value:
            place = f" in bytes {part.start:,} to {part.end:,}"
            return DigestCheck(part.digest, DigestState.MISMATCH, found, place)
    if isinstance(source, LocalSource):
        source.expect_unchanged()
    return DigestCheck(parts[0].digest, DigestState.VERIFIED, parts[0].digest.value)


def unread_parts(parts: Sequence[Part], trouble: str = "") -> DigestCheck:
    """The same where the bytes are not here, or could not be read: a pointer has the digest of the whole alone."""
    return DigestCheck(parts[0].digest, DigestState.UNVERIFIABLE, trouble=trouble, unread=bool(trouble))
