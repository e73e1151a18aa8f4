"""git-LFS pointers: small text files that stand in for weights kept elsewhere.

Source: the Git LFS specification, version 1, its predecessors ("git-media", "hawser") and its extensions. A pointer is
taken for one where git-lfs 3 takes it for one: any other text stays where it is, and a loader gets it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.model import Fact, Origin, Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A pointer has at most so many bytes.
POINTER_LIMIT = 1024

#: What is read to see whether a file begins like a pointer, in bytes.
POINTER_HEAD = 128

_BEGINS: Final = rb"\s{0,8}version https?://[\w.-]*(?:git-lfs|hawser|git-media)[^\s]*[ \t]*\r?\n"
_VERSIONS = frozenset(
    ("https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2")
)
_KEYS = ("version", "oid", "size")
_EXTENSION: Final = r"(?a)ext-(?P<order>\d)-\w+"
_OID: Final = r"sha256:[0-9a-f]{64}"
_SIZE: Final = r"\+?[0-9]{1,30}"
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class BrokenPointer:
    """A file that begins like a pointer, and why git-lfs does not take it for one, as the rest of a sentence."""

    reason: Fact[str]


class _Line(NamedTuple):
    key: str
    value: str
    key_origin: Origin
    origin: Origin


def is_lfs_pointer(head: bytes) -> bool:
    """Whether a file begins like a git-LFS pointer, of whatever version: `lfs_pointer` tells whether it is one."""
    return re.match(_BEGINS, head) is not None


def lfs_pointer(path: str, data: bytes, size: int | None = None) -> Pointer | BrokenPointer | None:
    """What a git-LFS pointer states, each value with its line; None where the bytes do not begin like one.

    `data` are the bytes of the file, or the first `POINTER_LIMIT` of them; `size` is that of the whole file. With
    extensions, the digest is that of the file that a checkout restores, which the extension that ran first took in; the
    size is then unknown, because the one on record is that of what is stored.
    """
    if not is_lfs_pointer(data):
        return None
    length = len(data) if size is None else size
    if length > POINTER_LIMIT:
        return _broken(Origin(path), f"it has {length:,} bytes, and a pointer at most {POINTER_LIMIT:,}")
    try:
        text = data.rstrip().decode()
    except UnicodeDecodeError:
        return _broken(Origin(path), "it holds bytes that are no text")
    read: dict[str, _Line] = {}
    extensions: dict[int, _Line] = {}
    for found in _lines(path, text):
        fault = found if isinstance(found, BrokenPointer) else _take(found, read, extensions)
        if fault is not None:
            return fault
    return _stated(path, read, extensions)


def _broken(origin: Origin, reason: str) -> BrokenPointer:
    return BrokenPointer(Fact(reason, origin))


def _lines(path: str, text: str) -> Iterator[_Line | BrokenPointer]:
    for number, written in enumerate(text.split("\n"), 1):
        line = written.removesuffix("\r")
        if not line.strip():
            continue
        key, blank, value = line.partition(" ")
        if not blank:
            yield _broken(Origin(path, number, 1, number, len(line) + 1), f"{line[:40]!r} is no key and value")
            return
        column = len(key) + 2
        stated = Origin(path, number, column, number, column + max(len(value), 1))
        yield _Line(key, value, Origin(path, number, 1, number, len(key) + 1), stated)


def _take(line: _Line, read: dict[str, _Line], extensions: dict[int, _Line]) -> BrokenPointer | None:
    """Put a line where it belongs, or say why it belongs nowhere."""
    if len(read) == len(_KEYS):
        return _broken(line.key_origin, f"`{line.key[:40]}` follows its last line")
    expected = _KEYS[len(read)]
    if line.key == expected:
        read[expected] = line
        return None
    match = re.fullmatch(_EXTENSION, line.key)
    if match is None:
        return _broken(line.key_origin, f"`{line.key[:40]}` stands where `{expected}` belongs")
    order = int(match["order"])
    if order in extensions and extensions[order].key != line.key:
        return _broken(line.key_origin, f"two extensions have the order {order}")
    extensions[order] = line
    return _oid_fault(line)


def _stated(path: str, read: dict[str, _Line], extensions: dict[int, _Line]) -> Pointer | BrokenPointer:
    missing = next((key for key in _KEYS if key not in read), None)
    if missing is not None:
        return _broken(Origin(path), f"it has no {missing}")
    version, oid, size = (read[key] for key in _KEYS)
    if version.value not in _VERSIONS:
        return _broken(version.origin, f"{version.value[:60]!r} is no version of the format that git-lfs knows")
    fault = _oid_fault(oid)
    if fault is not None:
        return fault
    if not re.fullmatch(_SIZE, size.value) or int(size.value) > _LARGEST:
        return _broken(size.origin, f"{size.value[:24]!r} is no size")
    if extensions:
        first = extensions[min(extensions)]
        return Pointer("git-LFS", Fact(first.value, first.origin), None)
    return Pointer("git-LFS", Fact(oid.value, oid.origin), Fact(int(size.value), size.origin))


def _oid_fault(line: _Line) -> BrokenPointer | None:
    if re.fullmatch(_OID, line.value):
        return None
    algorithm, colon, digits = line.value.partition(":")
    if not colon or algorithm != "sha256":
        reason = f"{line.value[:24]!r} is no sha256"
    elif len(digits) != 64:
        reason = f"its {line.key} has {len(digits)} digits, not 64"
    else:
        reason = f"{digits[:24]!r} is not in lower-case hexadecimal digits"
    return _broken(line.origin, reason)
