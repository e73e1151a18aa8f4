"""Looking into the members of a zip archive, whatever format is built on it.

Every reader takes another part of an archive for the truth: the directory, the local headers, the first or the last end
record. So all of them are read, in the order in which they stand, and where they differ is a fact of its own.
"""

from __future__ import annotations

import stat
import zlib
from typing import TYPE_CHECKING

from artifact_lint.formats.base import READ_COST, ExhaustedError, FormatError
from artifact_lint.formats.member_paths import Unpacking
from artifact_lint.formats.pickles.opening import read_pickle
from artifact_lint.formats.sources import Memory, Slice
from artifact_lint.formats.watched import Watched
from artifact_lint.formats.zip_gaps import MOST_EXPANSION, Budget, find, first_byte, hidden_members
from artifact_lint.formats.zip_records import (
    CENTRAL,
    END,
    LOCAL,
    Entry,
    agreed_start,
    descriptor_length,
    directories,
    entries,
    local_header,
)
from artifact_lint.formats.zips import content, is_encrypted, member
from artifact_lint.model import Cause, HazardKind

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Directory, Local
    from artifact_lint.stores.base import Source

#: What the loaders of PyTorch unpickle without looking.
_PICKLES = (".pkl", ".debug_pkl")
#: A small text member is read up to this length, in bytes.
_SMALL = 1 << 16
_LARGE = 1 << 26
#: Up to which size the checksum of what may run code is compared, in bytes.
_CHECKED = 1 << 20
#: How much of an archive is looked through that belongs to no member, in bytes.
_SEARCHED = 1 << 26
#: Writers without zip64 count modulo 65,536.
_COUNTED = 1 << 16
_LONGEST_DESCRIPTOR = 24
#: What is read of a local header at once, and up to which size a member is read along with it, in bytes.
_HEADER = 512
_AT_HAND = 1 << 12
_LONGEST_TARGET = 4096


def read_members(job: Job, findings: Findings, start: int = 0) -> dict[str, Entry]:
    """Inspect every member that may be a pickle or an archive, in the directory or not; all members by name.

    Of several members of one name, the last one stands in the result, as with Python's `zipfile`. What stands before
    `start` is known to be something else.

    Raises:
        ExhaustedError: The file holds too much in all.
        StoreError: The bytes cannot be read.
    """
    return _Reading(job, findings, start).run()


