"""Graphs and what belongs to them: files of tensors beside them, the rows they take, the weights of their layers."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from artifact_lint.model import FileState, HazardKind, Origin, Problem, Related, Severity
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifact_lint.model import Artifact, WeightFile
    from artifact_lint.model.description import Description, ExternalData, TensorSpec

_ONNX = frozenset({"onnx"})
#: The formats whose shapes are what a server asks for; TensorFlow Lite's are resized by whoever calls it.
_SERVED = frozenset({"onnx", "pt2", "savedmodel"})
_KERAS = frozenset({"keras", "hdf5"})
_MOST_NAMED = 5


@rule("CON141", "external-data", severity=Severity.ERROR, tags=("consistency",))
def external_data(artifact: Artifact) -> Iterator[Problem]:
    """An ONNX model keeps tensors in a file that is not there, or is too short for them.

    Paths that lead out of the artifact are what SEC104 tells of. A git-LFS pointer or a DVC output counts by its size.

    ## Why is this bad?
    The model does not load: its weights are in the other file, which was left behind, cut, or written for another
    export. Hubs and archives lose such files because nothing but the model itself names them.

    ## How to fix
    Put the file beside the model, from the same export as the model; or save the model anew, with its tensors inside.
    """
    for file, description in _described(artifact, _ONNX):
        told = file.inspection.value
        escaping = {one.evidence for one in told.hazards if one.kind is HazardKind.EXTERNAL_PATH} if told else set()
        missing = []
        for found in description.external:
            if found.location in escaping:
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), found.location))
            there = artifact.file_at(path)
            if not found.location:
                message = f"the tensor `{found.tensor}` is said to lie in another file, and no file is named"
                yield Problem(file.origin, message, "Save the model anew, with its tensors inside.", file=file.path)
            elif there is not None and there.state is FileState.MISSING:
                missing.append(found)
            elif there is not None and there.size is not None and found.offset + found.length > there.size:
                yield _too_short(file, found, path, there.size)
        if missing:
            yield _absent(file, missing)


def _absent(file: WeightFile, missing: list[ExternalData]) -> Problem:
    """One problem for all files of a model: exporters may give each tensor its own."""
    first, *others = missing
    message = f"the tensor `{first.tensor}` lies in {first.location}, which is not there"
    if others:
        message = f"tensors lie in {len(missing):,} files that are not there: {_listing([f.location for f in missing])}"
    directory = posixpath.dirname(file.path) or "the root"
    advice = f"Put {'them' if others else 'it'}, from the same export, beside the model, in {directory}."
    return Problem(file.origin, message, advice, file=file.path)


def _too_short(file: WeightFile, found: ExternalData, path: str, size: int) -> Problem:
    stretch = f"bytes {found.offset:,} to {found.offset + found.length:,}"
    message = f"the tensor `{found.tensor}` lies in {stretch} of {found.location}, which has {size:,}"
    advice = f"Put the {posixpath.basename(path)} that was written with this model at {path}."
    return Problem(
        file.origin, message, advice, file=file.path, related=(Related(Origin(path), f"has {size:,} bytes"),)
    )


@rule("CON142", "fixed-batch", severity=Severity.NOTE, tags=("consistency",))
def fixed_batch(artifact: Artifact) -> Iterator[Problem]:
    """A graph takes a fixed number of rows at a time.

    Where inputs begin with different dimensions, or with a free one, nothing is said.

    ## Why is this bad?
    Servers put requests together into batches, and whoever scores a table passes it whole: a graph that was exported
    from one example refuses both, or has to be called once for each row.

    ## How to fix
    Export the model with a free first dimension (`dynamic_axes` or `dynamic_shapes` of torch.onnx, `[None, 4]` of
    sklearn-onnx). If the size is meant, ignore this rule for the file.
    """
    for file, description in _described(artifact, _SERVED):
        seen = description.inputs
        size = _fixed_rows(seen.value) if seen else None
        if seen is None or size is None:
            continue
        names = _listing([spec.name for spec in seen.value if _is_batch(spec)])
        rows = "row" if size == 1 else "rows"
        message = f"the graph takes exactly {size:,} {rows} at a time: the first dimension of {names} is fixed"
        advice = "Export the model with a free first dimension, unless its callers always send as many rows."
        yield Problem(file.origin, message, advice, file=file.path)


def _is_batch(spec: TensorSpec) -> bool:
    return spec.shape is not None and len(spec.shape) > 1


def _fixed_rows(inputs: tuple[TensorSpec, ...]) -> int | None:
    """The one number that all inputs of more than one dimension begin with; None where there is none."""
    first = {spec.shape[0] for spec in inputs if spec.shape is not None and len(spec.shape) > 1}
    (size,) = first if len(first) == 1 else (None,)
    return size if isinstance(size, int) else None


@rule("CON154", "keras-weights", severity=Severity.WARNING, tags=("consistency",))
def keras_weights(artifact: Artifact) -> Iterator[Problem]:
    """A Keras file has a layer without the variables that layers of its class have.

    Only layers of Keras's own classes are looked at, of which each has weights whatever its options are.

    ## Why is this bad?
    The configuration and the weights are not of the same model: loading stops, or gives the layer random weights. A
    model that was saved before it was built has no weights at all.

    ## How to fix
    Build or train the model, load its weights, and save it again with `model.save`.
    """
    for file, description in _described(artifact, _KERAS):
        names = description.unweighted
        if names:
            layers, have = ("layers", "have") if len(names) > 1 else ("layer", "has")
            message = f"the {layers} {_listing(names)} of the configuration {have} no variables in the file"
            advice = "Save the model again once it is built and its weights are loaded."
            yield Problem(file.origin, message, advice, file=file.path)


def _described(artifact: Artifact, formats: frozenset[str]) -> Iterator[tuple[WeightFile, Description]]:
    """The files of some formats that tell something of their model."""
    for file in artifact.files:
        told = file.inspection.value
        description = file.description.value if told is not None and told.format in formats else None
        if description is not None:
            yield file, description


def _listing(names: tuple[str, ...] | list[str]) -> str:
    named = ", ".join(f"`{name}`" for name in names[:_MOST_NAMED])
    return f"{named} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else named
