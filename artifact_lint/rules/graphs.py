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

    Paths that lead out of the artifact are what SEC104 tells of.

    ## Why is this bad?
    The model does not load: its weights are in the other file, which was left behind, cut, or written for another
    export. Hubs and archives lose such files because nothing but the model itself names them.

    ## How to fix
    Put the file beside the model, from the same export as the model; or save the model anew, with its tensors inside.
    """
    for file, description in _described(artifact, _ONNX):
        told = file.inspection.value
        escaping = {one.evidence for one in told.hazards if one.kind is HazardKind.EXTERNAL_PATH} if told else set()
        for found in description.external:
            if found.location not in escaping:
                yield from _external(artifact, file, found)


def _external(artifact: Artifact, file: WeightFile, found: ExternalData) -> Iterator[Problem]:
    directory = posixpath.dirname(file.path)
    path = posixpath.normpath(posixpath.join(directory, found.location))
    there = artifact.file_at(path)
    tensor = f"the tensor `{found.tensor}`"
    if not found.location:
        message = f"{tensor} is said to lie in another file, and no file is named"
        yield Problem(file.origin, message, "Save the model anew, with its tensors inside.", file=file.path)
    elif there is not None and there.state is FileState.MISSING:
        message = f"{tensor} lies in {found.location}, which is not there"
        advice = f"Put {posixpath.basename(path)} from the same export at {path}."
        yield Problem(file.origin, message, advice, file=file.path)
    elif there is not None and there.size is not None and found.offset + found.length > there.size:
        stretch = f"bytes {found.offset:,} to {found.offset + found.length:,}"
        message = f"{tensor} lies in {stretch} of {found.location}, which has {there.size:,}"
        advice = f"Put the {posixpath.basename(path)} that was written with this model at {path}."
        related = (Related(Origin(path), f"has {there.size:,} bytes"),)
        yield Problem(file.origin, message, advice, file=file.path, related=related)


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
