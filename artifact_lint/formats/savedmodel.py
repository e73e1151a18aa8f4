"""TensorFlow's SavedModel and frozen graphs: how they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.formats.base import Format

if TYPE_CHECKING:
    from artifact_lint.formats.base import Job, Probe
    from artifact_lint.formats.findings import Findings
    from artifact_lint.model.description import Description

#: The model in binary, as text and in chunks, and the configuration that Keras 2 keeps beside it.
BINARY, TEXT, CHUNKED, KERAS = "saved_model.pb", "saved_model.pbtxt", "saved_model.cpb", "keras_metadata.pb"
_NAMES = frozenset({BINARY, TEXT, CHUNKED, KERAS})


def _is_saved_model(probe: Probe) -> bool:
    return probe.name in _NAMES


def _read_saved_model(job: Job, findings: Findings) -> None:
    from artifact_lint.formats.savedmodel_reader import read_saved_model  # noqa: PLC0415 - few files are TensorFlow's

    read_saved_model(job, findings)


def _is_graph(probe: Probe) -> bool:
    if probe.suffix != ".pb":
        return False
    from artifact_lint.formats.savedmodel_reader import looks_like_graph  # noqa: PLC0415 - as above

    return looks_like_graph(probe.source)


def _read_graph(job: Job, findings: Findings) -> None:
    from artifact_lint.formats.savedmodel_reader import read_graph  # noqa: PLC0415 - as above

    read_graph(job, findings)


def _describe_saved_model(job: Job) -> Description | None:
    from artifact_lint.formats.savedmodel_description import describe_saved_model  # noqa: PLC0415 - few runs ask for it

    return describe_saved_model(job)


def _describe_graph(job: Job) -> Description:
    from artifact_lint.formats.savedmodel_description import describe_graph  # noqa: PLC0415 - as above

    return describe_graph(job)


SAVEDMODEL = Format(
    "savedmodel",
    "TensorFlow SavedModel",
    (".pb",),
    _is_saved_model,
    _read_saved_model,
    frameworks=("tensorflow",),
    aliases=("saved_model", "saved-model", "tensorflow", "tf"),
    describe=_describe_saved_model,
)

GRAPHDEF = Format(
    "graphdef",
    "TensorFlow graph",
    (".pb",),
    _is_graph,
    _read_graph,
    frameworks=("tensorflow",),
    describe=_describe_graph,
)
