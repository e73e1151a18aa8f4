"""Tar archives, packed or not, and PyTorch's from before 2017, which are tars as well.

After POSIX.1-2017 (pax) and the GNU tar manual (Basic Tar Format): blocks of 512 bytes, a header before each member,
zeros at the end. Python's `tarfile`, which PyTorch and NeMo read with, goes by the header's checksum, not by its magic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from artifact_lint.formats.base import ExhaustedError, FormatError
from artifact_lint.formats.findings import Findings
from artifact_lint.formats.member_paths import Unpacking
from artifact_lint.formats.sources import Slice, Unpacked, can_unpack, compression, how_to_unpack
from artifact_lint.formats.watched import Watched
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.formats.base import Job, ReadLimits
    from artifact_lint.stores.base import Source

BLOCK = 512
_OCTAL: Final = rb"[\s\x00]*([0-7]{1,12})[\s\x00]*"
_PAX = re.compile(rb"(\d{1,10}) ([^=\n]{1,200})=")
#: Type flags: those that hold bytes of their own are all the others.
_HARD_LINK, _SYMBOLIC_LINK, _DIRECTORY = b"1", b"2", b"5"
_SPECIAL = {b"3": "a character device", b"4": "a block device", b"6": "a named pipe"}
_LONG_NAME, _LONG_LINK, _SPARSE = b"L", b"K", b"S"
_PAX_MEMBER, _PAX_GLOBAL = frozenset({b"x", b"X"}), b"g"
#: How long a name or a list of pax records may be, in bytes.
_LONGEST_EXTENSION = 1 << 20
#: How far behind the end of the archive more of it is looked for, in bytes.
_LOOKED_ON = 1 << 20

#: The members that `torch.save` wrote before PyTorch 0.1.11 (`legacy_load` in torch/serialization.py), in this order.
_TORCH_FIRST = "sys_info"
_TORCH_MEMBERS = frozenset({"sys_info", "pickle", "tensors", "storages"})
_ORDINARY_IN_TORCH = frozenset({HazardKind.PERSISTENT_ID, HazardKind.TRAILING_PICKLE, HazardKind.TRAILING_DATA})


class TarMember(NamedTuple):
    """One member: its name, where its bytes start, how many there are, its type flag and where a link leads.

    `behind_end` says that it stands behind the zeros that end the archive, `contradicts` how readers may differ on it.
    """

    name: str
    start: int
    size: int
    type: bytes
    target: str = ""
    behind_end: bool = False
    contradicts: str = ""

    @property
    def regular(self) -> bool:
        """Whether it is a file with bytes of its own."""
        return self.type not in {_HARD_LINK, _SYMBOLIC_LINK, _DIRECTORY, *_SPECIAL}


@dataclass(slots=True)
class _Extensions:
    """What records before a member say of it."""

    values: dict[bytes, bytes] = field(default_factory=dict)

    def text(self, key: bytes, otherwise: bytes) -> str:
        return self.values.get(key, otherwise).decode("utf-8", "replace")


def is_tar_header(block: bytes) -> bool:
    """Whether a block is a member's header, by its checksum: the sum of its bytes with blanks for the sum itself."""
    told = _number(block[148:156]) if len(block) >= BLOCK and block[0] else None
    if told is None:
        return False
    summed = block[:148] + block[156:BLOCK]
    unsigned = sum(summed) + 8 * ord(" ")
    return told in {unsigned, unsigned - 256 * sum(byte > 127 for byte in summed)}


def opened(source: Source, head: bytes, limits: ReadLimits) -> Source | None:
    """What a packed archive unpacks to, or the archive itself; None for what cannot be unpacked here."""
    codec = compression(head)
    if codec is not None and not can_unpack(codec):
        return None
    return Unpacked(source, codec, limits) if codec else source


