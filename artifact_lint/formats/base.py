"""What a format is, how far it is read, and what its reader is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zips import Entry
    from artifact_lint.model import Cause, Lazy
    from artifact_lint.stores.base import Source

#: What recognition reads of every file, in bytes.
HEAD = 512


class FormatError(Exception):
    """Bytes that could not be read on, with the cause, a line for the user and the offset where it stopped."""

    def __init__(self, cause: Cause, detail: str, offset: int = 0) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.offset = offset


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How far a file is read; reaching a limit is an `Incomplete`. Sizes are in bytes, the others are counts.

    `ratio` bounds unpacked to packed bytes once `ratio_from` bytes have been unpacked; `stack` and `memo` bound the
    entries of the pickle machine; `nested` the pickles within one stream; `header` what is read of a text header.
    """

    depth: int = 5
    members: int = 100_000
    unpacked: int = 64 << 30
    ratio: int = 1000
    ratio_from: int = 64 << 20
    header: int = 100_000_000
    stack: int = 1 << 24
    memo: int = 1 << 25
    nested: int = 1000


@dataclass(frozen=True, slots=True)
class Probe:
    """What recognition sees of a file: its lower-case base name, its last suffix, its first bytes, all of it.

    `sniff` tells the format of a member, by its bytes where its name is left empty.
    """

    name: str
    suffix: str
    head: bytes
    source: Source
    members: Lazy[tuple[Entry, ...]]
    sniff: Callable[[str, Source], str | None]

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


@dataclass(frozen=True, slots=True)
class Job:
    """One stretch of bytes to inspect: a file, or a member of one with its path in `member`."""

    source: Source
    name: str
    limits: ReadLimits
    member: str
    depth: int
    descend: Callable[[Job, Findings], None]

    def inner(self, source: Source, path: str) -> Job:
        """The job for a member of this one."""
        member = f"{self.member}!{path}" if self.member else path
        return Job(source, path, self.limits, member, self.depth + 1, self.descend)


def no_more(_: Job, __: Findings) -> None:
    """Read nothing beyond what recognition has told: for formats whose name is all that is known of them."""


@dataclass(frozen=True, slots=True)
class Format:
    """A weight format.

    `name` is what manifests write, `title` what messages call it. `pickled` tells whether its loader unpickles,
    `safe_alternative` what to save instead, `generic` whether it holds other data as often as weights.
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
