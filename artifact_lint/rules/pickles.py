"""PKL: what would run when a file is unpickled?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from artifact_lint.model import Cause, FileState, HazardKind, PicklePolicy, Problem, Severity
from artifact_lint.policy.imports import VerdictKind, verdict
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Artifact, Hazard, Import, Incomplete, Inspection, WeightFile
    from artifact_lint.policy.imports import Verdict

#: What each framework's users can write instead, which holds no code.
_SAFE_FORMATS = {
    "scikit-learn": "skops (`skops.io.dump`) or ONNX",
    "pytorch": "safetensors (`safetensors.torch.save_file`)",
    "xgboost": "UBJ (`model.save_model('model.ubj')`)",
    "lightgbm": "its text format (`booster.save_model('model.txt')`)",
    "catboost": "its own format (`model.save_model('model.cbm')`)",
}


def _pickled(artifact: Artifact) -> Iterator[tuple[WeightFile, Inspection]]:
    for file in artifact.files:
        if file.state is FileState.PRESENT:
            inspection = file.inspection.value
            if inspection is not None and inspection.pickled:
                yield file, inspection


def _policy(artifact: Artifact) -> PicklePolicy:
    """The strictest policy that the manifest, the stage or the configuration asks for."""
    asked = [fact.value.policy for fact in artifact.record.pickle]
    stage = artifact.options.stage_pickle.get(artifact.record.stage.value or "")
    asked += [policy for policy in (stage, artifact.options.pickle.policy) if policy]
    for policy in (PicklePolicy.FORBID, PicklePolicy.ALLOW_LISTED, PicklePolicy.REPORT):
        if policy in asked:
            return policy
    return PicklePolicy.ALLOW_LISTED


_LISTED = "on the allow-list"


def _vouched_for_itself(artifact: Artifact) -> frozenset[str]:
    """The imports that the artifact's own manifest allows: its word, not that of whoever is to load it."""
    return frozenset(entry for fact in artifact.record.pickle for entry in fact.value.allow)


def _verdicts(artifact: Artifact, inspection: Inspection) -> Iterator[tuple[Import, Verdict]]:
    itself = _vouched_for_itself(artifact)
    for found in inspection.imports:
        if found.dotted in artifact.options.pickle.allow:
            continue
        judged = verdict(found.module, found.name, found.uses)
        if found.dotted not in itself or judged.kind is VerdictKind.DANGEROUS:
            yield found, judged


def _at(file: WeightFile, part: Import | Hazard | Incomplete) -> str:
    member = f" of {part.member}" if part.member else ""
    return f"{file.path}, byte {part.offset:,}{member}"


def _inside(file: WeightFile, part: Import | Hazard | Incomplete) -> str:
    return f"{file.path}!{part.member}" if part.member else file.path


@rule("PKL001", "pickle-forbidden", severity=Severity.ERROR, tags=("security",))
def pickle_forbidden(artifact: Artifact) -> Iterator[Problem]:
    """A file is a pickle, and the manifest, the stage or the configuration forbids pickles.

    ## Why is this bad?
    Unpickling runs whatever the file asks for, before anything can be checked.

    ## How to fix
    Save the model in a format that holds no code: safetensors, skops, ONNX, UBJ. If this pickle is to be accepted,
    change the policy to `allow-listed`, with a reason.
    """
    if _policy(artifact) is not PicklePolicy.FORBID:
        return
    for file, inspection in _pickled(artifact):
        yield Problem(
            file.origin, f"{file.path} is a pickle, which the policy forbids", _instead(inspection), file=file.path
        )


def _instead(inspection: Inspection) -> str:
    safe = _SAFE_FORMATS.get(inspection.framework or "")
    return f"Save it as {safe}." if safe else "Save it in a format that holds no code: safetensors, skops, ONNX, UBJ."


@rule("PKL002", "pickle-used", severity=Severity.NOTE, tags=("security",))
def pickle_used(artifact: Artifact) -> Iterator[Problem]:
    """A file is a pickle, and everything it imports is on the allow-list.

    ## Why is this bad?
    It does no harm as it is. The next one of the same name may, and every reader has to trust the list.

    ## How to fix
    Prefer a format that holds no code: the message names the one for this framework.
    """
    if _policy(artifact) is PicklePolicy.FORBID:
        return
    for file, inspection in _pickled(artifact):
        clean = all(judged.kind is VerdictKind.ALLOWED for _, judged in _verdicts(artifact, inspection))
        if clean and not inspection.incomplete and not inspection.hazards:
            itself = _vouched_for_itself(artifact) & {found.dotted for found in inspection.imports}
            listed = f"on the allow-list or, in {len(itself)} cases, allowed by its own manifest" if itself else _LISTED
            message = f"{file.path} is a pickle; everything it imports is {listed}"
            yield Problem(file.origin, message, _instead(inspection), file=file.path)


