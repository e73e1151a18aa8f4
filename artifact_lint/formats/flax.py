"""Flax's parameters as MessagePack: how they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

#: A map whose first key is a text, or one array.
_OPENING = re.compile(
    rb"(?:[\x80-\x8f]|\xde..|\xdf....)(?:[\xa0-\xbf\xd9\xda]|\Z)|(?:\xc7.|\xc8..|\xc9....)\x01\x93", re.DOTALL
)


def _recognise(probe: Probe) -> bool:
    return probe.suffix == ".msgpack" and _OPENING.match(probe.head) is not None


def _read(job: Job, findings: Findings) -> None:
    from artifact_lint.formats.flax_reader import read_flax  # noqa: PLC0415 - few files are Flax's

    read_flax(job, findings)


def _describe(job: Job) -> Description:
    from artifact_lint.formats.flax_reader import describe_flax  # noqa: PLC0415 - few files are Flax's

    return describe_flax(job)


FLAX = Format(
    "flax-msgpack",
    "Flax MessagePack",
    (".msgpack",),
    _recognise,
    _read,
    ("flax",),
    ("flax", "msgpack"),
    describe=_describe,
)
