"""What the model in one weight file is, for formats whose reader can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import Allowance, FormatError, Job, ReadLimits, nothing_beside
from artifact_lint.formats.catalogue import FORMATS
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Description
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from artifact_lint.formats.base import Beside
    from artifact_lint.formats.findings import Findings
    from artifact_lint.stores.base import Source

_LIMITS: Final = ReadLimits()


def describe(
    name: str,
    source: Source,
    format_: str | None,
    limits: ReadLimits = _LIMITS,
    beside: Beside = nothing_beside,
) -> Description | None:
    """What the file tells of the model in it; None where its format tells nothing that is read.

    `format_` is what `inspect` found the bytes to be; `beside` opens files by their paths from the file's directory,
    where a model is more than one. What cannot be read is in the result's `incomplete`.
    """
    known = FORMATS.get(format_ or "")
    if known is None or known.describe is None:
        return None
    try:
        job = Job(source, name, limits, "", 0, _descend_nowhere, Allowance(limits.members), beside=beside)
        return known.describe(job)
    except FormatError as error:
        return Description(incomplete=(Incomplete(error.cause, error.detail, error.offset),))
    except StoreError as error:
        return Description(incomplete=(Incomplete(Cause.UNREADABLE, str(error)),))


def _descend_nowhere(_: Job, __: Findings) -> bool:
    """A description is of the file's own model; what else is packed into it is not looked into here."""
    return False
