"""What is inside one weight file."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import ARRAY_COST, READ_COST, Allowance, ExhaustedError, FormatError, Job, ReadLimits
from artifact_lint.formats.catalogue import FORMATS, PICKLE_FAMILY, ZIP_FAMILY, aliases
from artifact_lint.formats.configurations import read_configuration
from artifact_lint.formats.findings import Findings
from artifact_lint.formats.members import read_members
from artifact_lint.formats.polyglots import other_readings
from artifact_lint.formats.sniffing import sniff, sniff_member
from artifact_lint.formats.sources import Slice
from artifact_lint.formats.spooling import spooled
from artifact_lint.model import Cause, HazardKind
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from artifact_lint.formats.polyglots import Reading
    from artifact_lint.model import Inspection
    from artifact_lint.stores.base import Source

_LIMITS: Final = ReadLimits()
#: What readers go to and fro in: from the directory at the end to the members before it.
_TO_AND_FRO = frozenset(ZIP_FAMILY) | {"7z"}
#: How the keys of the metadata begin that say which members are pickles.
PICKLE_IN = "pickle in "


def inspect(
    name: str,
    source: Source,
    format: str | None = None,  # noqa: A002 - the word that manifests use
    limits: ReadLimits = _LIMITS,
) -> Inspection:
    """What a bounded look at a file finds.

    The bytes decide the format; `format`, a name or an alias, counts only where they leave it open. Where loaders would
    take the same bytes for different formats, each of these is read. What cannot be read, for whatever reason, is an
    `Incomplete` of the result.
    """
    findings = Findings()
    try:
        _inspect(name, source, format, limits, findings)
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
        findings.pickled = FORMATS[findings.format].pickled
        job = Job(source, name, limits, "", 0, _descend, Allowance(limits.members))
        _read(findings.format, job, findings)


def _descend(job: Job, findings: Findings) -> bool:
    job.allowance.take()
    found = sniff_member(job.name, job.source)
    if found is None:
        read_configuration(job, findings)
        return False
    job.allowance.take(ARRAY_COST - 1 if found == "npy" else READ_COST - 1)
    if job.depth > job.limits.depth:
        raise FormatError(Cause.LIMIT, f"archives nest deeper than {job.limits.depth}")
    if found in PICKLE_FAMILY:
        findings.metadata[f"{PICKLE_IN}{job.member}"] = found
    extent = findings.extent
    goes_to_and_fro = job.streamed and found in _TO_AND_FRO
    try:
        with spooled(job.source) if goes_to_and_fro else nullcontext(job.source) as source:
            _read(found, replace(job, source=source, streamed=job.streamed and not goes_to_and_fro), findings)
    finally:
        findings.extent = extent
    return True


def _read(format_: str, job: Job, findings: Findings) -> None:
    """Read a file or member as what it is, and as everything else that it is."""
    trouble: FormatError | None = None
    try:
        FORMATS[format_].read(job, findings)
    except ExhaustedError:
        raise
    except FormatError as error:
        trouble = error
    try:
        for other in other_readings(job, format_):
            _read_again(format_, other, job, findings)
    except ExhaustedError:
        raise
    except FormatError as error:
        trouble = trouble or error
    if trouble is not None:
        raise trouble


def _read_again(main: str, other: Reading, job: Job, findings: Findings) -> None:
    """Read a file as something else than it was read as; the facts of the first reading stay."""
    kept = (findings.format, findings.framework, findings.extent, dict(findings.metadata), dict(findings.versions))
    if other.told:
        titles = f"{FORMATS[main].title} to one loader and {FORMATS[other.format].title} to another"
        findings.add_hazard(HazardKind.POLYGLOT, f"the same bytes are {titles}", other.start, job.member)
    try:
        if other.start:
            within = job if other.end is None else replace(job, source=Slice(job.source, 0, other.end))
            read_members(within, findings, other.start)
        else:
            FORMATS[other.format].read(job, findings)
    except ExhaustedError:
        raise
    except FormatError as error:
        if other.told:
            findings.add_error(error, job.member)
    finally:
        findings.format, findings.framework, findings.extent, metadata, versions = kept
        findings.metadata = {**findings.metadata, **metadata}
        findings.versions = versions
