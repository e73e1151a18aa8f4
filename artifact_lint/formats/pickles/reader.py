"""From a file's bytes to what its pickles would do: compression, stacked and nested streams, joblib's arrays."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.pickles.budget import Budget
from artifact_lint.formats.pickles.constants import is_pickle
from artifact_lint.formats.pickles.estimator_doubts import STEPS
from artifact_lint.formats.pickles.frameworks import framework_of
from artifact_lint.formats.pickles.joblib import (
    describes_array,
    is_stored_elsewhere,
    note_array_elsewhere,
    skip_array,
)
from artifact_lint.formats.pickles.machine import Machine, root_name
from artifact_lint.formats.pickles.opening import TORCH_HEAD, TORCH_MAGIC, unpacked
from artifact_lint.formats.pickles.prescan import Prescan
from artifact_lint.formats.pickles.readings import OtherReading
from artifact_lint.formats.pickles.recognise import looks_like_pickle
from artifact_lint.formats.pickles.search import find_pickle
from artifact_lint.formats.pickles.torch_storages import stored_bytes
from artifact_lint.formats.pickles.values import DictValue, Result
from artifact_lint.formats.pickles.window import Window
from artifact_lint.formats.sources import Memory, Slice, Unpacked, can_unpack, compression, how_to_unpack
from artifact_lint.model import Cause, HazardKind, Import, Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.findings import Findings
    from artifact_lint.formats.pickles.values import Value
    from artifact_lint.stores.base import Source

    Follow: TypeAlias = Callable[[Machine, Result, Value], bool]

#: How many pickles there are in torch's legacy files (`_legacy_save` in torch/serialization.py).
_TORCH_PICKLES: Final = 5
#: Which of them holds the model, counted from 0.
_TORCH_OBJECT: Final = 3
#: Where a PyTorch file holds its object: the file itself before PyTorch 1.6, this member of the archive since.
_STATE_DICT: Final = re.compile(r"(?:[^/!]+/data\.pkl)?")
#: What makes the tensors of a state dict (torch/_utils.py, PyTorch 2.9).
_TENSORS: Final = frozenset(
    {"torch._utils:_rebuild_tensor", "torch._utils:_rebuild_tensor_v2", "torch._utils:_rebuild_parameter"}
)
#: How many opcodes are run of a stream before it is asked how much is left, and how many bytes of it are much.
_FIRST_RUN: Final = 1 << 17
_LONG: Final = 1 << 24
#: Of how many opcodes how many keep a value, at most: picklers write one that makes it before each.
_MOST_KEPT: Final = (2, 3)
#: No file has so many bytes left: how much a compressed stream unpacks to is not known.
_UNKNOWABLE: Final = 1 << 60
#: How often reading goes on behind a break, and how many bytes behind a pickle are counted.
_MOST_BREAKS: Final = 4
#: How many opcodes are run behind breaks, the search for the next pickle included.
_MOST_BEHIND_BREAKS: Final = 1 << 18
_SHOWN: Final = 1 << 10
#: What editors and version control add to text, protocol 0 among it.
_LINE_ENDS: Final = frozenset({b"\n", b"\r\n"})


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
    codec = None if start or job.member else compression(head)
    if codec is not None:
        findings.metadata["compression"] = codec
    if source is None:
        raise FormatError(Cause.UNSUPPORTED, f"compressed with {how_to_unpack(compression(head) or '')}")
    if source is not job.source and not (start or job.member):
        findings.metadata["offsets"] = "of the unpacked stream"
    budget = Budget(job.limits.opcodes_around_arrays)
    pending = deque([_Stream(Slice(source, start, source.size - start) if start else source, start, 0)])
    taken = 0
    while pending:
        taken += 1
        if taken > job.limits.nested:
            findings.add_incomplete(Cause.LIMIT, f"more than {job.limits.nested:,} nested pickles", 0, job.member)
            return
        _read_stream(pending.popleft(), job, findings, pending, budget)


def _read_stream(stream: _Stream, job: Job, findings: Findings, pending: deque[_Stream], budget: Budget) -> None:
    window = Window(stream.source, stream.start)
    follow = partial(_follow, OtherReading(budget), budget)
    legacy = False
    breaks = 0
    stored: int | None = None
    for index in range(job.limits.nested):
        machine, error = _run(window, job, follow, findings, budget)
        _keep(machine, job, findings)
        legacy = legacy or (index == 0 and machine.root == TORCH_MAGIC)
        if stream.depth == 0 and index == (_TORCH_OBJECT if legacy else 0):
            _describe(machine, findings, job.member)
        _queue_nested(machine, stream, job, findings, pending, budget)
        if error is not None:
            _tell_break(error, machine, job, findings)
            breaks += 1
            if error.cause not in {Cause.BROKEN, Cause.TRUNCATED} or breaks > _MOST_BREAKS:
                return
            budget.narrow(_MOST_BEHIND_BREAKS)
            if not _goes_on_behind_break(window, stream, job, findings, machine.start, budget):
                return
            continue
        if index == stream.depth == 0 and legacy:
            findings.format, findings.framework = "torch-legacy", "pytorch"
        if legacy and index == _TORCH_OBJECT:
            stored = stored_bytes(machine.storages)
        if legacy and index + 1 == _TORCH_PICKLES and not _skip_storages(window, stored, job, findings):
            return
        if not _goes_on(window, stream, job, findings, budget, promised=legacy and index + 1 < _TORCH_PICKLES):
            return
    findings.add_incomplete(Cause.LIMIT, f"more than {job.limits.nested:,} stacked pickles", window.tell(), job.member)


def _tell_break(error: FormatError, machine: Machine, job: Job, findings: Findings) -> None:
    """Tell why a stream could not be run on; that it ends early, a frame that goes beyond its end has told already."""
    is_short = any(gap.cause is Cause.TRUNCATED for gap in machine.gaps)
    if error.cause is not Cause.TRUNCATED or not is_short:
        findings.add_error(error, job.member)


def _run(
    window: Window, job: Job, follow: Follow, findings: Findings, budget: Budget
) -> tuple[Machine, FormatError | None]:
    """Run a machine to the end of its stream, the rest of a long one with its plain data folded."""
    machine = Machine(window, job.limits, follow)
    try:
        if _run_first(machine, budget):
            return machine, None
        findings.metadata["imports only"] = f"from byte {window.tell() + window.shift:,} on"
        machine.doubts.is_unclear = True  # a row that is folded may be a state
        machine = Prescan(machine, budget)
        machine.run()
    except FormatError as error:
        return machine, error.with_traceback(None)  # as `recognise` does: the frames would hold it, and it them
    return machine, None


def _run_first(machine: Machine, budget: Budget) -> bool:
    """Run what is run opcode by opcode of every stream, which is less of a long one; whether STOP was reached."""
    most = min(machine.limits.opcodes, budget.left)
    try:
        if machine.run(min(most, _FIRST_RUN)):
            return True
        is_long = _LONG < machine.window.left() < _UNKNOWABLE
        is_odd = machine.memo_size() * _MOST_KEPT[1] > machine.steps * _MOST_KEPT[0]
        return not is_long and not is_odd and machine.run(most)
    finally:
        budget.spend(machine.steps)


def _follow(other: OtherReading, budget: Budget, machine: Machine, built: Result, state: Value) -> bool:
    cls = built.origin.resolved
    if is_stored_elsewhere(cls):
        note_array_elsewhere(machine)
    if not describes_array(cls):
        return False
    if not skip_array(machine, built, state, other):
        inner = Machine(machine.window, machine.limits)
        try:
            if not _run_first(inner, budget):
                inner.doubts.is_unclear = True
                inner = Prescan(inner, budget)
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
    doubts = machine.doubts.told(machine.imports.values(), has_steps=machine.spells(STEPS))
    findings.doubts = doubts if findings.doubts is None else findings.doubts | doubts
    if machine.arrays and findings.format == "pickle":
        findings.format = "joblib"


def _describe(machine: Machine, findings: Findings, member: str) -> None:
    if machine.running:
        return
    root = root_name(machine.root)
    findings.metadata.setdefault("root", root)
    if findings.framework is None:
        findings.framework = framework_of(root, [module for module, _ in machine.imports])
    if _STATE_DICT.fullmatch(member):
        findings.tensor_names = _tensor_names(machine.root)


def _tensor_names(root: Value) -> frozenset[str] | None:
    """The names in a state dict; None where it is something else, or holds more than the machine keeps."""
    if not isinstance(root, DictValue) or not root.exact or root.count != len(root.entries):
        return None
    tensors = (isinstance(value, Result) and value.origin.resolved in _TENSORS for value in root.entries.values())
    return frozenset(root.entries) if all(tensors) else None


def _queue_nested(
    machine: Machine, stream: _Stream, job: Job, findings: Findings, pending: deque[_Stream], budget: Budget
) -> None:
    for blob in machine.blobs:
        if budget.trials < 0:
            detail = "too many constants may be pickles"
            findings.add_incomplete(Cause.LIMIT, detail, blob.offset + stream.start, job.member)
            return
        head = Memory(blob.head)
        codec = compression(blob.head)
        packed = codec is not None and can_unpack(codec)
        if not _nests(Unpacked(head, codec, job.limits) if codec and packed else head):
            continue
        whole = head.size == blob.length
        candidate: Source = head if whole else Slice(stream.source, blob.offset, blob.length)
        if codec and packed:
            candidate = Unpacked(candidate, codec, job.limits)
        if not is_pickle(candidate, budget):
            continue
        offset = blob.offset + stream.start
        if not blob.head.startswith(TORCH_HEAD):
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


def _skip_storages(window: Window, stored: int | None, job: Job, findings: Findings) -> bool:
    """Pass over what torch stores behind its pickles; False where that ends the file or is not known."""
    if stored is None:
        return False
    if window.left() < stored:
        detail = f"{stored:,} bytes of storages are promised and {window.left():,} are left"
        findings.add_incomplete(Cause.TRUNCATED, detail, window.tell() + window.shift, job.member)
        return False
    window.skip(stored)
    return True


def _goes_on(window: Window, stream: _Stream, job: Job, findings: Findings, budget: Budget, *, promised: bool) -> bool:
    """Whether another pickle follows, which the format may have promised."""
    try:
        if window.at_end():
            if promised:
                detail = "it ends between the pickles of its layout"
                findings.add_incomplete(Cause.TRUNCATED, detail, window.tell() + window.shift, job.member)
            return False
        if promised:
            return True
        rest = Slice(stream.source, window.tell(), window.left())
        offset = window.tell() + stream.start
        if _nests(rest):
            findings.add_hazard(HazardKind.TRAILING_PICKLE, "another pickle follows the first", offset, job.member)
            return True
        return _goes_on_behind(rest, offset, window, job, findings, budget)
    except FormatError as error:
        findings.add_error(error, job.member)
        return False


def _goes_on_behind(rest: Source, offset: int, window: Window, job: Job, findings: Findings, budget: Budget) -> bool:
    """Whether another pickle follows behind bytes that are none: a program that seeks there would run it."""
    head = rest.read(0, _SHOWN)
    if head in _LINE_ENDS:
        return False
    if _seek_pickle(rest, offset, window, job, findings, budget):
        return True
    count = len(head)
    length = f"at least {count:,} bytes" if count == _SHOWN else f"{count:,} bytes" if count > 1 else "a byte"
    findings.add_hazard(HazardKind.TRAILING_DATA, f"behind the pickle: {length} of something else", offset, job.member)
    return False


def _seek_pickle(rest: Source, offset: int, window: Window, job: Job, findings: Findings, budget: Budget) -> bool:
    """Go to the next pickle behind bytes that are none, if there is one."""
    gap = find_pickle(rest, budget=budget)
    if gap < 0:
        return False
    window.skip(gap)
    detail = "another pickle follows behind bytes that are none"
    findings.add_hazard(HazardKind.TRAILING_PICKLE, detail, offset + gap, job.member)
    return True


def _goes_on_behind_break(
    window: Window, stream: _Stream, job: Job, findings: Findings, start: int, budget: Budget
) -> bool:
    """Whether another pickle follows somewhere behind the byte where one broke."""
    try:
        window.seek(min(start + 1, stream.source.size))
        rest = Slice(stream.source, window.tell(), window.left())
        return _seek_pickle(rest, window.tell() + stream.start, window, job, findings, budget)
    except FormatError:
        return False