class _Reading:
    """One pass over an archive, forward, so that a compressed one is unpacked no more often than it must be."""

    def __init__(self, job: Job, findings: Findings, start: int) -> None:
        self._job = job
        self._findings = findings
        self._source = job.source
        self._budget = Budget(_SEARCHED)
        self._unpacking = Unpacking()
        self._by_name: dict[str, Entry] = {}
        self._read: set[tuple[int, int, int, bool]] = set()
        self._start = start
        self._end = start
        self._is_cut = False

    def run(self) -> dict[str, Entry]:
        try:
            found = directories(self._source)
        except FormatError as error:
            self._findings.add_error(error, self._job.member)
            self._read_between(self._start, self._source.size, hidden=False)
            return self._by_name
        self._compare(found)
        if self._start <= _SEARCHED // 2:
            self._read_between(0, self._start, hidden=False)
        self._read_listed(self._listed(found))
        self._read_rest(found)
        return self._by_name

    def _odd(self, evidence: str, offset: int) -> None:
        self._findings.add_hazard(HazardKind.POLYGLOT, evidence, offset, self._job.member)

    def _compare(self, found: list[Directory]) -> None:
        first = found[0]
        if len(found) > 1:
            places = " and ".join(f"{directory.start:,}" for directory in found)
            self._odd(f"readers differ in which of the archive's directories they take, at {places}", first.record)
        elif first.shift > self._start:
            self._odd(f"{first.shift:,} bytes stand before the archive, and only some readers pass over them", 0)
        if first.end > self._source.size:
            detail = "the archive's comment is cut"
            self._findings.add_incomplete(Cause.TRUNCATED, detail, self._source.size, self._job.member)

    def _listed(self, found: list[Directory]) -> list[Entry]:
        """The members of every directory, each once, in the order of their headers."""
        listed: dict[tuple[int, bytes, int, int], Entry] = {}
        most = self._job.limits.members
        for directory in found:
            seen = 0
            try:
                for entry in entries(self._source, directory):
                    seen += 1
                    if seen > most:
                        detail = f"the archive has more than {most:,} members"
                        self._findings.add_incomplete(Cause.LIMIT, detail, directory.start, self._job.member)
                        self._is_cut = True
                        break
                    listed.setdefault((entry.header, entry.raw, entry.method, entry.packed), entry)
                else:
                    self._check_count(directory, seen)
            except FormatError as error:
                self._findings.add_error(error, self._job.member)
                self._is_cut = self._is_cut or error.cause is Cause.LIMIT
        self._check_names(list(listed.values()))
        return sorted(listed.values(), key=lambda entry: entry.header)

    def _check_count(self, directory: Directory, seen: int) -> None:
        if seen != directory.count and seen % _COUNTED != directory.count:
            told = f"the archive's directory holds {seen:,} members and its end record says {directory.count:,}"
            self._odd(told, directory.record)

    def _check_names(self, listed: list[Entry]) -> None:
        limits = self._job.limits
        total = 0
        for entry in listed:
            total += entry.size
            earlier = self._by_name.get(entry.name)
            if earlier is not None:
                self._odd(f"two members are called {entry.name!r}: some readers take the first", entry.header)
            self._by_name[entry.name] = entry
            if "\0" in entry.name:
                self._odd(f"some readers take the name {entry.name!r} to end at its NUL", entry.header)
            self._check_path(entry)
        most = max(limits.ratio, MOST_EXPANSION) * self._source.size
        if total > limits.unpacked or (total > limits.ratio_from and total > most):
            told = f"claims to unpack to {total:,} bytes"
            self._findings.add_hazard(HazardKind.ARCHIVE_PATH, told, 0, self._job.member)

    def _check_path(self, entry: Entry) -> None:
        reason = self._unpacking.escape(entry.name)
        if reason is not None:
            self._escapes(entry, reason)

    def _escapes(self, entry: Entry, reason: str) -> None:
        self._findings.add_hazard(HazardKind.ARCHIVE_PATH, reason, entry.header, self._path(entry))

    def _read_listed(self, listed: list[Entry]) -> None:
        owner = ""
        for entry in listed:
            if entry.header > self._end:
                self._read_between(self._end, entry.header)
            elif entry.header < self._end:
                self._odd(f"the members {owner!r} and {entry.name!r} overlap", entry.header)
            owner = entry.name
            self._read_one(entry)

    def _read_one(self, entry: Entry) -> None:
        head = self._source.read(entry.header, _HEADER + entry.packed if entry.packed <= _AT_HAND else _HEADER)
        start = agreed_start(entry, head)
        if start is not None:
            begin = start - entry.header
            is_at_hand = entry.method == 0 and begin + entry.packed <= len(head)
            self._read_content(entry, start, head[begin : begin + entry.packed] if is_at_hand else None)
            self._end = max(self._end, min(start + entry.packed, self._source.size))
            return
        local = local_header(self._source, entry.header, head)
        if local is None:
            detail = "the directory points to something that is no member"
            self._findings.add_incomplete(Cause.BROKEN, detail, entry.header, self._path(entry))
            return
        self._read_content(entry, local.start)
        other = self._difference(entry, local)
        if other is not None:
            self._read_content(other, local.start)
        end = min(local.start + entry.packed, self._source.size)
        if entry.open_ended or local.entry.open_ended:
            end += descriptor_length(self._source.read(end, _LONGEST_DESCRIPTOR + 4), entry.crc)
        self._end = max(self._end, end)

    def _difference(self, entry: Entry, local: Local) -> Entry | None:
        """The member as its own header tells, where that is another story than the directory's."""
        own = local.entry
        named = own.raw != entry.raw
        if named:
            self._odd(f"the member {entry.name!r} is called {own.name!r} in its own header", entry.header)
        packed, size = (own.packed, own.size) if own.packed or not own.open_ended else (entry.packed, entry.size)
        if own.encrypted != entry.encrypted:
            self._odd(f"only one of the directory and the header of {entry.name!r} marks it as encrypted", entry.header)
        if own.method != entry.method or packed != entry.packed or size != entry.size:
            self._odd(f"the directory and the header of {entry.name!r} differ in its size or compression", entry.header)
        elif not named:
            return None
        return own._replace(packed=packed, size=size)

    def _read_content(self, entry: Entry, start: int, at_hand: bytes | None = None) -> None:
        """Look into a member that begins at `start`; `at_hand` are its bytes where they were read already."""
        if not entry.packed:
            return
        promised = entry.name.casefold().endswith(_PICKLES)
        key = (start, entry.method, entry.packed, promised)
        if key in self._read:
            return
        self._read.add(key)
        try:
            if entry.encrypted and start + entry.packed <= self._source.size:
                self._check_encryption(entry, start)
            if at_hand is not None:
                self._look_into(self._job.inner(Memory(at_hand), entry.name), entry, promised=promised)
                return
            watched = Watched(content(self._source, entry, start, self._job.limits))
            try:
                inner = self._job.inner(watched, entry.name, streamed=entry.method != 0)
                self._look_into(inner, entry, promised=promised)
            finally:
                if watched.limited:
                    self._escapes(entry, "expands past the limits")
        except ExhaustedError:
            raise
        except FormatError as error:
            self._findings.add_error(error, self._path(entry))

    def _path(self, entry: Entry) -> str:
        return self._job.inner(self._source, entry.name).member

    def _check_encryption(self, entry: Entry, start: int) -> None:
        if not is_encrypted(self._source, entry, start):
            self._odd(f"{entry.name!r} is marked as encrypted and is not: some readers pass over it", entry.header)

    def _look_into(self, inner: Job, entry: Entry, *, promised: bool) -> None:
        if stat.S_ISLNK(entry.mode):
            self._read_link(inner, entry)
        if promised:
            self._job.allowance.take(READ_COST)
            read_pickle(inner, self._findings)
        elif not self._job.descend(inner, self._findings):
            return
        if entry.crc and entry.size <= _CHECKED and zlib.crc32(inner.source.read(0, _CHECKED)) != entry.crc:
            detail = "the checksum in the archive is not that of the member's bytes"
            self._findings.add_incomplete(Cause.BROKEN, detail, entry.header, inner.member)

    def _read_link(self, inner: Job, entry: Entry) -> None:
        target = inner.source.read(0, _LONGEST_TARGET).decode("utf-8", "replace")
        reason = self._unpacking.add_link(entry.name, target, symbolic=True)
        if reason is not None:
            self._escapes(entry, f"is a link to {target!r}, which {reason}")

    def _read_rest(self, found: list[Directory]) -> None:
        """What stands between the members, the directories, the end records and the end of the file."""
        for directory in sorted(found, key=lambda directory: directory.start):
            self._read_between(self._end, directory.start)
            self._end = max(self._end, directory.start + directory.size)
        first = found[0]
        self._read_between(self._end, first.record)
        self._end = max(self._end, first.end)
        self._read_comment(first)
        self._read_between(self._end, self._source.size)

    def _read_comment(self, directory: Directory) -> None:
        start = max(0, directory.record)
        stop = min(directory.end, self._source.size)
        content_ = self._source.read(start, stop - start) if stop - start <= _COUNTED + 200 else b""
        comment = content_[content_.find(END) + 22 :]
        if any(signature in comment for signature in (LOCAL, CENTRAL, END)):
            self._odd("the archive's comment holds another archive", directory.record)
            self._read_between(stop - len(comment), stop)

    def _read_between(self, start: int, stop: int, *, hidden: bool = True) -> None:
        # Where members are left out, what looks like nobody's bytes is theirs.
        if start >= stop or self._is_cut:
            return
        try:
            self._read_gap(start, stop, hidden=hidden)
        except ExhaustedError:
            raise
        except FormatError as error:
            self._findings.add_error(error, self._job.member)

    def _read_gap(self, start: int, stop: int, *, hidden: bool) -> None:
        begin = first_byte(self._source, start, stop, self._budget)
        if begin < 0:
            return
        seen = 0
        for local in hidden_members(self._source, begin, stop, self._budget):
            entry = local.entry
            seen += 1
            if hidden:
                self._odd(f"the member {entry.name!r} is in no directory: only some readers see it", entry.header)
            self._by_name.setdefault(entry.name, entry)
            self._check_path(entry)
            left = max(0, self._source.size - local.start)
            self._read_content(entry._replace(packed=min(entry.packed, left), crc=0), local.start)
        if not hidden:
            return
        if find(self._source, END, begin, stop, self._budget) >= 0:
            self._odd("the archive has more than one end record, of which readers take different ones", begin)
        elif not seen:
            self._read_stray(begin, stop)

    def _read_stray(self, start: int, stop: int) -> None:
        """Bytes that no record of an archive explains: they may be what another loader takes."""
        label = f"bytes {start}-{stop}"
        inner = self._job.inner(Slice(self._source, start, stop - start), label)
        if self._job.descend(inner, self._findings):
            self._odd(f"{stop - start:,} bytes that belong to no member are what another loader reads", start)
        else:
            detail = f"{stop - start:,} bytes of the archive belong to no member"
            self._findings.add_hazard(HazardKind.TRAILING_DATA, detail, start, self._job.member)


def small_member(source: Source, entry: Entry | None, job: Job) -> bytes:
    """The content of a short member; nothing where it is not there or cannot be read."""
    return _content(source, entry, job, _SMALL)


def document_member(source: Source, entry: Entry | None, job: Job) -> bytes:
    """The content of a member that is a document of up to 64 MiB; nothing where it cannot be read."""
    return _content(source, entry, job, _LARGE)


def _content(source: Source, entry: Entry | None, job: Job, most: int) -> bytes:
    if entry is None or entry.size > most:
        return b""
    try:
        return member(source, entry, job.limits).read(0, entry.size)
    except FormatError:
        return b""
