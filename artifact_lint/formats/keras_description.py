"""What a Keras model is: its configuration, and the variables beside it in HDF5.

After keras/src/saving/saving_lib.py (the archive), keras/src/legacy/saving/legacy_h5_format.py (the HDF5 file alone).
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Final

from artifact_lint.formats.base import FormatError
from artifact_lint.formats.documents import LONGEST_TEXT, parse_json
from artifact_lint.formats.graph_columns import column_count_of, columns_of
from artifact_lint.formats.hdf5_datasets import datasets, text_attributes
from artifact_lint.formats.hdf5_objects import Hdf5File
from artifact_lint.formats.keras_model import MOST_LAYERS, KerasModel, mapping, text_of
from artifact_lint.formats.spooling import spooled
from artifact_lint.formats.zip_records import directories, entries
from artifact_lint.formats.zips import member
from artifact_lint.model import Cause, Incomplete, Tensor
from artifact_lint.model.description import Description

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifact_lint.formats.base import Job
    from artifact_lint.formats.hdf5_datasets import Dataset
    from artifact_lint.formats.keras_model import Layer
    from artifact_lint.formats.zip_records import Entry

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ROOT: Final = frozenset({b"model_config", b"training_config", b"keras_version", b"backend"})
#: Paths of what Keras keeps beside the weights of the model: states of training, and of generators of random numbers.
_NO_WEIGHTS: Final = re.compile(r"^(?:optimizer|optimizer_weights|metrics|_loss_tracker)/|(?:^|/)seed_generator/")
#: Classes of Keras whose layers have weights whatever their configuration says.
_WEIGHTED: Final = frozenset(
    {
        *("Dense", "EinsumDense", "Embedding", "BatchNormalization", "MultiHeadAttention", "GroupQueryAttention"),
        *("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
        *("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"),
        *("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "PReLU"),
    }
)
#: In how many different depths of groups the layers of a model are looked for.
_MOST_DEPTHS: Final = 16
_NUMBER: Final = re.compile(r"_\d+$")
_CAPITAL: Final = re.compile(r"(.)([A-Z][a-z]+)")
_CAPITALS: Final = re.compile(r"([a-z])([A-Z])")


def describe_keras(job: Job) -> Description:
    """The facts of an archive of Keras 3.

    Raises:
        FormatError: It is no archive that can be read.
        StoreError: The bytes cannot be read.
    """
    reading = _Reading()
    found = _members(job)
    config = _document(job, found.get(_CONFIG), reading)
    metadata = mapping(_document(job, found.get(_METADATA), reading))
    version = text_of(metadata.get("keras_version"))
    if version:
        reading.versions["keras"] = version
    weights = found.get(_WEIGHTS)
    if weights is not None:
        reading.guard(lambda: _archived_variables(job, weights, reading), _WEIGHTS)
    model = KerasModel(config, mapping(config).get("compile_config"))
    return reading.description(model, _without_variables(model, reading) if reading.has_all else ())


def describe_hdf5(job: Job) -> Description | None:
    """The facts of a model in HDF5; None where the file has nothing that Keras wrote in it.

    Raises:
        FormatError: The file cannot be read.
        StoreError: The bytes cannot be read.
    """
    with spooled(job.source) if job.streamed else nullcontext(job.source) as source:
        file = Hdf5File(source)
        if file.root is None:
            return None
        reading = _Reading()
        root = file.root
        texts = dict[str, bytes]()
        reading.guard(lambda: texts.update(text_attributes(file, root, _ROOT)), "")
        reading.guard(lambda: reading.take(file), "")
        if not texts and not any("/vars/" in f"/{one.path}" for one in reading.datasets):
            return None
        documents = dict[str, object]()
        for key in ("model_config", "training_config"):
            if key in texts:
                reading.guard(partial(_parse, texts[key], key, documents), "")
        if "keras_version" in texts:
            reading.versions["keras"] = texts["keras_version"].decode("utf-8", "replace")
        model = KerasModel(documents.get("model_config"), documents.get("training_config"))
        return reading.description(model, _without_group(model, reading) if reading.has_all else ())


class _Reading:
    """What was read of a model, and what could not be."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self.datasets: list[Dataset] = []
        self.has_all = False
        self._incomplete: list[Incomplete] = []

    def guard(self, read: Callable[[], object], member_: str) -> None:
        """Read a part, and say so where it cannot be read."""
        try:
            read()
        except FormatError as error:
            self._incomplete.append(Incomplete(error.cause, error.detail, error.offset, member_))

    def take(self, file: Hdf5File) -> None:
        """Take in all datasets of a file.

        Raises:
            FormatError: It cannot be read on.
        """
        for dataset in datasets(file):
            self.datasets.append(dataset)
        self.has_all = True

    def description(self, model: KerasModel, unweighted: tuple[str, ...]) -> Description:
        """All of it, beside what the configuration tells."""
        if model.is_cut:
            detail = f"the model has more than {MOST_LAYERS:,} layers"
            self._incomplete.append(Incomplete(Cause.LIMIT, detail))
        inputs = model.inputs
        loss = model.loss
        weights = [one.items for one in self.datasets if not _NO_WEIGHTS.search(one.path)]
        return Description(
            columns=columns_of(inputs.value) if inputs else None,
            column_count=column_count_of(inputs.value) if inputs else None,
            inputs=inputs,
            outputs=model.outputs,
            class_count=model.class_count,
            tensors=tuple(Tensor(one.path, one.dtype, one.shape, one.items * one.width) for one in self.datasets),
            has_all_tensors=self.has_all,
            parameters=sum(weights) if self.has_all and (weights or not unweighted) else None,  # None: never built
            versions=self.versions,
            metadata={"loss": loss} if loss else {},
            incomplete=tuple(self._incomplete),
            unweighted=unweighted,
        )


