"""PKL: is a pickle's stream what its loaders take it for, and was all of it read?"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from artifact_lint.model import Cause, HazardKind, PicklePolicy, Problem, Severity
from artifact_lint.policy.imports import VerdictKind
from artifact_lint.rules.registry import rule
from artifact_lint.rules.unpickling import SUSPICIOUS, at, inside, is_torch_storage, pickled, policy, verdicts
from artifact_lint.rules.unread import CUT, unread_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Hazard, Import, Incomplete, Inspection, WeightFile

_FIND_OUT = "Do not load this file; find out where it came from."


def _hazards(artifact: Artifact, kind: HazardKind, what: str, advice: str) -> Iterator[Problem]:
    for file, inspection in pickled(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is kind:
                yield _problem(file, hazard, what, advice)


def _problem(file: WeightFile, hazard: Hazard, what: str, advice: str, severity: Severity | None = None) -> Problem:
    message = f"{what}: {hazard.evidence} ({at(file, hazard)})"
    return Problem(file.origin, message, advice, file=inside(file, hazard), severity=severity)


@rule("PKL103", "computed-import", severity=Severity.ERROR, tags=("security",))
def computed_import(artifact: Artifact) -> Iterator[Problem]:
    """The name that is imported is not written in the pickle, but computed while it loads.

    ## Why is this bad?
    No library writes such pickles. It is done to hide what is imported.

    ## How to fix
    Do not load it. Find out where it came from.
    """
    yield from _hazards(artifact, HazardKind.COMPUTED_IMPORT, "an imported name is computed", _FIND_OUT)


@rule("PKL105", "extension-code", severity=Severity.ERROR, tags=("security",))
def extension_code(artifact: Artifact) -> Iterator[Problem]:
    """The pickle imports through the extension registry of `copyreg`.

    ## Why is this bad?
    What it imports depends on the process that loads it and cannot be read from the file.

    ## How to fix
    Save the model without registered extension codes.
    """
    advice = "Save the model without copyreg extension codes."
    yield from _hazards(artifact, HazardKind.EXTENSION_CODE, "an import through the extension registry", advice)


@rule("PKL106", "persistent-id", severity=Severity.WARNING, tags=("security",))
def persistent_id(artifact: Artifact) -> Iterator[Problem]:
    """The pickle refers to an object outside of itself, and not to one of torch's storages.

    ## Why is this bad?
    What such a reference stands for is up to the program that loads the file, and no inspection can tell. Where that
    program knows nothing of it, loading fails.

    ## How to fix
    Save the object itself, or say with the model which program loads it.
    """
    advice = "Save the object itself instead of a reference to it."
    for file, inspection in pickled(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is HazardKind.PERSISTENT_ID and not is_torch_storage(hazard):
                yield _problem(file, hazard, "a reference to an object outside of the pickle", advice)


@rule("PKL107", "patched-class", severity=Severity.ERROR, tags=("security",))
def patched_class(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling sets attributes of a class or function itself, or special ones such as `__class__` of an object.

    ## Why is this bad?
    It changes the class for the whole process that loads the file: a method that is replaced by a function runs when
    anybody calls it, long after. No library writes such pickles.

    ## How to fix
    Do not load it. Find out where it came from.
    """
    yield from _hazards(artifact, HazardKind.PATCHED_CLASS, "unpickling patches what it imports", _FIND_OUT)


@rule("PKL111", "broken-stream", severity=Severity.ERROR, tags=("security", "integrity"))
def broken_stream(artifact: Artifact) -> Iterator[Problem]:
    """The pickle cannot be read to its end; what was found before is reported as well.

    ## Why is this bad?
    Everything up to the break runs on load. What lies behind it is unknown.

    ## How to fix
    Fetch or write the file again. If it was not damaged in transit, do not load it.
    """
    for file, inspection in pickled(artifact):
        for part in inspection.incomplete:
            if part.cause in {Cause.BROKEN, Cause.TRUNCATED}:
                message = f"the pickle breaks off: {part.detail} ({at(file, part)})"
                advice = "Fetch or write the file again; if it was not damaged on its way, do not load it."
                yield Problem(file.origin, message, advice, file=inside(file, part))


@rule("PKL112", "frame-disagreement", severity=Severity.ERROR, tags=("security",))
def frame_disagreement(artifact: Artifact) -> Iterator[Problem]:
    """A frame of the pickle ends within an opcode, or begins within another frame.

    ## Why is this bad?
    Python has two unpicklers, and they read such a stream in two ways, so that what was inspected may not be what is
    loaded. No pickler writes it.

    ## How to fix
    Do not load it. Find out where it came from.
    """
    yield from _hazards(artifact, HazardKind.FRAME_DISAGREEMENT, "unpicklers do not agree on the stream", _FIND_OUT)


_TRAILING = "there is data that no loader of this format reads"


