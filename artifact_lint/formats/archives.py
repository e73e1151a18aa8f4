"""Plain archives: weights only where a member, or their own name, says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from artifact_lint.formats.base import HEAD, PATH_FILES, WEIGHT_SUFFIXES, Format, FormatError, ReadLimits
from artifact_lint.formats.members import read_members
from artifact_lint.formats.sources import Slice, Unpacked, compression
from artifact_lint.formats.texts import is_plain_text
from artifact_lint.formats.zips import member
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.stores.base import Source

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
#: Suffixes that mean something else within documents and packages.
_AMBIGUOUS = frozenset({".bin", ".p", ".model", ".th"})
#: Names by which an archive promises weights, so that its members are looked at whatever they are called.
_PROMISING = re.compile(
    r"(?:^|[^a-z])(?:model|weight|checkpoint|ckpt|classifier|regressor|estimator|pipeline)s?(?![a-z])"
)
#: How much of a promising archive is looked at: members, and bytes of each that is compressed.
_SNIFFED = 1000
_PEEK = ReadLimits(unpacked=1 << 22)
_TELLING = tuple(sorted(WEIGHT_SUFFIXES - _AMBIGUOUS))

#: ustar and GNU tar (POSIX.1-2017, pax): 512-byte blocks, the magic at 257, octal sizes.
_BLOCK = 512
_MAGIC = b"ustar"
_PREVIEWED = 64
_OCTAL = re.compile(rb"\s*([0-7]{1,12})[\s\x00]*")


def _tells(name: str, content: Callable[[], Source]) -> bool:
    lowered = name.lower()
    if not lowered.endswith(_TELLING):
        return False
    if not lowered.endswith(PATH_FILES):
        return True
    try:
        head = content().read(0, HEAD)
    except FormatError:
        return True
    return bool(head) and not is_plain_text(head)


def _is_promising(probe: Probe) -> bool:
    return _PROMISING.search(probe.name) is not None


def _holds_weights(probe: Probe, content: Callable[[], Source]) -> bool:
    try:
        return probe.sniff("", content()) is not None
    except FormatError:
        return False


def _is_zip(probe: Probe) -> bool:
    if not probe.head.startswith(_ZIP):
        return False
    if probe.promises_weights:
        return True
    entries = probe.members.value
    if any(_tells(entry.name, partial(member, probe.source, entry, _PEEK)) for entry in entries):
        return True
    return _is_promising(probe) and any(
        _holds_weights(probe, partial(member, probe.source, entry, _PEEK)) for entry in entries[:_SNIFFED]
    )


def _read_zip(job: Job, findings: Findings) -> None:
    read_members(job, findings)


def _is_seven_zip(probe: Probe) -> bool:
    return probe.head.startswith(_SEVEN_ZIP) and probe.promises_weights


def _refuse_seven_zip(job: Job, findings: Findings) -> None:
    findings.add_incomplete(Cause.UNSUPPORTED, "7z archives cannot be read", 0, job.member)


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    start: int
    size: int
    regular: bool


def _unpacked(source: Source, head: bytes, limits: ReadLimits) -> Source | None:
    codec = compression(head)
    if codec == "lz4":
        return None
    return Unpacked(source, codec, limits) if codec else source


def _is_tar(probe: Probe) -> bool:
    source = _unpacked(probe.source, probe.head, ReadLimits(unpacked=1 << 22))
    if source is None:
        return False
    try:
        if source.read(257, 5) != _MAGIC:
            return False
        if probe.promises_weights:
            return True
        promising = _is_promising(probe)
        for found in _tar_members(source, _SNIFFED if promising else _PREVIEWED):
            content = partial(Slice, source, found.start, found.size)
            if _tells(found.name, content) or (promising and found.regular and _holds_weights(probe, content)):
                return True
    except FormatError:
        return probe.promises_weights
    return False


def _tar_members(source: Source, most: int) -> Iterator[_Member]:
    position = 0
    for _ in range(most):
        block = source.read(position, _BLOCK)
        if len(block) < _BLOCK or not block.strip(b"\0"):
            return
        size = _tar_size(block[124:136])
        if size is None:
            raise FormatError(Cause.BROKEN, "a tar member has no size", position)
        prefix = block[345:500].partition(b"\0")[0] if block[257:265] == b"ustar\x0000" else b""
        name = b"/".join(part for part in (prefix, block[:100].partition(b"\0")[0]) if part)
        yield _Member(name.decode("utf-8", "replace"), position + _BLOCK, size, block[156:157] in {b"0", b"\0", b"7"})
        position += _BLOCK + -(-size // _BLOCK) * _BLOCK


def _tar_size(field: bytes) -> int | None:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    match = _OCTAL.fullmatch(field)
    return int(match[1], 8) if match else None


def _read_tar(job: Job, findings: Findings) -> None:
    source = _unpacked(job.source, job.source.read(0, 64), job.limits)
    if source is None:
        raise FormatError(Cause.UNSUPPORTED, "compressed with LZ4: needs lz4")
    count = 0
    for found in _tar_members(source, job.limits.members + 1):
        count += 1
        if count > job.limits.members:
            detail = f"the archive has more than {job.limits.members:,} members"
            raise FormatError(Cause.LIMIT, detail, found.start)
        if not found.regular:
            continue
        inner = job.inner(Slice(source, found.start, found.size), found.name)
        if found.start + found.size > source.size:
            findings.add_incomplete(Cause.TRUNCATED, "the member is cut", found.start, inner.member)
        try:
            job.descend(inner, findings)
        except FormatError as error:
            findings.add_error(error, inner.member)


ZIP = Format("zip", "zip archive", (".zip", ".mar"), _is_zip, _read_zip, aliases=("mar",), generic=True)
TAR = Format(
    "tar",
    "tar archive",
    (".tar", ".tar.gz", ".tgz", ".nemo"),
    _is_tar,
    _read_tar,
    aliases=("tgz", "nemo"),
    generic=True,
)
SEVEN_ZIP = Format("7z", "7z archive", (".7z",), _is_seven_zip, _refuse_seven_zip, aliases=("7zip",), generic=True)
