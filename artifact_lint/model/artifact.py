"""The artifact: one record, its files and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from artifact_lint.model.lazy import Lazy
from artifact_lint.model.options import Component, Options
from artifact_lint.model.record import Irregularity, Mention, Record, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.model.facts import Fact, Origin
    from artifact_lint.model.inspection import Inspection


class Presence(StrEnum):
    """Whether a component is there."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_APPLICABLE = "not-applicable"


class FileState(StrEnum):
    """Where the bytes of a file are."""

    PRESENT = "present"
    EXTERNAL = "external"
    MISSING = "missing"


class DigestState(StrEnum):
    """What a recorded digest turned out to be worth."""

    VERIFIED = "verified"
    POINTER = "pointer"
    SIZE_ONLY = "size-only"
    UNVERIFIABLE = "unverifiable"
    MISMATCH = "mismatch"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True)
class Pointer:
    """What stands in for the bytes: a git-LFS pointer or a DVC out. `digest` is `algorithm:hex`, size in bytes."""

    kind: str
    digest: Fact[str] | None
    size: Fact[int] | None
    directory: bool = False


@dataclass(frozen=True, slots=True)
class DigestCheck:
    """One recorded digest (`algorithm:hex`) held against the bytes or against what stands in for them."""

    recorded: Fact[str]
    state: DigestState
    actual: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of the artifact that a loader would read.

    `size` is in bytes, of the content and not of its pointer; None where nobody knows. `inspection` opens the file
    when it is first asked for, and is None where there are no bytes to look at. `checks` hashes the file likewise.
    `digest` is `sha256:hex` of the content, from the bytes or from a pointer, None where neither can say.
    """

    path: str
    origin: Origin
    role: Role
    state: FileState
    size: int | None
    format: str | None
    inspection: Lazy[Inspection | None]
    checks: Lazy[tuple[DigestCheck, ...]]
    mentions: tuple[Mention, ...] = ()
    pointer: Pointer | None = None
    directory: bool = False
    digest: Lazy[str | None] = field(default_factory=lambda: Lazy.of(None))

    @property
    def describes_itself(self) -> bool:
        """Whether the format holds architecture, hyperparameters and tokenizer: GGUF, of language models."""
        return self.format == "gguf" or self.path.lower().endswith(".gguf")

    @property
    def digest_state(self) -> DigestState:
        """The state of the worst of its recorded digests: a mismatch outweighs everything."""
        order = (
            DigestState.MISMATCH,
            DigestState.VERIFIED,
            DigestState.POINTER,
            DigestState.SIZE_ONLY,
            DigestState.UNVERIFIABLE,
        )
        states = {check.state for check in self.checks.value}
        return next((state for state in order if state in states), DigestState.UNRECORDED)


def _nowhere(_: str) -> None:
    """The path of a module where no code is at hand."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model artifact: a directory with a recognised record, or weight files that nobody describes.

    `path` is the artifact's directory, or its weight file where no directory is its own. `origin` is where a finding
    about the artifact as a whole points. `own_module` tells where a module of the artifact's own code, or of the
    repository's, is defined: the path of its file for its dotted name, None where it is neither's.
    """

    path: str
    origin: Origin
    record: Record
    files: tuple[WeightFile, ...]
    components: Mapping[Component, Presence]
    options: Options = field(default_factory=Options)
    own_module: Callable[[str], str | None] = field(default=_nowhere, compare=False)

    @property
    def described(self) -> bool:
        """Whether any record says anything about these files."""
        return bool(self.record.conventions)

    @property
    def has_unread_record(self) -> bool:
        """Whether a record could not be read, so that what nobody seems to state may stand there."""
        return any(remark.kind is Irregularity.UNREADABLE for remark in self.record.remarks)

    def is_missing(self, component: Component) -> bool:
        """Whether a component is absent, and neither present nor declared not applicable."""
        return self.components.get(component, Presence.ABSENT) is Presence.ABSENT