def tar_members(source: Source, most: int) -> Iterator[TarMember]:
    """Every member in its order, also those behind the zeros that end the archive for most readers.

    Raises:
        FormatError: A header is broken or a limit is reached.
        StoreError: The bytes cannot be read.
    """
    position = 0
    pending, common = _Extensions(), _Extensions()
    behind_end = False
    for _ in range(most):
        block = source.read(position, BLOCK)
        if not block.strip(b"\0"):
            after = _next_header(source, position + len(block)) if len(block) == BLOCK else -1
            if after < 0:
                return
            position, behind_end = after, True
            continue
        if len(block) < BLOCK:
            raise FormatError(Cause.TRUNCATED, "a tar header is cut", position)
        if not is_tar_header(block):
            raise FormatError(Cause.BROKEN, "a tar header's checksum is wrong", position)
        size = _number(block[124:136])
        if size is None:
            raise FormatError(Cause.BROKEN, "a tar member has no size", position)
        kind = block[156:157]
        start = position + BLOCK
        if kind in {_LONG_NAME, _LONG_LINK} or kind in _PAX_MEMBER or kind == _PAX_GLOBAL:
            _extend(common if kind == _PAX_GLOBAL else pending, kind, _extension(source, start, size))
            position = start + _padded(size)
            continue
        if kind == _SPARSE:
            start = _behind_sparse_map(source, block, start)
        found = _member(block, start, size, _Extensions({**common.values, **pending.values}), behind_end=behind_end)
        found, position = _placed(source, found)
        pending = _Extensions()
        yield found


def _member(block: bytes, start: int, size: int, told: _Extensions, *, behind_end: bool) -> TarMember:
    prefix = block[345:500].partition(b"\0")[0] if block[257:265] == b"ustar\x0000" else b""
    short = b"/".join(part for part in (prefix, block[:100].partition(b"\0")[0]) if part)
    name, target = told.text(b"path", short), told.text(b"linkpath", block[157:257].partition(b"\0")[0])
    contradicts = ""
    wide = told.values.get(b"size", b"")
    if wide.isdigit() and len(wide) < 20:
        if size not in {0, int(wide)} and size < 1 << 33:
            contradicts = f"its two headers tell sizes of {size:,} and {int(wide):,} bytes"
        size = int(wide)
    return TarMember(name, start, size, block[156:157], target, behind_end, contradicts)


def _placed(source: Source, found: TarMember) -> tuple[TarMember, int]:
    """A member and where the next header stands: readers differ on whether links and directories hold bytes."""
    behind = found.start + _padded(found.size)
    if found.regular or not found.size:
        return found, behind
    if not is_tar_header(source.read(found.start, BLOCK)):
        return found, behind
    told = "readers differ on whether the bytes behind it are its own or the next member"
    return TarMember(found.name, found.start, 0, found.type, found.target, found.behind_end, told), found.start


def _extend(told: _Extensions, kind: bytes, content: bytes) -> None:
    if kind == _LONG_NAME:
        told.values[b"path"] = content.partition(b"\0")[0]
    elif kind == _LONG_LINK:
        told.values[b"linkpath"] = content.partition(b"\0")[0]
    else:
        told.values.update(_pax_records(content))


def _pax_records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while match := _PAX.match(content, position):
        stop = position + int(match[1])
        if stop <= match.end() or stop > len(content):
            return
        yield match[2], content[match.end() : stop - 1]
        position = stop


def _extension(source: Source, start: int, size: int) -> bytes:
    if size > _LONGEST_EXTENSION:
        raise FormatError(Cause.LIMIT, f"a tar header of {size:,} bytes", start)
    return source.read(start, size)


def _behind_sparse_map(source: Source, block: bytes, start: int) -> int:
    goes_on = block[482]
    while goes_on and start < source.size:
        block = source.read(start, BLOCK)
        goes_on = block[504] if len(block) == BLOCK else 0
        start += BLOCK
    return start


def _next_header(source: Source, position: int) -> int:
    """Where, behind zeros, the next block stands that holds anything; -1 where none is near."""
    stop = position + _LOOKED_ON
    while position < stop:
        blocks = source.read(position, 64 * BLOCK)
        rest = blocks.lstrip(b"\0")
        if rest:
            return position + (len(blocks) - len(rest)) // BLOCK * BLOCK
        if not blocks:
            return -1
        position += len(blocks)
    return -1


