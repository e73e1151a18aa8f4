"""Signatures: who vouches for a set of files, with what, and what the signature leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from artifact_lint.model.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from artifact_lint.model.artifact import DigestState
    from artifact_lint.model.facts import Origin
    from artifact_lint.model.record import Mention


class SigningMethod(StrEnum):
    """By what a signature can be told to be somebody's."""

    KEY = "key"
    CERTIFICATE = "certificate"
    KEYLESS = "keyless"
    """A certificate that Sigstore made for the moment, and an entry in its public log."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What was signed and the signature of it (DSSE 1.0), `legacy` as model_signing before 0.3 encoded it.

    `hint` is the SHA-256 of the public key's PEM text in hexadecimal, None where the signature does not tell.
    """

    payload_type: str
    payload: bytes
    signature: bytes
    hint: str | None = None
    legacy: bool = False


class Authenticity(StrEnum):
    """Whether a signature is that of somebody who is trusted."""

    UNASKED = "unasked"
    """No public key is given to tell by."""
    AUTHENTIC = "authentic"
    FORGED = "forged"
    """One of the keys is said to have made it, and did not sign these contents."""
    FOREIGN = "foreign"
    """None of the keys made it."""
    UNKNOWN = "unknown"
    """It could not be found out; `Verdict.detail` says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of holding a signature against the public keys that are trusted; `detail` is for people."""

    authenticity: Authenticity
    detail: str = ""


def _none(_: Collection[str]) -> Mapping[str, DigestState]:
    """What is known of other files where nobody looks at them."""
    return {}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature over a list of files and their digests, each of which is also a `Mention`.

    `origin` is what was signed, within the file that holds the signature. `trouble` says why that file is no signature
    that anybody could verify, and `unread` why it could not be looked at as a whole. `pretends` tells that the file has
    nothing of a signature but its name, model.sig. `contradiction` says where it disagrees with itself. `unlisted` are
    the paths of files that are there and not listed, `absent` of those that are listed and not there; `astray` tells
    that this is all of them. `keeps_silent` tells that files may have been left out on purpose without a word, as
    model_signing before 1.1 did.

    `listed` are the mentions that the signature makes. `others` says, of the listed files beside some paths, what their
    digests turned out to be worth: for files that belong to no artifact.
    """

    origin: Origin
    method: SigningMethod = SigningMethod.UNKNOWN
    envelope: Envelope | None = None
    trouble: str = ""
    unread: str = ""
    pretends: bool = False
    contradiction: str = ""
    unlisted: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    astray: bool = False
    keeps_silent: bool = False
    listed: tuple[Mention, ...] = field(default=(), compare=False, repr=False)
    others: Callable[[Collection[str]], Mapping[str, DigestState]] = field(default=_none, compare=False, repr=False)
    verdict: Lazy[Verdict] = field(default_factory=lambda: Lazy.of(Verdict(Authenticity.UNASKED)), compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether it lists the files that are here, all of them and no others, and agrees with itself."""
        return not (self.trouble or self.unread or self.contradiction or self.unlisted or self.absent or self.astray)
