"""What is inside one weight file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError, Job, ReadLimits
from artifact_lint.formats.catalogue import FORMATS, aliases
from artifact_lint.formats.findings import Findings
from artifact_lint.formats.sniffing import sniff
from artifact_lint.model import Cause
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from artifact_lint.model import Inspection
    from artifact_lint.stores.base import Source

#: What is read within an archive: what may run code, and archives.
_OPENED = frozenset(name for name, format_ in FORMATS.items() if format_.pickled) | {"npy", "npz", "zip", "tar", "7z"}


def inspect(
    name: str,
    source: Source,
    format: str | None = None,  # noqa: A002 - the word that manifests use
    limits: ReadLimits | None = None,
) -> Inspection:
    """What a bounded look at a file finds.

    The bytes decide the format; `format`, a name or an alias, counts only where they leave it open. What cannot be
    read, for whatever reason, is an `Incomplete` of the result.
    """
    findings = Findings()
    try:
        _inspect(name, source, format, limits or ReadLimits(), findings)
    except FormatError as error:
        findings.add_error(error)
    except StoreError as error:
        findings.add_incomplete(Cause.UNREADABLE, str(error))
    return findings.inspection()


def _inspect(name: str, source: Source, declared: str | None, limits: ReadLimits, findings: Findings) -> None:
    findings.format = aliases(declared) if declared else None
    if source.size == 0:
        findings.add_incomplete(Cause.EMPTY, "the file is empty")
        return
    findings.format = sniff(name, source) or findings.format
    if findings.format is not None:
        format_ = FORMATS[findings.format]
        findings.pickled = format_.pickled
        format_.read(Job(source, name, limits, "", 0, _descend), findings)


def _descend(job: Job, findings: Findings) -> None:
    found = sniff(job.name, job.source)
    if found not in _OPENED:
        return
    if job.depth > job.limits.depth:
        raise FormatError(Cause.LIMIT, f"archives nest deeper than {job.limits.depth}")
    FORMATS[found].read(job, findings)
