"""Recorded digests held against those of the bytes, or against what stands in for the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifact_lint.hashing import ALGORITHMS, why_not
from artifact_lint.model import DigestCheck, DigestState, Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from artifact_lint.model import Pointer


@dataclass(frozen=True, slots=True)
class Computed:
    """The digests of a file's bytes, each as `algorithm:hexadecimal`, by algorithm; `trouble` is why there is none."""

    by_algorithm: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


def computable(recorded: Iterable[Fact[str]]) -> set[str]:
    """The algorithms among recorded digests that can be computed here."""
    named = {fact.value.partition(":")[0].lower() for fact in recorded}
    return {algorithm for algorithm in named & ALGORITHMS if why_not(algorithm) is None}


def in_question(recorded: Iterable[Fact[str]], actual: Computed) -> set[str]:
    """The further algorithms that digests which differ may be of, as far as they can be computed here."""
    others = [other for fact in recorded if _differs(fact, actual) for other in fact.otherwise]
    named = {other.partition(":")[0] for other in others}
    return {algorithm for algorithm in named & ALGORITHMS if why_not(algorithm) is None}


def _differs(fact: Fact[str], actual: Computed) -> bool:
    found = actual.by_algorithm.get(fact.value.partition(":")[0])
    return found is not None and found != fact.value.lower()


def _otherwise(fact: Fact[str], actual: Computed) -> DigestCheck | None:
    """What a digest is worth that differs and may be of another algorithm; None where it is of none."""
    trouble = ""
    for other in fact.otherwise:
        algorithm = other.partition(":")[0]
        found = actual.by_algorithm.get(algorithm)
        if found == other.lower():
            return DigestCheck(Fact(other, fact.origin, fact.guessed), DigestState.VERIFIED, found)
        trouble = trouble or (why_not(algorithm) or actual.trouble if found is None else "")
    return DigestCheck(fact, DigestState.UNVERIFIABLE, trouble=trouble) if trouble else None


def against_bytes(recorded: Iterable[Fact[str]], actual: Computed) -> tuple[DigestCheck, ...]:
    """Each recorded digest held against those of the bytes; the trouble is why one could not be."""
    checks = []
    for fact in recorded:
        algorithm = fact.value.partition(":")[0].lower()
        found = actual.by_algorithm.get(algorithm)
        if found is None:
            missing = why_not(algorithm)
            trouble = missing or actual.trouble
            unread = bool(trouble and not missing)
            checks.append(DigestCheck(fact, DigestState.UNVERIFIABLE, trouble=trouble, unread=unread))
        elif len(found) != len(fact.value):
            checks.append(DigestCheck(fact, DigestState.UNVERIFIABLE, found))  # What is recorded is no digest.
        else:
            same = found == fact.value.lower()
            instead = None if same else _otherwise(fact, actual)
            if instead is not None:
                checks.append(instead)
                continue
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
        elif (
            fact.value.partition(":")[0].lower() != known.partition(":")[0]
            or len(fact.value) != len(known)
            or fact.otherwise
        ):
            checks.append(DigestCheck(fact, DigestState.UNVERIFIABLE))
        else:
            detail = f" according to its {pointer.kind} pointer"
            checks.append(DigestCheck(fact, DigestState.MISMATCH, known, detail))
    return tuple(checks)
