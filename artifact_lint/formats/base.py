"""What a format is, how far it is read, and what its reader is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifact_lint.model import Cause
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.model import Lazy
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source

    #: Opens a file by its path from the directory of the one that is read; raises StoreError where it cannot.
    Beside: TypeAlias = Callable[[str], Source]

#: What recognition reads of every file, in bytes.
HEAD = 512


class FormatError(Exception):
    """Bytes that could not be read on, with the cause, a line for the user and the offset where it stopped."""

    def __init__(self, cause: Cause, detail: str, offset: int = 0) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.offset = offset


class ExhaustedError(FormatError):
    """A file that holds too much in all, archives within archives counted: nothing more of it is read."""


#: What it takes to read a member as a format, in members that are only looked at; of an array, its header alone.
READ_COST = 10
ARRAY_COST = 5


#: How many members of an archive are read, so that a second is enough for the most of them: checkpoints of the largest
#: models, with the states of their optimizers, have some 30,000 storages.
MOST_MEMBERS = 50_000


class Allowance:
    """How many members of one file, and of all archives in it, may still be looked into."""

    def __init__(self, members: int) -> None:
        self._members = members
        self._left = members

    def take(self, cost: int = 1) -> None:
        """Count a member, or what it takes to read one in members that are only looked at.

        Raises:
            ExhaustedError: It is one too many.
        """
        self._left -= cost
        if self._left < 0:
            counted = f"an array in it counts for {ARRAY_COST}, what is read on for {READ_COST}"
            detail = f"the archives in it have more than {self._members:,} members in all, where {counted}"
            raise ExhaustedError(Cause.LIMIT, detail)


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How far a file is read; reaching a limit is an `Incomplete`. Sizes are in bytes, the others are counts.

    `ratio` bounds unpacked to packed bytes once `ratio_from` bytes have been unpacked; `stack` and `memo` bound the
    entries of the pickle machine; `nested` the pickles within one stream; `opcodes` how many of a pickle are run, at
    about a million a second, before the rest is read for its imports alone, and `opcodes_around_arrays` those of one
    that holds joblib's arrays, whose bytes only a run can tell from opcodes; `header` what is read of a text header.
    """

    depth: int = 5
    members: int = MOST_MEMBERS
    unpacked: int = 64 << 30
    ratio: int = 1000
    ratio_from: int = 64 << 20
    header: int = 100_000_000
    stack: int = 1 << 24
    memo: int = 1 << 25
    nested: int = 1000
    opcodes: int = 1 << 20
    opcodes_around_arrays: int = 1 << 25


@dataclass(frozen=True, slots=True)
class Probe:
    """What recognition sees of a file: its lower-case base name, its last suffix, its first bytes, all of it.

    `sniff` tells the format of a member, by its bytes where its name is left empty. `asked` says that the user named
    the file, so that an archive of any name counts by what it holds; `inside` that it is in one that is read anyway;
    `depth` counts the archives that are looked into to tell what the outermost one is.
    """

    name: str
    suffix: str
    head: bytes
    source: Source
    members: Lazy[tuple[Entry, ...]]
    sniff: Callable[[str, Source], str | None]
    asked: bool = False
    inside: bool = False
    depth: int = 0

    @property
    def promises_weights(self) -> bool:
        """Whether the name has a suffix by which weights go."""
        return self.suffix in WEIGHT_SUFFIXES


#: The suffix that PyTorch shares with the path files of Python's `site`, which are plain text.
PATH_FILES = ".pth"

#: Suffixes whose usual reader unpickles.
PICKLE_SUFFIXES = frozenset(
    {
        *(".pkl", ".pickle", ".p", ".pk", ".sav", ".dill", ".cloudpickle", ".joblib", ".jbl"),
        *(".pt", ".pth", ".ckpt", ".bin", ".torch", ".th", ".model", ".mdl"),
    }
)

#: Suffixes under which weights are kept whatever their bytes turn out to be.
WEIGHT_SUFFIXES = PICKLE_SUFFIXES | {
    *(".safetensors", ".onnx", ".gguf", ".h5", ".hdf5", ".keras", ".skops", ".ubj", ".cbm", ".tflite"),
    *(".msgpack", ".npy", ".npz", ".pt2", ".mar", ".nemo"),
}


def nothing_beside(path: str) -> Source:
    """No file, where it is not known what lies beside the one that is read.

    Raises:
        StoreError: Always.
    """
    raise StoreError(f"it is not known where {path} is")


@dataclass(frozen=True, slots=True)
class Job:
    """One stretch of bytes to inspect: a file, or a member of one with its path in `member`.

    `descend` reads a member by what its bytes turn out to be, and says whether they are anything that is read.
    `streamed` says that the bytes are unpacked as they are read, so that reading back means to start over. `beside`
    opens the other files of a model that is a directory.
    """

    source: Source
    name: str
    limits: ReadLimits
    member: str
    depth: int
    descend: Callable[[Job, Findings], bool]
    allowance: Allowance = field(default_factory=lambda: Allowance(ReadLimits().members))
    streamed: bool = False
    beside: Beside = nothing_beside

    def inner(self, source: Source, path: str, *, streamed: bool = False) -> Job:
        """The job for a member of this one."""
        member = f"{self.member}!{path}" if self.member else path
        streamed = streamed or self.streamed
        return Job(source, path, self.limits, member, self.depth + 1, self.descend, self.allowance, streamed)


def no_more(_: Job, __: Findings) -> None:
    """Read nothing beyond what recognition has told: for formats whose name is all that is known of them."""


@dataclass(frozen=True, slots=True)
class Format:
    """A weight format.

    `name` is what manifests write, `title` what messages call it. `pickled` tells whether its loader unpickles,
    `safe_alternative` what to save instead, `generic` whether it holds other data as often as weights. `read` tells
    what a file would do, `describe` what the model in it is, which is asked less often.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognise: Callable[[Probe], bool]
    read: Callable[[Job, Findings], None] = no_more
    frameworks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    pickled: bool = False
    safe_alternative: str | None = None
    generic: bool = False
    describe: Callable[[Job], Description | None] | None = None
