"""The members of PyTorch's zip archives, by the names that PyTorch asks for: without the directory around them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.members import small_member
from artifact_lint.formats.zip_records import directories, entries
from artifact_lint.formats.zips import member
from artifact_lint.model import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.stores.base import Source

#: Short members that say how the archive was written (caffe2/serialize/inline_container.h), and what they are called.
_FACTS: Final = {
    "version": "archive_version",
    ".data/version": "container_version",
    "archive_version": "archive_version",
    "archive_format": "archive_format",
    "byteorder": "byteorder",
    ".format_version": "format_version",
    ".storage_alignment": "storage_alignment",
    ".data/serialization_id": "serialization_id",
}
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of an archive by their names, the first directory of which is left out, in small letters.

    PyTorch's reader of archives (miniz) finds a member whatever the case of its name.
    """

    job: Job
    source: Source
    members: Mapping[str, Entry]

    def open(self, name: str) -> Source | None:
        """The content of a member; None where there is none.

        Raises:
            FormatError: It cannot be read.
            StoreError: The bytes cannot be read.
        """
        entry = self.members.get(name.casefold())
        return None if entry is None else member(self.source, entry, self.job.limits)

    def length(self, name: str) -> int | None:
        """How many bytes of a member the file holds, as far as its directory tells; None where there is none."""
        entry = self.members.get(name.casefold())
        if entry is None:
            return None
        if entry.method == 0:
            return max(0, min(entry.size, self.source.size - entry.header))
        return entry.size

    def facts(self) -> dict[str, str]:
        """What the archive says about how it was written."""
        found = {}
        for name, fact in _FACTS.items():
            entry = self.members.get(name)
            text = small_member(self.source, entry, self.job)[:_SHOWN].decode("utf-8", "replace").strip()
            if text:
                found[fact] = text
        return found


def archive_of(job: Job, source: Source) -> Archive:
    """An archive by its directory.

    Raises:
        FormatError: The directory is broken, or names more members than are read.
        StoreError: The bytes cannot be read.
    """
    found: dict[str, Entry] = {}
    directory = directories(source)[0]
    for count, entry in enumerate(entries(source, directory)):
        if count >= job.limits.members:
            raise FormatError(Cause.LIMIT, f"the archive has more than {job.limits.members:,} members", directory.start)
        name = entry.name.casefold()
        found.setdefault(name.partition("/")[2] or name, entry)
    return Archive(job, source, found)
