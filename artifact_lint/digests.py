"""Digests of bytes, and recorded digests held against them or against what stands in for them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from artifact_lint.model import DigestCheck, DigestState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from artifact_lint.model import Fact, Pointer
    from artifact_lint.stores.base import Source

#: How much is read at a time, in bytes: large enough for hashlib to let the interpreter go on, and what DVC reads.
CHUNK = 1 << 20

#: What DVC before 3.0 calls the MD5 of a text with its line ends normalised; other files it hashed as they are.
DOS2UNIX = "md5-dos2unix"

#: DVC's own measure of what is text: at most this share of other bytes among the first ones of a chunk.
_TEXT_SAMPLE = 512
_OTHER_SHARE = 0.3
_TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"

_ALGORITHMS = frozenset({"sha256", "sha512", "sha384", "sha1", "md5", "blake2b"})


def compute(source: Source, algorithms: Iterable[str]) -> Mapping[str, str]:
    """Several digests of one file in one pass, each as `algorithm:hexadecimal`, by algorithm.

    Raises:
        StoreError: The bytes cannot be read to the end.
    """
    hashers = {
        name: hashlib.new("md5" if name == DOS2UNIX else name, usedforsecurity=False) for name in set(algorithms)
    }
    offset = 0
    while chunk := source.read(offset, CHUNK):
        offset += len(chunk)
        for name, hasher in hashers.items():
            hasher.update(_as_dvc_hashed(chunk) if name == DOS2UNIX else chunk)
    return {name: f"{name}:{hasher.hexdigest()}" for name, hasher in hashers.items()}


def _as_dvc_hashed(chunk: bytes) -> bytes:
    """A chunk as dvc-data's `Dos2UnixHashStreamFile` hashes it: each by itself, so a CRLF across two of them stays."""
    sample = chunk[:_TEXT_SAMPLE]
    others = sample.translate(None, _TEXT_BYTES)
    is_text = b"\x00" not in sample and len(others) / len(sample) <= _OTHER_SHARE
    return chunk.replace(b"\r\n", b"\n") if is_text else chunk


def computable(recorded: Iterable[Fact[str]]) -> set[str]:
    """The algorithms among recorded digests that can be computed here."""
    return {fact.value.partition(":")[0].lower() for fact in recorded} & {*_ALGORITHMS, DOS2UNIX}


def against_bytes(recorded: Iterable[Fact[str]], actual: Mapping[str, str]) -> tuple[DigestCheck, ...]:
    """Each recorded digest held against those of the bytes."""
    checks = []
    for fact in recorded:
        algorithm = fact.value.partition(":")[0].lower()
        found = actual.get(algorithm)
        if found is None:
            checks.append(DigestCheck(fact, DigestState.UNVERIFIABLE))
        else:
            same = found == fact.value.lower()
            checks.append(DigestCheck(fact, DigestState.VERIFIED if same else DigestState.MISMATCH, found))
    return tuple(checks)


def against_pointer(recorded: Iterable[Fact[str]], pointer: Pointer | None) -> tuple[DigestCheck, ...]:
    """Each recorded digest held against the digest that a pointer states, where both are of the same algorithm."""
    if pointer is None or pointer.digest is None:
        return tuple(DigestCheck(fact, DigestState.UNVERIFIABLE) for fact in recorded)
    known = pointer.digest.value.lower()
    checks = []
    for fact in recorded:
        if fact.value.lower() == known:
            checks.append(DigestCheck(fact, DigestState.POINTER, known))
        elif fact.value.partition(":")[0].lower() != known.partition(":")[0]:
            checks.append(DigestCheck(fact, DigestState.UNVERIFIABLE))
        else:
            detail = f" according to its {pointer.kind} pointer"
            checks.append(DigestCheck(fact, DigestState.MISMATCH, known, detail))
    return tuple(checks)
