"""Plain archives: weights only where a member, or their own name, says so."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from artifact_lint.formats.base import HEAD, PATH_FILES, WEIGHT_SUFFIXES, Format, FormatError, ReadLimits
from artifact_lint.formats.members import read_members
from artifact_lint.formats.sources import Slice, compression
from artifact_lint.formats.tars import BLOCK, is_tar_header, opened, read_tar, tar_members
from artifact_lint.formats.texts import is_plain_text
from artifact_lint.formats.zips import member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.zip_records import Entry
    from artifact_lint.stores.base import Source

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: Suffixes that mean something else within documents and packages.
_AMBIGUOUS = frozenset({".bin", ".p", ".model", ".th"})
#: Names by which an archive promises weights, so that its members are looked at whatever they are called.
_PROMISING = re.compile(
    r"(?:^|[^a-z])(?:model|weight|checkpoint|ckpt|classifier|regressor|estimator|pipeline)s?(?![a-z])"
)
#: How much of a promising archive is looked at: members, and bytes of each that is compressed.
_SNIFFED = 20_000
_PREVIEWED = 64
_PEEK = ReadLimits(unpacked=1 << 22)
_TELLING = tuple(sorted(WEIGHT_SUFFIXES - _AMBIGUOUS))


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


def is_promising(probe: Probe) -> bool:
    """Whether an archive's name promises weights, whatever its members are called."""
    return _PROMISING.search(probe.name) is not None


def _holds_weights(probe: Probe, content: Callable[[], Source]) -> bool:
    try:
        return probe.sniff("", content()) is not None
    except FormatError:
        return False


def _is_zip(probe: Probe) -> bool:
    if not probe.head.startswith(_ZIP):
        return False
    if probe.promises_weights or probe.inside:
        return True
    entries = probe.members.value
    if any(_tells(entry.name, partial(member, probe.source, entry, _PEEK)) for entry in entries):
        return True
    return (probe.asked or is_promising(probe)) and any(
        _holds_weights(probe, partial(member, probe.source, entry, _PEEK)) for entry in _apart(entries)[:_SNIFFED]
    )


def _apart(entries: Iterable[Entry]) -> list[Entry]:
    """One entry for each place that several may point to."""
    return list({entry.header: entry for entry in entries}.values())


def _read_zip(job: Job, findings: Findings) -> None:
    read_members(job, findings)


def _is_tar(probe: Probe) -> bool:
    if not (is_tar_header(probe.head) or compression(probe.head)):
        return False
    source = opened(probe.source, probe.head, _PEEK)
    if source is None:
        return ".tar." in probe.name and is_promising(probe)
    try:
        if not is_tar_header(source.read(0, BLOCK)):
            return False
        if probe.promises_weights or probe.inside:
            return True
        everything = probe.asked or is_promising(probe)
        for found in tar_members(source, _SNIFFED if everything else _PREVIEWED):
            content = partial(Slice, source, found.start, found.size)
            if _tells(found.name, content) or (everything and found.regular and _holds_weights(probe, content)):
                return True
    except FormatError:
        return probe.promises_weights
    return False


ZIP = Format("zip", "zip archive", (".zip", ".mar"), _is_zip, _read_zip, aliases=("mar",), generic=True)
TAR = Format(
    "tar",
    "tar archive",
    (".tar", ".tar.gz", ".tgz", ".nemo"),
    _is_tar,
    read_tar,
    aliases=("tgz", "nemo"),
    generic=True,
)
