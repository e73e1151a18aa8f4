"""The digests of one file: several in one pass, at the speed of the hash functions, of one state of the file."""

from __future__ import annotations

import hashlib
import threading
from contextlib import closing
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from artifact_lint.stores.base import StoreError
from artifact_lint.stores.local import LocalSource

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from artifact_lint.stores.base import Source

    Chunk = bytes | memoryview

#: How much is read at a time, in bytes: large enough for hashlib to let the interpreter go on, and what DVC reads.
CHUNK = 1 << 20

#: From this size on, in bytes, a thread that reads ahead is worth starting.
LARGE = 8 << 20
#: One buffer is being filled, one is being hashed, and one is there for whichever of the two is quicker.
_BUFFERS_AHEAD = 3

#: What DVC before 3.0 calls the MD5 of a text with its line ends normalised; other files it hashed as they are.
DOS2UNIX = "md5-dos2unix"
#: Neither in hashlib nor in OpenSSL: the package `blake3` computes it.
BLAKE3 = "blake3"
_OF_HASHLIB = frozenset({"sha256", "sha512", "sha384", "sha224", "sha1", "md5", "blake2b", "blake2s"})
#: Those that hashlib spells otherwise.
_SHA3 = {f"sha3-{bits}": f"sha3_{bits}" for bits in (224, 256, 384, 512)}
#: BLAKE2b with a digest of fewer bits, as `b2sum --length` writes it; the number of bytes of each.
_SHORT_BLAKE2B = {f"blake2b-{8 * size}": size for size in range(1, 64)}
#: What digests are recorded in, whether or not this installation can compute all of them.
ALGORITHMS = _OF_HASHLIB | {DOS2UNIX, BLAKE3} | _SHA3.keys() | _SHORT_BLAKE2B.keys()

#: DVC's own measure of what is text: at most this share of other bytes among the first ones of a chunk.
_TEXT_SAMPLE = 512
_OTHER_SHARE = 0.3
_TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"


class Hasher(Protocol):
    """What hashlib and the package `blake3` have in common."""

    def update(self, data: Chunk, /) -> object:
        """Take more bytes in."""
        ...

    def hexdigest(self) -> str:
        """The digest of the bytes so far, in hexadecimal."""
        ...


class StoppedError(StoreError):
    """Somebody asked for an end before the last byte was hashed."""


def why_not(algorithm: str) -> str | None:
    """Why digests of an algorithm cannot be computed here, None where they can."""
    if algorithm not in ALGORITHMS:
        return f"{algorithm[:20]!r} is no digest algorithm known here"
    try:
        _hasher(algorithm)
    except ImportError:
        return f"{algorithm} takes an extra: pip install 'artifact-lint[{algorithm}]'"
    except ValueError:
        return f"the OpenSSL of this Python computes no {algorithm}"
    return None


def compute(
    source: Source,
    algorithms: Iterable[str],
    *,
    buffer: bytearray | None = None,
    read_ahead: bool = False,
    tick: Callable[[int], None] | None = None,
) -> Mapping[str, str]:
    """Several digests of one file in one pass, each as `algorithm:hexadecimal`, by algorithm.

    A local file is read into `buffer`, or, with `read_ahead` and from `LARGE` bytes on, by a thread of its own into
    buffers that are used again and again; never through a mapping, for one of a file that shrinks kills the process.
    `tick` is told the number of bytes that come next, and may raise.

    Raises:
        StoreError: The bytes cannot be read to the end, or are not those of one state of the file.
        ImportError: An algorithm takes a package that is not installed.
        ValueError: An algorithm is none that can be computed here.
    """
    hashers = {name: _hasher(name) for name in set(algorithms)}
    with closing(_chunks(source, buffer, read_ahead=read_ahead)) as chunks:
        for chunk in chunks:
            if tick is not None:
                tick(len(chunk))
            for hasher in hashers.values():
                hasher.update(chunk)
    if isinstance(source, LocalSource):
        source.expect_unchanged()
    return {name: f"{name}:{hasher.hexdigest()}" for name, hasher in hashers.items()}


class _Dos2Unix:
    """As dvc-data's `Dos2UnixHashStreamFile` hashes: each chunk by itself, so a CRLF across two of them stays."""

    def __init__(self) -> None:
        self._hasher = hashlib.new("md5", usedforsecurity=False)

    def update(self, chunk: Chunk, /) -> None:
        sample = bytes(chunk[:_TEXT_SAMPLE])
        others = sample.translate(None, _TEXT_BYTES)
        is_text = b"\x00" not in sample and len(others) / len(sample) <= _OTHER_SHARE
        self._hasher.update(bytes(chunk).replace(b"\r\n", b"\n") if is_text else chunk)

    def hexdigest(self) -> str:
        return self._hasher.hexdigest()


def _hasher(algorithm: str) -> Hasher:
    if algorithm == DOS2UNIX:
        return _Dos2Unix()
    if algorithm == BLAKE3:
        from blake3 import blake3  # noqa: PLC0415 - an extra, and rarely asked for

        return blake3()
    if algorithm in _SHORT_BLAKE2B:
        return hashlib.blake2b(digest_size=_SHORT_BLAKE2B[algorithm])
    if algorithm not in _OF_HASHLIB and algorithm not in _SHA3:
        raise ValueError(f"no digest algorithm known here: {algorithm}")
    return hashlib.new(_SHA3.get(algorithm, algorithm), usedforsecurity=False)


def _chunks(source: Source, buffer: bytearray | None, *, read_ahead: bool) -> Generator[Chunk]:
    if not isinstance(source, LocalSource):
        return _read(source)
    if read_ahead and source.size >= LARGE:
        return _read_ahead(source)
    return _refill(source, memoryview(bytearray(min(CHUNK, source.size)) if buffer is None else buffer))


def _read(source: Source) -> Generator[bytes]:
    offset = 0
    while chunk := source.read(offset, CHUNK):
        offset += len(chunk)
        yield chunk


def _refill(source: LocalSource, buffer: memoryview) -> Generator[memoryview]:
    offset = 0
    while offset < source.size:
        count = source.read_into(offset, buffer)
        offset += count
        yield buffer[:count]


def _read_ahead(source: LocalSource) -> Generator[memoryview]:
    free: SimpleQueue[memoryview | None] = SimpleQueue()
    filled: SimpleQueue[tuple[memoryview, int] | Exception] = SimpleQueue()
    for _ in range(_BUFFERS_AHEAD):
        free.put(memoryview(bytearray(CHUNK)))
    reader = threading.Thread(target=_fill, args=(source, free, filled), name="artifact-lint reader", daemon=True)
    reader.start()
    offset = 0
    try:
        while offset < source.size:
            outcome = filled.get()
            if isinstance(outcome, Exception):
                raise outcome
            buffer, count = outcome
            offset += count
            yield buffer[:count]
            free.put(buffer)
    finally:
        free.put(None)
        reader.join()


def _fill(
    source: LocalSource, free: SimpleQueue[memoryview | None], filled: SimpleQueue[tuple[memoryview, int] | Exception]
) -> None:
    """Fill buffers in order until the end of the file, an error, or the end of interest."""
    offset = 0
    try:
        while offset < source.size and (buffer := free.get()) is not None:
            count = source.read_into(offset, buffer)
            offset += count
            filled.put((buffer, count))
    except Exception as error:  # noqa: BLE001 - raised again where the bytes are waited for
        filled.put(error)