def _parse(data: bytes, key: str, documents: dict[str, object]) -> None:
    documents[key] = parse_json(data)


def _members(job: Job) -> dict[str, Entry]:
    """The members by name; of several of one name the last, as with Python's `zipfile`."""
    found: dict[str, Entry] = {}
    for count, entry in enumerate(entries(job.source, directories(job.source)[0])):
        if count >= job.limits.members:
            raise FormatError(Cause.LIMIT, f"the archive has more than {job.limits.members:,} members")
        found[entry.name] = entry
    return found


def _document(job: Job, entry: Entry | None, reading: _Reading) -> object:
    documents = dict[str, object]()
    if entry is not None:
        reading.guard(lambda: _parse(_text(job, entry), "", documents), entry.name)
    return documents.get("")


def _text(job: Job, entry: Entry) -> bytes:
    if entry.size > LONGEST_TEXT:
        raise FormatError(Cause.LIMIT, f"a text of {entry.size:,} bytes")
    return member(job.source, entry, job.limits).read(0, entry.size)


def _archived_variables(job: Job, entry: Entry, reading: _Reading) -> None:
    content = member(job.source, entry, job.limits)
    with spooled(content) if entry.method or job.streamed else nullcontext(content) as source:
        reading.take(Hdf5File(source))


def _without_variables(model: KerasModel, reading: _Reading) -> tuple[str, ...]:
    """The layers that have weights by their class, and none in an archive.

    There, the layers of a model are named after their classes, and numbered. Keras 2 left gaps in the numbers, so that
    of several layers of one class nothing but the absence of all can be told.
    """
    groups = {"/".join(one.path.split("/", 2)[:2]) for one in reading.datasets}
    is_old = reading.versions.get("keras", "").startswith("2.")
    classes = {_NUMBER.sub("", group.rpartition("/")[2]) for group in groups} if is_old else set[str]()
    used = Counter[str]()
    missing = list[str]()
    weighted = {layer.name for layer in _weighted(model)}
    for layer in model.layers:
        name = _snake(layer.cls.rpartition(">")[2])
        numbered = f"{name}_{used[name]}" if used[name] else name
        used[name] += 1
        is_there = _NUMBER.sub("", name) in classes if is_old else f"layers/{numbered}" in groups
        if not is_there and layer.name in weighted:
            missing.append(layer.name)
    return tuple(missing)


def _weighted(model: KerasModel) -> list[Layer]:
    """The layers that have weights of their own: one that a model within the model has as well is kept there alone."""
    if not model.is_known or model.is_cut:
        return []
    inner = model.inner_names
    return [one for one in model.layers if one.is_own and one.cls in _WEIGHTED and one.name not in inner]


def _snake(name: str) -> str:
    """A class's name as Keras writes it in paths (keras/src/utils/naming.py)."""
    return _CAPITALS.sub(r"\1_\2", _CAPITAL.sub(r"\1_\2", name)).lower()


def _without_group(model: KerasModel, reading: _Reading) -> tuple[str, ...]:
    """The layers that have weights by their class, and none in their group of an HDF5 file; a name may be a path."""
    weighted = _weighted(model)
    depths = {layer.name.count("/") + 2 for layer in weighted}
    if len(depths) > _MOST_DEPTHS:
        return ()
    parts = [one.path.split("/") for one in reading.datasets]
    groups = {"/".join(path[:depth]) for path in parts for depth in depths}
    return tuple(layer.name for layer in weighted if f"model_weights/{layer.name}" not in groups)
