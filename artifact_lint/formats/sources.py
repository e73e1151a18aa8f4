"""Sources within sources: a slice, bytes in memory, and what a decompressor makes of another source."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from artifact_lint.formats.base import FormatError
from artifact_lint.model import Cause
from artifact_lint.stores.base import Borrowed, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from artifact_lint.formats.base import ReadLimits
    from artifact_lint.stores.base import Source

#: What is read and unpacked in one step, in bytes.
STEP = 1 << 18
#: The first step is smaller, for often no more is asked for than the first bytes.
_FIRST_STEP = 1 << 12
_UNKNOWN = 1 << 62
#: How many first bytes tell what a stream is.
_TELLING = 64
#: How many streams in a row may hold fewer bytes than this on average: each costs as much time as a kilobyte.
_MOST_SMALL, _SMALL = 10_000, 64
#: What stays in memory of what was already read, so that a look ahead does not start over, in bytes.
_KEPT = 1 << 19


class Slice(Borrowed):
    """A stretch of another source, cut where that one ends."""

    def __init__(self, source: Source, start: int, length: int) -> None:
        self._source = source
        self._start = start
        self._length = max(0, min(length, source.size - start))

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._length

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        length = min(length, self._length - offset)
        return self._source.read(self._start + offset, length) if length > 0 else b""


class Memory(Borrowed):
    """Bytes that are at hand."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        return self._content[offset : offset + max(0, length)]


class _Codec(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """zlib's decompressor with the manners of those of bz2 and lzma."""

    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


#: Where the decompressor of Zstandard is: in the standard library since Python 3.14, and in its backport before.
_ZSTANDARD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
#: The binary logarithm of the largest window that is read: 128 MiB, as much as the `zstd` command takes unasked.
_WINDOW_LOG = 27
#: What libzstd says of a frame with a larger window (`ZSTD_error_frameParameter_windowTooLarge`, zstd_errors.h).
_WINDOW_TOO_LARGE = "requires too much memory"


def _zstandard() -> ModuleType | None:
    # A Python may be built without its module, and packages be installed without what they need.
    with suppress(ImportError):
        return import_module(_ZSTANDARD)
    return None


class _Zstandard:
    """The standard library's decompressor, whose error is none of those of the others."""

    def __init__(self) -> None:
        module = _zstandard()
        if module is None:
            raise FormatError(Cause.UNSUPPORTED, f"compressed with {how_to_unpack('zstd')}")
        self._error: type[Exception] = module.ZstdError
        self._inner = module.ZstdDecompressor(options={module.DecompressionParameter.window_log_max: _WINDOW_LOG})

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    @property
    def needs_input(self) -> bool:
        return bool(self._inner.needs_input)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        try:
            return bytes(self._inner.decompress(data, max_length))
        except self._error as error:
            raise (MemoryError if _WINDOW_TOO_LARGE in str(error) else ValueError)(str(error)) from error


CODECS: dict[str, Callable[[], _Codec]] = {
    "deflate": lambda: _Zlib(-zlib.MAX_WBITS),
    "zlib": lambda: _Zlib(zlib.MAX_WBITS),
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=1 << 28),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=1 << 28),
    "lz4": lambda: import_module("lz4.frame").LZ4FrameDecompressor(),
    "zstd": _Zstandard,
}


def can_unpack(codec: str) -> bool:
    """Whether a codec can be read here: LZ4 needs a package that is an extra, Zstandard one that may be left out."""
    if codec == "zstd":
        return _zstandard() is not None
    return codec != "lz4" or find_spec("lz4") is not None


def how_to_unpack(codec: str) -> str:
    """A codec that cannot be read here, and what it takes to read it."""
    return {
        "lz4": "LZ4, which needs the extra artifact-lint[lz4]",
        "zstd": f"Zstandard, which needs {_ZSTANDARD}"
        + (", which this Python was built without" if sys.version_info >= (3, 14) else ": install backports.zstd"),
    }.get(codec, codec)


