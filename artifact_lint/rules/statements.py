"""CON: is what a record states about weights true of them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import Origin, Problem, Related, Role, Severity
from artifact_lint.model.agreement import requirement_name
from artifact_lint.model.paths import name_of
from artifact_lint.rules.disguises import contradicts_name, is_declared_otherwise
from artifact_lint.rules.frameworks import frameworks_in, is_other_framework
from artifact_lint.rules.input_comparison import comparisons
from artifact_lint.rules.parameter_counts import counted_in, shown, stated_counts
from artifact_lint.rules.registry import rule
from artifact_lint.rules.schema_names import called, listed
from artifact_lint.rules.values import release_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, Fact, LibraryVersion, WeightFile
    from artifact_lint.rules.input_comparison import Comparison


@rule("CON151", "declared-format", severity=Severity.ERROR, tags=("consistency",))
def declared_format(artifact: Artifact) -> Iterator[Problem]:
    """A record states another format or framework than the bytes have.

    A file whose name says what the record says is left to PKL121 and PKL122. Exchange formats, such as ONNX,
    safetensors and GGUF, hold models of every framework; a wrapper for scikit-learn is of its library and of
    scikit-learn; Keras runs on several backends.

    ## Why is this bad?
    The loader that the record asks for fails, or the file is handled as something that it is not.

    ## How to fix
    Correct the record, or save the model as it says.
    """
    for file in artifact.files:
        inspection = file.inspection.value
        if inspection is None or inspection.format is None:
            continue
        if contradicts_name(file.path, inspection.format):
            continue
        for mention in file.mentions:
            if mention.format and is_declared_otherwise(mention.format, inspection.format):
                message = f"{called(file)} is on record as {mention.format}, and holds {inspection.format}"
                yield _at(mention.origin, message, file, guessed=mention.guessed)
                break
            if mention.framework and is_other_framework(mention.framework, frameworks_in(file)):
                yield _at(mention.origin, _is_by(file, mention.framework), file, guessed=mention.guessed)
                break
    stated = artifact.record.framework.best
    weights = [file for file in artifact.files if file.role is Role.WEIGHTS and not file.is_bystander]
    if stated is None or not weights or any(mention.framework for file in weights for mention in file.mentions):
        return
    if all(is_other_framework(stated.value, frameworks_in(file)) for file in weights):
        yield _at(stated.origin, _is_by(weights[0], stated.value), weights[0], guessed=stated.guessed)


def _is_by(file: WeightFile, stated: str) -> str:
    return f"{called(file)} is on record as of {stated}, and is of {listed(sorted(frameworks_in(file)))}"


def _at(origin: Origin, message: str, file: WeightFile, *, guessed: bool = False) -> Problem:
    advice = "Correct the record, or save the model as it says."
    return Problem(origin, message, advice, file.path, (Related(Origin(file.path), "these bytes"),), guessed=guessed)


@rule("CON152", "parameter-count", severity=Severity.WARNING, tags=("consistency",))
def parameter_count(artifact: Artifact) -> Iterator[Problem]:
    """The number of parameters on record is not that of the weights.

    "7B" is a size class and may be a quarter off; a number is as exact as it is written. Weights that are stored once
    and used twice, buffers beside the weights, and embeddings that are not counted make no difference. Packed weights,
    of which a file does not tell how many there are, are not counted.

    ## Why is this bad?
    The weights are those of another model, or not all of them.

    ## How to fix
    Correct the number, or the weights.
    """
    stated = list(stated_counts(artifact))
    if not stated:
        return
    counts = counted_in(artifact)
    if not counts:
        return
    for count in stated:
        if not any(count.may_mean(counted) for counted in counts):
            nearest = min(counts, key=lambda counted: abs(counted.number - count.number))
            message = f"{count.written} parameters are on record as {count.key}, {nearest.place} has "
            message += f"{shown(nearest.number)}"
            related = (Related(Origin(nearest.path), f"{nearest.number:,} parameters"),)
            advice = "Correct the number, or look for the weights that are missing."
            yield Problem(count.origin, message, advice, nearest.path, related, guessed=count.guessed)


@rule("CON153", "signature", severity=Severity.ERROR, tags=("schema", "consistency"))
def signature(artifact: Artifact) -> Iterator[Problem]:
    """What MLflow enforces of a model, or notes about it, does not fit its weights.

    The columns of the signature are held against the weights as those of any schema (CON101 to CON105). Here it is
    what MLflow makes of it: an optional column that the model needs, arrays for a model that picks its columns by name,
    and the version of the library that a flavor names, which is the one that wrote the weights. Where the weights do
    not tell that version, it is held against the requirements, and a difference is a warning.

    ## Why is this bad?
    MLflow lets requests pass that the model fails on, or restores an environment that the weights were not written in.

    ## How to fix
    Log the model again, with a signature inferred from the data that it was trained on.
    """
    if "mlflow" not in artifact.record.conventions:
        return
    for found in comparisons(artifact):
        if name_of(found.contract.fact.origin.path) == "MLmodel" and found.fits:
            yield from _enforced(found)
    for fact in artifact.record.written_with:
        yield from _versions(artifact, fact)


def _enforced(found: Comparison) -> Iterator[Problem]:
    contract, side = found.contract, found.side
    related = (Related(Origin(side.file.path), side.where),)
    advice = "Log the model again with a signature inferred from the data that it was trained on."
    needed = side.needed if side.needed is not None else frozenset(side.names)
    lacking = [name for name in contract.names or () if name in contract.optional and side.spelt(name) in needed]
    if lacking:
        message = f"the signature lets callers leave out {listed(lacking)}, which {called(side.file)} needs"
        yield Problem(contract.fact.origin, message, advice, side.file.path, related)
    if contract.tensors and side.is_by_name and side.picks_names:
        message = f"the signature makes arrays of requests, and {called(side.file)} picks its columns by name"
        yield Problem(contract.fact.origin, message, advice, side.file.path, related)


def _versions(artifact: Artifact, fact: Fact[LibraryVersion]) -> Iterator[Problem]:
    told = fact.value
    stated = release_of(told.version)
    files = [(file, written) for file in artifact.files if (written := _written_with(file, told.distribution))]
    if not stated:
        return
    for file, written in files:
        release = release_of(written)
        shared = min(len(release), len(stated))
        if release[:shared] != stated[:shared]:
            message = f"{told.key} is {told.version}, {called(file)} was written with {told.distribution} {written}"
            related = (Related(Origin(file.path), f"written with {told.distribution} {written}"),)
            yield Problem(fact.origin, message, "Log the model again, so that both are of one run.", file.path, related)
            return
    if files:
        return
    for requirement in (one for listing in artifact.record.requirements for one in listing.value):
        name, _, version = requirement.value.partition("==")
        if requirement_name(name) != told.distribution:
            continue
        pinned = release_of(version.partition(";")[0].strip())
        if pinned and pinned[: len(stated)] != stated[: len(pinned)]:
            message = f"{told.key} is {told.version}, and {requirement.value.strip()[:80]} is required"
            related = (Related(requirement.origin, "required here"),)
            advice = "Require the version that the model was logged with."
            yield Problem(fact.origin, message, advice, related=related, severity=Severity.WARNING)
        return


def _written_with(file: WeightFile, distribution: str) -> str | None:
    description, inspection = file.description.value, file.inspection.value
    found = description.versions.get(distribution) if description is not None else None
    if found is None and inspection is not None:
        found = inspection.versions.get(distribution)
    return found