@rule("PKL113", "trailing-data", severity=Severity.WARNING, tags=("security",))
def trailing_data(artifact: Artifact) -> Iterator[Problem]:
    """Bytes follow the end of the pickle, or lie between the members of its archive, that no loader reads.

    An error where they are another pickle with something in it that is complained of.

    ## Why is this bad?
    A program that goes on reading, as many do with stacked pickles, loads what was put there. Nothing of it belongs to
    the model.

    ## How to fix
    Save the model again, into an empty file.
    """
    advice = "Save the model again, into an empty file."
    for file, inspection in pickled(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is HazardKind.TRAILING_DATA:
                yield _problem(file, hazard, _TRAILING, advice)
            elif hazard.kind is HazardKind.TRAILING_PICKLE:
                bad = _is_complained_of(artifact, file, inspection, hazard)
                severity = Severity.ERROR if bad else None
                yield _problem(file, hazard, _TRAILING, advice, severity)


def _is_complained_of(artifact: Artifact, file: WeightFile, inspection: Inspection, start: Hazard) -> bool:
    """Whether an error is raised about what stands at a place or behind it."""
    tolerated = {VerdictKind.ALLOWED}
    if policy(artifact) is PicklePolicy.REPORT:
        tolerated |= {VerdictKind.UNLISTED, VerdictKind.DOTTED}
    hidden = (hazard for hazard in inspection.hazards if hazard.kind in SUSPICIOUS)
    bad = (found for found, judged in verdicts(artifact, file, inspection) if judged.kind not in tolerated)
    parts: Iterator[Import | Hazard] = chain(hidden, bad)
    return any(part.member == start.member and part.offset >= start.offset for part in parts)


@rule("PKL114", "nested-pickle", severity=Severity.NOTE, tags=("security",))
def nested_pickle(artifact: Artifact) -> Iterator[Problem]:
    """A constant of the pickle is itself a pickle; what it imports is judged with the rest.

    ## Why is this bad?
    It is a usual way to hide something from whoever looks at the outer pickle only. Some libraries keep copies of
    objects in this way as well.

    ## How to fix
    Nothing, unless another rule complains of what is in it.
    """
    advice = "Nothing needs to be done, unless another rule complains of what is in it."
    yield from _hazards(artifact, HazardKind.NESTED_PICKLE, "a pickle within the pickle", advice)


_READABLE = {
    Cause.LIMIT: "Ordinary models stay far below this limit: find out what the file is before you load it.",
    Cause.UNSUPPORTED: "Save it in a current version of its format, uncompressed or with zlib, gzip, bz2 or xz.",
    Cause.ENCRYPTED: "Save it without encryption.",
    Cause.UNREADABLE: "See to it that the file can be read, and lint again.",
    Cause.ELSEWHERE: "Save it again with joblib 0.10 or later, which keeps everything in one file.",
}


@rule("PKL141", "not-inspected", severity=Severity.ERROR, tags=("security",))
def not_inspected(artifact: Artifact) -> Iterator[Problem]:
    """Part of a file that a loader would read could not be looked at.

    ## Why is this bad?
    Unread is not clean.

    ## How to fix
    As the message says: fetch or write a broken file again; save the file without encryption, in a compression that is
    read here, or with less nesting.
    """
    unread = {Cause.LIMIT, Cause.UNSUPPORTED, Cause.ENCRYPTED, Cause.UNREADABLE, Cause.ELSEWHERE}
    for file in artifact.files:
        inspection = file.inspection.value
        if inspection is None:
            continue
        alike: dict[str, list[Incomplete]] = {}
        for part in inspection.incomplete or _unread_model(file, inspection):
            broken = part.cause is Cause.BROKEN and not inspection.pickled
            if part.cause in unread or broken:
                alike.setdefault(part.detail, []).append(part)
        tolerated = _TOLERATED if inspection.incomplete else _TOLERATED_IN_MODELS
        for detail, parts in alike.items():
            part = parts[0]
            more = f" and in {len(parts) - 1} more places" if len(parts) > 1 else ""
            message = f"not everything could be looked at: {detail} ({at(file, part)}{more})"
            advice = _READABLE.get(part.cause, "Fetch or write the file again.")
            severity = Severity.NOTE if part.cause in tolerated else None
            yield Problem(file.origin, message, advice, file=inside(file, part), severity=severity)


#: What is but a note: bytes beside the file, and a model whose facts are too many or too rare to be compared, although
#: all that loading would run was looked at.
_TOLERATED = frozenset({Cause.ELSEWHERE})
_TOLERATED_IN_MODELS = frozenset({Cause.ELSEWHERE, Cause.LIMIT, Cause.UNSUPPORTED})


def _unread_model(file: WeightFile, inspection: Inspection) -> tuple[Incomplete, ...]:
    """What of the model in a file could not be read; nothing of one that is cut short, as SUM106 tells."""
    parts = unread_model(file, inspection)
    return () if any(part.cause in CUT for part in parts) else parts
