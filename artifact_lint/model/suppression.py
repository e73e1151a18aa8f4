"""What keeps findings out of a report, and what there is to say of it itself: the rules SUP001 to SUP003 read this."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artifact_lint.model.facts import Origin
    from artifact_lint.model.findings import Finding


class Means(StrEnum):
    """Where it is said that a finding is not to be reported."""

    INLINE = "inline"
    CONFIGURATION = "configuration"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that is not reported, where that is said, and the reason that is given there, which may be empty."""

    finding: Finding
    means: Means
    origin: Origin
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a suppression, or one code in it, can suppress nothing; and what to do."""

    message: str
    help: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment, or an entry of per-path-ignores, after a run.

    `title` is what a sentence calls it; `place` is the artifact that it belongs to, or the configuration's path.
    `unused` are the codes that kept nothing out of the report although their rules looked everywhere it covers.
    """

    origin: Origin
    means: Means
    title: str
    place: str
    reason: str
    unused: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class StaleEntry:
    """An entry of the baseline that accepts more than was found where all that it covers was looked at.

    `at` is the path, with a JSON pointer behind a `#`; `is_other_content` tells that just this is found there still, of
    other bytes than those that were accepted.
    """

    origin: Origin
    place: str
    rule: str
    at: str
    accepted: int
    found: int
    is_other_content: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """The suppressions and the baseline of a run, for the rules about them."""

    suppressions: tuple[Suppression, ...] = ()
    stale: tuple[StaleEntry, ...] = ()
