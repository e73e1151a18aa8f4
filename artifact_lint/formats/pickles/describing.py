"""What the model in a pickle is: the objects of its first stream, and whoever knows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.estimators import describe_object
from artifact_lint.formats.pickles.objects import read_objects
from artifact_lint.formats.pickles.opening import unpacked
from artifact_lint.formats.sources import compression, how_to_unpack
from artifact_lint.model import Cause, Incomplete
from artifact_lint.model.description import Description

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job


def describe_pickle(job: Job) -> Description | None:
    """What the model in a pickle is, compressed or not; None where it holds none that is known.

    Raises:
        FormatError: The bytes cannot be unpacked.
        StoreError: The bytes cannot be read.
    """
    head = job.source.read(0, 64)
    source = unpacked(job.source, head, job.limits, promised=True)
    if source is None:
        raise FormatError(Cause.UNSUPPORTED, f"compressed with {how_to_unpack(compression(head) or '')}")
    machine = read_objects(source, job.limits)
    gaps = tuple(Incomplete(gap.cause, gap.detail, gap.offset, job.member) for gap in machine.gaps)
    described = None
    if not machine.running:
        try:
            described = describe_object(machine.root, job.limits, machine.room)
        except FormatError as error:
            gaps = (*gaps, Incomplete(error.cause, error.detail, error.offset, job.member))
    if described is None:
        return Description(incomplete=gaps) if gaps else None
    return replace(described, incomplete=described.incomplete + gaps)
