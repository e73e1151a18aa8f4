"""Looking into the members of a zip archive, whatever format is built on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.reader import read_pickle
from artifact_lint.formats.zips import entries, find_directory, local_entries, member
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zips import Entry
    from artifact_lint.stores.base import Source

#: What the loaders of PyTorch unpickle without looking.
_PICKLES = (".pkl", ".debug_pkl")
#: A small text member is read up to this length, in bytes.
_SMALL = 1 << 16
_LARGE = 1 << 26
#: How far the next member is looked for in an archive without a directory, in bytes.
_SEARCHED = 1 << 26
_COUNTED = 1 << 16


def read_members(job: Job, findings: Findings) -> dict[str, Entry]:
    """Inspect every member that may be a pickle or an archive; all members by name.

    Raises:
        FormatError: The archive has no directory that can be read.
        StoreError: The bytes cannot be read.
    """
    found: dict[str, Entry] = {}
    for entry in _all_entries(job, findings):
        if entry.name in found:
            findings.add_incomplete(Cause.BROKEN, f"two members are called {entry.name!r}", entry.header, job.member)
        found.setdefault(entry.name, entry)
        if len(found) > job.limits.members:
            detail = f"the archive has more than {job.limits.members:,} members"
            findings.add_incomplete(Cause.LIMIT, detail, entry.header, job.member)
            break
        if not entry.name.endswith("/"):
            _read_member(job, entry, findings)
    return found


def _all_entries(job: Job, findings: Findings) -> list[Entry]:
    kept: list[Entry] = []
    try:
        directory = find_directory(job.source)
        if directory.shift:
            detail = f"{directory.shift:,} bytes stand before the archive"
            findings.add_incomplete(Cause.BROKEN, detail, 0, job.member)
        if directory.end > job.source.size:
            findings.add_incomplete(Cause.TRUNCATED, "the archive's comment is cut", job.source.size, job.member)
        elif directory.end < job.source.size and not job.member:
            findings.metadata["trailing"] = f"bytes that belong to no archive follow at {directory.end}"
        for entry in entries(job.source, directory):
            kept.append(entry)
            if len(kept) > job.limits.members:
                break
        else:
            _check_count(job, findings, len(kept), directory.count)
    except FormatError as error:
        findings.add_error(error, job.member)
        known = {entry.name for entry in kept}
        kept += [entry for entry in local_entries(job.source, job.limits.members, _SEARCHED) if entry.name not in known]
    else:
        return kept
    return kept


def _check_count(job: Job, findings: Findings, seen: int, told: int) -> None:
    # Writers without zip64 count modulo 65,536.
    if seen != told and seen % _COUNTED != told:
        detail = f"the archive's directory holds {seen:,} members and its end record says {told:,}"
        findings.add_incomplete(Cause.BROKEN, detail, 0, job.member)


def _read_member(job: Job, entry: Entry, findings: Findings) -> None:
    inner = job.inner(job.source, entry.name)
    try:
        inner = job.inner(member(job.source, entry, job.limits), entry.name)
        if entry.name.casefold().endswith(_PICKLES):
            read_pickle(inner, findings)
        else:
            job.descend(inner, findings)
    except FormatError as error:
        findings.add_error(error, inner.member)


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