@rule("PKL101", "dangerous-import", severity=Severity.ERROR, tags=("security",))
def dangerous_import(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling imports something that runs code, reaches files or the network, or loads more pickles.

    Only the configuration can allow it; what an artifact's own manifest allows of this kind counts for nothing.

    ## Why is this bad?
    Loading the file hands the machine, and its credentials, to whoever wrote it.

    ## How to fix
    Do not load it. Find out where it came from, and replace it by one you built yourself.
    """
    for file, inspection in _pickled(artifact):
        for found, judged in _verdicts(artifact, inspection):
            if judged.kind is VerdictKind.DANGEROUS:
                called = f"{found.module}.{found.name}{_call(found)}"
                message = f"unpickling imports {called}: {judged.reason} ({_at(file, found)})"
                advice = "Do not load this file; find out where it came from."
                yield Problem(file.origin, message, advice, file=_inside(file, found))


def _call(found: Import) -> str:
    """The literal arguments of the first call, in one pair of brackets; empty where none is known."""
    arguments = found.arguments
    if not arguments.startswith("("):
        return f"({arguments})" if arguments else ""
    return f"{arguments[:-2]})" if arguments.endswith(",)") else arguments


@rule("PKL102", "unlisted-import", severity=Severity.ERROR, tags=("security",))
def unlisted_import(artifact: Artifact) -> Iterator[Problem]:
    """Unpickling imports a name that is on no allow-list.

    Said once for each file and package. A warning under the policy `report`.

    ## Why is this bad?
    Importing runs the module, and calling it runs more. Nobody has said yet that this one is fine.

    ## How to fix
    If the class is yours and you trust the file, paste the line from the message into the configuration, or into
    `weights.pickle` of the manifest with a reason.
    """
    severity = Severity.WARNING if _policy(artifact) is PicklePolicy.REPORT else None
    for file, inspection in _pickled(artifact):
        for group in _unlisted_by_package(_verdicts(artifact, inspection)):
            first = group[0][0]
            message = f"unpickling imports {_unlisted(group)} ({_at(file, first)})"
            advice = _instead_of_main(first) or _how_to_allow(dict.fromkeys(found.dotted for found, _ in group))
            yield Problem(file.origin, message, advice, file=_inside(file, first), severity=severity)


#: How many names a message tells for each reason, and how many a line to paste holds.
_TOLD = 3
_PASTED = 100


def _unlisted_by_package(judged: Iterable[tuple[Import, Verdict]]) -> Iterable[list[tuple[Import, Verdict]]]:
    """The unlisted imports of each top-level package, every name once; each class of the script by itself."""
    groups: dict[str, dict[str, tuple[Import, Verdict]]] = {}
    for found, made in judged:
        if made.kind is VerdictKind.UNLISTED:
            package = found.dotted if found.module == "__main__" else found.module.partition(".")[0]
            groups.setdefault(package, {}).setdefault(found.dotted, (found, made))
    return [list(group.values()) for group in groups.values()]


def _unlisted(group: list[tuple[Import, Verdict]]) -> str:
    """The first names for each reason and how many more there are, in words that continue "unpickling imports"."""
    first, made = group[0]
    if len(group) == 1:
        return f"{first.module}.{first.name}, which {made.reason}"
    reasons: dict[str, list[Import]] = {}
    for found, judged in group:
        reasons.setdefault(judged.reason, []).append(found)
    return f"{len(group)} names of {first.module.partition('.')[0]}: " + "; ".join(
        f"{_listing(alike)}, {'each of which' if len(alike) > 1 else 'which'} {reason}"
        for reason, alike in reasons.items()
    )


def _listing(imports: list[Import]) -> str:
    told = [f"{found.module}.{found.name} ({', '.join(sorted(found.uses))})" for found in imports[:_TOLD]]
    more = [f"{len(imports) - _TOLD} more"] if len(imports) > _TOLD else []
    parts = told + more
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _how_to_allow(names: Iterable[str]) -> str:
    """The line to paste, for the configuration and, where it is short, for the manifest."""
    entries = [json.dumps(name) for name in names]
    line = f"allow = [{', '.join(entries[:_PASTED])}]"
    if len(entries) > _PASTED:
        rest = f", and the other {len(entries) - _PASTED} as well"
    elif len(entries) == 1:
        manifest = f'`pickle: {{policy: allow-listed, allow: [{entries[0]}], reason: "..."}}`'
        return f"If you trust it, add `{line}` to [tool.artifact-lint.pickle], or {manifest} to the manifest's weights."
    else:
        rest = ", or the same names, with a reason, to `weights.pickle` of the manifest"
    return f"If you trust them, add `{line}` to [tool.artifact-lint.pickle]{rest}."


def _instead_of_main(found: Import) -> str:
    """Nothing but the script that wrote the pickle can load a class of its own, trusted or not."""
    if found.module != "__main__":
        return ""
    return f"Move {found.name} into a module that is installed where the model is loaded, and save the model again."


def _hazards(artifact: Artifact, kind: HazardKind, what: str, advice: str) -> Iterator[Problem]:
    for file, inspection in _pickled(artifact):
        for hazard in inspection.hazards:
            if hazard.kind is kind:
                message = f"{what}: {hazard.evidence} ({_at(file, hazard)})"
                yield Problem(file.origin, message, advice, file=_inside(file, hazard))


@rule("PKL103", "computed-import", severity=Severity.ERROR, tags=("security",))
def computed_import(artifact: Artifact) -> Iterator[Problem]:
    """The name that is imported is not written in the pickle, but computed while it loads.

    ## Why is this bad?
    No library writes such pickles. It is done to hide what is imported.

    ## How to fix
    Do not load it. Find out where it came from.
    """
    advice = "Do not load this file; find out where it came from."
    yield from _hazards(artifact, HazardKind.COMPUTED_IMPORT, "an imported name is computed", advice)


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


@rule("PKL111", "broken-stream", severity=Severity.ERROR, tags=("security", "integrity"))
def broken_stream(artifact: Artifact) -> Iterator[Problem]:
    """The pickle cannot be read to its end; what was found before is reported as well.

    ## Why is this bad?
    Everything up to the break runs on load. What lies behind it is unknown.

    ## How to fix
    Fetch or write the file again. If it was not damaged in transit, do not load it.
    """
    for file, inspection in _pickled(artifact):
        for part in inspection.incomplete:
            if part.cause in {Cause.BROKEN, Cause.TRUNCATED}:
                message = f"the pickle breaks off: {part.detail} ({_at(file, part)})"
                advice = "Fetch or write the file again; if it was not damaged on its way, do not load it."
                yield Problem(file.origin, message, advice, file=_inside(file, part))


_READABLE = {
    Cause.LIMIT: "Ordinary models stay far below this limit: find out what the file is before you load it.",
    Cause.UNSUPPORTED: "Save it in a current version of its format, uncompressed or with zlib, gzip, bz2 or xz.",
    Cause.ENCRYPTED: "Save it without encryption.",
    Cause.UNREADABLE: "See to it that the file can be read, and lint again.",
}


_LAYERS = "Lambda layers, whose code runs on load"
#: What files can run on load beside pickles, by format; HDF5 of weights alone holds no layers.
_CODE_NOT_SOUGHT = {"keras": _LAYERS, "hdf5": _LAYERS, "savedmodel": "operators that run Python or touch files"}


def _code_not_sought(file: WeightFile, inspection: Inspection) -> str | None:
    is_other_hdf5 = file.format == "hdf5" and (inspection.framework != "keras" or file.path.endswith(".weights.h5"))
    return None if is_other_hdf5 else _CODE_NOT_SOUGHT.get(file.format or "")


@rule("PKL141", "not-inspected", severity=Severity.ERROR, tags=("security",))
def not_inspected(artifact: Artifact) -> Iterator[Problem]:
    """Part of a file that a loader would read could not be looked at.

    A note for Keras and TensorFlow files, whose layers and operators are not looked at yet.

    ## Why is this bad?
    Unread is not clean.

    ## How to fix
    As the message says: save the file without encryption, in a compression that is read here, or with less nesting.
    """
    unread = {Cause.LIMIT, Cause.UNSUPPORTED, Cause.ENCRYPTED, Cause.UNREADABLE}
    for file in artifact.files:
        inspection = file.inspection.value if file.state is FileState.PRESENT else None
        alike: dict[str, list[Incomplete]] = {}
        for part in inspection.incomplete if inspection else ():
            broken = part.cause is Cause.BROKEN and inspection is not None and not inspection.pickled
            if part.cause in unread or broken:
                alike.setdefault(part.detail, []).append(part)
        for detail, parts in alike.items():
            part = parts[0]
            more = f" and in {len(parts) - 1} more places" if len(parts) > 1 else ""
            message = f"not everything could be looked at: {detail} ({_at(file, part)}{more})"
            advice = _READABLE.get(part.cause, "Fetch or write the file again.")
            yield Problem(file.origin, message, advice, file=_inside(file, part))
        unsought = _code_not_sought(file, inspection) if inspection else None
        if unsought:
            message = f"{file.path} may hold {unsought}, which this release does not look for"
            advice = (
                "Where the file is from somebody else, load it with code execution switched off (`safe_mode=True`)."
            )
            yield Problem(file.origin, message, advice, file=file.path, severity=Severity.NOTE)
