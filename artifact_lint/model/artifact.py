"""The artifact: one record, its files and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from artifact_lint.model.lazy import Lazy
from artifact_lint.model.options import Component, Options
from artifact_lint.model.record import Irregularity, Mention, Record, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.model.description import Description
    from artifact_lint.model.facts import Fact, Origin
    from artifact_lint.model.inspection import Inspection
    from artifact_lint.model.version_control import VersionControl


T = TypeVar("T")


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
    """What stands in for the bytes: a git-LFS pointer or a DVC out.

    `digest` is `algorithm:hex` and `size` in bytes, both of the content that a checkout restores.
    """

    kind: str
    digest: Fact[str] | None
    size: Fact[int] | None
    directory: bool = False


@dataclass(frozen=True, slots=True)
class DigestCheck:
    """One recorded digest (`algorithm:hex`) held against the bytes or against what stands in for them.

    `detail` goes with what was found, `recorder` with what was recorded: words that end a sentence about it. `trouble`
    is why nothing was found: what is missing here to compute it, or, where `unread`, why the bytes could not be read.
    """

    recorded: Fact[str]
    state: DigestState
    actual: str | None = None
    detail: str = ""
    recorder: str = ""
    directory: str = ""
    trouble: str = ""
    unread: bool = False


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of the artifact that a loader would read.

    `size` is in bytes, of the content and not of its pointer; None where nobody knows. `inspection` opens the file
    when it is first asked for, and is None where there are no bytes to look at. `checks` hashes the file likewise.
    `digest` is `sha256:hex` of the content, from the bytes or from a pointer, None where neither can say. `kept_by_dvc`
    tells that it is an output of DVC, or lies in one, whether the bytes are here or not. `kept_here` tells that only a
    git-LFS pointer is at its path, and that git-LFS keeps the bytes on this machine: these are what is looked at,
    unless they turn out not to be those of the pointer. `promises_pickle` tells that name or record speak of a pickle.
    `description` is what the file tells of the model in it, read when it is first asked for.
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
    kept_by_dvc: bool = False
    kept_here: bool = False
    promises_pickle: bool = False
    description: Lazy[Description | None] = field(default_factory=lambda: Lazy.of(None), compare=False)

    @property
    def is_readable(self) -> bool:
        """Whether its bytes are here: at its path, or where git-LFS keeps them."""
        return self.state is FileState.PRESENT or self.kept_here

    @property
    def is_verified_by_pointer(self) -> bool:
        """Whether the bytes that git-LFS keeps here were found to be those of the pointer at the file's path."""
        return self.kept_here and self.inspection.value is not None

    @property
    def describes_itself(self) -> bool:
        """Whether the format holds architecture, hyperparameters and tokenizer: GGUF, of language models."""
        return self.format == "gguf" or self.path.lower().endswith(".gguf")

    @property
    def is_bystander(self) -> bool:
        """Whether all that is known of it is that a list of checksums names it: no loader asks for it as weights."""
        return self.role is Role.OTHER and all(mention.vouches for mention in self.mentions)

    @property
    def recorded(self) -> Mapping[str, str]:
        """The digests that are on record of it, by algorithm, in lower case; of several, what is said last."""
        digests = (fact.value.lower() for mention in self.mentions for fact in mention.digests)
        return {digest.partition(":")[0]: digest for digest in digests}

    def contradicts(self, other: WeightFile) -> bool:
        """Whether another digest is on record of it than of another file, which then cannot both be equal and true."""
        mine, others = self.recorded, other.recorded
        return any(mine[name] != others[name] for name in mine.keys() & others.keys())

    @property
    def digest_state(self) -> DigestState:
        """What all that is recorded of its bytes turned out to be worth: a mismatch outweighs everything.

        A recorded size counts where no digest was found to be that of the bytes. What a pointer states is worth
        something by itself, and nothing where another record says more that could not be held against it.
        """
        checks = self.checks.value
        states = {
            check.state
            for check in checks
            if check.state is DigestState.MISMATCH or not self._tells_itself(check.recorded)
        }
        for state in (DigestState.MISMATCH, DigestState.VERIFIED):
            if state in states:
                return state
        stated = (mention.size for mention in self.mentions if mention.size and not self._tells_itself(mention.size))
        sizes = {size.value for size in stated}
        is_told = self.state is FileState.PRESENT or self.pointer is not None
        is_compared = bool(sizes) and self.size is not None and not self.directory and is_told
        if is_compared and sizes != {self.size}:
            return DigestState.MISMATCH
        if DigestState.POINTER in states or (checks and not states):
            return DigestState.POINTER
        if is_compared:
            return DigestState.SIZE_ONLY
        return DigestState.UNVERIFIABLE if sizes or states else DigestState.UNRECORDED

    def _tells_itself(self, recorded: Fact[str] | Fact[int]) -> bool:
        """Whether a digest or a size is the very one that the pointer states, which agrees with itself."""
        told = (self.pointer.digest, self.pointer.size) if self.pointer is not None else ()
        return any(fact is not None and fact.origin == recorded.origin for fact in told)


def _nowhere(_: str) -> None:
    """The path of a module where no code is at hand."""


def _nothing_at(_: str) -> None:
    """The file at a path where no store is at hand."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model artifact: a directory with a recognised record, or weight files that nobody describes.

    `path` is the artifact's directory, or its weight file where no directory is its own. `origin` is where a finding
    about the artifact as a whole points. `own_module` tells where a module of the artifact's own code, or of the
    repository's, is defined: the path of its file for its dotted name, None where it is neither's. `git` tells what git
    knows of the files, None where nobody is to ask it. `file_at` tells of any path in the store what is there or stands
    in for it, for files that weights name; None of a directory, and where nobody is to be asked.
    """

    path: str
    origin: Origin
    record: Record
    files: tuple[WeightFile, ...]
    components: Mapping[Component, Presence]
    options: Options = field(default_factory=Options)
    own_module: Callable[[str], str | None] = field(default=_nowhere, compare=False)
    git: VersionControl | None = field(default=None, compare=False)
    file_at: Callable[[str], WeightFile | None] = field(default=_nothing_at, compare=False)
    _made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def described(self) -> bool:
        """Whether any record says anything about these files."""
        return bool(self.record.conventions)

    @property
    def has_unread_record(self) -> bool:
        """Whether a record could not be read, so that what nobody seems to state may stand there."""
        return any(remark.kind is Irregularity.UNREADABLE for remark in self.record.remarks)

    def once(self, make: Callable[..., T], *arguments: object) -> T:
        """What a function makes of this artifact and further arguments: made for the first rule that asks, and kept."""
        key = (make, arguments)
        if key not in self._made:
            self._made[key] = make(self, *arguments)
        made: T = self._made[key]
        return made

    def is_missing(self, component: Component) -> bool:
        """Whether a component is absent, and neither present nor declared not applicable."""
        return self.components.get(component, Presence.ABSENT) is Presence.ABSENT