def _number(text: bytes) -> int | None:
    if text[:1] == b"\x80":
        return int.from_bytes(text[1:], "big")
    match = re.fullmatch(_OCTAL, text)
    return int(match[1], 8) if match else None


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def read_tar(job: Job, findings: Findings) -> None:
    """Inspect every member that may be a pickle or an archive, and say which would land elsewhere.

    Raises:
        FormatError: The archive cannot be read on.
        StoreError: The bytes cannot be read.
    """
    head = job.source.read(0, 64)
    source = opened(job.source, head, job.limits)
    if source is None:
        raise FormatError(Cause.UNSUPPORTED, f"compressed with {how_to_unpack(compression(head) or '')}")
    watched = Watched(source)
    try:
        _read_all(job, watched, findings, streamed=source is not job.source)
    except FormatError as error:
        if not isinstance(error, ExhaustedError) and error.cause is Cause.BROKEN:
            _read_behind(job, watched, error.offset, findings)
        raise
    finally:
        if watched.limited:
            findings.add_hazard(HazardKind.ARCHIVE_PATH, "expands past the limits", 0, job.member)


def _read_all(job: Job, source: Source, findings: Findings, *, streamed: bool) -> None:
    unpacking = Unpacking()
    names: set[str] = set()
    count = 0
    for found in tar_members(source, job.limits.members + 1):
        count += 1
        if count > job.limits.members:
            detail = f"the archive has more than {job.limits.members:,} members"
            raise FormatError(Cause.LIMIT, detail, found.start)
        inner = job.inner(Slice(source, found.start, found.size), found.name, streamed=streamed)
        _judge_place(found, inner.member, unpacking, findings)
        if found.behind_end:
            told = f"the member {found.name!r} stands behind the end of the archive: only some readers see it"
            findings.add_hazard(HazardKind.POLYGLOT, told, found.start, job.member)
        if found.contradicts:
            told = f"{found.name!r}: {found.contradicts}"
            findings.add_hazard(HazardKind.POLYGLOT, told, found.start, job.member)
        if not found.regular or not found.size:
            continue
        if found.start + found.size > source.size:
            findings.add_incomplete(Cause.TRUNCATED, "the member is cut", found.start, inner.member)
        names.add(found.name)
        of_torch = _TORCH_FIRST in names and found.name in _TORCH_MEMBERS
        _read_member(inner, source, findings, of_torch=of_torch)


def _read_member(inner: Job, source: Watched | Source, findings: Findings, *, of_torch: bool) -> None:
    try:
        if of_torch:
            _read_torch_member(inner, findings)
        else:
            inner.descend(inner, findings)
    except ExhaustedError:
        raise
    except FormatError as error:
        if isinstance(source, Watched) and source.limited:
            raise
        findings.add_error(error, inner.member)


def _read_torch_member(inner: Job, findings: Findings) -> None:
    """A member of PyTorch's own tar: its pickles refer to tensors by number, and take turns with the tensors' bytes."""
    findings.framework = "pytorch"
    own = Findings()
    try:
        inner.descend(inner, own)
    finally:
        seen = own.inspection()
        findings.pickled = findings.pickled or seen.pickled
        for found in seen.imports:
            findings.add_import(found)
        for hazard in seen.hazards:
            if hazard.kind not in _ORDINARY_IN_TORCH:
                findings.add_hazard(hazard.kind, hazard.evidence, hazard.offset, hazard.member)
        for gap in seen.incomplete:
            findings.add_incomplete(gap.cause, gap.detail, gap.offset, gap.member)


def _judge_place(found: TarMember, member: str, unpacking: Unpacking, findings: Findings) -> None:
    told: str | None
    if found.type in _SPECIAL:
        told = f"is {_SPECIAL[found.type]}"
    else:
        told = unpacking.escape(found.name)
        if found.type in {_HARD_LINK, _SYMBOLIC_LINK}:
            reason = unpacking.add_link(found.name, found.target, symbolic=found.type == _SYMBOLIC_LINK)
            told = told or (f"is a link to {found.target!r}, which {reason}" if reason else None)
    if told is not None:
        findings.add_hazard(HazardKind.ARCHIVE_PATH, told, found.start, member)


def _read_behind(job: Job, source: Source, start: int, findings: Findings) -> None:
    """What stands where no header could be read: to some readers the archive ends before it."""
    label = f"bytes from {start}"
    inner = job.inner(Slice(source, start, source.size - start), label, streamed=source is not job.source)
    if inner.descend(inner, findings):
        told = f"what stands at {start:,} belongs to no member and is what another loader reads"
        findings.add_hazard(HazardKind.POLYGLOT, told, start, job.member)
