"""From a file's bytes to what its pickles would do: compression, stacked and nested streams, joblib's arrays."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.frameworks import framework_of
from artifact_lint.formats.pickles.joblib import is_wrapper, note_old_array, old_stream, skip_array
from artifact_lint.formats.pickles.machine import Machine, root_name
from artifact_lint.formats.pickles.readings import OtherReading
from artifact_lint.formats.pickles.recognise import LOOKOUT, find_call, looks_like_pickle
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory, Slice, Unpacked, compression, is_zlib
from artifact_lint.model import Cause, HazardKind, Import, Use

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, ReadLimits
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.pickles.values import Result, Value
    from artifact_lint.stores.base import Source

#: The number that opens torch's legacy files (torch/serialization.py, MAGIC_NUMBER), and how many pickles follow.
TORCH_MAGIC: Final = 0x1950A86A20F9469CFC6C
_TORCH_PICKLES: Final = 5


@dataclass(frozen=True, slots=True)
class _Stream:
    source: Source
    start: int
    depth: int


def read_pickle(job: Job, findings: Findings, start: int = 0) -> None:
    """Everything in a file or member whose loader unpickles it from `start` on, compressed or not.

    Raises:
        FormatError: Nothing of it can be read.
        StoreError: The bytes cannot be read.
    """
    findings.pickled = True
    head = job.source.read(start, 64)
    source = job.source if start else unpacked(job.source, head, job.limits, promised=True)
    if source is None:
        raise FormatError(Cause.UNSUPPORTED, "compressed with LZ4: needs lz4")
    pending = deque([_Stream(Slice(source, start, source.size - start) if start else source, start, 0)])
    taken = 0
    while pending:
        taken += 1
        if taken > job.limits.nested:
            findings.add_incomplete(Cause.LIMIT, f"more than {job.limits.nested:,} nested pickles", 0, job.member)
            return
        _read_stream(pending.popleft(), job, findings, pending)


def unpacked(source: Source, head: bytes, limits: ReadLimits, *, promised: bool) -> Source | None:
    """The pickle's own bytes, whatever a file with these first bytes is compressed with; None for LZ4.

    zlib streams with an uncommon window begin with two bytes that mean little: they are told where `promised` says
    that the file is a pickle, and it is none as it stands.
    """
    codec = compression(head)
    if codec is None and promised and is_zlib(head) and not looks_like_pickle(source, promised=True):
        codec = "zlib"
    if codec == "lz4":
        return None
    if codec is not None:
        return Unpacked(source, codec, limits)
    start = old_stream(head)
    return source if start is None else Unpacked(Slice(source, start, source.size), "zlib", limits)


def _read_stream(stream: _Stream, job: Job, findings: Findings, pending: deque[_Stream]) -> None:
    window = Window(stream.source, stream.start)
    follow = partial(_follow, OtherReading())
    for index in range(job.limits.nested):
        machine = Machine(window, job.limits, follow)
        error = _run(machine)
        _keep(machine, job, findings)
        if index == stream.depth == 0:
            _describe(machine, findings)
        _queue_nested(machine, stream, job, findings, pending)
        if error is not None:
            findings.add_error(error, job.member)
            return
        if not _goes_on(machine, index, stream, job, findings):
            return
    findings.add_incomplete(Cause.LIMIT, f"more than {job.limits.nested:,} stacked pickles", window.tell(), job.member)


def _run(machine: Machine) -> FormatError | None:
    try:
        machine.run()
    except FormatError as error:
        return error
    return None


def _follow(other: OtherReading, machine: Machine, built: Result, state: Value) -> bool:
    note_old_array(machine, built)
    if not is_wrapper(built):
        return False
    if not skip_array(machine, built, state, other):
        inner = Machine(machine.window, machine.limits)
        try:
            inner.run()
        finally:
            machine.absorb(inner)
    machine.arrays += 1
    return True


def _keep(machine: Machine, job: Job, findings: Findings) -> None:
    for found in machine.named():
        uses = frozenset(found.uses) or frozenset({Use.NAMED})
        findings.add_import(Import(found.module, found.name, uses, found.offset, job.member, found.arguments))
    for (kind, evidence), offset in machine.hazards.items():
        findings.add_hazard(kind, evidence, offset, job.member)
    for error in machine.gaps:
        findings.add_error(error, job.member)
    findings.versions.update(machine.versions)
    if machine.arrays and findings.format == "pickle":
        findings.format = "joblib"


def _describe(machine: Machine, findings: Findings) -> None:
    if machine.running:
        return
    root = root_name(machine.root)
    findings.metadata.setdefault("root", root)
    if findings.framework is None:
        findings.framework = framework_of(root, [module for module, _ in machine.imports])


def _queue_nested(machine: Machine, stream: _Stream, job: Job, findings: Findings, pending: deque[_Stream]) -> None:
    for blob in machine.blobs:
        head = Memory(blob.head)
        if not _nests(head):
            continue
        whole = head.size == blob.length
        candidate = head if whole else Slice(stream.source, blob.offset, blob.length)
        offset = blob.offset + stream.start
        evidence = f"a constant of {blob.length:,} bytes is a pickle"
        findings.add_hazard(HazardKind.NESTED_PICKLE, evidence, offset, job.member)
        if stream.depth >= job.limits.depth:
            detail = f"pickles nest deeper than {job.limits.depth}"
            findings.add_incomplete(Cause.LIMIT, detail, offset, job.member)
            continue
        pending.append(_Stream(candidate, offset, stream.depth + 1))


def _nests(candidate: Source) -> bool:
    try:
        return looks_like_pickle(candidate)
    except FormatError:
        return False


def _goes_on(machine: Machine, index: int, stream: _Stream, job: Job, findings: Findings) -> bool:
    window = machine.window
    try:
        if window.at_end():
            return False
        if index == 0 and machine.root == TORCH_MAGIC and stream.depth == 0:
            findings.format = "torch-legacy"
            findings.framework = "pytorch"
    except FormatError as error:
        findings.add_error(error, job.member)
        return False
    if findings.format == "torch-legacy" and stream.depth == 0:
        if index + 1 == _TORCH_PICKLES:
            return False
        if index == _TORCH_PICKLES - 2:
            findings.metadata["root"] = root_name(machine.root)
        return True
    rest = Slice(stream.source, window.tell(), window.left())
    offset = window.tell() + stream.start
    if _nests(rest):
        findings.add_hazard(HazardKind.TRAILING_PICKLE, "another pickle follows the first", offset, job.member)
        return True
    return _goes_on_behind(rest, offset, window, job, findings)


def _goes_on_behind(rest: Source, offset: int, window: Window, job: Job, findings: Findings) -> bool:
    """Whether another pickle follows behind bytes that are none: a program that seeks there would run it."""
    gap, tried = find_call(rest.read(0, LOOKOUT))
    if gap > 0:
        window.skip(gap)
        detail = "another pickle follows behind bytes that are none"
        findings.add_hazard(HazardKind.TRAILING_PICKLE, detail, offset + gap, job.member)
        return True
    if not tried:
        findings.add_incomplete(Cause.LIMIT, "too much behind the pickle looks like pickles", offset, job.member)
    findings.metadata.setdefault("trailing", f"bytes that are no pickle follow at {offset}")
    return False
