"""Which format a file has, by its bytes; its name decides only where they leave it open."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from artifact_lint.formats.base import HEAD, FormatError, Probe
from artifact_lint.formats.catalogue import FORMATS
from artifact_lint.formats.zips import entries, find_directory, local_entries
from artifact_lint.model import Cause, Lazy

if TYPE_CHECKING:
    from artifact_lint.formats.base import Format
    from artifact_lint.formats.zips import Entry
    from artifact_lint.stores.base import Source

_POINTERS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_MOST_MEMBERS = 5000


def sniff(name: str, source: Source) -> str | None:
    """The name of a file's format, None where it is none we know; a git-LFS pointer is none.

    Raises:
        StoreError: The bytes cannot be read.
    """
    probe = _probe(name, source)
    if not probe.head or probe.head.startswith(_POINTERS):
        return None
    return next((format_.name for format_ in FORMATS.values() if _recognises(format_, probe)), None)


def _recognises(format_: Format, probe: Probe) -> bool:
    try:
        return format_.recognise(probe)
    except FormatError as error:
        # What cannot be unpacked far enough to tell may be what runs code; its reader then says why.
        return format_.pickled and error.cause is Cause.LIMIT


def _probe(name: str, source: Source) -> Probe:
    base = name.rpartition("/")[2].lower()
    suffix = "." + base.rpartition(".")[2] if "." in base else ""
    head = source.read(0, HEAD)
    return Probe(base, suffix, head, source, Lazy(lambda: _zip_members(source, head)), sniff)


def _zip_members(source: Source, head: bytes) -> tuple[Entry, ...]:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ()
    try:
        return tuple(islice(entries(source, find_directory(source)), _MOST_MEMBERS))
    except FormatError:
        return tuple(local_entries(source, 64, 1 << 20))
