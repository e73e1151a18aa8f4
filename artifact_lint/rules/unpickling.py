"""What the PKL rules ask of an artifact: its pickles, the policy for them, and a verdict on each import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import HazardKind, PicklePolicy
from artifact_lint.policy.imports import Surroundings, VerdictKind, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Hazard, Import, Incomplete, Inspection, WeightFile
    from artifact_lint.policy.imports import Verdict

#: How the evidence of a persistent id begins that stands for one of torch's own storages or classes.
_TORCH = ("torch storage", "torch module")

#: The word of the project's own manifest is a declaration; what other records say of a framework may be a guess.
_NATIVE = "native"

#: What an unpickler does beside importing that no library asks of it.
SUSPICIOUS = frozenset({HazardKind.COMPUTED_IMPORT, HazardKind.EXTENSION_CODE, HazardKind.PATCHED_CLASS})


def pickled(artifact: Artifact) -> Iterator[tuple[WeightFile, Inspection]]:
    """The files whose bytes are here and that their loader would unpickle, with what was found in them."""
    for file in artifact.files:
        inspection = file.inspection.value
        if inspection is not None and inspection.pickled:
            yield file, inspection


def policy(artifact: Artifact) -> PicklePolicy:
    """The strictest policy that the manifest, the stage or the configuration asks for."""
    asked = [fact.value.policy for fact in artifact.record.pickle]
    stage = artifact.options.stage_pickle.get(artifact.record.stage.value or "")
    asked += [policy for policy in (stage, artifact.options.pickle.policy) if policy]
    for strictest in (PicklePolicy.FORBID, PicklePolicy.ALLOW_LISTED, PicklePolicy.REPORT):
        if strictest in asked:
            return strictest
    return PicklePolicy.ALLOW_LISTED


def vouched_for_itself(artifact: Artifact) -> frozenset[str]:
    """The imports that the artifact's own manifest allows: its word, not that of whoever is to load it."""
    return frozenset(entry for fact in artifact.record.pickle for entry in fact.value.allow)


def verdicts(artifact: Artifact, file: WeightFile, inspection: Inspection) -> Iterator[tuple[Import, Verdict]]:
    """The imports of a file that nobody but the shipped lists can have allowed, with the verdict on each."""
    itself = vouched_for_itself(artifact)
    framework = _declared_framework(artifact, file)
    outside = Surroundings(framework, torchscript=inspection.format == "torchscript")
    # An archive within an archive may be TorchScript, whatever the outer one is.
    within = Surroundings(framework, torchscript=True)
    configured = artifact.options.pickle.allow
    for found in inspection.imports:
        if configured and found.dotted in configured:
            continue
        judged = verdict(found.module, found.name, found.uses, within if "!" in found.member else outside)
        if not itself or found.dotted not in itself or judged.kind is VerdictKind.DANGEROUS:
            yield found, judged if judged.kind is VerdictKind.ALLOWED else _with_place(artifact, found, judged)


def _with_place(artifact: Artifact, found: Import, judged: Verdict) -> Verdict:
    """The verdict, with the file that defines the module where it is the artifact's own."""
    if judged.kind not in {VerdictKind.UNLISTED, VerdictKind.DOTTED}:
        return judged
    path = artifact.own_module(found.module)
    return judged._replace(reason=f"{judged.reason}; its module is {path} of this repository") if path else judged


def _declared_framework(artifact: Artifact, file: WeightFile) -> str | None:
    """What the project's own manifest says of the file, or of the artifact; None where it says nothing."""
    if _NATIVE not in artifact.record.conventions:
        return None
    manifest = artifact.origin.path
    of_file = (mention.framework for mention in file.mentions if mention.origin.path == manifest)
    of_artifact = (fact.value for fact in artifact.record.framework if fact.origin.path == manifest)
    return next(filter(None, (*of_file, *of_artifact)), None)


def is_torch_storage(hazard: Hazard) -> bool:
    """Whether a persistent id stands for a storage that torch itself wrote."""
    return hazard.kind is HazardKind.PERSISTENT_ID and hazard.evidence.startswith(_TORCH)


def is_ordinary(hazard: Hazard) -> bool:
    """Whether libraries write such things, so that what matters is in the imports alone."""
    return hazard.kind is HazardKind.NESTED_PICKLE or is_torch_storage(hazard)


def at(file: WeightFile, part: Import | Hazard | Incomplete) -> str:
    """The place of something in a file, for people."""
    return f"{file.path}, {byte(file, part)}"


def byte(file: WeightFile, part: Import | Hazard | Incomplete) -> str:
    """The byte of a file that is named already, with the member that it is counted in."""
    member = f" of {part.member}" if part.member else _base(file)
    return f"byte {part.offset:,}{member}"


def _base(file: WeightFile) -> str:
    """What bytes are counted in where they are not the file's own."""
    inspection = file.inspection.value
    counted = inspection.metadata.get("offsets") if inspection is not None else None
    return f" {counted}" if counted else ""


def inside(file: WeightFile, part: Import | Hazard | Incomplete) -> str:
    """The file that something is in, with the member of a container."""
    return f"{file.path}!{part.member}" if part.member else file.path
