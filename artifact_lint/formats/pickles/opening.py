"""How pickles begin, and what readers of other formats ask of them.

Most files of other formats hold no pickle: what reads one is imported when the first bytes may begin one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.sources import Slice, Unpacked, can_unpack, compression, is_zlib

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, ReadLimits
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description
    from artifact_lint.stores.base import Source

#: The opcodes that need nothing on the stack, so that a stream may begin with them.
OPENING: Final = frozenset(b"(])}NIJKMLFGSTUVXcBCP\x80\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97")

#: PROTO 2 and LONG1 with torch's magic number, little-endian: how `torch.save` began before PyTorch 1.6.
TORCH_MAGIC: Final = 0x1950A86A20F9469CFC6C
TORCH_HEAD: Final = b"\x80\x02\x8a\x0a" + TORCH_MAGIC.to_bytes(10, "little") + b"."

#: Before 0.10, a compressed file began with `ZF` and its unpacked size as hexadecimal text (`read_zfile` in
#: joblib/numpy_pickle_compat.py): 19 characters, and a blank where Python 2 had cut the number short.
_OLD_PREFIX: Final = b"ZF0x"
_OLD_HEADER: Final = 2 + 19


def may_open(head: bytes) -> bool:
    """Whether bytes begin with an opcode that may open a pickle: all that is asked of most files and constants."""
    return bool(head) and head[0] in OPENING


def looks_like_pickle(source: Source, *, promised: bool = False) -> bool:
    """Whether a source begins with a pickle, as `pickles.recognise` tells it.

    Raises:
        StoreError: The bytes cannot be read.
    """
    if not may_open(source.read(0, 1)):
        return False
    from artifact_lint.formats.pickles import recognise  # noqa: PLC0415 - the machine, for what may be a pickle

    return recognise.looks_like_pickle(source, promised=promised)


def find_pickle(source: Source, most: int) -> int:
    """Where bytes past the first one begin to be a pickle, as `pickles.search` tells it; -1 where they do not.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    from artifact_lint.formats.pickles import search  # noqa: PLC0415 - the machine

    return search.find_pickle(source, most)


def unpacked(source: Source, head: bytes, limits: ReadLimits, *, promised: bool) -> Source | None:
    """The pickle's own bytes, whatever a file with these first bytes is compressed with; None where it cannot be read.

    zlib streams with an uncommon window begin with two bytes that mean little: they are told where `promised` says
    that the file is a pickle, and it is none as it stands.
    """
    codec = compression(head)
    if codec is None and promised and is_zlib(head) and not looks_like_pickle(source, promised=True):
        codec = "zlib"
    if codec is not None and not can_unpack(codec):
        return None
    if codec is not None:
        return Unpacked(source, codec, limits)
    start = _old_stream(head)
    return source if start is None else Unpacked(Slice(source, start, source.size), "zlib", limits)


def _old_stream(head: bytes) -> int | None:
    """Where the zlib stream of a file compressed by joblib before 0.10 begins; None for any other file."""
    if not head.startswith(_OLD_PREFIX) or len(head) <= _OLD_HEADER:
        return None
    return _OLD_HEADER + (head[_OLD_HEADER : _OLD_HEADER + 1] == b" ")


def read_pickle(job: Job, findings: Findings, start: int = 0) -> None:
    """Everything in a file or member whose loader unpickles it from `start` on, as `pickles.reader` reads it.

    Raises:
        FormatError: Nothing of it can be read.
        StoreError: The bytes cannot be read.
    """
    from artifact_lint.formats.pickles import reader  # noqa: PLC0415 - the machine

    reader.read_pickle(job, findings, start)


def describe_pickle(job: Job) -> Description | None:
    """What the model in a pickle is, as `pickles.describing` tells it.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    from artifact_lint.formats.pickles import describing  # noqa: PLC0415 - the machine, and what knows its objects

    return describing.describe_pickle(job)