class Unpacked(Borrowed):
    """What a compressed source unpacks to, made step by step as it is read forward; reading back starts over.

    `size` is what the container promises, and more than any file has where nothing does; reads end earlier. Several
    compressed streams in a row are one, as gzip and joblib read them.

    Raises:
        FormatError: From `read`: the compressed bytes are broken or cut, or a limit is reached.
    """

    def __init__(self, source: Source, codec: str, limits: ReadLimits, size: int | None = None) -> None:
        self._source = source
        self._name = codec
        self._limits = limits
        self._size = _UNKNOWN if size is None else size
        self._restart()

    def _restart(self) -> None:
        self._codec = CODECS[self._name]()
        self._failure: FormatError | StoreError | None = None
        self._packed = 0
        self._start = 0
        self._block = b""
        self._streams = 0
        self._ended = False
        self._step = _FIRST_STEP

    @property
    def size(self) -> int:
        """The most bytes there can be; all there are once the end has been read."""
        return self._start + len(self._block) if self._ended else self._size

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end."""
        if offset < self._start:
            self._restart()
        parts: list[bytes] = []
        while length > 0:
            begin = offset - self._start
            part = self._block[begin : begin + length]
            if part:
                parts.append(part)
                offset += len(part)
                length -= len(part)
            elif not self._advance():
                break
        return b"".join(parts)

    def _advance(self) -> bool:
        if self._failure is not None:
            raise self._failure
        if self._ended:
            return False
        step, block = self._step, bytearray()
        try:
            # Streams that hold little are taken together, so that what is kept is not copied for each.
            while len(block) < _FIRST_STEP and (not self._codec.eof or self._next_stream()):
                block += self._piece()
        except (FormatError, StoreError) as error:
            # A decompressor that failed must not be asked again: libbz2 1.0.8 then writes beyond its memory.
            self._failure = error
            if not block:
                raise
        if not block:
            return False
        self._step = min(2 * step, STEP)
        kept = self._block[-_KEPT:]
        self._start += len(self._block) - len(kept)
        self._block = kept + block
        self._check_limits()
        return True

    def _piece(self) -> bytes:
        data = b""
        if self._codec.needs_input:
            data = self._source.read(self._packed, self._step)
            self._packed += len(data)
            if not data:
                raise FormatError(Cause.TRUNCATED, f"the {self._name} stream ends early", self._packed)
        try:
            return self._codec.decompress(data, self._step)
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, MemoryError, RuntimeError) as error:
            detail = f"the {self._name} stream is broken: {error}"
            cause = Cause.LIMIT if isinstance(error, MemoryError) else Cause.BROKEN
            raise FormatError(cause, detail, self._packed) from error

    def _next_stream(self) -> bool:
        self._packed -= len(self._codec.unused_data or b"")
        # Asked anew: what was left of the last step may be too short to tell what it begins.
        if self._name == "deflate" or compression(self._source.read(self._packed, _TELLING)) != self._name:
            self._ended = True
            return False
        self._streams += 1
        if self._streams > _MOST_SMALL and self._start + len(self._block) < _SMALL * self._streams:
            raise FormatError(Cause.LIMIT, f"{self._streams:,} streams that hold next to nothing", self._packed)
        self._codec = CODECS[self._name]()
        self._step = _FIRST_STEP
        return True

    def _check_limits(self) -> None:
        unpacked = self._start + len(self._block)
        if unpacked > self._limits.unpacked:
            raise FormatError(Cause.LIMIT, f"unpacks to more than {self._limits.unpacked:,} bytes", self._packed)
        if unpacked > self._limits.ratio_from and unpacked > self._limits.ratio * max(1, self._packed):
            raise FormatError(Cause.LIMIT, f"unpacks to more than {self._limits.ratio:,} times its size", self._packed)


#: CMF and FLG of a zlib stream: deflate with a 32 KiB window, a multiple of 31 (RFC 1950, 2.2).
_ZLIB_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


#: The first byte of each codec's streams: most bytes that are asked about are none.
_FIRST_BYTES = (b"x", b"\x1f", b"B", b"\xfd", b"]", b"\x04", b"\x28", *(bytes([first]) for first in range(0x50, 0x60)))


#: What follows the first byte, 0x50 to 0x5F, of a frame that Zstandard's readers pass over (RFC 8878, 3.1.2).
_SKIPPED = b"\x2a\x4d\x18"


def is_zlib(head: bytes) -> bool:
    """Whether the first two bytes are those of a zlib stream, whatever its window (RFC 1950, 2.2).

    One pair of bytes in a thousand is, so that they say little alone.
    """
    if len(head) < 2:
        return False
    method, flags = head[0], head[1]
    return method & 0x0F == 8 and method >> 4 <= 7 and not flags & 0x20 and (method << 8 | flags) % 31 == 0


def compression(head: bytes) -> str | None:
    """The codec whose stream begins with these bytes."""
    if not head.startswith(_FIRST_BYTES):
        return None
    if head.startswith(_ZLIB_HEADS):
        return "zlib"
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bz2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head[:3] == b"\x5d\x00\x00" and len(head) > 13 and head[13] == 0:
        return "lzma"
    if head.startswith(b"\x04\x22\x4d\x18"):
        return "lz4"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == _SKIPPED and head[0] >> 4 == 5):
        return "zstd"
    return None
